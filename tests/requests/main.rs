//! Requests: who gets which answer, when one gives up, what is known of it then, and what bounds them.

mod bounds;
mod two_stage;
mod walk;

use std::time::Duration;

use openclaw_proto::{
    Down, Execution, GatewayError, Input, NotSent, Notice, Outcome, Output, Request, StateKind, Stray, TimerKind,
    TransportError, WhenNotReady,
};
use openclaw_tests::{Drive, challenge, event, hello_response, id_of, refusal, response};

const SECOND: Duration = Duration::from_secs(1);

fn request(method: &str) -> Request {
    Request::new(method).unwrap()
}

/// Outcomes as text, in the order they were told.
fn told(d: &mut Drive) -> Vec<String> {
    d.outcomes()
        .iter()
        .map(|(waiter, outcome)| match outcome {
            Outcome::Replied(payload) => format!("{waiter} {}", payload.as_ref().map_or("nothing", |p| p.as_str())),
            Outcome::Rejected(rejected) => format!("{waiter} rejected {}", rejected.error),
            other => format!("{waiter} {other:?}"),
        })
        .collect()
}

#[test]
fn answers_out_of_order_find_their_requests() {
    let mut d = Drive::ready();
    for waiter in 0..100 {
        d.request("health", waiter).unwrap();
    }
    let frames = d.frames();
    for (i, frame) in frames.iter().enumerate().rev() {
        d.text(&response(frame, &i.to_string()));
    }
    let expected: Vec<String> = (0..100).rev().map(|i| format!("{i} {i}")).collect();
    assert_eq!(told(&mut d), expected);
    assert_eq!(d.client.stats().responses, 100);
    assert_eq!(d.client.load(), (0, 0, 0));
}

