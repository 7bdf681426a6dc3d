//! `trace`.

use serde_json::{Value, json};

use crate::gateway::{Act, Script};
use crate::program::{Ended, Program, command, run};
use crate::scratch::{Scratch, recorded};

fn trace(file: &Scratch, options: &[&str]) -> Ended {
    let ended = Program::start(&mut command(&[&["trace", file.path()], options].concat())).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    ended
}

fn rows(file: &Scratch, options: &[&str]) -> Vec<Value> {
    trace(file, &[&["--json"], options].concat()).rows()
}

/// The states of a client that connects once.
const STATES: [&str; 5] = ["Dialing", "Handshaking", "Ready", "Stopping", "Stopped"];

/// What each row is and which of its kind.
fn heads(rows: &[Value]) -> Vec<(&str, &str)> {
    rows.iter().map(|row| (row["what"].as_str().unwrap(), row["name"].as_str().unwrap())).collect()
}

#[test]
fn a_recording_is_shown_from_its_beginning_to_its_end() {
    let file = Scratch::new("trace");
    recorded(&file);
    let rows = rows(&file, &[]);
    let url = rows[0]["name"].as_str().unwrap().to_owned();
    // What comes in one piece is read before the outputs it leads to, and how much that is depends on the network.
    let topic = |topic: &str| -> Vec<(&str, &str)> {
        heads(&rows).into_iter().zip(&rows).filter(|(_, row)| row["topic"] == topic).map(|(head, _)| head).collect()
    };
    assert_eq!(topic("log"), [("recording", url.as_str()), ("end", "done")]);
    assert_eq!(topic("call")[..2], [("call", "start"), ("call", "shutdown")]);
    assert_eq!(topic("state").iter().map(|(_, name)| *name).collect::<Vec<_>>(), STATES);
    assert_eq!(topic("socket"), ["dial", "opened", "close", "closed"].map(|name| ("socket", name)));
    assert_eq!(topic("credential"), [("device", "stored"), ("device", "signed")]);
    let challenge = ("event", "connect.challenge");
    assert_eq!(topic("frame"), [challenge, ("req", "connect"), ("res", "connect"), ("event", "a"), ("event", "b")]);
    let of = |what: &str| rows.iter().find(|row| row["what"] == what && row["name"] == "connect").unwrap();
    let (connect, answer) = (of("req"), of("res"));
    assert_eq!((&connect["direction"], &answer["direction"]), (&json!("out"), &json!("in")));
    assert_eq!((&connect["id"], &connect["conn"]), (&answer["id"], &json!(1)));
    assert!(answer["tookMs"].as_f64().unwrap() >= 0.0 && answer["bytes"].as_u64().unwrap() > 100, "{answer}");
    assert_eq!(rows[2]["sinceStartMs"], json!(0.0));
    assert!(rows.windows(2).all(|pair| pair[0]["sinceStartMs"].as_f64() <= pair[1]["sinceStartMs"].as_f64()));
    assert!(rows[3..].iter().all(|row| row["at"].is_string()));
}

#[test]
fn filters_leave_only_what_they_name() {
    let file = Scratch::new("only");
    let gateway = Script::default().on(|_| vec![Act::Refuse(json!({"code": "UNAVAILABLE", "message": "no"}))]).start();
    assert_eq!(run(&gateway, &["record", file.path(), "--", "call", "health"]).code, Some(1));
    let only = |what: &str| {
        let rows = rows(&file, &["--only", what]);
        let heads = heads(&rows);
        assert_eq!((heads[0].0, heads[heads.len() - 1]), ("recording", ("end", "done")));
        heads[1..heads.len() - 1].iter().map(|(what, name)| format!("{what} {name}")).collect::<Vec<_>>()
    };
    let states = only("states");
    assert_eq!(states, STATES.map(|name| format!("state {name}")));
    let frames = ["event connect.challenge", "req connect", "res connect", "req health", "res health"];
    assert_eq!(only("frames"), frames);
    assert_eq!(only("credentials"), ["device stored", "device signed"]);
    assert_eq!(only("timers"), [""; 0]);
    let requests = only("requests");
    for row in ["request health", "req health", "res health", "outcome Rejected"] {
        assert_eq!(requests.iter().filter(|other| *other == row).count(), 1, "{requests:?}");
    }
    assert_eq!(only("states,frames").len(), states.len() + frames.len());
    let whole = rows(&file, &["--all"]);
    let lines = std::fs::read_to_string(file.path()).unwrap().lines().count();
    assert_eq!(whole.len(), lines, "with --all every line is a row");
}

