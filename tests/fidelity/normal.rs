//! Frames without what differs from run to run and from machine to machine.

use serde_json::{Map, Value, json};

/// Members whose values say nothing about the protocol.
const VOLATILE: [&str; 13] = [
    "appliedConfigHash",
    "bootId",
    "buildId",
    "configPath",
    "connId",
    "durationMs",
    "nonce",
    "path",
    "pid",
    "recoveryScope",
    "stateDir",
    "ts",
    "uptimeMs",
];

/// A frame as it is compared. Of the payload of an answer its members and their types are kept, and their values where
/// these are neither lists nor objects; of a hello the same of each of its sections. Errors are kept whole.
pub fn frame(mut frame: Value) -> Value {
    let Some(payload) = frame.get_mut("payload").map(Value::take) else { return frame };
    if payload["type"] == "hello-ok" {
        remove(&mut frame, "payload");
        frame["hello"] = hello(payload);
    } else if payload.is_object() {
        frame["payload"] = members(payload, value);
    } else {
        frame["payload"] = value(payload);
    }
    frame
}

fn hello(mut payload: Value) -> Value {
    let scopes = payload["auth"]["scopes"].clone();
    // Is stated from some time after the gateway's start on.
    remove(&mut payload["snapshot"], "updateSchedule");
    let mut hello =
        members(payload, |section| if section.is_object() { members(section, value) } else { value(section) });
    // What this is all about is in a list.
    hello["auth"]["scopes"] = scopes;
    hello
}

fn members(object: Value, of: impl Fn(Value) -> Value) -> Value {
    let Value::Object(members) = object else { return object };
    let normal = members.into_iter().map(|(name, value)| {
        let value = if VOLATILE.contains(&name.as_str()) { json!("(any)") } else { of(value) };
        (name, value)
    });
    normal.collect::<Map<_, _>>().into()
}

fn value(value: Value) -> Value {
    match value {
        Value::Array(_) => json!("(list)"),
        Value::Object(_) => json!("(object)"),
        other => other,
    }
}

fn remove(object: &mut Value, name: &str) {
    if let Some(members) = object.as_object_mut() {
        members.remove(name);
    }
}