#[test]
fn a_refusal_has_its_error_whole() {
    let mut d = Drive::ready();
    d.request("config.set", 1).unwrap();
    let body = r#"{"code":"UNAVAILABLE","message":"busy","retryable":true,"retryAfterMs":1500,"details":{"reason":"gateway-restarting","phase":"drain"},"x":1}"#;
    let frame = d.frame();
    d.text(&refusal(&frame, body));
    match d.outcomes().as_slice() {
        [(1, Outcome::Rejected(rejected))] => {
            assert_eq!(rejected.error, GatewayError::parse(body));
            assert_eq!(rejected.error.body, body);
            assert_eq!(rejected.error.details(), Some(r#"{"reason":"gateway-restarting","phase":"drain"}"#));
            assert_eq!(rejected.error.execution(), Execution::NotStarted);
            assert!(!rejected.accepted && rejected.payload.is_none() && !rejected.may_have_run());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_whose_verdict_cannot_be_read_ends_the_request_as_possibly_run() {
    for ok in [r#""true""#, "1", "0", "[]", "{}"] {
        let mut d = Drive::ready();
        d.request("chat.send", 1).unwrap();
        let id = id_of(&d.frame());
        d.text(&format!(r#"{{"type":"res","id":"{id}","ok":{ok},"payload":{{}}}}"#));
        assert!(matches!(d.outcomes().as_slice(), [(1, Outcome::UnreadableAnswer)]), "{ok}");
        assert_eq!(d.client.stats().odd, 1, "{ok}");
    }
}

#[test]
fn a_request_gives_up_after_30_seconds_unless_told_otherwise() {
    for (configured, own, gives_up) in [
        (None, None, Some(30)),
        (Some(Some(5)), None, Some(5)),
        (Some(None), None, None),
        (None, Some(Some(7)), Some(7)),
        (Some(None), Some(Some(7)), Some(7)),
        (None, Some(None), None),
    ] {
        let mut d = Drive::ready_with(|c| {
            c.timeouts.silence_floor = Duration::from_secs(1_000_000);
            if let Some(configured) = configured {
                c.timeouts.request = configured.map(Duration::from_secs);
            }
        });
        let request = match own {
            None => request("health"),
            Some(None) => request("health").no_timeout(),
            Some(Some(seconds)) => request("health").timeout(Duration::from_secs(seconds)),
        };
        d.submit(request, 1).unwrap();
        d.frame();
        if let Some(seconds) = gives_up {
            d.advance(Duration::from_secs(seconds) - Duration::from_nanos(1));
            assert!(d.take().is_empty());
            assert_eq!(d.advance(Duration::from_nanos(1)), [TimerKind::Request]);
            assert_eq!(told(&mut d), ["1 TimedOut { sent: true }"]);
        } else {
            d.advance(Duration::from_secs(100_000));
            assert!(d.take().is_empty());
            assert_eq!(d.client.load().0, 1);
        }
    }
}

#[test]
fn deadlines_fire_in_their_own_order_and_each_at_its_time() {
    let mut d = Drive::ready();
    for (waiter, seconds) in [(1, 9), (2, 3), (3, 6)] {
        d.submit(request("health").timeout(Duration::from_secs(seconds)), waiter).unwrap();
    }
    d.frames();
    let mut order = Vec::new();
    for second in 1..=10 {
        d.advance(SECOND);
        order.extend(d.outcomes().into_iter().map(|(waiter, _)| (second, waiter)));
    }
    assert_eq!(order, [(3, 2), (6, 3), (9, 1)]);
}

#[test]
fn a_deadline_runs_while_a_request_waits_and_says_that_it_was_not_sent() {
    let mut d = Drive::awaiting_hello(|_| {});
    let connect = d.frame();
    d.submit(request("health").timeout(SECOND), 1).unwrap();
    d.advance(SECOND);
    assert_eq!(told(&mut d), ["1 TimedOut { sent: false }"]);
    d.text(&hello_response(&connect));
    assert!(d.frames().is_empty(), "what has timed out is not sent any more");

    // The same once the connection is ready but the transport has no room.
    d.submit(request("health").timeout(SECOND), 2).unwrap();
    d.advance(SECOND);
    assert_eq!(told(&mut d), ["2 TimedOut { sent: false }"]);
    assert!(d.frames().is_empty());
    assert_eq!(d.client.load(), (0, 0, 0));
}

#[test]
fn deadlines_at_the_edges_of_time_are_deadlines() {
    let mut d = Drive::ready();
    d.submit(request("health").timeout(Duration::ZERO), 1).unwrap();
    d.submit(request("health").timeout(Duration::MAX), 2).unwrap();
    d.submit(request("health").timeout(Duration::from_nanos(1)), 3).unwrap();
    d.advance(Duration::ZERO);
    assert_eq!(told(&mut d), ["1 TimedOut { sent: false }"]);
    d.advance(Duration::from_nanos(1));
    assert_eq!(told(&mut d), ["3 TimedOut { sent: false }"]);
    d.advance(Duration::from_secs(30));
    assert_eq!(d.client.load().0, 1);
}

#[test]
fn a_cancelled_request_gives_its_waiter_back_once_and_its_answer_is_late() {
    let mut d = Drive::ready();
    let id = d.request("health", 1).unwrap();
    let frame = d.frame();
    assert_eq!(d.client.cancel(id), Some(1));
    assert_eq!(d.client.cancel(id), None);
    assert_eq!(d.client.poll_timeout().map(|(_, kind)| kind), Some(TimerKind::Silence), "its deadline is gone too");
    d.text(&response(&frame, "{}"));
    match d.take().as_slice() {
        [Output::Notice(Notice::StrayResponse { stray: Stray::Late, id: shown })] => assert_eq!(*shown, id.to_string()),
        other => panic!("{other:?}"),
    }
    assert_eq!(d.client.stats().late_responses, 1);
}

#[test]
fn a_request_cancelled_before_the_transport_took_it_is_never_sent() {
    let mut d = Drive::awaiting_hello(|_| {});
    let connect = d.frame();
    let waiting = d.request("one", 1).unwrap();
    assert_eq!(d.client.cancel(waiting), Some(1));
    d.text(&hello_response(&connect));
    let queued = d.request("two", 2).unwrap();
    d.request("three", 3).unwrap();
    assert_eq!(d.client.cancel(queued), Some(2));
    assert!(d.frame().contains("three"));
}

#[test]
fn an_id_of_another_client_cancels_nothing() {
    let mut other = Drive::seeded([9; 32], |_| {});
    let foreign = other.request("health", 1).unwrap();
    let mut d = Drive::ready();
    d.request("health", 2).unwrap();
    assert_eq!(d.client.cancel(foreign), None);
    assert_eq!(d.client.load().0, 1);
}

#[test]
fn what_a_lost_connection_carried_is_told_apart_by_how_far_it_had_come() {
    for ending in ["closed", "failed", "silent", "shut down", "too large"] {
        let mut d = Drive::ready_with(|c| c.limits.inbound_frame = 1_000);
        d.submit(request("taken").no_timeout(), 1).unwrap();
        d.frame();
        d.submit(request("queued").no_timeout(), 2).unwrap();
        match ending {
            "closed" => d.input(Input::Closed { code: Some(1012), reason: "service restart".into() }),
            "failed" => d.input(Input::Failed(TransportError::Io("reset".into()))),
            "silent" => drop(d.advance(Duration::from_secs(60))),
            "shut down" => d.shutdown(),
            _ => d.text(&" ".repeat(1_001)),
        }
        let outcomes = d.outcomes();
        assert!(
            matches!(
                outcomes.as_slice(),
                [(1, Outcome::OutcomeUnknown(_)), (2, Outcome::NotSent(NotSent::ConnectionLost(_)))]
            ),
            "{ending}: {outcomes:?}"
        );
        assert_eq!(d.client.load(), (0, 0, 0), "{ending}");
    }
}

#[test]
fn what_waits_for_a_connection_ends_as_not_sent_when_there_will_be_none() {
    let mut d = Drive::new(|_| {});
    d.request("health", 1).unwrap();
    d.start();
    d.input(Input::Failed(TransportError::Connect("refused".into())));
    assert!(matches!(d.outcomes().as_slice(), [(1, Outcome::NotSent(NotSent::Stopped))]));

    let mut d = Drive::new(|_| {});
    d.request("health", 2).unwrap();
    d.shutdown();
    assert!(matches!(d.outcomes().as_slice(), [(2, Outcome::NotSent(NotSent::ShutDown))]));

    let mut d = Drive::awaiting_hello(|_| {});
    d.request("health", 3).unwrap();
    d.shutdown();
    assert!(matches!(d.outcomes().as_slice(), [(3, Outcome::NotSent(NotSent::ShutDown))]));
    assert!(matches!(d.request("health", 4), Err(NotSent::Stopped)));
}

#[test]
fn outcomes_are_told_before_the_state_that_caused_them() {
    let mut d = Drive::ready();
    d.request("health", 1).unwrap();
    d.frame();
    d.input(Input::Closed { code: Some(1012), reason: String::new() });
    assert!(matches!(d.take().as_slice(), [Output::Completed { waiter: 1, .. }, Output::State(_)]));
}

#[test]
fn the_reason_comes_with_the_outcome() {
    let mut d = Drive::ready();
    d.request("health", 1).unwrap();
    d.frame();
    d.input(Input::Closed { code: Some(1012), reason: "service restart".into() });
    match d.outcomes().as_slice() {
        [(1, Outcome::OutcomeUnknown(down))] => {
            assert_eq!(**down, Down::Closed { code: Some(1012), reason: "service restart".into(), after_hello: true })
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_that_is_not_to_wait_is_refused_in_every_state_but_ready() {
    let now_or_never = || request("health").when_not_ready(WhenNotReady::Refuse);
    let mut d = Drive::new(|_| {});
    let mut refused = Vec::new();
    let mut ask = |d: &mut Drive| refused.push((d.client.state(), d.submit(now_or_never(), 1).unwrap_err()));
    ask(&mut d);
    d.start();
    ask(&mut d);
    d.input(Input::Opened);
    ask(&mut d);
    d.text(&challenge("n"));
    ask(&mut d);
    d.say_hello();
    d.submit(now_or_never(), 2).unwrap();
    d.shutdown();
    ask(&mut d);
    d.advance(SECOND);
    ask(&mut d);
    let seen: Vec<String> = refused.iter().map(|(state, why)| format!("{state:?} {why:?}")).collect();
    assert_eq!(
        seen,
        [
            "Idle NotReady",
            "Dialing NotReady",
            "Handshaking NotReady",
            "Handshaking NotReady",
            "Stopping Stopped",
            "Stopped Stopped"
        ]
    );
}

#[test]
fn a_refused_request_gives_its_waiter_back_and_leaves_nothing_behind() {
    let mut d = Drive::new(|_| {});
    let refused = d.client.request(d.now, request("health").when_not_ready(WhenNotReady::Refuse), 42).unwrap_err();
    assert_eq!(refused.waiter, 42);
    assert_eq!(d.client.load(), (0, 0, 0));
    assert_eq!(d.client.poll_timeout(), None);
}

#[test]
fn answers_nobody_waits_for_are_counted_by_kind() {
    let mut d = Drive::ready();
    d.request("health", 1).unwrap();
    let answered = d.frame();
    d.text(&response(&answered, "{}"));
    d.take();
    let foreign = "3f2b0c1e-6f1a-4a55-9d0e-0d6a7a1f2b3c";

    d.text(&response(&answered, "{}"));
    d.text(&format!(r#"{{"type":"res","id":"{foreign}","ok":true}}"#));
    d.text(r#"{"type":"res","id":"1:x","ok":false}"#);
    d.text(r#"{"type":"res","id":7,"ok":true}"#);
    d.text(r#"{"type":"res","ok":true}"#);
    // Two more tenants of the slot: of the first one nothing is known any more.
    for waiter in 2..4 {
        d.request("health", waiter).unwrap();
        let frame = d.frame();
        d.text(&response(&frame, "{}"));
    }
    d.text(&response(&answered, "{}"));
    let strays: Vec<(Stray, String)> = d
        .notices()
        .into_iter()
        .filter_map(|n| if let Notice::StrayResponse { stray, id } = n { Some((*stray, id.clone())) } else { None })
        .collect();
    let old = id_of(&answered);
    assert_eq!(
        strays,
        [
            (Stray::Duplicate, old.clone()),
            (Stray::Foreign, foreign.into()),
            (Stray::Foreign, "1:x".into()),
            (Stray::Foreign, "7".into()),
            (Stray::Foreign, String::new()),
            (Stray::Stale, old)
        ]
    );
    let stats = d.client.stats();
    assert_eq!((stats.duplicate_responses, stats.foreign_responses, stats.stale_responses), (1, 4, 1));
    assert_eq!(stats.responses, 3);
}

/// An id has its slot in the first eight digits and its generation in the next four and around the last hyphen.
fn with_generation(id: &str, generation: u32) -> String {
    let hex = format!("{generation:08x}");
    [&id[..9], &hex[..4], &id[13..21], &hex[4..6], "-", &hex[6..], &id[26..]].concat()
}

#[test]
fn an_id_that_was_never_given_out_is_foreign_even_if_its_slot_exists() {
    let mut d = Drive::ready();
    d.request("health", 1).unwrap();
    let frame = d.frame();
    let id = id_of(&frame);
    assert_eq!(with_generation(&id, 0), id, "the layout is still the one this test forges");
    let strays = |d: &mut Drive, generation| {
        d.text(&format!(r#"{{"type":"res","id":"{}","ok":true}}"#, with_generation(&id, generation)));
        match d.take().as_slice() {
            [Output::Notice(Notice::StrayResponse { stray, .. })] => *stray,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(strays(&mut d, 1), Stray::Foreign);
    d.text(&response(&frame, "{}"));
    d.take();
    // The slot is free now; generation 1 will be its next tenant's and has been nobody's.
    assert_eq!(strays(&mut d, 1), Stray::Foreign);
    assert_eq!(strays(&mut d, 2), Stray::Foreign);
    assert_eq!(strays(&mut d, 1_000), Stray::Foreign);
    assert_eq!(strays(&mut d, 0), Stray::Duplicate);
}

#[test]
fn an_answer_over_a_later_connection_is_late() {
    let mut d = Drive::ready();
    d.request("health", 1).unwrap();
    let frame = d.frame();
    d.input(Input::Closed { code: None, reason: String::new() });
    d.connect();
    d.take();
    d.text(&response(&frame, "{}"));
    assert!(matches!(d.take().as_slice(), [Output::Notice(Notice::StrayResponse { stray: Stray::Late, .. })]));
    assert_eq!(d.client.state(), StateKind::Ready);
}

#[test]
fn an_answer_to_a_request_the_transport_has_not_taken_is_foreign_and_harms_nothing() {
    let mut d = Drive::ready();
    let id = d.request("health", 1).unwrap();
    d.text(&format!(r#"{{"type":"res","id":"{id}","ok":true}}"#));
    assert!(matches!(d.take().as_slice(), [Output::Notice(Notice::StrayResponse { stray: Stray::Foreign, .. })]));
    let frame = d.frame();
    d.text(&response(&frame, "1"));
    assert_eq!(told(&mut d), ["1 1"]);
}

#[test]
fn an_error_that_names_no_request_is_noticed_and_ends_none() {
    let mut d = Drive::ready();
    d.request("health", 1).unwrap();
    let frame = d.frame();
    for id in [r#""invalid""#, r#""""#, "7", "null", "{}"] {
        d.text(&format!(r#"{{"type":"res","id":{id},"ok":false,"error":{{"code":"INVALID_REQUEST","message":"m"}}}}"#));
    }
    let unattributed = d.notices().iter().filter(|n| matches!(n, Notice::UnattributedError(_))).count();
    assert_eq!((unattributed, d.client.stats().unattributed_errors), (5, 5));
    d.take();
    d.text(&response(&frame, "1"));
    assert_eq!(told(&mut d), ["1 1"]);
}

#[test]
fn requests_leave_in_the_order_they_were_made_and_events_between_answers_do_not_matter() {
    let mut d = Drive::ready();
    for waiter in 0..5 {
        d.request(&format!("m{waiter}"), waiter).unwrap();
    }
    let frames = d.frames();
    for (i, frame) in frames.iter().enumerate() {
        assert!(frame.contains(&format!(r#""m{i}""#)));
        d.text(&event("tick", i as u64 + 1, "{}"));
        d.text(&response(frame, "{}"));
    }
    let order: Vec<&str> =
        d.outputs.iter().map(|o| if matches!(o, Output::Event(_)) { "event" } else { "answer" }).collect();
    assert_eq!(order, ["event", "answer"].repeat(5));
}
