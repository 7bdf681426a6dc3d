//! The provider, asked by a plain TCP client.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{End, Provider};

const PATIENCE: Duration = Duration::from_secs(20);

fn post(provider: &Provider, path: &str, body: &Value) -> TcpStream {
    let mut stream = TcpStream::connect(provider.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let body = body.to_string();
    let length = body.len();
    write!(stream, "POST {path} HTTP/1.1\r\nHost: x\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    stream
}

fn ask_with(provider: &Provider, messages: &Value) -> TcpStream {
    let body = json!({"model": "m", "stream": true, "stream_options": {"include_usage": true}, "messages": messages});
    post(provider, "/v1/chat/completions", &body)
}

fn ask(provider: &Provider, text: &str) -> TcpStream {
    ask_with(provider, &json!([{"role": "system", "content": "s"}, {"role": "user", "content": text}]))
}

fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    match stream.read_to_string(&mut text) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
        _ => text,
    }
}

/// The head, the pieces of the answer, and whether it came to its end.
fn pieces(answer: &str) -> (&str, Vec<Value>, bool) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let data: Vec<&str> = body.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    let done = data.last() == Some(&"[DONE]") && body.ends_with("0\r\n\r\n");
    let pieces = data.iter().filter(|data| **data != "[DONE]").map(|data| serde_json::from_str(data).unwrap());
    (head, pieces.collect(), done)
}

fn text(pieces: &[Value]) -> String {
    pieces.iter().filter_map(|piece| piece["choices"][0]["delta"]["content"].as_str()).collect()
}

#[test]
fn words_come_in_pieces_and_end_with_a_reason_and_numbers() {
    let provider = Provider::start().unwrap();
    let answer = rest(ask(&provider, "script #a: say so; words 3 every 0; words 2"));
    let (head, pieces, done) = pieces(&answer);
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("text/event-stream"), "{head}");
    assert!(done);
    assert_eq!(text(&pieces), "so w1 w2 w3 w4 w5");
    assert_eq!(pieces[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(pieces[pieces.len() - 2]["choices"][0]["finish_reason"], "stop");
    assert_eq!(pieces[pieces.len() - 1]["usage"]["total_tokens"], 17);
    let calls = provider.wait(PATIENCE, |calls| calls.iter().all(|call| call.end.is_some())).unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].turn.as_deref(), calls[0].attempt, &calls[0].end), (Some("a"), 1, &Some(End::Finished)));
    assert_eq!(calls[0].shown, ["a"]);
}

#[test]
fn other_texts_are_repeated() {
    let provider = Provider::start().unwrap();
    let answer = rest(ask(&provider, "good morning"));
    assert_eq!(text(&pieces(&answer).1), "heard: good morning");
    assert!(provider.calls()[0].turn.is_none());
}

#[test]
fn a_tool_is_called_and_its_answer_repeated() {
    let provider = Provider::start().unwrap();
    let user = json!({"role": "user", "content": "script #a: call exec {\"command\": \"echo hi; true\"}"});
    let answer = rest(ask_with(&provider, &json!([user])));
    let (_, first, done) = pieces(&answer);
    assert!(done);
    let calls = || first.iter().filter_map(|piece| piece["choices"][0]["delta"]["tool_calls"][0].as_object());
    assert_eq!(calls().next().unwrap()["function"]["name"], "exec");
    let arguments: String = calls().filter_map(|call| call["function"]["arguments"].as_str()).collect();
    assert_eq!(serde_json::from_str::<Value>(&arguments).unwrap(), json!({"command": "echo hi; true"}));
    assert!(first.iter().any(|piece| piece["choices"][0]["finish_reason"] == "tool_calls"));

    let called = json!({"role": "assistant", "tool_calls": [{"id": "c"}]});
    let said = json!({"role": "tool", "content": "hi"});
    let answer = rest(ask_with(&provider, &json!([user, called, said])));
    assert_eq!(text(&pieces(&answer).1), "the tool said: hi");
    let calls = provider.wait(PATIENCE, |calls| calls.iter().all(|call| call.end.is_some())).unwrap();
    let ends: Vec<_> = calls.iter().map(|call| (call.after_tool, call.end.clone().unwrap())).collect();
    assert_eq!(ends, [(false, End::CalledTool), (true, End::Finished)]);
    assert_eq!(provider.calls_of("a").len(), 2);
}

