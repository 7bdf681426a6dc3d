//! What the official client gets wrong, and that this core does not. One test per defect, as far as a core without
//! sockets can show it.

#[path = "official_defects/credentials.rs"]
mod credentials;

use std::time::Duration;

use openclaw_proto::connect::{Role, Scope};
use openclaw_proto::frame::Oddity;
use openclaw_proto::{
    Down, Execution, Input, NotSent, Notice, Outcome, Output, Request, Sequence, StateKind, Stray, TwoStage,
};
use openclaw_tests::{Drive, HELLO, event, id_of, refusal, response};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn r01_a_polling_application_does_not_turn_a_reconnect_into_a_refused_first_frame() {
    let mut d = Drive::awaiting_challenge(|_| {});
    for waiter in 0..20 {
        d.request("health", waiter).unwrap();
        assert!(d.frames().is_empty(), "nothing goes out in front of connect");
    }
    d.text(&openclaw_tests::challenge("n"));
    let connect = d.frame();
    assert!(connect.contains(r#""method":"connect""#));
    d.text(&response(&connect, HELLO));
    assert_eq!(d.frames().len(), 20);
}

#[test]
fn r02_requests_with_deadlines_do_not_starve_the_watch() {
    let mut d = Drive::ready();
    for waiter in 0..59 {
        d.request("health", waiter).unwrap();
        d.frames();
        d.advance(SECOND);
    }
    assert_eq!(d.client.state(), StateKind::Ready);
    d.advance(SECOND);
    assert_eq!(d.down(), Down::Silent);
}

#[test]
fn r03_a_dead_link_is_dropped_without_waiting_for_a_close_handshake() {
    let mut d = Drive::ready();
    d.submit(Request::new("agent").unwrap().no_timeout(), 1).unwrap();
    d.frames();
    d.advance(60 * SECOND);
    assert_eq!(d.endings(), [None]);
    assert_eq!(d.client.state(), StateKind::Stopped, "and not merely about to be");
    assert!(matches!(d.outcomes().as_slice(), [(1, Outcome::OutcomeUnknown(why))] if **why == Down::Silent));
    assert_eq!(d.client.poll_timeout(), None);
}

#[test]
fn r04_null_fields_do_not_make_a_frame_vanish() {
    for (fields, oddities) in [
        (r#""ok":true,"payload":{},"error":null"#, 0),
        (r#""ok":false,"error":{"code":"X","message":""}"#, 0),
        (r#""ok":false,"error":{"code":"","message":"m"}"#, 0),
        (r#""ok":false,"error":{"code":"X","message":"m","retryAfterMs":0.5}"#, 0),
        (r#""ok":false,"error":{"code":"X","message":"m","retryable":null,"retryAfterMs":null}"#, 0),
        (r#""ok":false,"error":null"#, 0),
        (r#""ok":null,"payload":{}"#, 0),
        (r#""ok":true,"error":{}"#, 1),
    ] {
        let mut d = Drive::ready();
        d.request("health", 1).unwrap();
        let id = id_of(&d.frame());
        d.text(&format!(r#"{{"type":"res","id":"{id}",{fields}}}"#));
        assert_eq!(d.outcomes().len(), 1, "{fields}");
        assert_eq!(d.client.stats().odd, oddities, "{fields}");
    }
    let mut d = Drive::ready();
    d.text(r#"{"type":"event","event":"tick","payload":null,"seq":null,"stateVersion":null}"#);
    assert_eq!(d.events().len(), 1);
    d.text(r#"{"type":"event","event":"tick","seq":1.5}"#);
    assert_eq!(d.events().len(), 2, "what is odd is said, and the event counts all the same");
    assert_eq!(d.notices(), [&Notice::Odd(Oddity::SeqNotAnInteger)]);
}

#[test]
fn r05_a_hello_is_checked_before_anything_is_built_on_it() {
    for payload in [
        "{}",
        r#""str""#,
        "null",
        "[]",
        r#"{"type":"hello","protocol":4}"#,
        r#"{"type":"hello-ok","protocol":99}"#,
        r#"{"type":"hello-ok"}"#,
    ] {
        let mut d = Drive::awaiting_hello(|_| {});
        let connect = d.frame();
        d.text(&response(&connect, payload));
        assert!(matches!(d.down(), Down::InvalidHello(_)), "{payload}");
    }
    for interval in ["0", "-5"] {
        let mut d = Drive::awaiting_hello(|_| {});
        let connect = d.frame();
        d.text(&response(&connect, &HELLO.replace("30000", interval)));
        assert!(matches!(d.notices().as_slice(), [Notice::PolicyOutOfRange(_)]), "{interval}");
        d.advance(59 * SECOND);
        assert_eq!(d.client.state(), StateKind::Ready, "{interval}: no endless loop of closes");
    }
}

#[test]
fn r14_a_regression_is_named_and_does_not_fabricate_a_gap() {
    let mut d = Drive::ready();
    for seq in [5, 6, 2, 7] {
        d.text(&event("tick", seq, "{}"));
    }
    let seen: Vec<Sequence> = d.events().iter().map(|e| e.sequence).collect();
    assert_eq!(seen, [Sequence::First, Sequence::Next, Sequence::Regressed, Sequence::Next]);
}

#[test]
fn r15_the_result_behind_an_acceptance_is_not_lost_and_no_wrong_guess_hangs_for_ever() {
    // Without opting in, the second answer of `agent` is the result.
    let mut d = Drive::ready();
    d.request("agent", 1).unwrap();
    let frame = d.frame();
    d.text(&response(&frame, r#"{"status":"accepted"}"#));
    d.text(&response(&frame, r#"{"status":"ok"}"#));
    assert!(matches!(
        d.outcomes().as_slice(),
        [(1, Outcome::Replied(Some(payload)))] if payload.as_str() == r#"{"status":"ok"}"#
    ));
    // Opting in where there is no second answer comes to an end.
    let expect = TwoStage::Expect { within: 20 * SECOND };
    d.submit(Request::new("progressCard.refresh").unwrap().two_stage(expect), 2).unwrap();
    let frame = d.frame();
    d.text(&response(&frame, r#"{"status":"accepted"}"#));
    d.advance(20 * SECOND);
    assert!(matches!(d.outcomes().as_slice(), [(2, Outcome::TimedOut { sent: true })]));
}

#[test]
fn r16_every_outcome_says_whether_the_request_may_have_run() {
    let mut d = Drive::ready();
    d.submit(Request::new("taken").unwrap().no_timeout(), 1).unwrap();
    d.frames();
    d.submit(Request::new("queued").unwrap().no_timeout(), 2).unwrap();
    d.input(Input::Closed { code: None, reason: String::new() });
    assert!(matches!(
        d.outcomes().as_slice(),
        [(1, Outcome::OutcomeUnknown(_)), (2, Outcome::NotSent(NotSent::ConnectionLost(_)))]
    ));

    let mut d = Drive::ready();
    d.submit(Request::new("taken").unwrap().timeout(SECOND), 1).unwrap();
    d.frames();
    d.submit(Request::new("queued").unwrap().timeout(SECOND), 2).unwrap();
    d.advance(SECOND);
    assert!(matches!(
        d.outcomes().as_slice(),
        [(1, Outcome::TimedOut { sent: true }), (2, Outcome::TimedOut { sent: false })]
    ));

    for (error, execution) in [
        (r#"{"code":"UNAVAILABLE","message":"m","retryable":true}"#, Execution::NotStarted),
        (r#"{"code":"UNAVAILABLE","message":"m"}"#, Execution::MayHaveRun),
        (r#"{"code":"X","message":"m","details":{"nodeCommandDispatched":false}}"#, Execution::NotStarted),
        (
            r#"{"code":"INVALID_REQUEST","message":"m","details":{"execution":"may_have_executed"}}"#,
            Execution::MayHaveRun,
        ),
    ] {
        d.request("chat.send", 3).unwrap();
        let frame = d.frame();
        d.text(&refusal(&frame, error));
        assert!(
            matches!(d.outcomes().as_slice(), [(3, Outcome::Rejected(r))] if r.error.execution() == execution),
            "{error}"
        );
    }
}

#[test]
fn r17_outgoing_frames_bytes_and_numbers_are_bounded_and_an_oversized_frame_kills_nothing() {
    let mut d = Drive::awaiting_hello(|c| {
        c.limits.in_flight = 3;
        c.limits.outgoing_bytes = 500;
    });
    let connect = d.frame();
    d.text(&response(&connect, &HELLO.replace("26214400", "400")));
    d.request("health", 1).unwrap();
    let large = |size: usize| Request::with_params("m", &"x".repeat(size)).unwrap();
    assert!(matches!(d.submit(large(400), 2), Err(NotSent::FrameTooLarge { limit: 400, .. })));
    d.submit(large(300), 3).unwrap();
    assert!(matches!(d.submit(large(100), 4), Err(NotSent::OutgoingFull { .. })));
    d.request("health", 5).unwrap_err();
    let frames = d.frames();
    d.request("health", 6).unwrap();
    assert!(matches!(d.request("health", 7), Err(NotSent::TooManyInFlight { limit: 3 })));
    assert_eq!(d.client.state(), StateKind::Ready);
    d.text(&response(&frames[0], "{}"));
    assert!(matches!(d.outcomes().as_slice(), [(1, Outcome::Replied(_))]));
}

#[test]
fn r19_what_was_granted_is_compared_with_what_was_asked_and_handed_over_tokens_are_kept() {
    let mut d = Drive::awaiting_hello(|c| c.connect.scopes = Some(vec![Scope::Read, Scope::Approvals]));
    let connect = d.frame();
    let auth =
        r#""auth":{"role":"operator","scopes":[],"deviceTokens":[{"deviceToken":"t","role":"node","scopes":[]}]}"#;
    d.text(&response(&connect, &format!(r#"{{"type":"hello-ok","protocol":4,{auth}}}"#)));
    assert!(matches!(
        d.notices().as_slice(),
        [Notice::ScopeShortfall { granted, missing }]
            if granted.is_empty() && *missing == [Scope::Read, Scope::Approvals]
    ));
    let granted = d.client.hello().unwrap().auth().unwrap();
    assert_eq!(granted.device_tokens.len(), 1);
    assert_eq!(granted.device_tokens[0].role, Some(Role::Node));
}

#[test]
fn r20_nobody_asks_for_admin_without_being_told_to() {
    for role in [Role::Operator, Role::Node] {
        let connect = Drive::awaiting_hello(|c| c.connect.role = role).frame();
        assert!(!connect.contains("admin"), "{connect}");
    }
}

#[test]
fn r21_the_time_for_the_connect_answer_is_configurable() {
    for seconds in [2, 15, 120] {
        let mut d = Drive::awaiting_hello(|c| c.timeouts.connect = Duration::from_secs(seconds));
        d.frames();
        d.advance(Duration::from_secs(seconds) - Duration::from_nanos(1));
        assert_eq!(d.client.state(), StateKind::Handshaking);
        d.advance(Duration::from_nanos(1));
        assert_eq!(d.down(), Down::ConnectTimeout);
    }
}

#[test]
fn r22_trace_context_profile_locale_user_agent_and_time_zone_can_be_said() {
    let mut d = Drive::awaiting_hello(|c| {
        c.connect.locale = Some("de-CH".into());
        c.connect.user_agent = Some("acme/1".into());
        c.connect.client.time_zone = Some("Europe/Zurich".into());
    });
    let connect = d.frame();
    for field in [r#""locale":"de-CH""#, r#""userAgent":"acme/1""#, r#""timeZone":"Europe/Zurich""#] {
        assert!(connect.contains(field), "{field}");
    }
    d.text(&response(&connect, HELLO));
    let request = Request::new("health").unwrap().traceparent("00-1-2-01").unwrap().expected_profile_id("p").unwrap();
    d.submit(request, 1).unwrap();
    let frame = d.frame();
    assert!(frame.ends_with(r#","expectedProfileId":"p","traceparent":"00-1-2-01"}"#), "{frame}");
}

#[test]
fn r23_no_timer_looks_at_the_wall_clock() {
    let mut d = Drive::ready();
    for jump in [86_400_000, -86_400_000, i64::MAX, i64::MIN] {
        d.now.unix.0 = d.now.unix.0.wrapping_add_signed(jump);
        d.client.handle_timeout(d.now);
        d.text(&event("tick", 1, "{}"));
        d.advance(59 * SECOND);
        assert_eq!(d.client.state(), StateKind::Ready, "{jump}");
    }
    d.advance(SECOND);
    assert_eq!(d.down(), Down::Silent);
}

#[test]
fn r26_answers_nobody_waits_for_and_frames_that_are_none_are_counted_and_told() {
    let mut d = Drive::ready();
    let id = d.request("health", 1).unwrap();
    let late = d.frame();
    d.client.cancel(id);
    d.text(&response(&late, "{}"));
    d.text(r#"{"type":"res","id":"unknown","ok":true}"#);
    d.text(r#"{"type":"res","id":"invalid","ok":false,"error":{"code":"INVALID_REQUEST","message":"m"}}"#);
    d.text("not json");
    d.input(Input::Binary { len: 7 });
    assert!(matches!(
        d.take().as_slice(),
        [
            Output::Notice(Notice::StrayResponse { stray: Stray::Late, .. }),
            Output::Notice(Notice::StrayResponse { stray: Stray::Foreign, .. }),
            Output::Notice(Notice::UnattributedError(_)),
            Output::Notice(Notice::Malformed { len: 8, .. }),
            Output::Notice(Notice::Binary { len: 7 }),
        ]
    ));
    let stats = d.client.stats();
    assert_eq!(
        (stats.late_responses, stats.foreign_responses, stats.unattributed_errors, stats.malformed, stats.binary),
        (1, 1, 1, 1, 1)
    );
}
