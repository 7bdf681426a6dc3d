//! challenge → connect → hello-ok, and everything that can happen instead. In virtual time.

use std::time::Duration;

use openclaw_proto::connect::Scope;
use openclaw_proto::{Down, Input, Notice, Outcome, Output, State, StateKind, StopReason};
use openclaw_tests::{Drive, HELLO, challenge, event, hello_response, id_of, response};

fn down_of(drive: &Drive) -> Down {
    match drive.last_state() {
        Some(State::Stopped { why: StopReason::Down(down) }) => (**down).clone(),
        other => panic!("not down: {other:?}"),
    }
}

fn closes(drive: &Drive) -> Vec<u16> {
    drive.outputs.iter().filter_map(|o| if let Output::Close { code, .. } = o { Some(*code) } else { None }).collect()
}

#[test]
fn a_connect_goes_out_only_after_the_challenge_and_makes_the_client_ready() {
    let mut d = Drive::awaiting_challenge(|_| {});
    assert!(d.frames().is_empty());
    d.text(&challenge("n"));
    let frames = d.frames();
    assert_eq!(frames.len(), 1);
    assert!(frames[0].contains(r#""method":"connect""#));
    d.text(&hello_response(&frames[0]));
    assert_eq!(d.client.state(), StateKind::Ready);
    assert_eq!(d.client.hello().unwrap().server().conn_id.as_deref(), Some("c-1"));
}

#[test]
fn the_whole_way_is_told_in_order() {
    let mut d = Drive::awaiting_hello(|_| {});
    d.say_hello();
    let told: Vec<String> = d
        .take()
        .iter()
        .map(|o| match o {
            Output::State(State::Dialing { .. }) => "dialing".into(),
            Output::State(State::Handshaking { .. }) => "handshaking".into(),
            Output::State(State::Ready { .. }) => "ready".into(),
            Output::Dial { .. } => "dial".into(),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(told, ["dialing", "dial", "handshaking", "ready"]);
}

#[test]
fn requests_made_early_wait_and_leave_in_order_after_hello() {
    let mut d = Drive::new(|_| {});
    d.request("one", 1).unwrap();
    d.start();
    d.request("two", 2).unwrap();
    d.input(Input::Opened);
    d.text(&challenge("n"));
    let connect = d.frames();
    assert_eq!(connect.len(), 1, "nothing but connect before hello");
    d.request("three", 3).unwrap();
    d.text(&hello_response(&connect[0]));
    let methods: Vec<_> = d.frames().iter().map(|f| f.split(r#""method":""#).nth(1).unwrap()[..3].to_owned()).collect();
    assert_eq!(methods, ["one", "two", "thr"]);
}

#[test]
fn trace_context_goes_only_to_gateways_known_to_take_it() {
    use openclaw_proto::Request;
    for (hello, sent) in [(HELLO, true), (r#"{"type":"hello-ok","protocol":4}"#, false)] {
        let traced = || Request::with_params("health", "p").unwrap().traceparent("00-t").unwrap();
        let mut d = Drive::new(|_| {});
        d.submit(traced(), 1).unwrap();
        d.start();
        d.input(Input::Opened);
        d.text(&challenge("n"));
        let connect = d.frames();
        d.text(&response(&connect[0], hello));
        d.submit(traced(), 2).unwrap();
        for frame in d.frames() {
            assert_eq!(frame.contains("traceparent"), sent, "{frame}");
            assert!(serde_json::from_str::<serde_json::Value>(&frame).is_ok(), "{frame}");
        }
        assert_eq!(d.client.load().2, 0, "the bytes add up");
    }
}

#[test]
fn a_second_challenge_brings_no_second_connect() {
    let mut d = Drive::awaiting_hello(|_| {});
    assert_eq!(d.frames().len(), 1);
    d.text(&challenge("other"));
    assert!(d.frames().is_empty());
    assert!(d.outputs.iter().any(|o| matches!(o, Output::Notice(Notice::SecondChallenge))));
    assert_eq!(d.client.stats().surplus_challenges, 1);
}

#[test]
fn a_second_challenge_before_connect_has_left_replaces_it() {
    let mut d = Drive::awaiting_hello(|_| {});
    d.text(&challenge("other"));
    let frames = d.frames();
    assert_eq!(frames.len(), 1);
    d.text(&hello_response(&frames[0]));
    assert_eq!(d.client.state(), StateKind::Ready);
}

#[test]
fn a_challenge_without_nonce_ends_the_attempt() {
    for payload in ["{}", r#"{"nonce":""}"#, r#"{"nonce":"  "}"#, r#"{"nonce":7}"#, "null", "[]"] {
        let mut d = Drive::awaiting_challenge(|_| {});
        d.text(&format!(r#"{{"type":"event","event":"connect.challenge","payload":{payload}}}"#));
        assert_eq!(down_of(&d), Down::ChallengeWithoutNonce, "{payload}");
        assert_eq!(closes(&d), [1008], "{payload}");
    }
}

#[test]
fn a_challenge_after_hello_is_noticed_and_changes_nothing() {
    let mut d = Drive::ready();
    d.text(&challenge("late"));
    assert!(matches!(d.take().as_slice(), [Output::Notice(Notice::ChallengeAfterHello)]));
    assert_eq!(d.client.state(), StateKind::Ready);
}

#[test]
fn a_response_with_another_id_does_not_end_the_handshake() {
    let mut d = Drive::awaiting_hello(|_| {});
    let connect = d.frames();
    d.text(&format!(r#"{{"type":"res","id":"1","ok":true,"payload":{HELLO}}}"#));
    assert_eq!(d.client.state(), StateKind::Handshaking);
    assert_eq!(d.client.stats().foreign_responses, 1);
    d.text(&hello_response(&connect[0]));
    assert_eq!(d.client.state(), StateKind::Ready);
}

#[test]
fn an_error_without_a_usable_id_can_only_be_about_connect() {
    for id in [r#""invalid""#, r#""""#, "7", "null"] {
        let mut d = Drive::awaiting_hello(|_| {});
        d.frames();
        d.text(&format!(
            r#"{{"type":"res","id":{id},"ok":false,"error":{{"code":"INVALID_REQUEST","message":"no"}}}}"#
        ));
        assert!(matches!(down_of(&d), Down::Refused(e) if e.code.as_str() == "INVALID_REQUEST"), "{id}");
    }
}

#[test]
fn events_before_hello_are_surfaced_in_order_and_start_the_sequence() {
    let mut d = Drive::awaiting_hello(|_| {});
    let connect = d.frames();
    d.take();
    d.text(&event("health", 1, "{}"));
    d.text(&event("tick", 2, "{}"));
    d.text(&hello_response(&connect[0]));
    d.text(&event("presence", 4, "{}"));
    let told: Vec<String> = d
        .take()
        .iter()
        .map(|o| match o {
            Output::Event(e) => format!("{} {:?}", e.name(), e.sequence),
            Output::State(State::Ready { .. }) => "ready".into(),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(told, ["health First", "tick Next", "ready", "presence Gap { missing: 1 }"]);
}

#[test]
fn a_hello_that_is_none_ends_the_attempt() {
    for (payload, close) in [
        ("{}", 1008),
        ("null", 1008),
        (r#""hello-ok""#, 1008),
        ("[]", 1008),
        (r#"{"type":"hello","protocol":4}"#, 1008),
        (r#"{"type":"hello-ok"}"#, 1008),
        (r#"{"type":"hello-ok","protocol":"4"}"#, 1008),
        (r#"{"type":"hello-ok","protocol":0}"#, 1008),
        (r#"{"type":"hello-ok","protocol":-4}"#, 1008),
        (r#"{"type":"hello-ok","protocol":4.5}"#, 1008),
        (r#"{"type":"hello-ok","protocol":99}"#, 1002),
        (r#"{"type":"hello-ok","protocol":2}"#, 1002),
    ] {
        let mut d = Drive::awaiting_hello(|_| {});
        let connect = d.frames();
        d.text(&response(&connect[0], payload));
        assert!(matches!(down_of(&d), Down::InvalidHello(_)), "{payload}");
        assert_eq!(closes(&d), [close], "{payload}");
    }
}

#[test]
fn nodes_and_probes_are_not_held_to_the_protocol_they_offered() {
    use openclaw_proto::connect::{ClientMode, ProtocolRange, Role};
    for lenient in [true, false] {
        for probe in [true, false] {
            let mut d = Drive::awaiting_hello(|c| {
                c.connect.protocol = ProtocolRange { min: 3, max: 3 };
                if lenient && probe {
                    c.connect.client.mode = ClientMode::Probe;
                } else if lenient {
                    c.connect.role = Role::Node;
                }
            });
            d.say_hello();
            assert_eq!(d.client.state() == StateKind::Ready, lenient);
        }
    }
}

#[test]
fn policy_out_of_range_has_its_default_and_is_noticed() {
    for policy in [
        r#"{"maxPayload":0,"maxBufferedBytes":-1,"tickIntervalMs":0}"#,
        r#"{"maxPayload":"x","maxBufferedBytes":1.5,"tickIntervalMs":-5}"#,
    ] {
        let mut d = Drive::awaiting_hello(|_| {});
        let connect = d.frames();
        d.text(&response(&connect[0], &format!(r#"{{"type":"hello-ok","protocol":4,"policy":{policy}}}"#)));
        assert_eq!(d.client.hello().unwrap().policy, openclaw_proto::connect::Policy::default());
        let noticed = d.outputs.iter().filter(|o| matches!(o, Output::Notice(Notice::PolicyOutOfRange(_)))).count();
        assert_eq!(noticed, 3);
        d.advance(Duration::from_secs(59));
        assert_eq!(d.client.state(), StateKind::Ready, "the watchdog runs on the default");
    }
}

#[test]
fn a_hello_without_anything_optional_is_a_hello() {
    let mut d = Drive::awaiting_hello(|_| {});
    let connect = d.frames();
    d.text(&response(&connect[0], r#"{"protocol":3}"#));
    let hello = d.client.hello().unwrap();
    assert_eq!((hello.protocol, hello.auth().is_none(), hello.scopes()), (3, true, None));
}

#[test]
fn less_scope_than_asked_for_is_noticed() {
    let mut d = Drive::awaiting_hello(|c| c.connect.scopes = Some(vec![Scope::Read, Scope::Write]));
    d.say_hello();
    let shortfall = d.outputs.iter().find_map(|o| match o {
        Output::Notice(Notice::ScopeShortfall { missing, .. }) => Some(missing.clone()),
        _ => None,
    });
    assert_eq!(shortfall, Some(vec![Scope::Write]));
}

#[test]
fn each_handshake_deadline_ends_the_attempt_at_its_own_time() {
    for seconds in [15, 40] {
        let limit = Duration::from_secs(seconds);
        let almost = limit - Duration::from_nanos(1);
        let set = |c: &mut openclaw_proto::ClientConfig| {
            c.timeouts.dial = limit;
            c.timeouts.challenge = limit;
            c.timeouts.connect = limit;
        };
        let mut dialing = Drive::new(set);
        dialing.start();
        let mut silent = Drive::awaiting_challenge(set);
        let mut mute = Drive::awaiting_hello(set);
        mute.frames();
        for (d, down, close) in [
            (&mut dialing, Down::DialTimeout, None),
            (&mut silent, Down::ChallengeTimeout, Some(1008)),
            (&mut mute, Down::ConnectTimeout, Some(4000)),
        ] {
            d.advance(almost);
            assert_ne!(d.client.state(), StateKind::Stopped);
            d.advance(Duration::from_nanos(1));
            assert_eq!(down_of(d), down);
            assert_eq!(closes(d).first().copied(), close);
        }
    }
}

#[test]
fn a_peer_that_does_not_answer_the_close_is_cut_after_the_grace() {
    let mut d = Drive::ready();
    d.shutdown();
    assert_eq!(d.client.state(), StateKind::Stopping);
    d.take();
    d.advance(Duration::from_millis(249));
    assert!(d.take().is_empty());
    d.advance(Duration::from_millis(1));
    assert!(matches!(d.take().as_slice(), [Output::Abort { .. }, Output::State(State::Stopped { .. })]));
    assert_eq!(d.client.poll_timeout(), None);
}

#[test]
fn a_peer_that_answers_the_close_is_not_cut() {
    let mut d = Drive::ready();
    d.shutdown();
    d.take();
    d.input(Input::Closed { code: Some(1000), reason: String::new() });
    assert!(matches!(d.take().as_slice(), [Output::State(State::Stopped { why: StopReason::Requested })]));
    assert_eq!(d.client.poll_timeout(), None);
}

#[test]
fn a_connect_larger_than_the_pre_auth_limit_is_not_sent() {
    let mut d = Drive::awaiting_hello(|c| c.connect.user_agent = Some("x".repeat(70_000)));
    assert!(d.frames().is_empty());
    assert!(matches!(down_of(&d), Down::ConnectTooLarge { limit: 65_536, .. }));
}

#[test]
fn waiting_requests_complete_when_the_attempt_fails() {
    let mut d = Drive::awaiting_challenge(|_| {});
    d.request("health", 5).unwrap();
    d.input(Input::Closed { code: Some(1000), reason: String::new() });
    assert!(matches!(d.outcomes().as_slice(), [(5, Outcome::NotSent(_))]));
}

#[test]
fn a_stopped_client_can_be_started_again_and_old_inputs_are_ignored() {
    let mut d = Drive::ready();
    let old = d.conn.unwrap();
    d.input(Input::Closed { code: Some(1012), reason: "service restart".into() });
    d.start();
    let new = d.conn.unwrap();
    assert_ne!(old, new);
    d.take();
    d.client.handle_input(d.now, old, Input::Opened);
    d.client.handle_input(d.now, old, Input::Closed { code: None, reason: String::new() });
    assert_eq!(d.client.state(), StateKind::Dialing);
    assert_eq!(d.client.stats().stale_inputs, 2);
    d.input(Input::Opened);
    d.text(&challenge("n"));
    d.say_hello();
    assert_eq!(d.client.state(), StateKind::Ready);
}

#[test]
fn a_shutdown_is_told_as_stopping_and_then_stopped_wherever_it_comes() {
    type At = fn() -> Drive;
    let phases: [(At, &str); 5] = [
        (Drive::default, "stopped"),
        (
            || {
                let mut d = Drive::default();
                d.start();
                d
            },
            "abort stopped",
        ),
        (|| Drive::awaiting_challenge(|_| {}), "close 1000, stopping, abort stopped"),
        (|| Drive::awaiting_hello(|_| {}), "close 1000, stopping, abort stopped"),
        (Drive::ready, "close 1000, stopping, abort stopped"),
    ];
    for (at, expected) in phases {
        let mut d = at();
        d.take();
        d.shutdown();
        d.advance(Duration::from_secs(1));
        // Once is enough.
        d.shutdown();
        d.advance(Duration::from_secs(1));
        let told: Vec<String> = d
            .take()
            .iter()
            .map(|o| match o {
                Output::Close { code, .. } => format!("close {code},"),
                Output::Abort { .. } => "abort".into(),
                Output::State(State::Stopping) => "stopping,".into(),
                Output::State(State::Stopped { why: StopReason::Requested }) => "stopped".into(),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(told.join(" "), expected);
        assert_eq!(d.client.poll_timeout(), None);
    }
}

#[test]
fn the_totals_run_through_all_connections() {
    let mut d = Drive::default();
    for round in 1..=3 {
        d.connect();
        d.request("health", 1).unwrap();
        let frame = d.frame();
        d.text(&event("tick", 1, "{}"));
        d.text(&response(&frame, "{}"));
        let stats = d.client.stats();
        assert_eq!((stats.dials, stats.hellos), (round, round));
        assert_eq!((stats.frames_in, stats.frames_out), (4 * round, 2 * round));
        assert_eq!((stats.events, stats.responses), (round, round));
        d.input(Input::Closed { code: None, reason: String::new() });
    }
}

#[test]
fn what_is_to_be_sent_is_given_to_the_connection_it_is_for() {
    let mut d = Drive::awaiting_hello(|_| {});
    let conn = d.conn.unwrap();
    let connect = d.transmit_on(conn).unwrap();
    assert_eq!(connect.conn, conn);
    d.text(&hello_response(&connect.text));
    d.request("health", 1).unwrap();
    d.input(Input::Closed { code: None, reason: String::new() });
    d.start();
    d.input(Input::Opened);
    d.text(&challenge("n"));
    assert!(d.transmit_on(conn).is_none(), "that one is gone");
    assert!(d.client.wants_transmit());
    assert_eq!(d.transmit_on(d.conn.unwrap()).unwrap().conn.number(), 2);
    assert!(!d.client.wants_transmit());
}

#[test]
fn an_older_connection_that_is_still_closing_does_not_touch_the_new_one() {
    let closing = || {
        let mut d = Drive::awaiting_challenge(|_| {});
        d.advance(Duration::from_secs(15));
        assert_eq!(closes(&d), [1008]);
        let old = d.conn.unwrap();
        d.connect();
        d.take();
        (d, old)
    };
    let aborted = |d: &Drive| -> Vec<_> {
        d.outputs.iter().filter_map(|o| if let Output::Abort { conn } = o { Some(*conn) } else { None }).collect()
    };
    // Its grace runs out while the new one works.
    let (mut d, old) = closing();
    d.advance(Duration::from_millis(250));
    assert_eq!((aborted(&d), d.client.state()), (vec![old], StateKind::Ready));
    d.client.handle_input(d.now, old, Input::Closed { code: None, reason: String::new() });
    assert_eq!(d.client.state(), StateKind::Ready);
    // It answers in time.
    let (mut d, old) = closing();
    d.client.handle_input(d.now, old, Input::Text(event("tick", 1, "{}")));
    d.client.handle_input(d.now, old, Input::Closed { code: Some(1000), reason: String::new() });
    d.advance(Duration::from_secs(1));
    assert!(d.take().is_empty());
    assert_eq!(d.client.state(), StateKind::Ready);
    // The new one is to be closed before the old one has gone: only one can be waited for.
    let (mut d, old) = closing();
    let new = d.conn.unwrap();
    d.shutdown();
    assert_eq!((aborted(&d), closes(&d)), (vec![old], vec![1000]));
    d.advance(Duration::from_millis(250));
    assert_eq!(aborted(&d), [old, new]);
    assert_eq!(d.client.state(), StateKind::Stopped);
    // The new one is given up while it dials: the old one still has its time.
    let mut d = Drive::awaiting_challenge(|_| {});
    d.advance(Duration::from_secs(15));
    d.start();
    d.take();
    d.shutdown();
    assert_eq!(d.client.state(), StateKind::Stopped);
    d.advance(Duration::from_secs(1));
    assert_eq!(aborted(&d).len(), 2);
    assert_eq!(d.client.poll_timeout(), None);
}

/// A seed may be as poor as this test's: the first numbers drawn from it are equal.
#[test]
fn an_answer_to_connect_that_comes_twice_answers_no_request() {
    let mut d = Drive::seeded([7; 32], |_| {});
    d.start();
    d.input(Input::Opened);
    d.text(&challenge("n"));
    let connect = d.frame();
    d.text(&hello_response(&connect));
    d.request("health", 1).unwrap();
    let request = d.frame();
    assert_ne!(id_of(&connect), id_of(&request));
    d.text(&hello_response(&connect));
    assert!(d.outcomes().is_empty());
    assert_eq!(d.client.stats().foreign_responses, 1);
    d.text(&response(&request, "{}"));
    assert!(matches!(d.outcomes().as_slice(), [(1, Outcome::Replied(_))]));
}
