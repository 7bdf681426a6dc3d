//! A log run again gives the same log, byte for byte.

use std::time::Duration;

use openclaw_proto::record::{ReplayError, replay, rerecord, retake};
use openclaw_tests::scene::bare;
use openclaw_tests::{Walk, event};

use crate::{eventful, recorded, with_secrets};

fn same(log: &str) {
    let again = rerecord(log).unwrap_or_else(|error| panic!("{error}\n{log}"));
    for (number, (was, is)) in (1..).zip(log.lines().zip(again.lines())) {
        assert_eq!(was, is, "line {number}");
    }
    assert_eq!(log, again);
}

#[test]
fn one_of_everything() {
    same(&eventful(|_| {}));
}

#[test]
fn what_was_masked_is_masked_in_the_same_way() {
    same(&eventful(with_secrets));
}

#[test]
fn long_walks_with_and_without_a_device() {
    for (seed, script) in [(3, 1), (8, 7)] {
        let mut walk = Walk::new([seed; 32], script).recorded();
        walk.run(3_000);
        same(&walk.log());
        let mut walk = Walk::configured([seed; 32], script, bare).recorded();
        walk.run(3_000);
        same(&walk.log());
    }
}

#[test]
fn a_log_that_was_cut_off_is_run_as_far_as_it_goes() {
    let mut d = recorded(|_| {});
    d.connect();
    d.text(&event("chat", 1, "{}"));
    let log = d.log_so_far();
    same(&log);
    assert_eq!(rerecord(&log[..log.len() - 9]), Ok(log[..log.trim_end().rfind('\n').unwrap() + 1].into()));
}

#[test]
fn another_life_is_an_error_and_not_another_log() {
    let log = eventful(|_| {});
    let other = log.replacen("\"in\":\"opened\"", "\"in\":\"flushed\"", 1);
    assert!(matches!(rerecord(&other), Err(ReplayError::Diverged { .. })));
}

#[test]
fn inputs_are_taken_again_whatever_came_of_them() {
    let log = eventful(|_| {});
    assert_eq!(retake(&log), Ok(log.clone()));
    let word = |log: &str| log.replacen("\"reason\":\"", "\"reason\":\"edited ", 1);
    let edited = word(&log);
    assert_ne!(edited, log);
    assert!(matches!(replay(&edited), Err(ReplayError::Diverged { .. })));
    let again = retake(&edited).unwrap();
    assert!(replay(&again).is_ok_and(|told| told.complete), "{again}");
    assert_eq!((again.lines().count(), retake(&again)), (log.lines().count(), Ok(again.clone())));
    // What was recorded of outputs and frames does not matter.
    let other: String = again
        .split_inclusive('\n')
        .map(|line| if line.starts_with("{\"out\"") { "{\"out\":\"something\"}\n" } else { line })
        .collect();
    assert_ne!(other, again);
    assert_eq!(retake(&other), Ok(again.clone()));
    // One output too few or too many is no matter either, as long as there is one.
    let doubled = again.replacen("{\"out\"", "{\"out\":\"extra\"}\n{\"out\"", 1);
    assert_eq!(retake(&doubled), Ok(again));
}

#[test]
fn a_timeout_names_the_timer_that_was_due() {
    let mut d = recorded(|_| {});
    d.start();
    d.advance(Duration::from_secs(60));
    let log = d.log();
    assert_eq!(log.matches(r#""due":"Dial""#).count(), 1, "{log}");
    assert_eq!(log.matches(r#""in":"timeout""#).count(), 2, "one of them was for nothing");
    same(&log);
}
