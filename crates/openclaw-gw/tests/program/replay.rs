//! `--record` and `replay`.

use std::path::PathBuf;

use serde_json::json;

use crate::gateway::{Script, TOKEN, event};
use crate::program::{Program, command, run};

/// A file of its own for each test, gone afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("openclaw-gw-{}-{name}.ndjson", std::process::id())))
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Records a watch of two events.
fn recorded(file: &Scratch) -> String {
    let gateway = Script::default().then(vec![event("a", 1, &json!({"x": 1})), event("b", 2, &json!(2))]).start();
    let ended = run(&gateway, &["--record", file.path(), "watch", "--count", "2"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    std::fs::read_to_string(&file.0).unwrap()
}

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
    assert!(ended.stderr.contains("differs"), "{}", ended.stderr);
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
