//! Usage, and connections that do not come about.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::json;

use crate::gateway::{Script, TOKEN};
use crate::program::{Ended, Program, command, run, told};

fn bare(args: &[&str]) -> Ended {
    Program::start(&mut command(args)).end()
}

#[test]
fn help_and_version_are_no_errors() {
    for args in [&["--help"][..], &["--version"], &["help", "call"], &["watch", "--help"]] {
        let ended = bare(args);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{args:?}");
        assert!(!ended.stdout.is_empty());
    }
    let help = bare(&["--help"]).stdout;
    for part in
        ["OPENCLAW_GATEWAY_URL", "OPENCLAW_GATEWAY_TOKEN", "OPENCLAW_GATEWAY_PASSWORD", "Exit codes:", "Examples:"]
    {
        assert!(help.contains(part), "{part}");
    }
}

#[test]
fn wrong_usage_has_a_code_of_its_own() {
    for args in [
        &[][..],
        &["dance"],
        &["call"],
        &["call", "m", "--params", "{"],
        &["call", "m", "--params", "@/nowhere/params.json"],
        &["call", "m", "--timeout", "30"],
        &["watch", "--count", "0"],
        &["--color", "pink", "status"],
        &["--token-file", "/nowhere/token", "status"],
        &["--token", "a", "--token-file", "b", "status"],
        &["--url", "ftp://localhost", "status"],
        &["--url", "", "status"],
        &["--url", "ws://user:pw@localhost", "status"],
        &["--url", "ws://gateway.example.com", "status"],
    ] {
        let ended = bare(args);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""), "{args:?}");
        assert!(!ended.stderr.is_empty(), "{args:?}");
        let mut args = args.to_vec();
        args.insert(0, "--json");
        assert_eq!(bare(&args).error()["kind"], "usage", "{args:?}");
    }
}

#[test]
fn plaintext_to_a_public_host_is_refused_with_the_alternative() {
    let ended = bare(&["--url", "ws://gateway.example.com", "status"]);
    assert!(ended.stderr.contains("wss://gateway.example.com"), "{}", ended.stderr);
}

#[test]
fn nobody_there() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for args in [&["status"][..], &["call", "health"], &["watch", "--no-reconnect"]] {
        let mut command = command(args);
        let ended = Program::start(command.env("OPENCLAW_GATEWAY_URL", format!("ws://127.0.0.1:{port}"))).end();
        assert_eq!(ended.code, Some(2), "{args:?}");
        assert!(ended.stderr.contains("is the gateway running?"), "{}", ended.stderr);
    }
}

#[test]
fn refusals_to_connect_name_the_way_out() {
    let refusal = |code: &str, details: serde_json::Value| {
        let mut details = details;
        details["code"] = json!(code);
        let error = json!({"code": "INVALID_REQUEST", "message": "no", "details": details});
        run(&Script::default().refusing(error).start(), &["--json", "status"])
    };
    for (code, details, exit, kind, word) in [
        ("AUTH_TOKEN_MISMATCH", json!({}), 5, "authentication", "--token"),
        ("AUTH_RATE_LIMITED", json!({}), 2, "connection", "wait"),
        ("PROTOCOL_MISMATCH", json!({"expectedProtocol": 9}), 2, "connection", "protocol 9"),
        ("DEVICE_IDENTITY_REQUIRED", json!({}), 5, "authentication", "device"),
        ("DEVICE_AUTH_NONCE_MISMATCH", json!({}), 5, "authentication", "try again"),
        ("PAIRING_REQUIRED", json!({"requestId": "req-7"}), 4, "pairing", "openclaw-gw pair"),
    ] {
        let ended = refusal(code, details);
        assert_eq!(ended.code, Some(exit), "{code}");
        let error = ended.error();
        assert_eq!(error["kind"], kind);
        assert_eq!(error["detailCode"], code);
        assert!(error["hint"].as_str().unwrap().contains(word), "{error}");
    }
}

#[test]
fn an_http_refusal_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let answer = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\nbusy";
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let ended = bare(&["--url", &url, "status"]);
    server.join().unwrap();
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("503") && ended.stderr.contains("try again"), "{}", ended.stderr);
}

#[test]
fn a_peer_that_says_nothing_costs_no_more_than_the_time_given() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let ended = bare(&["--url", &url, "call", "health", "--timeout", "300ms"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
}

#[test]
fn the_token_file_wins_over_the_environment() {
    let gateway = Script::default().start();
    let path = std::env::temp_dir().join(format!("openclaw-gw-token-{}", std::process::id()));
    std::fs::write(&path, format!("  {TOKEN}\n")).unwrap();
    let file = path.display().to_string();
    let mut program = told(&gateway, &["--token-file", &file, "status"]);
    let ended = Program::start(program.env("OPENCLAW_GATEWAY_TOKEN", "wrong")).end();
    std::fs::remove_file(path).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(gateway.connect()["auth"], json!({"token": TOKEN}));
}

#[test]
fn variables_that_are_set_to_nothing_are_as_good_as_unset() {
    let gateway = Script::default().start();
    let mut program = told(&gateway, &["--password", "pw", "status"]);
    let ended = Program::start(program.env("OPENCLAW_GATEWAY_TOKEN", "")).end();
    assert_eq!(ended.code, Some(5));
    assert_eq!(gateway.connect()["auth"], json!({"password": "pw"}));
}
