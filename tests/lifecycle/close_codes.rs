//! Every close code, before and after hello.

use openclaw_proto::recovery::{CLOSE_CODES, PauseReason, Reaction};
use openclaw_proto::{Input, State, StateKind};
use openclaw_tests::Drive;

use crate::patient;

/// Code, the state before hello, the state after hello. Stated here, not read from the table under test.
const EXPECTED: &[(Option<u16>, Result<(), PauseReason>, Result<(), PauseReason>)] = &[
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
        let phases: [(&str, fn() -> Drive, _); 5] = [
            ("awaiting the challenge", || Drive::awaiting_challenge(patient), before),
            ("awaiting hello", || Drive::awaiting_hello(patient), before),
            (
                "awaiting hello, connect sent",
                || {
                    let mut d = Drive::awaiting_hello(patient);
                    d.frames();
                    d
                },
                before,
            ),
            ("ready", || Drive::ready_with(patient), after),
            (
                "draining",
                || {
                    let mut d = Drive::ready_with(patient);
                    d.text(&openclaw_tests::event("shutdown", 1, "{}"));
                    d
                },
                after,
            ),
        ];
        for (phase, make, expected) in phases {
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
