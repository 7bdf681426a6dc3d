//! Methods: the scopes they need, the params they take.

use serde_json::{Value, json};

use crate::probe::{Gateway, Probe, ask, ask_with, with_id};

/// Called without params by every scope.
const METHODS: [&str; 21] = [
    "health",
    "status",
    "agents.list",
    "models.list",
    "sessions.list",
    "system-presence",
    "nope.x",
    "chat.send",
    "chat.abort",
    "agent",
    "agent.wait",
    "plugins.sessionAction",
    "device.pair.list",
    "device.pair.approve",
    "device.pair.reject",
    "device.pair.remove",
    "device.pair.rename",
    "device.token.rotate",
    "device.token.revoke",
    "device.scopes.requestUpgrade",
    "device.scopes.waitUpgrade",
];

pub fn probes(gateway: &Gateway) -> Vec<Probe> {
    let scopes = [
        "operator.read",
        "operator.write",
        "operator.admin",
        "operator.sessions.read",
        "operator.sessions.write",
        "operator.approvals",
        "operator.pairing",
    ];
    let mut probes = vec![calls(gateway, "no scope", &[])];
    probes.extend(scopes.iter().map(|scope| calls(gateway, scope, &[scope])));
    probes.extend(params(gateway));
    probes
}

/// All methods by a client of these scopes.
fn calls(gateway: &Gateway, name: &str, scopes: &[&str]) -> Probe {
    let none = Probe::silent(format!("methods by {name}")).let_in(gateway).scopes(scopes);
    METHODS.iter().fold(none, |probe, method| probe.then(with_id(ask(method), method)))
}

fn params(gateway: &Gateway) -> Vec<Probe> {
    let read = |name: &str, method: &str, params: Value| {
        Probe::session(format!("{method}: {name}"), gateway, ask_with(method, params))
    };
    let write = |name: &str, method: &str, params: Value| read(name, method, params).scopes(&["operator.write"]);
    let pair = |name: &str, method: &str, params: Value| read(name, method, params).scopes(&["operator.pairing"]);
    let main = "agent:main:main";
    let (send, abort) = ("chat.send", "chat.abort");
    vec![
        read("an unknown param", "agents.list", json!({"x": 1})),
        read("an unknown param", "models.list", json!({"x": 1})),
        read("params are an array", "sessions.list", json!([])),
        read("an unknown param", "sessions.list", json!({"x": 1})),
        read("half a session", "sessions.list", json!({"limit": 1.5})),
        read("no session", "sessions.list", json!({"limit": 0})),
        read("an unknown param", "system-presence", json!({"x": 1})),
        read("an unknown param", "status", json!({"x": 1})),
        write("no params", send, json!({})),
        write("no idempotencyKey", send, json!({"sessionKey": main, "message": "x"})),
        write("an unknown param", send, json!({"sessionKey": main, "message": "x", "idempotencyKey": "q", "zz": 1})),
        write("no params", abort, json!({})),
        write("nothing runs", abort, json!({"sessionKey": main})),
        write("an unknown run", abort, json!({"sessionKey": main, "runId": "none"})),
        write("no params", "agent", json!({})),
        write("no params", "agent.wait", json!({})),
        write("an unknown run", "agent.wait", json!({"runId": "none", "timeoutMs": 100})),
        read("empty params", "plugins.sessionAction", json!({})),
        pair("an unknown param", "device.pair.list", json!({"x": 1})),
        pair("an empty id", "device.pair.approve", json!({"requestId": ""})),
        pair("an id that is a number", "device.pair.reject", json!({"requestId": 1})),
        pair("an unknown param", "device.pair.remove", json!({"deviceId": "x", "x": 1})),
        pair("a label of 65 characters", "device.pair.rename", json!({"deviceId": "x", "label": "x".repeat(65)})),
        pair("scopes are a string", "device.token.rotate", json!({"deviceId": "x", "role": "x", "scopes": "x"})),
        pair("an empty scope", "device.token.rotate", json!({"deviceId": "x", "role": "x", "scopes": [""]})),
        pair("no scopes", "device.token.rotate", json!({"deviceId": "x", "role": "x", "scopes": []})),
        pair("scopes", "device.token.revoke", json!({"deviceId": "x", "role": "x", "scopes": []})),
        write("an unknown plugin", "plugins.sessionAction", json!({"pluginId": "a", "actionId": "b"})),
    ]
}
