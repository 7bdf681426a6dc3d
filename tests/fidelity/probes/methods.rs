//! Methods: the scopes they need, the params they take.

use serde_json::{Value, json};

use crate::probe::{Gateway, Probe, ask, ask_with, with_id};

/// Called without params by every scope.
const METHODS: [&str; 12] = [
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
];

pub fn probes(gateway: &Gateway) -> Vec<Probe> {
    let scopes = [
        "operator.read",
        "operator.write",
        "operator.admin",
        "operator.sessions.read",
        "operator.sessions.write",
        "operator.approvals",
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
    let main = "agent:main:main";
    let (send, abort) = ("chat.send", "chat.abort");
    vec![
        read("an unknown param", "agents.list", json!({"x": 1})),
        read("an unknown param", "models.list", json!({"x": 1})),
        read("params are an array", "sessions.list", json!([])),
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
        write("an unknown plugin", "plugins.sessionAction", json!({"pluginId": "a", "actionId": "b"})),
    ]
}
