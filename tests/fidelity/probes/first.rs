//! The first frame of a connection, before anybody looks into a connect.

use serde_json::json;

use crate::probe::{Gateway, Probe, ask_with, changed};

pub fn probes(gateway: &Gateway) -> Vec<Probe> {
    let connect = || gateway.connect();
    let traced = |length: usize| changed(connect(), |frame| frame["traceparent"] = json!("x".repeat(length)));
    vec![
        Probe::silent("nothing is sent"),
        Probe::first("first: an array", "[]"),
        Probe::first("first: null", "null"),
        Probe::first("first: a string", r#""x""#),
        Probe::first("first: a number", "5"),
        Probe::first("first: an empty object", "{}"),
        Probe::first("first: nothing in a text message", ""),
        Probe::first("first: a request without method", json!({"type": "req", "id": "1"})),
        Probe::first(
            "first: an id that is a number",
            json!({"type": "req", "id": 1, "method": "connect", "params": {}}),
        ),
        Probe::first("first: an empty method", json!({"type": "req", "id": "1", "method": ""})),
        Probe::first("first: an unknown member", changed(connect(), |frame| frame["bogus"] = json!(1))),
        Probe::first("first: no type", json!({"id": "1", "method": "connect"})),
        Probe::first("first: a connect in a binary message", connect().to_string().into_bytes()),
        Probe::first("first: a worker's params without connect", ask_with("health", json!({"role": "worker"}))),
        Probe::first("first: a traceparent of 128 characters", traced(128)),
        Probe::first("first: a traceparent of 129 characters", traced(129)),
        Probe::first(
            "first: a profile is expected",
            changed(connect(), |frame| frame["expectedProfileId"] = json!("p")),
        ),
    ]
}
