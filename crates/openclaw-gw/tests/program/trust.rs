//! Pins, authorities and plaintext by choice, as far as they need no TLS peer.

use crate::gateway::{Script, TOKEN};
use crate::program::{Ended, Program, command, run};

const PIN: &str = "sha256:ab12000000000000000000000000000000000000000000000000000000000000";

fn bare(args: &[&str]) -> Ended {
    Program::start(&mut command(args)).end()
}

#[test]
fn what_cannot_be_used_is_an_error_of_usage_that_names_the_way_out() {
    let file = std::env::temp_dir().join(format!("openclaw-gw-ca-{}", std::process::id()));
    std::fs::write(&file, "no certificate").unwrap();
    let ca = file.display().to_string();
    for (args, word) in [
        (&["--tls-pin", "ab", "status"][..], "fingerprint"),
        (&["--tls-pin", PIN, "status"], "wss://"),
        (&["--ca", "/nowhere/ca.pem", "status"], "/nowhere/ca.pem"),
        (&["--url", "wss://127.0.0.1:1", "--ca", &ca, "status"], "--ca"),
        (&["--url", "ws://gateway.example.com", "status"], "--insecure-plaintext"),
        (&["--no-device", "pair"], "--no-device"),
    ] {
        let ended = bare(args);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""), "{args:?}");
        assert!(ended.stderr.contains(word), "{args:?}: {}", ended.stderr);
    }
    std::fs::remove_file(file).unwrap();
}

#[test]
fn a_pin_and_authorities_do_not_exclude_each_other() {
    let file = std::env::temp_dir().join(format!("openclaw-gw-pinned-ca-{}", std::process::id()));
    std::fs::write(&file, "no certificate").unwrap();
    let ca = file.display().to_string();
    let ended = bare(&["--url", "wss://127.0.0.1:1", "--tls-pin", PIN, "--ca", &ca, "status"]);
    std::fs::remove_file(file).unwrap();
    // The authority is read, so it counts beside the pin.
    assert!(ended.stderr.contains("authority cannot be used"), "{}", ended.stderr);
    let ended = bare(&["--url", "wss://127.0.0.1:1", "--tls-pin", PIN, "--tls-pin", &PIN.to_uppercase(), "status"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
}

#[test]
fn plaintext_by_choice_is_warned_of() {
    // A name nobody can have: the attempt ends with the look-up.
    let args = ["--url", "ws://gateway.invalid", "--token", TOKEN, "--insecure-plaintext", "status"];
    let ended = bare(&args);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.starts_with("warning: the credential crosses the network in clear"), "{}", ended.stderr);
    let ended = Program::start(command(&["--json"]).args(args)).end();
    let first: serde_json::Value = serde_json::from_str(ended.stderr.lines().next().unwrap()).unwrap();
    assert!(first["warning"]["message"].as_str().unwrap().contains("--insecure-plaintext"));
    // Where it changes nothing there is nothing to warn of.
    let ended = run(&Script::default().start(), &["--insecure-plaintext", "status"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}
