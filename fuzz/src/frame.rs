//! Reading a frame: no text makes it panic, and what it reads is what a JSON parser reads.

use openclaw_proto::GatewayError;
use openclaw_proto::connect::Hello;
use openclaw_proto::frame::{
    EventFrame, Frame, FrameError, Oddity, RequestFrame, ResponseFrame, ResponseId, Verdict, parse,
};
use openclaw_proto::scope_upgrade::{self, Decision};
use serde_json::Value;
use serde_json::value::RawValue;

/// Reads `data` as a frame and compares the reading with two others.
///
/// The first is serde_json's `RawValue`, which checks the syntax of the whole text and nothing more: no difference to it is
/// allowed. The second is serde_json's `Value`, a tree. The allowed differences to that are:
///
/// * Three things that it refuses and a frame may have in places nobody reads: nesting deeper than 128 levels, numbers
///   beyond `f64`, and halves of surrogate pairs. Where it fails only the first comparison is made.
/// * A null reads as absent.
/// * Whole numbers count however they are spelled (`3.0`, `3e0`) up to 2^53, beyond it only as plain digits of a `u64`.
/// * `result` and `params` stand in for `payload`, and a response without `ok` is judged by its error.
///
/// Repeated keys are no difference: in both the last one counts. What is read of an error body or a decision must also be
/// fit to be shown: a command for an operator is made of words a shell leaves alone, and no token shows in a `Debug`.
pub fn frame(data: &[u8]) {
    // Transports deliver valid UTF-8 only.
    let text = String::from_utf8_lossy(data);
    let read = parse(&text);
    let object = match serde_json::from_str::<&RawValue>(&text) {
        Ok(raw) => raw.get().starts_with('{'),
        Err(_) => {
            assert!(read.is_err(), "read a frame from what is not JSON");
            return;
        }
    };
    if !object {
        assert!(read.is_err(), "read a frame from what is no object");
        return;
    }
    assert!(
        !matches!(read, Err(FrameError::NotJson { .. } | FrameError::Truncated | FrameError::NotAnObject)),
        "{read:?} for a JSON object"
    );
    match &read {
        Ok(Frame::Response(response)) => {
            for part in [response.payload, response.error].into_iter().flatten() {
                lies_in(&text, part);
            }
            if let Some(error) = response.error {
                assert_eq!(GatewayError::parse(error).body, error);
                error_is_fit(&GatewayError::parse(error));
            }
            response.payload.into_iter().for_each(decision_is_fit);
            if let Some(Ok((hello, _))) = response.payload.map(Hello::parse) {
                assert!(hello.protocol > 0 && Some(hello.raw()) == response.payload);
            }
        }
        Ok(Frame::Event(event)) => event.payload.into_iter().for_each(|part| lies_in(&text, part)),
        Ok(Frame::Request(request)) => request.params.into_iter().for_each(|part| lies_in(&text, part)),
        Err(_) => {}
    }
    if let Ok(tree) = serde_json::from_str::<Value>(&text) {
        agree(&read, &tree);
    }
}

/// What is told to people of an error is in it, and can be typed in.
fn error_is_fit(error: &GatewayError) {
    let shown = error.to_string();
    assert!(shown.contains(error.finest_code()) && shown.ends_with(&error.message));
    if let Some(pairing) = error.pairing() {
        let command = pairing.approve_command();
        let plain = |c: char| c.is_ascii_alphanumeric() || "._:- ".contains(c);
        assert!(command.starts_with("openclaw devices ") && command.chars().all(plain), "{command:?}");
        assert_eq!(command.split(' ').count(), if pairing.request_id.is_some() { 4 } else { 3 });
    }
}

/// A payload as the answer about a request for more scopes.
fn decision_is_fit(payload: &str) {
    let id = scope_upgrade::requested(payload);
    if let Ok(Decision::Approved(stored)) = Decision::parse(payload, id.as_deref().unwrap_or_default()) {
        assert!(!stored.token.is_blank() && !stored.scopes.is_empty());
        assert!(format!("{stored:?}").contains("Secret(redacted)"));
    }
}

/// A part is JSON by itself, without white space around it, and no copy.
fn lies_in(whole: &str, part: &str) {
    let raw = serde_json::from_str::<&RawValue>(part);
    assert!(raw.is_ok_and(|raw| raw.get() == part), "{part:?} is not one JSON value");
    let whole = whole.as_bytes().as_ptr_range();
    let part = part.as_bytes().as_ptr_range();
    assert!(whole.start <= part.start && part.end <= whole.end, "a part of another text");
}

