//! The methods every gateway of this kit has.

use std::time::Duration;

use serde_json::{Value, json};

use crate::config::GatewayConfig;
use crate::reply::{Asked, Reply};

const READ: &str = "operator.read";
const WRITE: &str = "operator.write";
/// Events one `flood` may ask for: enough to fill any queue, not to exhaust the machine.
const MAX_FLOOD: u64 = 1_000_000;
/// Bytes one `blob` or one event of a `flood` may have.
const MAX_BLOB: u64 = 64 * 1024 * 1024;
const RUN: Duration = Duration::from_millis(20);

/// Adds the built-in methods to `config`.
pub(crate) fn install(config: GatewayConfig) -> GatewayConfig {
    config
        .method("health", READ, |_| ok(json!({"ok": true, "durationMs": 1, "channels": {}, "defaultAgentId": "main"})))
        .method("status", READ, |_| {
            ok(json!({"runtimeVersion": "0.0.0-testkit", "channelSummary": [], "queuedSystemEvents": []}))
        })
        .method("agents.list", READ, |_| {
            let agents = json!([{"id": "main", "model": {"primary": "test/test-1"}}]);
            ok(json!({"defaultId": "main", "mainKey": "main", "scope": "per-sender", "agents": agents}))
        })
        .method("models.list", READ, |_| {
            ok(json!({"models": [{"id": "test-1", "name": "Test 1", "provider": "test", "contextWindow": 200_000}]}))
        })
        .method("sessions.list", READ, |_| {
            ok(json!({"count": 0, "totalCount": 0, "hasMore": false, "nextOffset": null, "sessions": []}))
        })
        .method("system-presence", READ, |_| ok(json!([{"host": "testkit", "mode": "gateway", "reason": "self"}])))
        .method("echo", READ, |asked| ok(asked.params.clone()))
        .method("blob", READ, |asked| ok(json!({"blob": filler(number(asked, "size", 1024))})))
        .method("flood", READ, flood)
        .method("slow", READ, |asked| {
            let delay = Duration::from_millis(number(asked, "ms", 100));
            vec![Reply::Ok(json!({"ok": true})).after(delay)]
        })
        .method("agent", WRITE, agent)
        .method("chat.send", WRITE, chat)
}

fn ok(payload: Value) -> Vec<Reply> {
    vec![Reply::Ok(payload)]
}

fn number(asked: &Asked, name: &str, default: u64) -> u64 {
    asked.params.get(name).and_then(Value::as_u64).unwrap_or(default)
}

fn text<'a>(asked: &'a Asked, name: &str, default: &'a str) -> &'a str {
    asked.params.get(name).and_then(Value::as_str).unwrap_or(default)
}

fn filler(size: u64) -> String {
    "x".repeat(usize::try_from(size.min(MAX_BLOB)).unwrap_or_default())
}

fn flood(asked: &Asked) -> Vec<Reply> {
    let (count, size) = (number(asked, "count", 100).min(MAX_FLOOD), number(asked, "size", 10));
    let text = filler(size);
    let event = |n: u64| Reply::Event {
        name: "chat".into(),
        payload: json!({"runId": "flood", "sessionKey": "agent:main:main", "seq": n, "state": "delta", "deltaText": text}),
    };
    (1..=count).map(event).chain([Reply::Ok(json!({"count": count}))]).collect()
}

/// The answer of the kit's agent: the message, word by word, after `you said:`.
fn words(asked: &Asked) -> Vec<String> {
    let message = text(asked, "message", "nothing").to_owned();
    ["you said:".to_owned()].into_iter().chain(message.split_whitespace().map(str::to_owned)).collect()
}

fn run_id(asked: &Asked) -> String {
    text(asked, "idempotencyKey", "run-1").to_owned()
}

fn agent(asked: &Asked) -> Vec<Reply> {
    let (run, session) = (run_id(asked), text(asked, "sessionKey", "agent:main:main"));
    let result = json!({"payloads": [{"text": words(asked).join(" "), "mediaUrl": null}], "meta": {"durationMs": 20}});
    let accepted = json!({"runId": run, "sessionKey": session, "agentId": "main", "status": "accepted"});
    let done = json!({"runId": run, "status": "ok", "summary": "completed", "result": result});
    vec![Reply::Accepted(accepted), Reply::Ok(done).after(RUN)]
}

fn chat(asked: &Asked) -> Vec<Reply> {
    let (run, session) = (run_id(asked), text(asked, "sessionKey", "agent:main:main"));
    let message = |text: &str| json!({"role": "assistant", "content": [{"type": "text", "text": text}]});
    let event = |seq: usize, state: &str, fields: Value, delay: Duration| {
        let mut payload = json!({"runId": run, "sessionKey": session, "agentId": "main", "seq": seq, "state": state});
        if let (Value::Object(payload), Value::Object(fields)) = (&mut payload, fields) {
            payload.extend(fields);
        }
        Reply::Broadcast { name: "chat".into(), payload }.after(delay)
    };
    let mut replies = ok(json!({"runId": run, "status": "started"}));
    let (mut said, mut at, mut seq) = (String::new(), RUN, 0);
    for word in words(asked) {
        let delta = if said.is_empty() { word } else { format!(" {word}") };
        said.push_str(&delta);
        seq += 1;
        replies.push(event(seq, "delta", json!({"deltaText": delta, "message": message(&said)}), at));
        at += Duration::from_millis(1);
    }
    replies.push(event(seq + 1, "final", json!({"stopReason": "stop", "message": message(&said)}), at));
    replies
}
