//! The proxy that the environment names.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread::JoinHandle;

use crate::gateway::Script;
use crate::program::{Ended, Program, command, told};

/// A proxy that refuses one request. The thread gives what was asked.
fn refusing() -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (mut tcp, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            tcp.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        tcp.write_all(b"HTTP/1.1 407 Login\r\nProxy-Authenticate: Negotiate\r\n\r\n").unwrap();
        String::from_utf8(request).unwrap()
    });
    (format!("http://user:s3cr3t@{address}"), thread)
}

fn status(url: &str, change: impl FnOnce(&mut Command)) -> Ended {
    let mut command = command(&["--url", url, "--token", "t", "status"]);
    change(&mut command);
    Program::start(&mut command).end()
}

#[test]
fn the_environment_names_the_proxy_and_its_refusal_is_explained() {
    for (variable, url, target) in [
        ("HTTPS_PROXY", "wss://gateway.invalid", "gateway.invalid:443"),
        ("all_proxy", "ws://gateway.local:18789", "gateway.local:18789"),
    ] {
        let (proxy, asked) = refusing();
        let ended = status(url, |command| {
            command.env(variable, proxy);
        });
        assert!(asked.join().unwrap().starts_with(&format!("CONNECT {target} HTTP/1.1\r\n")));
        assert_eq!(ended.code, Some(2));
        for part in ["407 Login", "Negotiate", "hint: the proxy wants a login"] {
            assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
        }
        assert!(!ended.stderr.contains("s3cr3t"), "{}", ended.stderr);
    }
}

#[test]
fn what_needs_no_proxy_does_not_meet_it() {
    let gateway = Script::default().start();
    let mut command = told(&gateway, &["status"]);
    assert_eq!(Program::start(command.env("ALL_PROXY", "http://127.0.0.1:9")).end().code, Some(0), "this machine");
    let ended = status("wss://gateway.invalid", |command| {
        command.env("HTTPS_PROXY", "http://127.0.0.1:9").env("NO_PROXY", "invalid");
    });
    assert!(ended.stderr.contains("cannot resolve \"gateway.invalid\""), "{}", ended.stderr);
}

#[test]
fn a_proxy_of_another_kind_is_wrong_usage() {
    let ended = status("wss://gateway.invalid", |command| {
        command.env("HTTPS_PROXY", "socks5://user:s3cr3t@127.0.0.1:9");
    });
    assert_eq!(ended.code, Some(64));
    assert!(ended.stderr.contains("the proxy in HTTPS_PROXY"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("s3cr3t"), "{}", ended.stderr);
}
