//! The scripted agent.

use std::time::Duration;

use openclaw_testkit::{ChatReply, GatewayConfig};
use serde_json::{Value, json};

use crate::lab::{Lab, request};

fn send(message: &str, key: &str) -> Value {
    request("chat.send", json!({"sessionKey": "agent:main:main", "message": message, "idempotencyKey": key}))
}

fn script(config: GatewayConfig) -> GatewayConfig {
    config.chat(|message| ChatReply::text(&format!("to {message}: ok")).every(Duration::from_millis(20)))
}

/// The `chat` payloads among frames.
fn chats(frames: &[Value]) -> Vec<Value> {
    frames.iter().filter(|frame| frame["event"] == "chat").map(|frame| frame["payload"].clone()).collect()
}

#[test]
fn a_message_is_acknowledged_streamed_and_ended() {
    let mut lab = Lab::new(script(GatewayConfig::v4()));
    let (writer, reader) = (lab.program(&["operator.write"]), lab.program(&["operator.read"]));
    lab.send(writer, &send("you", "k1"));
    lab.wait_ms(200);
    let frames = lab.frames(writer);
    assert_eq!(frames[0]["payload"], json!({"runId": "k1", "status": "started"}));
    let chats = chats(&frames);
    let states: Vec<_> = chats.iter().map(|chat| chat["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["status", "status", "delta", "delta", "delta", "final"]);
    assert_eq!(chats[3]["deltaText"], "you: ");
    assert_eq!(chats[3]["message"]["content"][0]["text"], "to you: ", "cumulative");
    assert_eq!(chats[5]["message"]["content"][0]["text"], "to you: ok");
    assert_eq!((&chats[5]["stopReason"], &chats[5]["agentId"]), (&json!("stop"), &json!("main")));
    let seqs: Vec<_> = frames.iter().filter_map(|frame| frame["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    let agent = frames.iter().filter(|frame| frame["event"] == "agent").count();
    assert_eq!(agent, 2 + 1 + 3 + 1, "statuses, start, pieces, end");
    assert_eq!(lab.frames(reader).len(), frames.len() - 1, "everybody who may read sees it");
}

#[test]
fn v3_streams_without_statuses_and_delta_texts() {
    let mut lab = Lab::new(script(GatewayConfig::v3()));
    let writer = lab.program(&["operator.write"]);
    lab.send(writer, &send("you", "k1"));
    lab.wait_ms(200);
    let chats = chats(&lab.frames(writer));
    let states: Vec<_> = chats.iter().map(|chat| chat["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["delta", "delta", "delta", "final"]);
    assert!(chats[0].get("deltaText").is_none() && chats[0].get("agentId").is_none());
}

#[test]
fn a_key_used_again_adds_nothing_and_with_another_text_conflicts() {
    let mut lab = Lab::new(script(GatewayConfig::v4()));
    let writer = lab.program(&["operator.write"]);
    lab.send(writer, &send("you", "k1"));
    lab.take(writer);
    lab.send(writer, &send("you", "k1"));
    assert_eq!(lab.frames(writer)[0]["payload"]["status"], "in_flight");
    lab.wait_ms(200);
    lab.take(writer);
    lab.send(writer, &send("you", "k1"));
    assert_eq!(lab.frames(writer)[0]["payload"]["status"], "ok");
    lab.send(writer, &send("somebody else", "k1"));
    assert_eq!(lab.frames(writer)[0]["error"]["details"]["reason"], "chat-request-conflict");
    lab.wait_ms(200);
    assert_eq!(lab.take(writer), []);
}

#[test]
fn v3_ends_without_a_reason_and_takes_a_failed_message_for_one_that_was_dealt_with() {
    let mut lab = Lab::new(GatewayConfig::v3().chat(|text| match text {
        "fail" => ChatReply::text("well").fails("no"),
        _ => ChatReply::text("yes"),
    }));
    let writer = lab.program(&["operator.write"]);
    lab.send(writer, &send("you", "k1"));
    lab.wait_ms(100);
    let end = chats(&lab.frames(writer)).pop().unwrap();
    assert_eq!((&end["state"], end.get("stopReason")), (&json!("final"), None));
    lab.send(writer, &send("fail", "k2"));
    lab.wait_ms(100);
    lab.take(writer);
    let waited = lab.ask(writer, "agent.wait", json!({"runId": "k2"}));
    assert_eq!((&waited["payload"]["status"], waited["payload"].get("stopReason")), (&json!("ok"), None));
    // Whoever runs the agent as a method is told.
    lab.ask(writer, "agent", json!({"message": "fail", "idempotencyKey": "a1"}));
    lab.wait_ms(100);
    let waited = lab.ask(writer, "agent.wait", json!({"runId": "a1"}));
    assert_eq!(waited["payload"]["status"], "error");
}

#[test]
fn v3_takes_another_text_under_a_known_key_for_the_first_one() {
    let mut lab = Lab::new(script(GatewayConfig::v3()));
    let writer = lab.program(&["operator.write"]);
    lab.send(writer, &send("you", "k1"));
    lab.wait_ms(200);
    lab.take(writer);
    lab.send(writer, &send("somebody else", "k1"));
    assert_eq!(lab.frames(writer)[0]["payload"]["status"], "ok");
    lab.wait_ms(200);
    assert_eq!(lab.take(writer), []);
}

#[test]
fn an_abort_ends_a_run_with_what_was_said_so_far() {
    let mut lab = Lab::new(script(GatewayConfig::v4()));
    let writer = lab.program(&["operator.write"]);
    lab.send(writer, &send("you", "k1"));
    lab.wait_ms(45);
    lab.take(writer);
    let params = json!({"sessionKey": "agent:main:main", "runId": "k1"});
    lab.send(writer, &request("chat.abort", params.clone()));
    let frames = lab.frames(writer);
    let chats = chats(&frames);
    assert_eq!((&chats[0]["state"], &chats[0]["stopReason"]), (&json!("aborted"), &json!("rpc")));
    assert_eq!(chats[0]["message"]["content"][0]["text"], "to you: ");
    assert_eq!(frames.last().unwrap()["payload"], json!({"ok": true, "aborted": true, "runIds": ["k1"]}));
    lab.wait_ms(200);
    assert_eq!(lab.take(writer), []);
    let none = lab.ask(writer, "chat.abort", params);
    assert_eq!(none["payload"], json!({"ok": true, "aborted": false, "runIds": []}));
}

#[test]
fn a_run_may_fail_or_hang() {
    let mut lab = Lab::new(GatewayConfig::v4().chat(|message| match message {
        "fail" => ChatReply::text("well").fails("the provider hung up"),
        _ => ChatReply::text("well").hangs(),
    }));
    let writer = lab.program(&["operator.write"]);
    lab.send(writer, &send("fail", "k1"));
    lab.wait_ms(100);
    let last = chats(&lab.frames(writer)).pop().unwrap();
    assert_eq!((&last["state"], &last["errorMessage"]), (&json!("error"), &json!("the provider hung up")));
    lab.send(writer, &send("hang", "k2"));
    lab.wait(Duration::from_secs(20));
    assert_eq!(chats(&lab.frames(writer)).pop().unwrap()["state"], "delta");
}

#[test]
fn agent_answers_twice_and_tells_the_result_to_whoever_asks_again() {
    let mut lab = Lab::new(script(GatewayConfig::v4()));
    let writer = lab.program(&["operator.write"]);
    let ask = json!({"message": "you", "sessionKey": "main", "idempotencyKey": "a1"});
    let accepted = lab.ask(writer, "agent", ask.clone());
    assert_eq!(accepted["payload"]["status"], "accepted");
    assert_eq!(accepted["payload"]["sessionKey"], "agent:main:main");
    lab.wait_ms(200);
    let frames = lab.frames(writer);
    let result = frames.iter().find(|frame| frame["type"] == "res").unwrap();
    assert_eq!((&result["id"], &result["payload"]["status"]), (&json!("r"), &json!("ok")));
    assert_eq!(result["payload"]["result"]["payloads"][0]["text"], "to you: ok");
    assert_eq!(chats(&frames).pop().unwrap()["state"], "final");
    assert_eq!(lab.ask(writer, "agent", ask)["payload"], result["payload"]);
    let waited = lab.ask(writer, "agent.wait", json!({"runId": "a1"}));
    assert_eq!(waited["payload"]["status"], "ok");
}

#[test]
fn a_failed_agent_run_answers_with_payload_and_error() {
    let mut lab = Lab::new(GatewayConfig::v4().chat(|_| ChatReply::text("well").fails("no")));
    let writer = lab.program(&["operator.write"]);
    lab.ask(writer, "agent", json!({"message": "x", "idempotencyKey": "a1"}));
    lab.wait_ms(100);
    let frames = lab.frames(writer);
    let result = frames.iter().find(|frame| frame["type"] == "res").unwrap();
    assert_eq!((&result["ok"], &result["payload"]["status"]), (&json!(false), &json!("error")));
    assert_eq!(result["error"]["message"], "no");
}

#[test]
fn a_wait_ends_with_its_run_or_its_time() {
    let mut lab = Lab::new(script(GatewayConfig::v4()));
    let writer = lab.program(&["operator.write"]);
    let mut wait = request("agent.wait", json!({"runId": "k1", "timeoutMs": 10}));
    lab.send(writer, &wait);
    lab.wait_ms(10);
    assert_eq!(
        lab.frames(writer),
        [json!({
            "type": "res", "id": "r", "ok": true, "payload": {"runId": "k1", "status": "timeout"},
        })]
    );
    wait["params"]["timeoutMs"] = json!(1000);
    wait["id"] = json!("w");
    lab.send(writer, &wait);
    lab.send(writer, &send("you", "k1"));
    lab.wait_ms(2000);
    let frames = lab.frames(writer);
    let waited: Vec<_> = frames.iter().filter(|frame| frame["id"] == "w").collect();
    assert_eq!(waited.len(), 1);
    assert_eq!(waited[0]["payload"]["status"], "ok");
}

#[test]
fn sessions_are_listed_once_something_was_said_in_them() {
    let mut lab = Lab::new(script(GatewayConfig::v4()));
    let writer = lab.program(&["operator.write"]);
    assert_eq!(lab.ask(writer, "sessions.list", json!({}))["payload"]["count"], 0);
    lab.send(writer, &send("you", "k1"));
    lab.take(writer);
    let list = lab.ask(writer, "sessions.list", json!({"limit": 5}));
    assert_eq!(list["payload"]["sessions"][0]["key"], "agent:main:main");
}
