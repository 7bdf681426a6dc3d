//! Every close code, before and after hello.

use openclaw_proto::recovery::{CLOSE_CODES, PauseReason, Reaction};
use openclaw_proto::{Input, State, StateKind};
use openclaw_tests::Drive;

use crate::patient;

/// Whether the client tries again, or why it pauses.
type Expected = Result<(), PauseReason>;
/// A phase's name, a client in it, and whether hello has come.
type InPhase = (&'static str, fn() -> Drive, bool);

const PHASES: [InPhase; 5] = [
    ("awaiting the challenge", || Drive::awaiting_challenge(patient), false),
    ("awaiting hello", || Drive::awaiting_hello(patient), false),
    ("awaiting hello, connect sent", connect_sent, false),
    ("ready", || Drive::ready_with(patient), true),
    ("draining", draining, true),
];

fn connect_sent() -> Drive {
    let mut d = Drive::awaiting_hello(patient);
    d.frames();
    d
}

fn draining() -> Drive {
    let mut d = Drive::ready_with(patient);
    d.text(&openclaw_tests::event("shutdown", 1, "{}"));
    d
}

/// Code, the state before hello, the state after hello. Stated here, not read from the table under test.
const EXPECTED: &[(Option<u16>, Expected, Expected)] = &[
    (None, Ok(()), Ok(())),
    (Some(1000), Ok(()), Ok(())),
    (Some(1001), Ok(()), Ok(())),
    (Some(1002), Err(PauseReason::Protocol), Ok(())),
    (Some(1005), Ok(()), Ok(())),
    (Some(1006), Ok(()), Ok(())),
    (Some(1008), Err(PauseReason::Configuration), Ok(())),
    (Some(1009), Err(PauseReason::Configuration), Ok(())),
    (Some(1011), Ok(()), Ok(())),
    (Some(1012), Ok(()), Ok(())),
    (Some(1013), Ok(()), Ok(())),
    (Some(4001), Err(PauseReason::Withdrawn), Ok(())),
    (Some(4008), Err(PauseReason::Configuration), Ok(())),
    (Some(4013), Ok(()), Ok(())),
    // Without a row of their own.
    (Some(1003), Ok(()), Ok(())),
    (Some(1007), Ok(()), Ok(())),
    (Some(1015), Ok(()), Ok(())),
    (Some(3000), Ok(()), Ok(())),
    (Some(4000), Ok(()), Ok(())),
    (Some(4999), Ok(()), Ok(())),
    (Some(0), Ok(()), Ok(())),
    (Some(u16::MAX), Ok(()), Ok(())),
];

#[test]
fn every_close_code_has_its_stated_reaction_before_and_after_hello() {
    let mut cells = 0;
    for (code, before, after) in EXPECTED {
        for (phase, make, after_hello) in PHASES {
            let expected = if after_hello { after } else { before };
            let mut d = make();
            d.input(Input::Closed { code: *code, reason: "why".into() });
            match (expected, d.last_state()) {
                (Ok(()), Some(State::Backoff { .. })) => assert_eq!(d.client.state(), StateKind::Backoff),
                (Err(reason), Some(State::Paused { reason: told, .. })) => assert_eq!(reason, told),
                (expected, told) => panic!("{code:?} {phase}: expected {expected:?}, got {told:?}"),
            }
            cells += 1;
        }
    }
    println!("{} close codes × 5 phases = {cells} cells", EXPECTED.len());
    for row in CLOSE_CODES {
        assert!(EXPECTED.iter().any(|(code, ..)| *code == row.code), "{row:?} is not stated here");
        assert!(matches!(row.after_hello, Reaction::Retry { .. }));
    }
}
