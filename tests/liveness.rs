//! Whether the peer is still there: bytes are life, silence and a stuck writer are not, and the wall clock has no say.

use std::time::Duration;

use openclaw_proto::{Down, Input, Instant, Outcome, Output, Request, StateKind, TimerKind};
use openclaw_tests::{Drive, HELLO, challenge, event, hello_response, response};

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);
const DAY: u64 = 86_400_000;

fn alive(d: &mut Drive, bytes_in: u64, bytes_out: u64) {
    d.input(Input::Alive { bytes_in, bytes_out });
}

fn endless(method: &str) -> Request {
    Request::new(method).unwrap().no_timeout()
}

/// A client whose gateway says that policy, and what it had to say until then.
fn ready_with_policy(policy: &str, floor: Duration) -> Drive {
    let mut d = Drive::awaiting_hello(|c| c.timeouts.silence_floor = floor);
    let connect = d.frame();
    d.text(&response(&connect, &format!(r#"{{"type":"hello-ok","protocol":4,"policy":{policy}}}"#)));
    d.take();
    d
}

/// That nothing happens until `limit` has passed, and then the link is cut as dead.
fn dies_after(d: &mut Drive, limit: Duration) {
    let fired = d.advance(limit - NANO);
    assert!(!fired.contains(&TimerKind::Silence), "{fired:?} before {limit:?}");
    assert_eq!(d.client.state(), StateKind::Ready);
    d.take();
    assert_eq!(d.advance(NANO), [TimerKind::Silence]);
    assert_eq!(d.down(), Down::Silent);
    assert_eq!(d.endings(), [None], "cut, not closed: nobody is there to answer a close");
}

#[test]
fn a_reply_of_25_mib_that_trickles_in_at_100_kib_per_second_arrives() {
    let mut d = Drive::ready();
    d.submit(Request::new("sessions.get").unwrap().timeout(Duration::from_secs(600)), 1).unwrap();
    let frame = d.frame();
    let reply = response(&frame, &format!("\"{}\"", "x".repeat(25 * 1024 * 1024 - 100)));
    let (mut received, mut seconds) = (0_u64, 0);
    while received < reply.len() as u64 {
        d.advance(SECOND);
        received += 100 * 1024;
        seconds += 1;
        alive(&mut d, received, 500);
        assert_eq!(d.client.state(), StateKind::Ready, "after {seconds} s");
    }
    assert_eq!(seconds, 256, "several times the limit for silence");
    d.text(&reply);
    assert!(matches!(d.outcomes().as_slice(), [(1, Outcome::Replied(Some(p)))] if p.as_str().len() > 26_000_000));
}

#[test]
fn silence_is_dead_after_twice_the_tick_interval_but_never_before_the_floor() {
    for (tick_ms, floor, limit) in [
        (30_000, 10 * SECOND, 60 * SECOND),
        (5_000, 10 * SECOND, 10 * SECOND),
        (5_001, 10 * SECOND, Duration::from_millis(10_002)),
        (1, 10 * SECOND, 10 * SECOND),
        (1, Duration::ZERO, Duration::from_millis(2)),
        (30_000, 90 * SECOND, 90 * SECOND),
        (600_000, 10 * SECOND, 1_200 * SECOND),
    ] {
        let mut d = ready_with_policy(&format!(r#"{{"tickIntervalMs":{tick_ms}}}"#), floor);
        dies_after(&mut d, limit);
    }
}

#[test]
fn an_interval_out_of_range_means_the_usual_one() {
    for tick in ["0", "-5", "0.5", "\"1\"", "1e308", "null", "[]", "1e400"] {
        let mut d = ready_with_policy(&format!(r#"{{"tickIntervalMs":{tick}}}"#), 10 * SECOND);
        dies_after(&mut d, 60 * SECOND);
    }
}

#[test]
fn a_huge_interval_is_survived() {
    for tick in ["18446744073709551615", "9007199254740992", "9e15"] {
        let mut d = ready_with_policy(&format!(r#"{{"tickIntervalMs":{tick}}}"#), 10 * SECOND);
        d.advance(Duration::from_secs(10 * 365 * 86_400));
        assert_eq!(d.client.state(), StateKind::Ready, "{tick}");
        d.text(&event("tick", 1, "{}"));
        d.request("health", 1).unwrap();
        d.frame();
        assert!(d.client.poll_timeout().is_some());
    }
}

#[test]
fn everything_that_arrives_is_life() {
    let inputs: [fn() -> Input<String>; 7] = [
        || Input::Text(event("tick", 1, "{}")),
        || Input::Text(r#"{"type":"res","id":"x","ok":true}"#.into()),
        || Input::Text("garbage".into()),
        || Input::Text(String::new()),
        || Input::Text(challenge("n")),
        || Input::Binary { len: 3 },
        || Input::Alive { bytes_in: 1, bytes_out: 0 },
    ];
    for input in inputs {
        let mut d = Drive::ready();
        d.advance(59 * SECOND);
        d.input(input());
        d.take();
        dies_after(&mut d, 60 * SECOND);
    }
}

#[test]
fn what_goes_out_is_no_life() {
    let mut d = Drive::ready();
    d.advance(30 * SECOND);
    alive(&mut d, 0, 100);
    d.input(Input::Flushed);
    alive(&mut d, 0, 200);
    dies_after(&mut d, 30 * SECOND);
}

#[test]
fn totals_that_do_not_grow_are_no_life() {
    let mut d = Drive::ready();
    alive(&mut d, 500, 0);
    for total in [500, 400, 0, 500] {
        d.advance(10 * SECOND);
        alive(&mut d, total, 0);
    }
    dies_after(&mut d, 20 * SECOND);
}

#[test]
fn totals_start_anew_with_each_connection() {
    let mut d = Drive::ready();
    alive(&mut d, 1_000_000, 1_000_000);
    d.input(Input::Closed { code: None, reason: String::new() });
    d.connect();
    d.take();
    d.advance(59 * SECOND);
    alive(&mut d, 1, 0);
    dies_after(&mut d, 60 * SECOND);
}

#[test]
fn pending_requests_and_more_and_more_of_them_never_put_the_end_off() {
    for (timeout, every) in [(Some(30 * SECOND), SECOND), (None, SECOND), (Some(5 * SECOND), 7 * SECOND)] {
        let mut d = Drive::ready();
        let mut waiter = 0;
        let mut passed = Duration::ZERO;
        while passed < 60 * SECOND {
            let request = Request::new("health").unwrap();
            let request = timeout.map_or_else(|| request.clone().no_timeout(), |t| request.clone().timeout(t));
            d.submit(request, waiter).unwrap();
            waiter += 1;
            // The transport takes and flushes all of it, into a network that is no longer there.
            d.frames();
            assert_eq!(d.client.state(), StateKind::Ready, "after {passed:?}");
            let step = every.min(60 * SECOND - passed);
            d.advance(step);
            passed += step;
        }
        assert_eq!(d.down(), Down::Silent);
        assert_eq!(d.endings(), [None]);
    }
}

#[test]
fn a_dead_link_completes_everything_at_once() {
    let mut d = Drive::ready();
    d.submit(endless("taken"), 1).unwrap();
    d.frames();
    d.submit(endless("queued"), 2).unwrap();
    d.advance(60 * SECOND);
    let outcomes = d.outcomes();
    assert!(
        matches!(outcomes.as_slice(), [(1, Outcome::OutcomeUnknown(why)), (2, Outcome::NotSent(_))] if **why == Down::Silent),
        "{outcomes:?}"
    );
    assert_eq!(d.client.poll_timeout(), None);
}

#[test]
fn jumps_of_the_wall_clock_do_nothing() {
    for jump in [DAY, DAY.wrapping_neg()] {
        // In every phase with a timer of its own.
        let mut dialing = Drive::default();
        dialing.start();
        let mut handshaking = Drive::awaiting_challenge(|_| {});
        let mut greeted = Drive::awaiting_hello(|_| {});
        greeted.frames();
        let mut ready = Drive::ready();
        ready.submit(Request::new("health").unwrap().timeout(40 * SECOND), 1).unwrap();
        ready.take_one();
        for (d, kind, limit) in [
            (&mut dialing, TimerKind::Dial, 15),
            (&mut handshaking, TimerKind::Challenge, 15),
            (&mut greeted, TimerKind::Connect, 15),
            (&mut ready, TimerKind::WriteStall, 30),
        ] {
            let before = d.client.poll_timeout();
            for _ in 0..10 {
                d.now.unix.0 = d.now.unix.0.wrapping_add(jump);
                d.client.handle_timeout(d.now);
                assert_eq!(d.client.poll_timeout(), before);
            }
            assert!(d.advance(limit * SECOND - NANO).is_empty());
            assert_eq!(d.advance(NANO), [kind]);
        }
    }
}

#[test]
fn a_wall_clock_that_runs_backwards_all_the_time_still_lets_silence_be_found() {
    let mut d = Drive::ready();
    for _ in 0..59 {
        d.advance(SECOND);
        d.now.unix.0 -= DAY;
    }
    assert_eq!(d.client.state(), StateKind::Ready);
    d.advance(SECOND);
    assert_eq!(d.down(), Down::Silent);
}

#[test]
fn a_stuck_writer_is_dropped_after_its_limit_though_the_peer_keeps_talking() {
    for limit in [30, 5] {
        let mut d = Drive::ready_with(|c| c.timeouts.write_stall = Duration::from_secs(limit));
        d.submit(endless("chat.send"), 1).unwrap();
        d.take_one().unwrap();
        for second in 1..limit {
            d.advance(SECOND);
            alive(&mut d, second, 0);
            d.text(&event("tick", second, "{}"));
            // More to send does not make it less stuck.
            d.submit(endless("health"), 2).unwrap();
            d.take_one();
            assert_eq!(d.client.state(), StateKind::Ready, "after {second} s");
        }
        d.advance(SECOND - NANO);
        assert_eq!(d.client.state(), StateKind::Ready);
        d.advance(NANO);
        assert_eq!(d.down(), Down::WriteStalled);
        assert_eq!(d.endings(), [None], "a close frame would be stuck behind the rest");
        assert!(matches!(d.outcomes().as_slice(), [(1, Outcome::OutcomeUnknown(_)), ..]));
    }
}

#[test]
fn a_slow_writer_that_makes_progress_is_not_dropped() {
    let mut d = Drive::ready();
    d.submit(endless("chat.send"), 1).unwrap();
    d.take_one().unwrap();
    for step in 1..=120 {
        d.advance(29 * SECOND);
        alive(&mut d, step, step);
        assert_eq!(d.client.state(), StateKind::Ready, "after {} s", step * 29);
    }
    // And once the progress ends, so does the patience.
    d.advance(29 * SECOND);
    alive(&mut d, 1_000, 120);
    d.advance(SECOND);
    assert_eq!(d.down(), Down::WriteStalled);
}

#[test]
fn what_has_been_flushed_can_stall_no_more() {
    let mut d = Drive::ready_with(|c| c.timeouts.write_stall = SECOND);
    d.submit(endless("health"), 1).unwrap();
    d.take_one().unwrap();
    d.advance(SECOND / 2);
    d.input(Input::Flushed);
    // Bytes that belong to nothing handed over, such as a pong's.
    alive(&mut d, 10, 10);
    d.advance(50 * SECOND);
    assert_eq!(d.client.state(), StateKind::Ready);
    d.submit(endless("health"), 2).unwrap();
    d.take_one().unwrap();
    d.advance(SECOND);
    assert_eq!(d.down(), Down::WriteStalled);
}

#[test]
fn a_connect_that_cannot_be_written_stalls_too() {
    let mut d = Drive::awaiting_hello(|c| c.timeouts.write_stall = 5 * SECOND);
    d.take_one().unwrap();
    d.advance(5 * SECOND);
    assert_eq!(d.down(), Down::WriteStalled);
}

#[test]
fn the_watch_begins_with_the_hello() {
    let mut d = Drive::awaiting_hello(|c| c.timeouts.connect = Duration::from_secs(1_000));
    let connect = d.frame();
    d.advance(Duration::from_secs(500));
    assert_eq!(d.client.state(), StateKind::Handshaking);
    d.text(&hello_response(&connect));
    d.take();
    dies_after(&mut d, 60 * SECOND);
}

#[test]
fn a_gateway_that_only_repeats_its_challenge_does_not_put_the_handshake_deadline_off() {
    // The transport has no room yet, so every challenge replaces the connect of the one before.
    let mut d = Drive::awaiting_hello(|_| {});
    for _ in 0..14 {
        d.advance(SECOND);
        d.text(&challenge("again"));
    }
    assert_eq!(d.client.state(), StateKind::Handshaking);
    d.advance(SECOND);
    assert_eq!(d.down(), Down::ConnectTimeout);
}

#[test]
fn late_calls_catch_up_with_everything_that_was_due() {
    // The machine slept: one call, long after several timers.
    let mut d = Drive::ready();
    d.request("health", 1).unwrap();
    d.frames();
    d.now = d.now.after(Duration::from_secs(100_000));
    d.client.handle_timeout(d.now);
    d.advance(Duration::ZERO);
    assert_eq!(d.down(), Down::Silent);
    let completed = d.take().iter().filter(|o| matches!(o, Output::Completed { .. })).count();
    assert_eq!(completed, 1);
    assert_eq!(d.client.poll_timeout(), None);
}

#[test]
fn a_clock_that_steps_back_or_reaches_its_end_breaks_nothing() {
    let mut d = Drive::ready();
    d.request("health", 1).unwrap();
    d.frames();
    let now = d.now;
    d.now.mono = Instant::ZERO;
    d.client.handle_timeout(d.now);
    d.text(&event("tick", 1, "{}"));
    assert_eq!(d.client.state(), StateKind::Ready);
    d.now = now;
    d.now.mono = Instant::from_nanos(u64::MAX);
    d.text(HELLO);
    d.client.handle_timeout(d.now);
    d.client.handle_timeout(d.now);
    d.advance(Duration::ZERO);
    assert_eq!(d.client.state(), StateKind::Stopped);
}