#[test]
fn a_long_text_is_whole() {
    let provider = Provider::start().unwrap();
    let answer = rest(ask(&provider, "script: bytes 1000000 in 65536"));
    let (_, pieces, done) = pieces(&answer);
    assert!(done);
    assert_eq!(text(&pieces).len(), 1_000_000);
}

#[test]
fn refusals_and_drops_end_after_as_many_calls_as_the_script_says() {
    let provider = Provider::start().unwrap();
    let refused = rest(ask(&provider, "script #a: status 429 1; words 1"));
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    let answered = rest(ask(&provider, "script #a: status 429 1; words 1"));
    assert!(pieces(&answered).2);

    let dropped = rest(ask(&provider, "script #b: words 2; drop 1; words 1"));
    let (_, said, done) = pieces(&dropped);
    assert_eq!((text(&said).as_str(), done), ("w1 w2", false));
    let answered = rest(ask(&provider, "script #b: words 2; drop 1; words 1"));
    let (_, said, done) = pieces(&answered);
    assert_eq!((text(&said).as_str(), done), ("w1 w2 w3", true));
    let calls = provider.wait(PATIENCE, |calls| calls.iter().all(|call| call.end.is_some())).unwrap();
    let ends: Vec<_> = calls.into_iter().map(|call| (call.attempt, call.end.unwrap())).collect();
    assert_eq!(ends, [(1, End::Refused(429)), (2, End::Finished), (1, End::Dropped), (2, End::Finished)]);
}

#[test]
fn a_held_answer_waits_for_its_own_release() {
    let provider = Provider::start().unwrap();
    let mut stream = ask(&provider, "script #a: words 1; hold; words 1");
    let mut seen = String::new();
    while !seen.contains("w1") {
        let mut piece = [0; 1024];
        let length = stream.read(&mut piece).unwrap();
        seen.push_str(std::str::from_utf8(&piece[..length]).unwrap());
    }
    provider.release("b");
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let early = stream.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(early.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    assert_eq!(provider.calls()[0].end, None);
    provider.release("a");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let answer = rest(stream);
    assert!(answer.contains("w2") && answer.ends_with("0\r\n\r\n"), "{answer}");
}

#[test]
fn a_gateway_that_leaves_is_noticed_and_a_provider_that_ends_leaves_nobody_waiting() {
    let provider = Provider::start().unwrap();
    drop(ask(&provider, "script #a: hold"));
    let calls = provider.wait(PATIENCE, |calls| calls.iter().any(|call| call.end.is_some())).unwrap();
    assert_eq!(calls[0].end, Some(End::Left));
    let held = ask(&provider, "script #b: hold");
    provider.wait(PATIENCE, |calls| calls.len() == 2).unwrap();
    drop(provider);
    assert!(!rest(held).ends_with("0\r\n\r\n"));
}

#[test]
fn what_is_no_question_is_noted() {
    let provider = Provider::start().unwrap();
    assert!(rest(post(&provider, "/v1/other", &json!({}))).starts_with("HTTP/1.1 404 "));
    assert!(rest(ask(&provider, "script: dance")).starts_with("HTTP/1.1 400 "));
    let whole = json!({"model": "m", "messages": [{"role": "user", "content": "script #t: hold"}]});
    let answer = rest(post(&provider, "/v1/chat/completions", &whole));
    assert!(answer.contains("a short answer"), "{answer}");
    assert_eq!(provider.calls().len(), 1);
    assert!(!provider.calls()[0].streamed);
    let strange = provider.strange();
    assert_eq!(strange[0], "POST /v1/other");
    assert!(strange[1].contains("dance"), "{strange:?}");
}
