//! From connection to connection, in virtual time: the transition table, backoff, hints, draining, pauses, wakes.

mod close_codes;
mod table;

use std::time::Duration;

use openclaw_proto::recovery::PauseReason;
use openclaw_proto::{
    ClientConfig, Down, Input, Jitter, NotSent, Notice, Outcome, Output, Request, State, StateKind, StopReason,
    TimerKind, TransportError, UpgradeRefused, WhenNotReady,
};
use openclaw_tests::{Drive, challenge, event, refusal};

const SECOND: Duration = Duration::from_secs(1);

/// Reconnects for ever, without jitter, so that delays can be stated.
pub(crate) fn patient(config: &mut ClientConfig) {
    config.backoff.max_attempts = None;
    config.backoff.jitter = Jitter::None;
}

pub(crate) fn closed(code: u16) -> Input<String> {
    Input::Closed { code: Some(code), reason: String::new() }
}

/// The delay of the backoff the client is in.
fn delay(drive: &Drive) -> Duration {
    match drive.last_state() {
        Some(State::Backoff { delay, .. }) => *delay,
        other => panic!("not backing off: {other:?}"),
    }
}

/// Lets the next attempt begin and succeed.
fn reconnect(drive: &mut Drive) {
    drive.advance(delay(drive));
    assert_eq!(drive.client.state(), StateKind::Dialing);
    drive.input(Input::Opened);
    drive.text(&challenge("n"));
    drive.say_hello();
    assert_eq!(drive.client.state(), StateKind::Ready);
}

/// A client whose connect is refused with this error body.
fn refused(error: &str) -> Drive {
    let mut d = Drive::awaiting_hello(patient);
    let connect = d.frames();
    d.text(&refusal(&connect[0], error));
    d
}

/// A host that makes such a mistake must not leave the client ready without a connection.
#[test]
fn a_failure_that_only_dialing_meets_ends_a_ready_connection_like_any_other() {
    let refusals: [fn() -> TransportError; 2] = [
        || TransportError::UpgradeRefused(UpgradeRefused::new(403, Vec::new(), String::new())),
        || TransportError::PinMismatch { expected: Vec::new(), found: openclaw_proto::Fingerprint::new([1; 32]) },
    ];
    for refusal in refusals {
        for drain in [false, true] {
            let mut d = Drive::ready_with(patient);
            if drain {
                d.text(&event("shutdown", 1, "{}"));
            }
            d.input(Input::Failed(refusal()));
            assert_eq!(d.client.state(), StateKind::Backoff);
            assert_eq!(delay(&d), SECOND);
            reconnect(&mut d);
        }
    }
}

#[test]
fn a_lost_connection_comes_back_by_itself() {
    let mut d = Drive::ready_with(patient);
    d.input(closed(1012));
    assert_eq!(delay(&d), SECOND);
    reconnect(&mut d);
    d.request("health", 1).unwrap();
    assert_eq!(d.frames().len(), 1);
}

#[test]
fn failures_double_the_delay_up_to_thirty_seconds() {
    let mut d = Drive::new(patient);
    d.start();
    let mut delays = Vec::new();
    for _ in 0..8 {
        d.input(Input::Failed(TransportError::Connect("refused".into())));
        delays.push(delay(&d).as_secs());
        d.advance(delay(&d));
    }
    assert_eq!(delays, [1, 2, 4, 8, 16, 30, 30, 30]);
}

#[test]
fn r07_a_gateway_that_accepts_and_then_closes_is_not_asked_in_a_tight_loop() {
    let mut d = Drive::ready_with(patient);
    let mut delays = Vec::new();
    for _ in 0..7 {
        d.advance(SECOND);
        d.input(closed(4001));
        delays.push(delay(&d).as_secs());
        reconnect(&mut d);
    }
    assert_eq!(delays, [1, 2, 4, 8, 16, 30, 30]);
}

#[test]
fn the_backoff_begins_anew_exactly_when_a_connection_has_been_ready_long_enough() {
    for (ready_for, expected) in [(Duration::from_nanos(9_999_999_999), 2), (10 * SECOND, 1)] {
        let mut d = Drive::ready_with(patient);
        d.input(closed(1012));
        reconnect(&mut d);
        d.advance(ready_for);
        d.input(closed(1012));
        assert_eq!(delay(&d).as_secs(), expected, "ready for {ready_for:?}");
    }
}

