//! No secret in any output.

use serde_json::json;

use crate::gateway::{Act, Gateway, Script, TOKEN};
use crate::program::{Ended, Program, command, run, told};

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
    assert_eq!(ended.code, Some(2));
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
