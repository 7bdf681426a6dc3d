//! What clients of ours recorded of real gateways, run again through the core as it is now: old releases and new, without
//! any of them. `cargo xtask golden` makes the logs.
//!
//! If the core has changed on purpose, record anew what it does with the same inputs, and look at the difference:
//!
//! ```text
//! OPENCLAW_UPDATE_GOLDEN=1 cargo test -p openclaw-tests --test golden
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use openclaw_proto::record::{replay, rerecord, retake};
use openclaw_tests::golden::{LARGEST, logs, remains};

const AGAIN: &str = "if that is meant to be so, record anew what the core does with the same inputs, and look at the \
                     difference: OPENCLAW_UPDATE_GOLDEN=1 cargo test -p openclaw-tests --test golden";

/// What there has to be of each release.
const RELEASES: [&str; 3] = ["2026.5.7", "2026.5.12", "2026.9.6"];
/// All of them together, in bytes.
const MOST: usize = 2_500_000;

fn name(path: &Path) -> String {
    let parts: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

/// Every log of a release in one.
fn releases() -> BTreeMap<String, String> {
    let mut all = BTreeMap::<String, String>::new();
    for (path, log) in logs() {
        *all.entry(name(path.parent().unwrap()).split('/').next_back().unwrap().to_owned()).or_default() += &log;
    }
    all
}

#[test]
fn the_core_does_what_it_did_byte_for_byte() {
    let update = std::env::var_os("OPENCLAW_UPDATE_GOLDEN").is_some();
    let mut faults = Vec::new();
    for (path, log) in logs() {
        let log = if update {
            let again = retake(&log).unwrap_or_else(|error| panic!("{}: {error}", name(&path)));
            std::fs::write(&path, &again).unwrap();
            again
        } else {
            log
        };
        match (rerecord(&log), replay(&log)) {
            (Ok(again), Ok(told)) if again == log && told.complete => {
                assert_eq!(told.inputs + told.outputs + told.transmits + 2, log.lines().count() as u64);
            }
            (Ok(again), Ok(_)) => {
                let differs = (1..).zip(log.lines().zip(again.lines())).find(|(_, (was, is))| was != is);
                faults.push(format!("{}: {differs:?}", name(&path)));
            }
            (Err(error), _) | (_, Err(error)) => faults.push(format!("{}: {error}", name(&path))),
        }
    }
    assert!(faults.is_empty(), "{} logs do not replay; {AGAIN}\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn nothing_in_them_tells_of_a_machine_or_gives_anything_away() {
    for (path, log) in logs() {
        assert_eq!(remains(&log), Vec::<String>::new(), "{}", name(&path));
    }
}

#[test]
fn there_is_something_of_everything_of_every_release_and_not_too_much() {
    assert!(releases().keys().map(String::as_str).eq({
        let mut sorted = RELEASES;
        sorted.sort_unstable();
        sorted
    }));
    for (release, all) in releases() {
        let mut wanted: Vec<_> = [
            "agent",
            "chat",
            "connect.challenge",
            "cron",
            "exec.approval.requested",
            "exec.approval.resolved",
            "health",
            "node.invoke.request",
            "presence",
            "sessions.changed",
            "shutdown",
            "tick",
        ]
        .map(|event| format!(r#"\"event\":\"{event}\""#))
        .into();
        wanted.extend(
            [
                "Completed(Replied",
                "Completed(Rejected",
                "Completed(OutcomeUnknown",
                "Accepted(",
                "State(Ready",
                "State(Backoff",
                "State(Paused",
                "State(Draining",
                "Notice(",
            ]
            .map(|output| format!(r#"{{"out":"{output}"#)),
        );
        let missing: Vec<_> = wanted.iter().filter(|part| !all.contains(part.as_str())).collect();
        assert!(missing.is_empty(), "{release} lacks {missing:?}");
    }
    let logs = logs();
    let bytes: usize = logs.iter().map(|(_, log)| log.len()).sum();
    assert!(logs.len() >= 80 && bytes <= MOST, "{} logs, {bytes} bytes", logs.len());
    assert!(logs.iter().all(|(_, log)| log.len() <= LARGEST));
}

#[test]
fn an_input_that_was_otherwise_is_noticed() {
    let mut noticed = 0;
    for (path, log) in logs() {
        let other = log.replace(r#"\"type\":\"hello-ok\""#, r#"\"type\":\"hello-no\""#);
        if other != log {
            assert!(replay(&other).is_err(), "{}", name(&path));
            noticed += 1;
        }
    }
    assert!(noticed > 60, "{noticed}");
}
