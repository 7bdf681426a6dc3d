//! `explain`.

use crate::program::{Ended, Program, command};

fn explain(args: &[&str]) -> Ended {
    Program::start(command(&["explain"]).args(args)).end()
}

#[test]
fn a_code_is_explained_wherever_it_stands() {
    let ended = explain(&["pairing_required"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    for part in ["PAIRING_REQUIRED  (details.code)", "meaning", "the client", "to do", "openclaw devices approve"] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    assert!(explain(&["1008"]).stdout.contains("(close code)"));
    assert!(explain(&["503"]).stdout.contains("(HTTP status)"));
}

#[test]
fn json_rows_have_the_promised_keys() {
    let ended = explain(&["--json"]);
    assert_eq!(ended.code, Some(0));
    let rows = ended.rows();
    assert!(rows.len() > 50, "{}", rows.len());
    for row in &rows {
        let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["code", "meaning", "next", "place", "proven", "reaction"]);
        assert!(!row["meaning"].as_str().unwrap().is_empty(), "{row}");
    }
    let one = explain(&["--json", "4001"]).json();
    assert_eq!((&one["code"], &one["place"]), (&"4001".into(), &"close code".into()));
}

#[test]
fn an_unknown_code_leads_to_the_nearest_ones() {
    let ended = explain(&["AUTH_TOKEN_MISMACH"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""));
    assert!(ended.stderr.contains("AUTH_TOKEN_MISMATCH"), "{}", ended.stderr);
    let error = explain(&["--json", "nonsense\u{1b}[2J"]).error();
    assert_eq!((&error["kind"], &error["exitCode"]), (&"usage".into(), &64.into()));
}
