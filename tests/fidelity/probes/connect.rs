//! The params of a connect: their shape, the protocols they offer, the roles they ask for.

use serde_json::{Value, json};

use crate::probe::{Gateway, Probe, ask, ask_with, ranged, remove};

pub fn probes(gateway: &Gateway) -> Vec<Probe> {
    [shape(gateway), protocol(gateway)].concat()
}

fn shape(gateway: &Gateway) -> Vec<Probe> {
    let with =
        |name: &str, change: fn(&mut Value)| Probe::first(format!("connect: {name}"), gateway.connect_with(change));
    // In this order, which is not the alphabet's.
    let unknown = gateway.connect_with(|params| params["client"]["bogus"] = json!(1)).to_string().replacen(
        r#""params":{"#,
        r#""params":{"zzz":1,"aaa":2,"#,
        1,
    );
    let device = json!({"id": "x", "publicKey": "k", "signature": "s", "signedAt": 1});
    let mut stranger = device.clone();
    stranger["nonce"] = json!("another one");
    vec![
        Probe::first("connect: no params", ask("connect")),
        Probe::first("connect: params are an array", ask_with("connect", json!([]))),
        Probe::first("connect: params are empty", ask_with("connect", json!({}))),
        Probe::first("connect: minProtocol alone", ask_with("connect", json!({"minProtocol": 4}))),
        with("minProtocol in words", |params| params["minProtocol"] = json!("4")),
        with("minProtocol 0", |params| params["minProtocol"] = json!(0)),
        with("minProtocol 3.5", |params| params["minProtocol"] = json!(3.5)),
        Probe::first("connect: unknown members", unknown.as_str()),
        with("client is a string", |params| params["client"] = json!("x")),
        with("client without id", |params| remove(&mut params["client"], "id")),
        with("client of an empty version", |params| params["client"]["version"] = json!("")),
        with("client whose displayName is null", |params| params["client"]["displayName"] = Value::Null),
        with("client whose buildId has 97 characters", |params| params["client"]["buildId"] = json!("b".repeat(97))),
        with("client with a timeZone", |params| params["client"]["timeZone"] = json!("Europe/Zurich")),
        with("client of unknown id and mode", |params| {
            params["client"]["id"] = json!("x");
            params["client"]["mode"] = json!("operator");
        }),
        with("scopes are a string", |params| params["scopes"] = json!("x")),
        with("scopes are a number and nothing", |params| params["scopes"] = json!([1, ""])),
        with("caps are null", |params| params["caps"] = Value::Null),
        with("permissions are numbers", |params| params["permissions"] = json!({"a": 1})),
        with("modelCatalog", |params| params["modelCatalog"] = json!({})),
        with("auth is a string", |params| params["auth"] = json!("x")),
        with("auth of a number and an unknown member", |params| params["auth"] = json!({"token": 1, "zz": 2})),
        with("auth with a deviceToken too", |params| params["auth"]["deviceToken"] = json!("x")),
        with("role is empty", |params| params["role"] = json!("")),
        with("role is null", |params| params["role"] = Value::Null),
        with("role is unknown", |params| params["role"] = json!("boss")),
        with("role is a worker's", |params| params["role"] = json!("worker")),
        Probe::first("connect: client is a worker", gateway.connect_as("openclaw-worker", "worker")),
        with("device has an id only", |params| params["device"] = json!({"id": "x"})),
        Probe::first("connect: device without nonce", gateway.connect_with(|params| params["device"] = device)),
        Probe::first("connect: device that proves nothing", gateway.connect_with(|params| params["device"] = stranger)),
    ]
}

fn protocol(gateway: &Gateway) -> Vec<Probe> {
    let offer = |min, max| ranged(gateway.connect(), min, max);
    let probe = |version| ranged(gateway.connect_as("openclaw-probe", "probe"), version, version);
    let mut wrong_role = offer(9, 9);
    wrong_role["params"]["role"] = json!("boss");
    let mut wrong_token = offer(9, 9);
    wrong_token["params"]["auth"] = json!({"token": "bad"});
    let other = if gateway.wire == 4 { 3 } else { 4 };
    vec![
        Probe::first("protocol: 1 to 9", offer(1, 9)),
        Probe::first("protocol: 4 to 3", offer(4, 3)),
        Probe::first("protocol: 9, with an unknown role", wrong_role),
        Probe::first("protocol: 9, with a wrong token", wrong_token),
        Probe::first("protocol: the other one, from a probe", probe(other)),
        Probe::first("protocol: 5, from a probe", probe(5)),
        Probe::first("protocol: 3, from a node without device", gateway.connect_node("node-host", "node", 3)),
        Probe::first("protocol: 4, from a node without device", gateway.connect_node("node-host", "node", 4)),
        Probe::first("protocol: 3, from a program as node", gateway.connect_node("gateway-client", "backend", 3)),
    ]
}
