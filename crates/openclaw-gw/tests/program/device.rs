//! `device`, and connections as a device.

use std::path::Path;

use serde_json::{Value, json};

use crate::gateway::{Gateway, Script};
use crate::program::{Ended, Program, command, run, run_as, state_dir};

fn device(state: &Path, args: &[&str]) -> Ended {
    Program::start(command(&["device"]).args(args).env("OPENCLAW_GW_STATE_DIR", state)).end()
}

/// A gateway that issues a token.
fn issuing() -> Gateway {
    Script::default()
        .hello(|hello| {
            hello["auth"]["deviceToken"] = json!("device-token-5d1e");
            hello["auth"]["issuedAtMs"] = json!(1_795_000_000_000_u64);
        })
        .start()
}

fn shown(state: &Path) -> Value {
    device(state, &["show", "--json"]).json()
}

#[test]
fn an_identity_is_made_once_shown_replaced_and_forgotten() {
    let state = state_dir();
    let none = shown(&state);
    assert_eq!((&none["deviceId"], &none["tokens"]), (&Value::Null, &json!([])));
    assert!(device(&state, &["show"]).stdout.contains("none yet"));
    assert!(!state.exists(), "looking makes nothing");

    let made = device(&state, &["new", "--json"]).json();
    assert_eq!((&made["created"], &made["replaced"]), (&json!(true), &Value::Null));
    assert_eq!(made["deviceId"].as_str().unwrap().len(), 64);
    let again = device(&state, &["new", "--json"]).json();
    assert_eq!((&again["created"], &again["deviceId"]), (&json!(false), &made["deviceId"]));
    assert_eq!(shown(&state)["publicKey"], made["publicKey"]);

    let replaced = device(&state, &["new", "--replace"]);
    assert!(replaced.stdout.contains("pairings of that one are lost"), "{}", replaced.stdout);
    assert!(replaced.stdout.contains(made["deviceId"].as_str().unwrap()));
    assert_ne!(shown(&state)["deviceId"], made["deviceId"]);

    let asked = device(&state, &["forget"]);
    assert_eq!(asked.code, Some(64));
    assert!(asked.stderr.contains("device forget --yes"), "{}", asked.stderr);
    assert_ne!(shown(&state)["deviceId"], Value::Null);
    assert_eq!(device(&state, &["forget", "--yes", "--json"]).json(), json!({"forgotten": true}));
    assert_eq!(shown(&state)["deviceId"], Value::Null);
    assert_eq!(device(&state, &["forget", "--yes", "--json"]).json(), json!({"forgotten": false}));
}

#[test]
fn every_connection_is_the_stored_device_s_and_its_token_is_kept() {
    let (state, gateway) = (state_dir(), issuing());
    assert_eq!(run_as(&state, &gateway, &["status"]).code, Some(0));
    let first = gateway.connect();
    gateway.end();
    let known = shown(&state);
    assert_eq!((&first["device"]["id"], &first["device"]["publicKey"]), (&known["deviceId"], &known["publicKey"]));
    let row = &known["tokens"][0];
    assert_eq!(row["scopes"], json!(["operator.read"]));
    assert_eq!((&row["role"], &row["ofThisDevice"]), (&json!("operator"), &json!(true)));
    assert!(row["issuedAt"].as_str().unwrap().starts_with("2026-"), "{row}");
    assert!(gateway.url.ends_with(row["gateway"].as_str().unwrap()), "{row}");

    // Without another credential the stored token is shown. This gateway does not know it, which is another matter.
    let mut bare = command(&["--url", &gateway.url, "status"]);
    Program::start(bare.env("OPENCLAW_GW_STATE_DIR", &state)).end();
    let second = gateway.connect();
    assert_eq!(second["auth"], json!({"deviceToken": "device-token-5d1e"}));
    assert_eq!(second["device"]["id"], first["device"]["id"]);
    let text = device(&state, &["show"]).stdout;
    assert!(text.contains("as operator (operator.read), issued 2026-"), "{text}");
}

#[test]
fn a_new_identity_has_no_tokens() {
    let (state, gateway) = (state_dir(), issuing());
    run_as(&state, &gateway, &["status"]);
    assert_eq!(shown(&state)["tokens"].as_array().unwrap().len(), 1);
    device(&state, &["new", "--replace"]);
    assert_eq!(shown(&state)["tokens"], json!([]));
}

#[test]
fn without_a_device_nothing_is_made_and_nothing_is_signed() {
    let (state, gateway) = (state_dir(), issuing());
    let ended = run_as(&state, &gateway, &["--no-device", "status"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(gateway.connect()["device"], Value::Null);
    assert!(!state.exists());
}

#[cfg(unix)]
#[test]
fn a_store_that_is_open_to_others_is_not_used_and_the_repair_is_named() {
    use std::os::unix::fs::PermissionsExt;

    let (state, gateway) = (state_dir(), issuing());
    device(&state, &["new"]);
    let file = state.join("identity.json");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    for args in [&["status"][..], &["call", "health"], &["watch"], &["pair"]] {
        let ended = run_as(&state, &gateway, args);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""), "{args:?}");
        assert!(ended.stderr.contains("chmod") && ended.stderr.contains("--no-device"), "{}", ended.stderr);
    }
    assert_eq!(device(&state, &["show"]).code, Some(64));
    assert_eq!(run_as(&state, &gateway, &["--no-device", "status"]).code, Some(0));
}

#[test]
fn damage_is_told_before_anything_is_connected() {
    let (state, gateway) = (state_dir(), issuing());
    run_as(&state, &gateway, &["status"]);
    let good = std::fs::read_to_string(state.join("tokens.json")).unwrap();
    std::fs::write(state.join("tokens.json"), good.replace("[", "(")).unwrap();
    let ended = run_as(&state, &gateway, &["--json", "status"]);
    assert_eq!(ended.code, Some(64), "{ended:?}");
    assert!(ended.error()["message"].as_str().unwrap().contains("tokens.json"));
    assert_eq!(device(&state, &["forget", "--yes"]).code, Some(64), "what cannot be read is not removed");
}

#[test]
fn scopes_that_are_missing_are_named_with_the_way_to_them() {
    let error = json!({"code": "FORBIDDEN", "message": "missing scope: operator.write",
        "details": {"code": "MISSING_SCOPE", "missingScope": "operator.write"}});
    let gateway = Script::default().on(move |_| vec![crate::gateway::Act::Refuse(error.clone())]).start();
    let ended = run(&gateway, &["call", "health"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("missing scope: operator.write"), "{}", ended.stderr);
    assert!(ended.stderr.contains("openclaw-gw --scope operator.write pair"), "{}", ended.stderr);
}
