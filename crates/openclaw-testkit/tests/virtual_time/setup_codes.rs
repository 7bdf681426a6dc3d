//! Setup codes: in once, without anybody being asked.

use std::time::Duration;

use openclaw_testkit::{GatewayConfig, Pairing, Setup, TestDevice};
use serde_json::{Value, json};

use crate::lab::Lab;

fn device(seed: u8) -> TestDevice {
    TestDevice::from_seed([seed; 32])
}

fn phone(code: &str) -> Value {
    json!({
        "role": "node",
        "scopes": [],
        "client": {"id": "openclaw-android", "mode": "node", "platform": "Android 15", "deviceFamily": "Android"},
        "auth": {"token": null, "bootstrapToken": code},
    })
}

fn lab(config: GatewayConfig) -> Lab {
    Lab::new(config.pairing(Pairing::Manual))
}

#[test]
fn a_phone_gets_a_token_for_each_of_its_roles_and_the_code_is_used_up() {
    for (config, scopes) in [(GatewayConfig::v4(), 6), (GatewayConfig::v3(), 4)] {
        let mut lab = lab(config);
        let code = lab.gateway.bootstrap_token(lab.now, Setup::Mobile);
        let (_, auth) = lab.enter(&device(1), phone(code.expose()));
        assert_eq!(auth["role"], "node");
        let others = auth["deviceTokens"].as_array().unwrap();
        assert_eq!((others.len(), &others[0]["role"]), (1, &json!("operator")));
        assert_eq!(others[0]["scopes"].as_array().unwrap().len(), scopes, "{others:?}");
        assert_eq!(lab.refused(&device(1), phone(code.expose()))["code"], "AUTH_BOOTSTRAP_TOKEN_INVALID");
        let by_token = json!({
            "client": {"id": "openclaw-android", "mode": "ui", "platform": "Android 15", "deviceFamily": "Android"},
            "auth": {"token": null, "deviceToken": others[0]["deviceToken"]},
        });
        lab.enter(&device(1), by_token);
    }
}

#[test]
fn a_code_is_good_for_ten_minutes_and_for_one_device() {
    let mut lab = lab(GatewayConfig::v4());
    let code = lab.gateway.bootstrap_token(lab.now, Setup::Node);
    lab.wait(Duration::from_secs(601));
    assert_eq!(lab.refused(&device(1), phone(code.expose()))["code"], "AUTH_BOOTSTRAP_TOKEN_INVALID");
    let code = lab.gateway.bootstrap_token(lab.now, Setup::MobileLimited);
    let node = |code: &str| {
        json!({
            "role": "node",
            "scopes": [],
            "client": {"id": "node-host", "mode": "node"},
            "auth": {"token": null, "bootstrapToken": code},
        })
    };
    // It is bound to whoever shows it first, even to one that has to be asked about.
    let refusal = lab.refused(&device(1), node(code.expose()));
    assert_eq!((&refusal["reason"], &refusal["pauseReconnect"]), (&json!("not-paired"), &json!(false)));
    assert_eq!((&refusal["recommendedNextStep"], &refusal["retryable"]), (&json!("wait_then_retry"), &json!(true)));
    assert_eq!(lab.refused(&device(2), phone(code.expose()))["code"], "AUTH_BOOTSTRAP_TOKEN_INVALID");
    assert!(lab.gateway.approve(lab.now, refusal["requestId"].as_str().unwrap()));
    assert_eq!(lab.enter(&device(1), node(code.expose())).1["method"], "bootstrap-token");
}

#[test]
fn whoever_asked_for_a_code_learns_that_it_has_been_used() {
    let mut lab = lab(GatewayConfig::v4());
    let admin = lab.program(&["operator.admin"]);
    let made = lab.ask(admin, "device.pair.setupCode", json!({"publicUrl": "ws://127.0.0.1:1"}));
    assert_eq!(made["payload"]["access"], "full");
    let setup = made["payload"]["setupId"].clone();
    // The code itself is what a client reads; here it is enough that there is one.
    assert!(made["payload"]["setupCode"].as_str().unwrap().len() > 80);
    let code = lab.gateway.bootstrap_token(lab.now, Setup::Node);
    let node = json!({
        "role": "node",
        "scopes": [],
        "client": {"id": "node-host", "mode": "node"},
        "auth": {"token": null, "bootstrapToken": code.expose()},
    });
    lab.enter(&device(1), node);
    let names: Vec<Value> = lab.frames(admin).into_iter().map(|frame| frame["event"].clone()).collect();
    assert!(names.contains(&json!("device.pair.resolved")), "{names:?}");
    assert!(!names.contains(&json!("device.pair.setup.completed")), "nobody follows a code of a test's own: {setup}");
}
