//! How the program ends before it is done: signals, and readers that leave.

#![cfg(unix)]

use serde_json::json;

use crate::gateway::{Act, Script, Seen, event};
use crate::program::{Program, told};

#[test]
fn a_signal_ends_watch_with_a_proper_close() {
    for signal in ["-INT", "-TERM"] {
        let gateway = Script::default().start();
        let mut program = Program::start(&mut told(&gateway, &["watch", "--json"]));
        program.until_state("ready");
        program.signal(signal);
        assert_eq!(gateway.end(), Some(1000), "{signal}");
        let ended = program.end();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{signal}");
    }
}

#[test]
fn a_signal_ends_a_call_with_a_proper_close_and_says_so() {
    let gateway = Script::default().start();
    let program = Program::start(&mut told(&gateway, &["call", "m", "--timeout", "none"]));
    gateway.connect();
    gateway.request();
    program.signal("-INT");
    assert_eq!(gateway.end(), Some(1000));
    let ended = program.end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(130), ""));
}

#[test]
fn a_signal_ends_a_connect_that_hangs() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let program = Program::start(&mut crate::program::command(&["--url", &url, "status"]));
    // The program has reached for the network, and so listens for signals already.
    let (_silent, _) = listener.accept().unwrap();
    program.signal("-INT");
    assert_eq!(program.end().code, Some(130));
}

#[test]
fn output_that_nobody_reads_does_not_hold_up_the_end() {
    let filler = "x".repeat(1_000);
    let mut acts: Vec<Act> = (1..=500).map(|seq| event("e", seq, &json!(filler))).collect();
    acts.push(Act::Sync);
    let gateway = Script::default().then(acts).start();
    let program = Program::start(&mut told(&gateway, &["watch", "--json"]));
    gateway.connect();
    assert!(matches!(gateway.next(), Seen::Taken));
    program.signal("-INT");
    assert_eq!(gateway.end(), Some(1000));
    assert_eq!(program.end_unread(), Some(0));
}

#[test]
fn a_reader_that_leaves_ends_watch_quietly_and_without_another_event() {
    let gateway = Script::default().start();
    let mut program = Program::start(&mut told(&gateway, &["watch", "--json"]));
    program.until_state("ready");
    program.stop_reading();
    assert_eq!(gateway.end(), Some(1000));
    let ended = program.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_reader_that_leaves_ends_the_other_commands_quietly() {
    let gateway = Script::default().on(|_| vec![Act::Reply(json!("x".repeat(100_000)))]).start();
    for args in [&["status"][..], &["call", "m"], &["--help"]] {
        let mut program = Program::start(&mut told(&gateway, args));
        program.stop_reading();
        let ended = program.end();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}
