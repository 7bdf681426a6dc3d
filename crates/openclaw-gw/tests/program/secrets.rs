//! No secret in any output.

use serde_json::json;

use crate::gateway::{Act, Gateway, Script, TOKEN};
use crate::program::{Ended, Program, command, run, run_as, state_dir, told};

fn assert_silent(ended: &Ended) {
    for secret in [TOKEN, "device-secret", "recovery-secret"] {
        assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{ended:?}");
    }
}

/// A gateway that hands out secrets, and quotes the program's own back at it.
fn indiscreet() -> Gateway {
    let quoting = json!({"code": "INVALID_REQUEST", "message": format!("bad {TOKEN}"), "details": {"you": TOKEN}});
    Script::default()
        .hello(|hello| {
            hello["auth"]["deviceToken"] = json!("device-secret");
            hello["auth"]["deviceTokens"] = json!([{"deviceToken": "device-secret", "role": "node", "scopes": []}]);
            hello["auth"]["recoveryScope"] = json!("recovery-secret");
            hello["server"]["version"] = json!(format!("v-{TOKEN}"));
        })
        .on(move |_| vec![Act::Refuse(quoting.clone())])
        .start()
}

#[test]
fn neither_output_nor_log_nor_errors_hold_a_secret() {
    let gateway = indiscreet();
    for args in [
        &["status"][..],
        &["status", "--json"],
        &["-vvv", "status"],
        &["-vv", "call", "m"],
        &["-vv", "--json", "call", "m"],
        &["-vv", "watch", "--for", "100ms", "--event", "none"],
    ] {
        let ended = run(&gateway, args);
        assert!(matches!(ended.code, Some(0 | 1)), "{ended:?}");
        if args.contains(&"watch") {
            // The version this gateway states is part of what watch shows.
            assert!(!ended.stderr.contains(TOKEN), "{ended:?}");
        } else {
            assert_silent(&ended);
        }
    }
    let hello = run(&gateway, &["status", "--json"]).json();
    assert_eq!(hello["auth"]["deviceTokens"], json!([{"deviceToken": "[redacted]", "role": "node", "scopes": []}]));
}

#[test]
fn a_refused_credential_is_not_repeated() {
    let gateway = Script::default().start();
    let mut wrong = command(&["--url", &gateway.url, "-vv", "--token", "the-wrong-token-77aa", "status"]);
    let ended = Program::start(&mut wrong).end();
    assert_eq!(ended.code, Some(5));
    assert!(ended.stderr.contains("AUTH_TOKEN_MISMATCH") && ended.stderr.contains("OPENCLAW_GATEWAY_TOKEN"));
    assert!(!ended.stderr.contains("the-wrong-token"), "{}", ended.stderr);
}

#[test]
fn the_log_is_our_own_and_names_no_frames() {
    let gateway = Script::default().start();
    let ended = run(&gateway, &["-vvv", "status"]);
    assert!(ended.stderr.contains("openclaw_client"), "{}", ended.stderr);
    for other in ["tungstenite", "rustls", "mio::", "\"auth\"", "hello-ok"] {
        assert!(!ended.stderr.contains(other), "{other}: {}", ended.stderr);
    }
}

#[test]
fn help_shows_variables_but_not_their_values() {
    let gateway = Script::default().start();
    for args in [&["--help"][..], &["call", "--help"], &["-h"], &[], &["nonsense"]] {
        let mut program = told(&gateway, args);
        let program =
            program.env("OPENCLAW_GATEWAY_PASSWORD", "the-password-1c").env("OPENCLAW_GATEWAY_URL", "ws://h/?q=hidden");
        let ended = Program::start(program).end();
        assert_silent(&ended);
        assert!(!ended.stdout.contains("the-password-1c") && !ended.stdout.contains("q=hidden"), "{args:?}");
    }
}

#[test]
fn neither_the_seed_nor_a_stored_token_is_ever_shown() {
    let (state, gateway) = (state_dir(), indiscreet());
    let stored = || std::fs::read_to_string(state.join("tokens.json")).unwrap();
    run_as(&state, &gateway, &["status"]);
    assert!(stored().contains("device-secret"));
    let identity = std::fs::read_to_string(state.join("identity.json")).unwrap();
    let identity: serde_json::Value = serde_json::from_str(&identity).unwrap();
    let seed = identity["seed"].as_str().unwrap();
    assert_eq!(seed.len(), 64);
    for args in [
        &["device", "show"][..],
        &["device", "show", "--json"],
        &["device", "new"],
        &["-vvv", "status"],
        &["-vv", "--json", "pair"],
        &["-vv", "pair"],
        &["-vv", "watch", "--count", "1", "--for", "100ms", "--json"],
        &["device", "forget"],
        &["device", "new", "--replace", "--json"],
        &["device", "forget", "--yes"],
    ] {
        let ended = run_as(&state, &gateway, args);
        assert!(!ended.stdout.contains(seed) && !ended.stderr.contains(seed), "{ended:?}");
        assert!(!ended.stdout.contains("device-secret") && !ended.stderr.contains("device-secret"), "{ended:?}");
    }
}

#[test]
fn a_stored_token_that_is_quoted_back_is_hidden() {
    let state = state_dir();
    let issuing = || Script::default().hello(|hello| hello["auth"]["deviceToken"] = json!("device-secret"));
    let quoting = json!({"code": "INVALID_REQUEST", "message": "no such token: device-secret"});
    let gateway = issuing().on(move |_| vec![Act::Refuse(quoting.clone())]).start();
    run_as(&state, &gateway, &["status"]);
    let ended = run_as(&state, &gateway, &["call", "m"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("no such token: [redacted]"), "{}", ended.stderr);
}
