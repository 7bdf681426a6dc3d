//! What a gateway says, well-formed and not quite: frames by a number or two, so that a fuzzer need not spell them.

use openclaw_proto::recovery::{self, Place};

use super::super::script::Script;

/// A challenge.
pub fn challenge(script: &mut Script<'_>) -> String {
    let payload = script.pick(&[
        r#"{"nonce":"n-1","ts":1795000000000}"#,
        r#"{"nonce":"n-2","ts":1,"capabilities":["model-catalog-snapshot"]}"#,
        r#"{"nonce":"n-3"}"#,
        r#"{"nonce":" ","ts":1}"#,
        r#"{"ts":1}"#,
        r#"{"nonce":"n-4","ts":1.5}"#,
        "null",
    ]);
    event("connect.challenge", payload, "")
}

/// The answer to a connect that lets it in, or would if it were one.
pub fn hello(script: &mut Script<'_>, id: &str) -> String {
    let server = script.pick(&[
        r#""server":{"version":"2026.9.6","connId":"c-1","bootId":"b-1"},"features":{"methods":["health"],"events":["tick"],"capabilities":["profile-binding-v1"]}"#,
        r#""server":{"version":"2026.5.7","connId":"c-2"},"features":{"methods":[],"events":[]}"#,
        r#""server":7"#,
    ]);
    let auth = script.pick(&[
        r#""auth":{"role":"operator","scopes":["operator.read"]}"#,
        r#""auth":{"role":"operator","scopes":["operator.read","operator.write"],"deviceToken":"issued-token-1","issuedAtMs":5}"#,
        r#""auth":{"role":"node","scopes":[],"deviceToken":"issued-token-2","deviceTokens":[{"deviceToken":"issued-token-3","role":"operator","scopes":["operator.read"]}]}"#,
        r#""auth":{"scopes":"operator.read","deviceToken":" "}"#,
        r#""auth":null"#,
    ]);
    let policy = script.pick(&[
        r#""policy":{"maxPayload":26214400,"maxBufferedBytes":52428800,"tickIntervalMs":30000}"#,
        r#""policy":{"maxPayload":120,"tickIntervalMs":100}"#,
        r#""policy":{"maxPayload":0,"maxBufferedBytes":-1,"tickIntervalMs":1e300}"#,
        r#""policy":{"tickIntervalMs":18446744073709551615}"#,
        r#""policy":[]"#,
    ]);
    let head = script.pick(&[
        r#""type":"hello-ok","protocol":4"#,
        r#""protocol":3"#,
        r#""type":"hello-ok","protocol":5"#,
        r#""type":"hello-ok""#,
        r#""type":"hello-no","protocol":4"#,
    ]);
    ok(id, &format!("{{{head},{server},{auth},{policy}}}"))
}

/// A refusal: its code is one of the table's, or one of those with a meaning after hello.
pub fn refusal(script: &mut Script<'_>, id: &str) -> String {
    let (number, hint) = (usize::from(script.number()), script.number());
    let hint = ["", r#","retryAfterMs":2500"#, r#","retryAfterMs":0,"retryable":true"#, r#","retryable":true"#]
        [usize::from(hint) % 4];
    let rows = recovery::codes().count();
    let error = match recovery::codes().nth(number) {
        Some(row) if row.place == Place::Detail => {
            format!(r#"{{"code":"INVALID_REQUEST","message":"no","details":{{"code":"{}"}}{hint}}}"#, row.code)
        }
        Some(row) if row.place == Place::Reason => {
            format!(r#"{{"code":"UNAVAILABLE","message":"no","details":{{"reason":"{}"}}{hint}}}"#, row.code)
        }
        Some(row) => format!(r#"{{"code":"{}","message":"no"{hint}}}"#, row.code),
        None => {
            const OTHERS: [&str; 6] = [
                r#"{"code":"UNAVAILABLE","message":"restarting","details":{"reason":"gateway-restarting","retryAfterMs":1500}}"#,
                r#"{"code":"UNAVAILABLE","message":"suspending","details":{"reason":"gateway-suspending"}}"#,
                r#"{"code":"INVALID_REQUEST","message":"protocol mismatch"}"#,
                r#"{"code":"NOT_PAIRED","message":"pairing required","details":{"code":"PAIRING_REQUIRED","requestId":"p-1","recommendedNextStep":"wait_then_retry","pauseReconnect":false}}"#,
                r#"{"code":7,"message":["no"],"details":"x"}"#,
                r#""no""#,
            ];
            OTHERS[(number - rows) % OTHERS.len()].to_owned()
        }
    };
    format!(r#"{{"type":"res","id":"{id}","ok":false,"error":{error}}}"#)
}

/// An answer that says yes, in one way or another, or says nothing clear.
pub fn answer(script: &mut Script<'_>, id: &str) -> String {
    match script.number() % 7 {
        0 => ok(id, r#"{"ok":true}"#),
        1 => ok(id, r#"{"status":"accepted","runId":"r-1"}"#),
        2 => format!(r#"{{"type":"res","id":"{id}","ok":true}}"#),
        3 => format!(r#"{{"type":"res","id":"{id}","ok":"yes","payload":1}}"#),
        4 => format!(r#"{{"type":"res","id":"{id}","result":[1,2]}}"#),
        5 => format!(r#"{{"id":"{id}","error":{{"code":5}},"payload":{{}},"type":"res"}}"#),
        _ => r#"{"type":"res","id":"invalid","ok":false,"error":{"code":"INVALID_REQUEST"}}"#.to_owned(),
    }
}

/// An event; `seq` is the number of the last one and moves on.
pub fn some_event(script: &mut Script<'_>, seq: &mut u64) -> String {
    let (name, payload) = script.pick(&[
        ("tick", r#"{"ts":1}"#),
        ("chat", r#"{"runId":"r-1","state":"delta"}"#),
        ("shutdown", r#"{"reason":"gateway restarting","restartExpectedMs":1500}"#),
        ("shutdown", r#"{"restartExpectedMs":18446744073709551615}"#),
        ("gateway.suspension", r#"{"phase":"draining"}"#),
        ("gateway.suspension", r#"{"phase":"accepting"}"#),
        ("presence", r#"{"presence":[]}"#),
        ("a \\\"name\\\"", "null"),
    ]);
    let numbering = script.number();
    match numbering % 6 {
        0 => *seq = seq.wrapping_add(1),
        1 => *seq = seq.wrapping_add(u64::from(numbering)),
        2 => {}
        3 => *seq = seq.wrapping_sub(1),
        4 => return event(name, payload, ""),
        _ => return event(name, payload, r#","seq":"7","stateVersion":{"presence":1,"health":2}"#),
    }
    event(name, payload, &format!(r#","seq":{seq}"#))
}

fn ok(id: &str, payload: &str) -> String {
    format!(r#"{{"type":"res","id":"{id}","ok":true,"payload":{payload}}}"#)
}

fn event(name: &str, payload: &str, rest: &str) -> String {
    format!(r#"{{"type":"event","event":"{name}","payload":{payload}{rest}}}"#)
}
