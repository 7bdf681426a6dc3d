//! What clients say to a gateway: well-formed frames by a number or two.

use openclaw_testkit::TestDevice;
use serde_json::{Value, json};

use super::super::script::Script;

/// A connect's frame. `credential` is a token the gateway has given out.
pub fn connect(script: &mut Script<'_>, id: &str, nonce: &str, now: u64, credential: &str) -> String {
    let (client, mode) = script.pick(&[
        ("gateway-client", "backend"),
        ("cli", "cli"),
        ("openclaw-tui", "ui"),
        ("node-host", "node"),
        ("openclaw-ios", "node"),
        ("openclaw-control-ui", "webchat"),
        ("openclaw-probe", "probe"),
        ("nobody", "backend"),
    ]);
    let role = script.pick(&["operator", "node", "worker"]);
    let scopes: &[&str] = script.pick(&[
        &["operator.read"][..],
        &["operator.read", "operator.write"],
        &["operator.admin"],
        &["operator.pairing", "operator.read"],
        &[],
    ]);
    let protocol = script.pick(&[(3, 4), (4, 4), (3, 3), (5, 9)]);
    let mut params = json!({
        "minProtocol": protocol.0,
        "maxProtocol": protocol.1,
        "client": {"id": client, "version": "1", "platform": "linux", "mode": mode},
        "role": role,
        "scopes": scopes,
    });
    params["auth"] = match script.number() % 8 {
        0 => json!({"token": "test-token"}),
        1 => json!({"password": "test-password"}),
        2 => json!({"token": "a wrong one"}),
        3 => json!({"deviceToken": credential}),
        4 => json!({"bootstrapToken": credential}),
        5 => json!({"token": "test-token", "deviceToken": credential}),
        6 => json!({"token": credential}),
        _ => json!({}),
    };
    match script.number() % 6 {
        0 | 1 => {}
        2 => params["device"] = device(script).prove(&params, nonce, now),
        3 => params["device"] = device(script).prove_v2(&params, nonce, now),
        4 => params["device"] = device(script).prove(&params, "another nonce", now),
        _ => {
            params["device"] = device(script).prove(&params, nonce, now);
            params["client"]["platform"] = json!("win32");
        }
    }
    json!({"type": "req", "id": id, "method": "connect", "params": params}).to_string()
}

/// One of two devices.
fn device(script: &mut Script<'_>) -> TestDevice {
    TestDevice::from_seed([script.number() % 2; 32])
}

/// The method of a request and params that mostly fit; `known` is an id the gateway has made up: of a pairing request or of
/// a device.
pub fn ask(script: &mut Script<'_>, known: &str) -> (&'static str, Value) {
    let main = "agent:main:main";
    let key = script.number();
    let asks = [
        ("health", json!({})),
        ("status", json!({})),
        ("agents.list", json!({})),
        ("models.list", json!({"view": "all"})),
        ("sessions.list", json!({"limit": 3})),
        ("system-presence", json!({})),
        ("chat.send", json!({"sessionKey": main, "message": "hello", "idempotencyKey": format!("k-{}", key % 3)})),
        ("chat.abort", json!({"sessionKey": main})),
        ("agent", json!({"message": "hello", "idempotencyKey": format!("k-{}", key % 3)})),
        ("agent.wait", json!({"runId": format!("k-{}", key % 3), "timeoutMs": 700})),
        ("echo", json!({"é": [1, null]})),
        ("slow", json!({"ms": 300})),
        ("plugins.sessionAction", json!({"pluginId": "p", "actionId": "a"})),
        ("device.pair.list", json!({})),
        ("device.pair.approve", json!({"requestId": known})),
        ("device.pair.reject", json!({"requestId": known})),
        ("device.pair.remove", json!({"deviceId": known})),
        ("device.pair.rename", json!({"deviceId": known, "label": "phone"})),
        ("device.pair.setupCode", json!({})),
        ("device.token.rotate", json!({"deviceId": known, "role": "operator"})),
        ("device.token.revoke", json!({"deviceId": known, "role": "operator"})),
        ("device.scopes.requestUpgrade", json!({"scopes": ["operator.admin"]})),
        ("device.scopes.waitUpgrade", json!({"requestId": known})),
        ("connect", json!({})),
        ("no.such.method", json!({})),
    ];
    let at = usize::from(script.number()) % asks.len();
    asks.into_iter().nth(at).expect("there is one")
}