fn agree(read: &Result<Frame<'_>, FrameError>, tree: &Value) {
    let named = |name: &str| tree.get(name).filter(|value| !value.is_null());
    match (read, named("type").and_then(Value::as_str)) {
        (Err(FrameError::NoType), None) => {}
        (Err(FrameError::UnknownType(kind)), Some(actual)) => {
            assert!(!matches!(actual, "res" | "event" | "req"));
            assert!(actual.starts_with(kind) && kind.chars().count() <= 32);
        }
        (Ok(Frame::Response(response)), Some("res")) => response_agrees(response, tree),
        (Ok(Frame::Event(event)), Some("event")) => event_agrees(event, tree),
        (Err(FrameError::Field("event")), Some("event")) => assert!(unusable(tree, "event")),
        (Ok(Frame::Request(request)), Some("req")) => request_agrees(request, tree),
        (Err(FrameError::Field(field @ ("id" | "method"))), Some("req")) => assert!(unusable(tree, field)),
        (read, kind) => panic!("{read:?} of type {kind:?}"),
    }
}

fn unusable(tree: &Value, field: &str) -> bool {
    tree.get(field).and_then(Value::as_str).is_none_or(str::is_empty)
}

fn response_agrees(response: &ResponseFrame<'_>, tree: &Value) {
    match (&response.id, tree.get("id")) {
        (ResponseId::Missing, None | Some(Value::Null)) => {}
        (ResponseId::Text(id), Some(Value::String(actual))) => assert_eq!(id, actual),
        (ResponseId::Other(raw), Some(actual)) => {
            assert!(!actual.is_string() && !actual.is_null());
            same(Some(raw), Some(actual));
        }
        (id, actual) => panic!("{id:?} for {actual:?}"),
    }
    let error = tree.get("error").filter(|error| !error.is_null());
    let verdict = match tree.get("ok") {
        None | Some(Value::Null) if error.is_some() => Verdict::Error,
        None | Some(Value::Null | Value::Bool(true)) => Verdict::Ok,
        Some(Value::Bool(false)) => Verdict::Error,
        Some(_) => Verdict::Unreadable,
    };
    assert_eq!(response.verdict, verdict);
    assert_eq!(response.oddities.contains(&Oddity::OkNotABoolean), verdict == Verdict::Unreadable);
    same(response.error, error);
    same(response.payload, payload(tree));
}

fn event_agrees(event: &EventFrame<'_>, tree: &Value) {
    assert_eq!(tree.get("event").and_then(Value::as_str), Some(&*event.event));
    same(event.payload, payload(tree));
    let seq = tree.get("seq").filter(|seq| !seq.is_null());
    assert_eq!(event.seq, seq.and_then(integer));
    assert_eq!(event.oddities.contains(&Oddity::SeqNotAnInteger), seq.is_some() && event.seq.is_none());
    let state = tree.get("stateVersion").filter(|state| !state.is_null());
    let versions = state.and_then(|state| Some((integer(state.get("presence")?)?, integer(state.get("health")?)?)));
    assert_eq!(event.state_version, versions);
    assert_eq!(event.oddities.contains(&Oddity::StateVersionShape), state.is_some() && versions.is_none());
    assert_eq!(event.recipient_profile_id.as_deref(), tree.get("recipientProfileId").and_then(Value::as_str));
}

fn request_agrees(request: &RequestFrame<'_>, tree: &Value) {
    let text = |name: &str| tree.get(name).and_then(Value::as_str);
    assert_eq!(Some(&*request.id), text("id"));
    assert_eq!(Some(&*request.method), text("method"));
    assert_eq!(request.traceparent.as_deref(), text("traceparent"));
    assert_eq!(request.expected_profile_id.as_deref(), text("expectedProfileId"));
    same(request.params, tree.get("params").filter(|params| !params.is_null()));
}

/// The first of the three names whose value is not null; null if all there are are.
fn payload(tree: &Value) -> Option<&Value> {
    let values = ["payload", "result", "params"].map(|name| tree.get(name));
    values.into_iter().flatten().find(|value| !value.is_null()).or_else(|| values.into_iter().flatten().next())
}

fn same(raw: Option<&str>, actual: Option<&Value>) {
    let read = raw.map(|raw| serde_json::from_str::<Value>(raw).ok());
    assert_eq!(read, actual.map(|actual| Some(actual.clone())));
}

/// What JavaScript would call a safe non-negative integer, however it is spelled; and all of `u64` spelled plainly.
fn integer(value: &Value) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_u64().or_else(|| {
        let float = value.as_f64().filter(|float| (0.0..=EXACT).contains(float) && float.fract() == 0.0)?;
        format!("{float:.0}").trim_start_matches('-').parse().ok()
    })
}
