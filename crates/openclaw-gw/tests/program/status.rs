//! `status`.

use serde_json::json;

use crate::gateway::Script;
use crate::program::run;

#[test]
fn it_shows_the_gateway_and_says_goodbye() {
    let gateway = Script::default().start();
    let ended = run(&gateway, &["status"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    for part in ["2026.9.6", "conn-1", "operator.read", "25 MiB", "every 30s", "2 methods, 1 events", "1m 1s"] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    assert!(!ended.stdout.contains('\x1b'), "no colours in a pipe");
    let connect = gateway.connect();
    assert_eq!(connect["scopes"], json!(["operator.read"]));
    assert_eq!(connect["client"]["displayName"], "openclaw-gw");
    assert_eq!(gateway.end(), Some(1000));
}

#[test]
fn a_shortfall_of_scopes_is_visible() {
    let gateway = Script::default().start();
    let ended = run(&gateway, &["--scope", "operator.read", "--scope", "operator.admin", "status"]);
    assert_eq!(ended.code, Some(0));
    let missing = ended.stdout.lines().find(|line| line.starts_with("scopes missing")).unwrap();
    assert!(missing.ends_with("  operator.admin"), "{missing}");
}

#[test]
fn json_is_the_whole_greeting() {
    let gateway = Script::default().hello(|hello| hello["new"] = json!({"kept": [1, null]})).start();
    let ended = run(&gateway, &["status", "--json"]);
    assert_eq!(ended.code, Some(0));
    let hello = ended.json();
    assert_eq!(hello["new"], json!({"kept": [1, null]}));
    assert_eq!(hello["policy"]["tickIntervalMs"], 30_000);
}

#[test]
fn colours_come_when_asked_for() {
    let gateway = Script::default().start();
    assert!(run(&gateway, &["status", "--color", "always"]).stdout.contains("\x1b[1m2026.9.6\x1b[0m"));
    let mut forced = crate::program::told(&gateway, &["status"]);
    assert!(crate::program::Program::start(forced.env("CLICOLOR_FORCE", "1")).end().stdout.contains('\x1b'));
    let mut without = crate::program::told(&gateway, &["status"]);
    let without = without.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
    assert!(!crate::program::Program::start(without).end().stdout.contains('\x1b'));
}
