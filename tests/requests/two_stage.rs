//! Requests that are answered twice: `accepted` now, the result later.

use std::time::Duration;

use openclaw_proto::{Execution, NotSent, Outcome, Output, Request, TimerKind, TwoStage};
use openclaw_tests::{Drive, HELLO, response};
use serde_json::json;

use crate::{SECOND, request};

const ACCEPTED: &str = r#"{"status":"accepted","runId":"r"}"#;

/// A client whose silence is not what a test is about.
fn patient() -> Drive {
    Drive::ready_with(|c| c.timeouts.silence_floor = Duration::from_secs(1_000_000))
}

/// Makes the request and answers it as accepted; whether the client waits on.
fn waits_on(request: Request) -> bool {
    let mut d = patient();
    let id = d.submit(request, 1).unwrap();
    let frame = d.frame();
    d.text(&response(&frame, ACCEPTED));
    match d.take().as_slice() {
        [Output::Accepted { waiter: 1, id: accepted, payload: Some(payload) }] => {
            assert_eq!((*accepted, payload.as_str()), (id, ACCEPTED));
            true
        }
        [Output::Completed { waiter: 1, outcome: Outcome::Replied(Some(payload)) }] => {
            assert_eq!(payload.as_str(), ACCEPTED);
            false
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_methods_known_to_answer_twice_are_waited_for_and_no_others() {
    let with = |method, params: serde_json::Value| Request::with_params(method, &params).unwrap();
    for (request, twice) in [
        (with("agent", json!({"message": "hi"})), true),
        (request("agent"), true),
        (with("exec.approval.request", json!({"twoPhase": true})), true),
        (with("plugin.approval.request", json!({"twoPhase": true})), true),
        (with("exec.approval.request", json!({"twoPhase": false})), false),
        (with("exec.approval.request", json!({"twoPhase": "true"})), false),
        (with("exec.approval.request", json!({"inner": {"twoPhase": true}})), false),
        (with("exec.approval.request", json!([true])), false),
        (with("plugin.approval.request", json!({})), false),
        (request("plugin.approval.request"), false),
        (Request::with_raw_params("exec.approval.request", r#"{"twoPhase":true,"twoPhase":false}"#).unwrap(), false),
        (request("progressCard.refresh"), false),
        (with("chat.send", json!({"twoPhase": true})), false),
        (request("agent.wait"), false),
        (request("health"), false),
    ] {
        let shown = format!("{request:?}");
        assert_eq!(waits_on(request), twice, "{shown}");
    }
}

#[test]
fn the_caller_may_know_better() {
    let within = TwoStage::Expect { within: SECOND };
    assert!(waits_on(request("progressCard.refresh").two_stage(within)));
    assert!(waits_on(request("agent").two_stage(TwoStage::ByMethod)));
    assert!(waits_on(request("agent").two_stage(TwoStage::Never).two_stage(TwoStage::ByMethod)));
    assert!(!waits_on(request("agent").two_stage(TwoStage::Never)));
    assert!(!waits_on(request("health").two_stage(TwoStage::ByMethod)));
}

#[test]
fn the_second_answer_is_the_result() {
    let mut d = patient();
    d.request("agent", 1).unwrap();
    let frame = d.frame();
    d.text(&response(&frame, ACCEPTED));
    d.text(&response(&frame, r#"{"status":"ok","summary":"done"}"#));
    match d.take().as_slice() {
        [Output::Accepted { .. }, Output::Completed { waiter: 1, outcome: Outcome::Replied(Some(payload)) }] => {
            assert_eq!(payload.as_str(), r#"{"status":"ok","summary":"done"}"#);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(d.client.stats().responses, 2);
    d.text(&response(&frame, "{}"));
    assert_eq!(d.client.stats().duplicate_responses, 1);
}

#[test]
fn the_second_answer_is_the_result_whatever_it_says() {
    let mut d = patient();
    d.request("agent", 1).unwrap();
    let frame = d.frame();
    d.text(&response(&frame, ACCEPTED));
    d.text(&response(&frame, ACCEPTED));
    assert!(matches!(d.take().as_slice(), [Output::Accepted { .. }, Output::Completed { waiter: 1, .. }]));
    assert_eq!(d.client.load(), (0, 0, 0));
}

#[test]
fn a_single_answer_without_accepted_is_the_result_at_once() {
    // A replay of a run that has ended is answered once.
    for payload in [r#"{"status":"ok"}"#, "{}", "null", "[]", r#""accepted""#, r#"{"status":["accepted"]}"#] {
        let mut d = patient();
        d.request("agent", 1).unwrap();
        let frame = d.frame();
        d.text(&response(&frame, payload));
        match d.outcomes().as_slice() {
            [(1, Outcome::Replied(Some(reply)))] => assert_eq!(reply.as_str(), payload),
            other => panic!("{payload}: {other:?}"),
        }
    }
}

#[test]
fn a_refusal_before_acceptance_is_final_even_if_it_carries_the_word() {
    let mut d = patient();
    d.request("agent", 1).unwrap();
    let id = openclaw_tests::id_of(&d.frame());
    d.text(&format!(
        r#"{{"type":"res","id":"{id}","ok":false,"payload":{ACCEPTED},"error":{{"code":"INVALID_REQUEST","message":"m"}}}}"#
    ));
    match d.outcomes().as_slice() {
        [(1, Outcome::Rejected(rejected))] => assert!(!rejected.accepted && !rejected.may_have_run()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_that_fails_after_acceptance_is_rejected_with_its_payload_and_may_have_run() {
    let mut d = patient();
    d.request("agent", 1).unwrap();
    let frame = d.frame();
    d.text(&response(&frame, ACCEPTED));
    d.take();
    let id = openclaw_tests::id_of(&frame);
    d.text(&format!(
        r#"{{"type":"res","id":"{id}","ok":false,"payload":{{"runId":"r","status":"error"}},"error":{{"code":"INVALID_REQUEST","message":"the model failed"}}}}"#
    ));
    match d.outcomes().as_slice() {
        [(1, Outcome::Rejected(rejected))] => {
            assert!(rejected.accepted);
            assert_eq!(rejected.payload.as_ref().map(|p| p.as_str()), Some(r#"{"runId":"r","status":"error"}"#));
            assert_eq!(rejected.error.message, "the model failed");
            // The code alone would say that nothing ran.
            assert_eq!(rejected.error.execution(), Execution::NotStarted);
            assert!(rejected.may_have_run());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_deadline_is_for_acceptance_alone() {
    let mut d = patient();
    d.submit(request("agent").timeout(5 * SECOND), 1).unwrap();
    let frame = d.frame();
    d.advance(4 * SECOND);
    d.text(&response(&frame, ACCEPTED));
    d.advance(Duration::from_secs(100_000));
    assert!(d.outcomes().is_empty(), "once accepted, it may take as long as it takes");
    d.text(&response(&frame, "{}"));
    assert!(matches!(d.outcomes().as_slice(), [(1, Outcome::Replied(_))]));

    d.submit(request("agent").timeout(5 * SECOND), 2).unwrap();
    d.frame();
    d.advance(5 * SECOND);
    assert!(matches!(d.outcomes().as_slice(), [(2, Outcome::TimedOut { sent: true })]));
}

#[test]
fn the_final_deadline_counts_from_acceptance() {
    for request in [
        request("agent").final_timeout(10 * SECOND),
        request("progressCard.refresh").two_stage(TwoStage::Expect { within: 10 * SECOND }),
        request("agent").no_timeout().final_timeout(10 * SECOND),
    ] {
        let mut d = patient();
        d.submit(request, 1).unwrap();
        let frame = d.frame();
        d.advance(20 * SECOND);
        d.text(&response(&frame, ACCEPTED));
        d.advance(10 * SECOND - Duration::from_nanos(1));
        assert!(d.outcomes().is_empty());
        assert_eq!(d.advance(Duration::from_nanos(1)), [TimerKind::Request]);
        assert!(matches!(d.outcomes().as_slice(), [(1, Outcome::TimedOut { sent: true })]));
        d.text(&response(&frame, "{}"));
        assert_eq!(d.client.stats().late_responses, 1);
    }
}

#[test]
fn expecting_two_answers_of_a_method_that_gives_one_comes_to_an_end() {
    let mut d = patient();
    let expect = TwoStage::Expect { within: 60 * SECOND };
    d.submit(request("progressCard.refresh").two_stage(expect), 1).unwrap();
    let frame = d.frame();
    d.text(&response(&frame, r#"{"status":"accepted"}"#));
    d.advance(60 * SECOND);
    assert!(matches!(d.outcomes().as_slice(), [(1, Outcome::TimedOut { sent: true })]));
}

#[test]
fn either_stage_ends_with_the_connection() {
    for accepted in [false, true] {
        let mut d = patient();
        d.request("agent", 1).unwrap();
        let frame = d.frame();
        if accepted {
            d.text(&response(&frame, ACCEPTED));
        }
        d.take();
        d.input(openclaw_proto::Input::Closed { code: None, reason: String::new() });
        assert!(matches!(d.outcomes().as_slice(), [(1, Outcome::OutcomeUnknown(_))]));
        assert_eq!(d.client.load(), (0, 0, 0));
    }
}

#[test]
fn an_accepted_request_can_be_cancelled_and_counts_as_in_flight_until_then() {
    let mut d = Drive::ready_with(|c| c.limits.in_flight = 1);
    let id = d.request("agent", 1).unwrap();
    let frame = d.frame();
    d.text(&response(&frame, ACCEPTED));
    assert!(matches!(d.request("health", 2), Err(NotSent::TooManyInFlight { .. })));
    assert_eq!(d.client.cancel(id), Some(1));
    d.request("health", 3).unwrap();
}

#[test]
fn acceptance_under_the_original_clients_field_name_is_acceptance() {
    let mut d = patient();
    d.request("agent", 1).unwrap();
    let id = openclaw_tests::id_of(&d.frame());
    d.text(&format!(r#"{{"type":"res","id":"{id}","result":{ACCEPTED}}}"#));
    d.text(&format!(r#"{{"type":"res","id":"{id}","result":{HELLO}}}"#));
    assert!(matches!(d.take().as_slice(), [Output::Accepted { .. }, Output::Completed { .. }]));
}