#[test]
fn long_payloads_are_cut_unless_all_of_them_is_wanted() {
    let file = Scratch::new("long");
    let long = "long ".repeat(1_000);
    let gateway = Script::default().then(vec![crate::gateway::event("a", 1, &json!(long))]).start();
    assert_eq!(run(&gateway, &["record", file.path(), "--", "watch", "--count", "1"]).code, Some(0));
    for options in [&["--json"][..], &[]] {
        let cut = trace(&file, options).stdout;
        let full = trace(&file, &[options, &["--full"]].concat()).stdout;
        assert!(!cut.contains(&long) && full.contains(&long), "{options:?}");
        assert!(cut.lines().all(|line| line.chars().count() < 1_000), "{options:?}");
    }
    assert!(rows(&file, &[]).iter().any(|row| row["bytes"].as_u64() > Some(5_000)));
}

#[test]
fn people_get_aligned_rows_in_colour_where_wanted() {
    let file = Scratch::new("people");
    recorded(&file);
    let text = trace(&file, &[]).stdout;
    let row = text.lines().find(|line| line.contains("connect.challenge")).unwrap();
    assert!(row.trim_start().contains("s   #1 <- event     connect.challenge    {\"nonce\":\"n-1\""), "{row}");
    assert!(!text.contains('\x1b'));
    let text = trace(&file, &["--color", "always"]).stdout;
    assert!(text.contains("\x1b[32mReady"), "{text}");
}

#[test]
fn what_a_gateway_said_cannot_steer_the_terminal() {
    let file = Scratch::new("steer");
    let hostile = crate::gateway::event("a\u{1b}[2J\u{202e}", 1, &json!("\u{9b}31m"));
    let gateway = Script::default().then(vec![hostile]).start();
    assert_eq!(run(&gateway, &["record", file.path(), "--", "watch", "--count", "1"]).code, Some(0));
    let text = trace(&file, &["--all"]).stdout;
    assert!(text.contains("\\u001b[2J") && !text.contains(['\x1b', '\u{9b}', '\u{202e}']), "{text}");
}

#[test]
fn damaged_and_unfinished_recordings_are_shown_as_far_as_they_go() {
    let file = Scratch::new("damaged");
    let log = recorded(&file);
    let half: String = log.lines().take(6).map(|line| format!("{line}\n")).collect();
    std::fs::write(&file.0, format!("{half}{{\"in\":\"te")).unwrap();
    let rows = rows(&file, &[]);
    let heads = heads(&rows);
    assert_eq!(heads[heads.len() - 2..], [("damaged", ""), ("end", "none")]);
}

#[test]
fn the_end_of_a_longer_recording_says_what_is_gone() {
    let file = Scratch::new("end");
    let events = (1..=100).map(|seq| crate::gateway::event("chat", seq, &json!("some words"))).collect();
    let gateway = Script::default().then(events).start();
    let args = ["record", "--last", "--limit", "6KiB", file.path(), "--", "watch", "--count", "100"];
    assert_eq!(run(&gateway, &args).code, Some(0));
    let rows = rows(&file, &[]);
    assert_eq!(rows[1]["what"], "lost");
    assert!(rows[1]["name"].as_str().unwrap().parse::<u64>().unwrap() > 50, "{}", rows[1]);
    assert!(rows.len() > 5);
}

#[test]
fn what_is_no_recording_is_an_error_of_usage() {
    let file = Scratch::new("none");
    for garbage in ["", "hello", "{}", "[1]"] {
        std::fs::write(&file.0, garbage).unwrap();
        let ended = Program::start(&mut command(&["trace", file.path()])).end();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""), "{garbage}");
    }
    std::fs::remove_file(&file.0).unwrap();
    assert_eq!(Program::start(&mut command(&["trace", file.path()])).end().code, Some(64));
}
