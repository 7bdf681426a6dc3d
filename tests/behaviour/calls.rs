//! Requests and what becomes of them.

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use openclaw_client::{CallError, NotSent, Request, TwoStage};
use openclaw_tests::Peer;
use openclaw_tests::lane::Lane;
use serde_json::json;

use crate::scene::{once, serving};

pub fn a_call_gives_its_typed_answer(lane: Lane) {
    let (_peer, client) = serving(lane);
    assert_eq!(client.request("echo", &json!({"n": 1})).unwrap(), json!({"n": 1}));
    let raw = client.request_raw("echo", r#"{ "n" : 2 }"#).unwrap().unwrap();
    assert_eq!(raw.as_str(), r#"{"n":2}"#);
    client.shutdown();
}

pub fn a_thousand_concurrent_calls_each_get_their_own_answer(lane: Lane) {
    let (_peer, client) = serving(lane);
    let request = |n: usize| Request::with_params("echo", &json!({ "n": n })).unwrap();
    let calls: Vec<_> = (0..1000).map(|n| (n, client.call(request(n)))).collect();
    for (n, call) in calls {
        assert_eq!(call.wait().unwrap().unwrap().as_str(), format!(r#"{{"n":{n}}}"#));
    }
    // And from many threads at once.
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let client = client.clone();
            scope.spawn(move || {
                for n in 0..50 {
                    let params = json!([thread, n]);
                    assert_eq!(client.request("echo", &params).unwrap(), params);
                }
            });
        }
    });
}

pub fn a_refusal_keeps_the_whole_error_body(lane: Lane) {
    const BODY: &str = r#"{"code":"UNAVAILABLE","message":"later","retryable":true,"retryAfterMs":1500.5,"details":{"reason":"gateway-restarting","phase":"x"}}"#;
    let peer = Peer::start(|conn| {
        conn.handshake();
        let asked = conn.ask();
        conn.refuse(&asked, BODY);
        conn.serve();
    });
    let client = lane.connect(once(&peer)).unwrap();
    let error = client.request_raw("health", "{}").unwrap_err();
    assert!(!error.may_have_run());
    let body = error.gateway_error().unwrap();
    assert_eq!(body.retry_after, Some(Duration::from_millis(1501)));
    assert_eq!(body.details(), Some(r#"{"reason":"gateway-restarting","phase":"x"}"#));
}

pub fn a_request_before_start_waits_for_the_connection(lane: Lane) {
    let (peer, _) = serving(lane);
    let client = lane.build(once(&peer)).unwrap();
    let call = client.call(Request::with_params("echo", &json!({"early": true})).unwrap());
    client.start();
    assert_eq!(call.wait().unwrap().unwrap().as_str(), r#"{"early":true}"#);
}

pub fn both_stages_of_a_two_stage_call_reach_the_caller(lane: Lane) {
    let peer = Peer::start(|conn| {
        conn.handshake();
        let asked = conn.ask();
        conn.reply(&asked, r#"{"status":"accepted","runId":"r"}"#);
        let probe = conn.ask();
        conn.reply(&probe, "{}");
        conn.reply(&asked, r#"{"status":"ok"}"#);
        conn.serve();
    });
    let client = lane.connect(once(&peer)).unwrap();
    let mut call = client.call(Request::with_params("agent", &json!({"message": "hi"})).unwrap());
    assert_eq!(call.accepted().unwrap().as_str(), r#"{"status":"accepted","runId":"r"}"#);
    client.request_raw("health", "{}").unwrap();
    assert_eq!(call.wait().unwrap().unwrap().as_str(), r#"{"status":"ok"}"#);
}

pub fn a_second_answer_that_never_comes_ends_with_its_own_deadline(lane: Lane) {
    let peer = Peer::start(|conn| {
        conn.handshake();
        let asked = conn.ask();
        conn.reply(&asked, r#"{"status":"accepted"}"#);
        conn.serve();
    });
    let client = lane.connect(once(&peer)).unwrap();
    let request =
        Request::new("progressCard.refresh").unwrap().two_stage(TwoStage::Expect { within: Duration::from_millis(50) });
    let error = client.call(request).wait().unwrap_err();
    assert!(matches!(error, CallError::TimedOut { sent: true }), "{error:?}");
}

pub fn a_deadline_ends_a_call_and_not_the_connection(lane: Lane) {
    let peer = Peer::start(|conn| {
        conn.handshake();
        conn.ask();
        conn.serve();
    });
    let client = lane.connect(once(&peer)).unwrap();
    let error = client.call(Request::new("never").unwrap().timeout(Duration::from_millis(50))).wait().unwrap_err();
    assert!(matches!(error, CallError::TimedOut { sent: true }), "{error:?}");
    client.request_raw("health", "{}").unwrap();
}

pub fn dropping_a_call_cancels_it_and_its_answer_is_counted_as_late(lane: Lane) {
    let (go, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let peer = Peer::start(move |conn| {
        conn.handshake();
        let asked = conn.ask();
        wait.lock().unwrap().recv().unwrap();
        conn.reply(&asked, "{}");
        conn.serve();
    });
    let client = lane.connect(once(&peer)).unwrap();
    let mut call = client.call(Request::new("slow").unwrap());
    assert!(call.wait_for(Duration::from_millis(50)).is_none());
    drop(call);
    go.send(()).unwrap();
    client.request_raw("health", "{}").unwrap();
    assert_eq!(client.stats().late_responses, 1);
}

pub fn pending_calls_end_at_once_when_the_connection_does(lane: Lane) {
    let peer = Peer::start(|conn| {
        conn.handshake();
        conn.ask();
        conn.close(1012, "service restart");
    });
    let client = lane.connect(once(&peer)).unwrap();
    match client.request_raw("slow", "{}").unwrap_err() {
        CallError::OutcomeUnknown(down) => {
            assert_eq!(down.to_string(), "closed by the gateway (1012: service restart)");
        }
        other => panic!("{other:?}"),
    }
    let error = client.request_raw("next", "{}").unwrap_err();
    assert!(matches!(error, CallError::NotSent(NotSent::Stopped)), "{error:?}");
}
