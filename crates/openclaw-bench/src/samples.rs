//! Frames as a gateway sends them, and the request that asks for one.

use openclaw_proto::Request;

use crate::Text;

/// Params of a small request.
pub const PARAMS: &str = r#"{"sessionKey":"agent:main:main","limit":20}"#;

/// A small request.
///
/// # Panics
/// Never: its params are good.
#[must_use]
pub fn echo() -> Request {
    Request::with_raw_params("echo", PARAMS).expect("good params")
}

/// The answer to the request in that frame.
///
/// # Panics
/// When it is no request's frame.
#[must_use]
pub fn answer(frame: &str, payload: &str) -> Text {
    let id = frame.get(20..56).expect("an id");
    format!(r#"{{"type":"res","id":"{id}","ok":true,"payload":{payload}}}"#).into()
}

/// An event frame of that many bytes.
#[must_use]
pub fn flat_event(size: usize) -> String {
    filled(size, "")
}

/// One that also has an object in its envelope.
#[must_use]
pub fn versioned_event(size: usize) -> String {
    filled(size, r#","stateVersion":{"presence":4,"health":5}"#)
}

fn filled(size: usize, more: &str) -> String {
    let frame = |fill: &str| {
        format!(
            r#"{{"type":"event","event":"chat","payload":{{"runId":"r","sessionKey":"agent:main:main","state":"delta","deltaText":"{fill}"}},"seq":7{more}}}"#
        )
    };
    frame(&"x".repeat(size.saturating_sub(frame("").len())))
}

/// A response whose payload is a history of that many bytes.
#[must_use]
pub fn history(size: usize) -> String {
    let mut text =
        String::from(r#"{"type":"res","id":"00000000-0000-8000-8000-000000000000","ok":true,"payload":{"messages":["#);
    while text.len() < size {
        text.push_str(r#"{"id":"m1","role":"assistant","timestamp":1700000000000,"content":[{"type":"text","text":"A line of what was said, with \"quotes\" and a line\nbreak."}],"usage":{"input":1,"output":17}},"#);
    }
    text.push_str("null]}}");
    text
}
