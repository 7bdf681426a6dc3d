//! `record` and `replay`.

use openclaw_client::record::rerecord;
use serde_json::json;

use crate::gateway::{Script, TOKEN, event};
use crate::program::{Program, command, run};
use crate::scratch::{Scratch, recorded};

#[test]
fn a_recorded_run_replays_identically_to_its_proper_end() {
    let file = Scratch::new("identical");
    recorded(&file);
    let ended = Program::start(&mut command(&["replay", file.path(), "--json"])).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let told: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&told["identical"], &told["complete"]), (&json!(true), &json!(true)));
    assert!(told["inputs"].as_u64().unwrap() > 5 && told["transmits"].as_u64() == Some(1), "{told}");
}

#[test]
fn the_first_difference_is_shown_with_its_line() {
    let file = Scratch::new("differs");
    let log = recorded(&file);
    std::fs::write(&file.0, log.replacen(r#"\"b\""#, r#"\"c\""#, 1)).unwrap();
    let ended = Program::start(&mut command(&["replay", file.path()])).end();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let line = 1 + log.lines().position(|line| line.contains(r#"\"b\""#) && line.contains("out")).unwrap();
    assert!(ended.stderr.contains(&format!("line {line} differs\n")), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("\n  before: ").count(), 4, "{}", ended.stderr);
    assert!(ended.stderr.contains("\n  recorded: Event {") && ended.stderr.contains("\n  replayed: Event {"));
    let ended = Program::start(&mut command(&["replay", file.path(), "--json"])).end();
    let divergence = &ended.error()["divergence"];
    assert_eq!((&divergence["line"], divergence["before"].as_array().map(Vec::len)), (&json!(line), Some(4)));
}

#[test]
fn every_runtime_records_what_replays_byte_for_byte() {
    for runtime in ["tokio", "async-std", "smol", "blocking"] {
        let file = Scratch::new(&format!("runtime-{runtime}"));
        let gateway = Script::default().on(|_| vec![crate::gateway::Act::Reply(json!({"ok": true}))]).start();
        let ended = run(&gateway, &["record", file.path(), "--", "--runtime", runtime, "call", "health"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "{\"ok\":true}\n"), "{runtime}: {}", ended.stderr);
        let log = file.text();
        assert_eq!(rerecord(&log).as_ref(), Ok(&log), "{runtime}");
        let ended = Program::start(&mut command(&["replay", file.path()])).end();
        assert!(ended.code == Some(0) && ended.stdout.starts_with("identical: "), "{runtime}: {}", ended.stdout);
    }
}

#[test]
fn the_command_record_is_the_option_spelled_otherwise() {
    let file = Scratch::new("command");
    let gateway = Script::default().then(vec![event("a", 1, &json!(1))]).start();
    let plain = run(&gateway, &["watch", "--count", "1", "--event", "a", "--json"]);
    let ended = run(&gateway, &["--json", "record", file.path(), "--", "watch", "--count", "1", "--event", "a"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let names = |ended: &crate::program::Ended| -> Vec<_> {
        ended.rows().iter().map(|row| (row["event"].clone(), row["state"].clone())).collect()
    };
    assert_eq!(names(&ended), names(&plain), "it does what it does unrecorded");
    assert!(file.text().ends_with("{\"end\":\"done\",\"left\":0}\n"));
}

#[test]
fn a_recorded_command_fails_as_it_would_alone() {
    let file = Scratch::new("fails");
    let ended =
        Program::start(&mut command(&["record", file.path(), "--", "call", "m", "--timeout", "30", "--json"])).end();
    assert_eq!((ended.code, &ended.error()["kind"]), (Some(64), &json!("usage")));
    let gateway = Script::default().refusing(json!({"code": "INVALID_REQUEST", "message": "no"})).start();
    let ended = run(&gateway, &["record", file.path(), "--", "status"]);
    let alone = run(&gateway, &["status"]);
    assert_eq!((ended.code, &ended.stderr), (alone.code, &alone.stderr));
    assert!(rerecord(&file.text()).is_ok());
}

#[test]
fn a_run_that_is_longer_than_the_limit_keeps_its_beginning_or_its_end() {
    let events: Vec<_> = (1..=100).map(|seq| event("chat", seq, &json!({"text": "some words"}))).collect();
    let gateway = Script::default().then(events).start();
    let file = Scratch::new("bounded");
    let record = |options: &[&str]| {
        let args = [&["record", "--limit", "8KiB"], options, &[file.path(), "--", "watch", "--count", "100"]].concat();
        let ended = run(&gateway, &args);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(file.text().len() <= 8_192);
        Program::start(&mut command(&["replay", file.path(), "--json"])).end()
    };
    let replayed = record(&[]).json();
    assert_eq!((&replayed["identical"], &replayed["complete"]), (&json!(true), &json!(false)));
    assert!(file.text().ends_with("{\"end\":\"limit\"}\n"));
    let ended = record(&["--last"]);
    assert_eq!(ended.code, Some(64));
    let error = ended.error();
    assert!(error["message"].as_str().unwrap().contains("has lost its first"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("openclaw-gw trace"), "{error}");
    assert!(file.text().ends_with("{\"end\":\"done\",\"left\":0}\n"));
}

#[test]
fn a_file_that_is_no_recording_is_an_error_of_usage() {
    let file = Scratch::new("garbage");
    for garbage in ["", "hello", "{}", "{\"openclaw-record\":99}"] {
        std::fs::write(&file.0, garbage).unwrap();
        let ended = Program::start(&mut command(&["replay", file.path()])).end();
        assert_eq!(ended.code, Some(64), "{garbage}");
    }
    std::fs::remove_file(&file.0).unwrap();
    assert_eq!(Program::start(&mut command(&["replay", file.path()])).end().code, Some(64));
}

#[test]
fn no_credential_is_in_a_recording() {
    let file = Scratch::new("secret");
    let log = recorded(&file);
    assert!(log.contains("connect.challenge"), "{log}");
    assert!(!log.contains(TOKEN), "{log}");
}