#[test]
fn r08_full_jitter_spreads_clients_over_the_whole_first_second() {
    let mut delays: Vec<f64> = (0..200_u8)
        .map(|seed| {
            let mut d = Drive::seeded([seed; 32], |c| c.backoff.max_attempts = None);
            d.start();
            d.input(Input::Failed(TransportError::Connect("refused".into())));
            delay(&d).as_secs_f64()
        })
        .collect();
    delays.sort_by(f64::total_cmp);
    assert!(delays[0] < 0.05 && delays[199] > 0.95, "{} to {}", delays[0], delays[199]);
    assert!((0.4..0.6).contains(&delays[100]), "median {}", delays[100]);
}

#[test]
fn r09_every_hint_of_the_gateway_is_a_floor() {
    // A retryable refusal names its own delay.
    let d = refused(r#"{"code":"UNAVAILABLE","retryable":true,"retryAfterMs":45000}"#);
    assert_eq!(delay(&d), 46 * SECOND);
    // The shutdown event.
    let mut d = Drive::ready_with(patient);
    d.text(&event("shutdown", 1, r#"{"reason":"gateway restarting","restartExpectedMs":1500}"#));
    d.input(closed(1012));
    assert_eq!(delay(&d), Duration::from_millis(2500));
    // A refused request.
    let mut d = Drive::ready_with(patient);
    d.request("health", 1).unwrap();
    let sent = d.frames();
    d.text(&refusal(
        &sent[0],
        r#"{"code":"UNAVAILABLE","retryable":true,"retryAfterMs":7000,"details":{"reason":"gateway-restarting"}}"#,
    ));
    d.input(closed(1012));
    assert_eq!(delay(&d), 8 * SECOND);
    // HTTP.
    let mut d = Drive::new(patient);
    d.start();
    let headers = vec![("retry-after".to_owned(), "20".to_owned())];
    d.input(Input::Failed(TransportError::UpgradeRefused(UpgradeRefused::new(429, headers, String::new()))));
    assert_eq!(delay(&d), 21 * SECOND);
}

#[test]
fn a_gateway_that_is_starting_is_asked_again_soon_and_the_delay_does_not_grow() {
    let mut d = Drive::new(patient);
    d.start();
    for _ in 0..5 {
        d.input(Input::Opened);
        d.text(&challenge("n"));
        let connect = d.frames();
        d.text(&refusal(
            &connect[0],
            r#"{"code":"UNAVAILABLE","retryable":true,"retryAfterMs":500,"details":{"reason":"startup-sidecars"}}"#,
        ));
        assert_eq!(delay(&d), Duration::from_millis(1500));
        d.advance(delay(&d));
    }
}

#[test]
fn attempts_end_at_their_limit_and_start_begins_anew() {
    let mut d = Drive::new(|c| {
        patient(c);
        c.backoff.max_attempts = Some(2);
    });
    for _ in 0..2 {
        d.start();
        let mut attempts = 1;
        loop {
            d.input(Input::Failed(TransportError::Connect("refused".into())));
            if d.client.state() == StateKind::Stopped {
                break;
            }
            d.advance(delay(&d));
            attempts += 1;
        }
        assert_eq!(attempts, 3, "the first and two more");
        assert!(matches!(d.last_state(), Some(State::Stopped { why: StopReason::Down(_) })));
    }
}

#[test]
fn requests_wait_over_the_backoff_and_leave_in_order_afterwards() {
    let mut d = Drive::ready_with(patient);
    d.input(closed(1012));
    d.request("one", 1).unwrap();
    d.request("two", 2).unwrap();
    let refuse = Request::new("three").unwrap().when_not_ready(WhenNotReady::Refuse);
    assert!(matches!(d.submit(refuse, 3), Err(NotSent::NotReady)));
    reconnect(&mut d);
    let frames = d.frames();
    assert!(frames[0].contains("one") && frames[1].contains("two"));
}

#[test]
fn a_waiting_request_keeps_its_own_deadline() {
    let mut d = Drive::ready_with(patient);
    d.input(closed(1012));
    let request = Request::new("m").unwrap().timeout(Duration::from_millis(300));
    d.submit(request, 4).unwrap();
    d.advance(Duration::from_millis(300));
    assert!(matches!(d.outcomes().as_slice(), [(4, Outcome::TimedOut { sent: false })]));
}

#[test]
fn original_08_the_backoff_resets_and_clean_closes_do_not_inflate_it() {
    let mut d = Drive::ready_with(patient);
    for _ in 0..10 {
        d.advance(20 * SECOND);
        d.text(&event("tick", 1, "{}"));
        d.input(closed(1000));
        assert_eq!(delay(&d), SECOND);
        reconnect(&mut d);
    }
}

#[test]
fn original_13_pending_requests_end_with_the_connection_and_are_not_sent_again() {
    let mut d = Drive::ready_with(patient);
    d.request("chat.send", 1).unwrap();
    d.frames();
    d.input(Input::Closed { code: None, reason: String::new() });
    assert!(matches!(d.outcomes().as_slice(), [(1, Outcome::OutcomeUnknown(_))]));
    d.nudge();
    d.input(Input::Opened);
    assert!(d.frames().is_empty());
}

#[test]
fn original_18_a_shutdown_after_a_reconnect_concerns_the_present_socket_only() {
    let mut d = Drive::ready_with(patient);
    let old = d.conn.unwrap();
    d.input(closed(1012));
    reconnect(&mut d);
    d.take();
    d.shutdown();
    let closes: Vec<_> = d
        .take()
        .into_iter()
        .filter_map(|o| if let Output::Close { conn, .. } = o { Some(conn) } else { None })
        .collect();
    assert_eq!(closes, [d.conn.unwrap()]);
    assert_ne!(closes[0], old);
}

#[test]
fn a_refusal_somebody_has_to_mend_pauses_and_pause_means_silence() {
    for (error, expected) in [
        (r#"{"code":"INVALID_REQUEST","details":{"code":"AUTH_TOKEN_MISMATCH"}}"#, PauseReason::Credentials),
        (r#"{"code":"NOT_PAIRED","details":{"code":"PAIRING_REQUIRED"}}"#, PauseReason::Pairing),
        (r#"{"code":"NOT_PAIRED","details":{"code":"DEVICE_IDENTITY_REQUIRED"}}"#, PauseReason::DeviceIdentity),
        (r#"{"code":"INVALID_REQUEST","details":{"code":"PROTOCOL_MISMATCH"}}"#, PauseReason::Protocol),
        (r#"{"code":"INVALID_REQUEST","message":"invalid connect params: x"}"#, PauseReason::Configuration),
    ] {
        let mut d = refused(error);
        assert!(matches!(d.last_state(), Some(State::Paused { reason, until: None, .. }) if *reason == expected));
        d.input(closed(1008));
        d.take();
        d.advance(600 * SECOND);
        assert!(d.take().is_empty(), "ten minutes of silence");
        assert_eq!(d.client.stats().dials, 1);
        assert!(matches!(d.request("health", 1), Err(NotSent::Paused(_))));
    }
}

#[test]
fn a_pause_ends_by_a_nudge_or_a_start() {
    for nudge in [true, false] {
        let mut d = refused(r#"{"code":"INVALID_REQUEST","details":{"code":"AUTH_TOKEN_MISSING"}}"#);
        if nudge {
            d.nudge();
        } else {
            d.client.start(d.now);
        }
        assert_eq!(d.client.state(), StateKind::Dialing);
    }
}

#[test]
fn requests_that_wait_end_when_the_client_pauses() {
    let mut d = Drive::awaiting_hello(patient);
    d.request("health", 6).unwrap();
    let connect = d.frames();
    d.text(&refusal(&connect[0], r#"{"code":"INVALID_REQUEST","details":{"code":"AUTH_TOKEN_MISSING"}}"#));
    assert!(matches!(d.outcomes().as_slice(), [(6, Outcome::NotSent(NotSent::Paused(_)))]));
}

#[test]
fn a_rate_limit_pauses_until_its_hint_and_then_exactly_one_attempt_is_made() {
    let mut d = refused(
        r#"{"code":"INVALID_REQUEST","retryable":true,"retryAfterMs":60000,"details":{"code":"AUTH_RATE_LIMITED","recommendedNextStep":"wait_then_retry"}}"#,
    );
    assert!(matches!(d.last_state(), Some(State::Paused { reason: PauseReason::RateLimited, until: Some(_), .. })));
    d.advance(Duration::from_millis(59_999));
    assert_eq!(d.client.stats().dials, 1);
    d.advance(2 * SECOND);
    assert_eq!(d.client.stats().dials, 2);
}

#[test]
fn a_nudge_makes_the_next_attempt_now_and_begins_the_backoff_anew() {
    let mut d = Drive::new(patient);
    d.start();
    for _ in 0..5 {
        d.input(Input::Failed(TransportError::Connect("refused".into())));
        d.advance(delay(&d));
    }
    d.input(Input::Failed(TransportError::Connect("refused".into())));
    assert_eq!(delay(&d), 30 * SECOND);
    d.nudge();
    assert_eq!(d.client.state(), StateKind::Dialing);
    d.input(Input::Failed(TransportError::Connect("refused".into())));
    assert_eq!(delay(&d), SECOND);
}

#[test]
fn a_wake_from_sleep_ends_the_wait() {
    let mut d = Drive::ready_with(patient);
    d.input(closed(1012));
    // The monotonic clock stands still in sleep, the wall clock does not.
    d.sleep(3_600 * SECOND);
    assert_eq!(d.client.state(), StateKind::Dialing);
}

#[test]
fn after_a_wake_a_dead_link_is_found_sooner_and_a_living_one_is_kept() {
    for living in [true, false] {
        let mut d = Drive::ready_with(patient);
        d.sleep(3_600 * SECOND);
        assert!(d.take().iter().any(|o| matches!(o, Output::Notice(Notice::ClockJump { .. }))));
        d.advance(25 * SECOND);
        if living {
            // The gateway's ping.
            d.input(Input::Alive { bytes_in: 1, bytes_out: 0 });
        }
        d.advance(10 * SECOND);
        assert_eq!(d.client.state() == StateKind::Ready, living);
    }
}

#[test]
fn r23_a_clock_that_is_set_neither_cuts_a_living_link_nor_keeps_a_dead_one() {
    for step in [-86_400_000_i64, -5_000, 5_000, 86_400_000] {
        let mut d = Drive::ready_with(patient);
        for i in 1..=20 {
            d.advance(25 * SECOND);
            d.now.unix.0 = d.now.unix.0.saturating_add_signed(step);
            d.input(Input::Alive { bytes_in: i, bytes_out: 0 });
        }
        assert_eq!(d.client.state(), StateKind::Ready, "{step}");
        d.advance(60 * SECOND);
        assert_eq!(d.client.state(), StateKind::Backoff, "{step}: dead for 60 s");
    }
}

#[test]
fn a_gateway_that_is_about_to_go_gets_no_new_requests_and_they_survive_its_restart() {
    let mut d = Drive::ready_with(patient);
    d.text(&event("shutdown", 1, r#"{"reason":"gateway stopping"}"#));
    assert_eq!(d.client.state(), StateKind::Draining);
    d.request("later", 8).unwrap();
    assert!(d.frames().is_empty());
    d.input(closed(1012));
    assert!(d.outcomes().is_empty(), "it waits");
    d.nudge();
    d.input(Input::Opened);
    d.text(&challenge("n"));
    d.say_hello();
    assert_eq!(d.frames().len(), 1);
}

#[test]
fn a_drain_that_is_called_off_sends_what_waited() {
    let mut d = Drive::ready_with(patient);
    d.text(&event("gateway.suspension", 1, r#"{"phase":"draining"}"#));
    assert_eq!(d.client.state(), StateKind::Draining);
    d.request("later", 8).unwrap();
    d.text(&event("gateway.suspension", 2, r#"{"phase":"accepting"}"#));
    assert_eq!(d.client.state(), StateKind::Ready);
    assert_eq!(d.frames().len(), 1);
}

#[test]
fn a_gateway_that_says_it_goes_and_stays_is_used_again_after_a_while() {
    let mut d = Drive::ready_with(patient);
    d.text(&event("shutdown", 1, r#"{"restartExpectedMs":2000}"#));
    d.text(&event("tick", 2, "{}"));
    let fired = d.advance(32 * SECOND);
    assert_eq!(fired, [TimerKind::Drain]);
    assert_eq!(d.client.state(), StateKind::Ready);
}

#[test]
fn r14_the_sequence_begins_anew_with_each_connection() {
    use openclaw_proto::Sequence;
    let mut d = Drive::ready_with(patient);
    d.text(&event("a", 50, "{}"));
    d.input(closed(1012));
    reconnect(&mut d);
    d.take();
    d.text(&event("a", 1, "{}"));
    assert!(matches!(d.take().as_slice(), [Output::Event(e)] if e.sequence == Sequence::First));
}

#[test]
fn r25_a_gap_and_a_new_connection_are_told_so_that_subscriptions_can_be_made_again() {
    use openclaw_proto::Sequence;
    let mut d = Drive::ready_with(patient);
    let first = d.conn.unwrap();
    d.text(&event("chat", 1, "{}"));
    d.text(&event("chat", 5, "{}"));
    let told = d.take();
    assert!(matches!(&told[1], Output::Event(e) if e.sequence == Sequence::Gap { missing: 3 } && e.conn == first));
    assert_eq!(d.client.state(), StateKind::Ready, "a gap does not cost the connection");
    d.input(closed(1006));
    reconnect(&mut d);
    let conns: Vec<_> = d
        .take()
        .iter()
        .filter_map(|o| if let Output::State(State::Ready { conn, .. }) = o { Some(*conn) } else { None })
        .collect();
    assert!(conns.len() == 1 && conns[0] > first, "{conns:?}");
    // The moment to subscribe again: the request leaves at once, on the new connection.
    d.request("sessions.subscribe", 1).unwrap();
    assert_eq!(d.frames().len(), 1);
}

#[test]
fn property_the_reset_gate_opens_exactly_at_its_time_for_any_times() {
    let mut random = openclaw_tests::Lcg::new(25);
    for _ in 0..500 {
        let gate = Duration::from_millis(1 + random.below(60_000) as u64);
        let ready_for = Duration::from_millis(random.below(120_000) as u64);
        let failures = 1 + u32::try_from(random.below(8)).unwrap();
        let mut d = Drive::new(|c| {
            patient(c);
            c.backoff.stable_after = gate;
            c.timeouts.silence_floor = Duration::from_secs(3_600);
        });
        d.start();
        for _ in 0..failures {
            d.input(Input::Failed(TransportError::Connect("refused".into())));
            d.advance(delay(&d));
        }
        d.input(Input::Opened);
        d.text(&challenge("n"));
        d.say_hello();
        d.advance(ready_for);
        d.input(closed(1012));
        let ceiling = |n: u32| Duration::from_secs(1 << n.min(10)).min(30 * SECOND);
        let expected = if ready_for >= gate { ceiling(0) } else { ceiling(failures) };
        assert_eq!(delay(&d), expected, "gate {gate:?}, ready for {ready_for:?} after {failures} failures");
    }
}

#[test]
fn original_09_and_10_a_mute_peer_is_cut_in_every_phase_and_a_stop_is_heard_while_it_is_quiet() {
    for phase in 0..4 {
        let mut d = match phase {
            0 => {
                let mut d = Drive::new(patient);
                d.start();
                d
            }
            1 => Drive::awaiting_challenge(patient),
            2 => Drive::awaiting_hello(patient),
            _ => Drive::ready_with(patient),
        };
        d.frames();
        d.take();
        let before = d.client.stats().downs;
        d.advance(61 * SECOND);
        assert!(d.client.stats().downs > before, "phase {phase}");
        d.shutdown();
        d.advance(SECOND);
        assert_eq!(d.client.state(), StateKind::Stopped);
        d.take();
        d.advance(3600 * SECOND);
        assert!(d.take().is_empty(), "nothing comes after the stop");
        assert_eq!(d.client.poll_timeout(), None);
    }
}

#[test]
fn http_refusals_that_only_a_person_can_mend_pause_and_others_are_retried() {
    for (status, pauses) in [(401, true), (403, true), (404, false), (429, false), (502, false), (503, false)] {
        let mut d = Drive::new(patient);
        d.start();
        d.input(Input::Failed(TransportError::UpgradeRefused(UpgradeRefused::new(status, Vec::new(), String::new()))));
        assert_eq!(d.client.state() == StateKind::Paused, pauses, "{status}");
    }
}

#[test]
fn an_unreadable_handshake_is_retried_and_never_fatal() {
    for frame in [
        r#"{"type":"event","event":"connect.challenge","payload":{}}"#.to_owned(),
        r#"{"type":"event","event":"connect.challenge"}"#.to_owned(),
    ] {
        let mut d = Drive::awaiting_challenge(patient);
        d.text(&frame);
        assert_eq!(d.client.state(), StateKind::Backoff);
        assert!(matches!(d.last_state(), Some(State::Backoff { why, .. }) if **why == Down::ChallengeWithoutNonce));
    }
}
