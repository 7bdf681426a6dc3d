//! Frames after hello.

use serde_json::{Value, json};

use crate::probe::{Frame, Gateway, Probe, ask, ask_with, changed, with_id};

pub fn probes(gateway: &Gateway) -> Vec<Probe> {
    [frames(gateway), members(gateway)].concat()
}

fn frames(gateway: &Gateway) -> Vec<Probe> {
    let sends = |name: &str, frame: Frame| Probe::session(format!("frame: {name}"), gateway, frame);
    let json = |name: &str, frame: Value| sends(name, frame.into());
    let connect = || with_id(gateway.connect(), "z");
    let presence = || with_id(ask("system-presence"), "d");
    vec![
        sends("no JSON", "{bad".into()),
        sends("nothing in a binary message", Vec::new().into()),
        sends("a request in a binary message", ask("agents.list").to_string().into_bytes().into()),
        json("an array", json!([])),
        json("null", json!(null)),
        json("a number", json!(5)),
        json("an empty object", json!({})),
        json("a response", json!({"type": "res", "id": "1", "ok": true})),
        json("an id that is null", json!({"type": "req", "id": null, "method": "x"})),
        json("an id that is an object", json!({"type": "req", "id": {"a": 1}, "method": "x"})),
        json("an empty method", json!({"type": "req", "id": "1", "method": ""})),
        json("a method that is a number", json!({"type": "req", "id": "1", "method": 3})),
        json("a wrong type, a wrong id, an unknown member", json!({"type": "xx", "id": 5, "bogus": 1})),
        json(
            "unknown members",
            changed(ask("health"), |frame| {
                frame["bogus"] = json!(1);
                frame["zed"] = json!(2);
            }),
        ),
        json("params that are null", with_id(ask_with("health", Value::Null), "h")),
        json("a second connect", connect()),
        json("a second connect, from an admin", connect()).scopes(&["operator.admin"]),
        json("one id twice", presence()).then(presence()),
    ]
}

fn members(gateway: &Gateway) -> Vec<Probe> {
    let traced = |name: &str, value: Value| {
        let frame = changed(ask("health"), |frame| frame["traceparent"] = value);
        Probe::session(format!("traceparent: {name}"), gateway, frame)
    };
    let expecting = |name: &str, request: Value, profile: &str| {
        let frame = changed(request, |frame| frame["expectedProfileId"] = json!(profile));
        Probe::session(format!("profile: {name}"), gateway, frame)
    };
    vec![
        traced("128 characters", json!("x".repeat(128))),
        traced("129 characters", json!("x".repeat(129))),
        traced("a number", json!(1)),
        expecting("the owner's", ask("agents.list"), "gateway-owner"),
        expecting("another one", ask("health"), "other"),
        expecting("another one, and a scope is missing", ask_with("config.set", json!({})), "other"),
        expecting("nothing", ask("health"), ""),
        expecting("129 characters", ask("health"), &"x".repeat(129)),
    ]
}
