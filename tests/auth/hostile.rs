//! Refusals and hellos that are no such thing.

use openclaw_proto::StateKind;
use openclaw_proto::record::{RecordLimit, replay};
use openclaw_tests::scene::{Answer, MINUTE, bare, play, stored, with_device};
use openclaw_tests::{Drive, Lcg};

const REFUSAL: &str = r#"{"code":"NOT_PAIRED","message":"pairing required (requestId: a-1)","retryable":true,"retryAfterMs":40000,"details":{"code":"PAIRING_REQUIRED","reason":"scope-upgrade","requestId":"r-1","requestedRole":"operator","requestedScopes":["operator.read"],"approvedRoles":["operator"],"approvedScopes":[],"recommendedNextStep":"wait_then_retry","canRetryWithDeviceToken":true,"pauseReconnect":false,"missingScope":"a","requiredScopes":["b"]}}"#;
const CODES: [&str; 6] = [
    "PAIRING_REQUIRED",
    "AUTH_TOKEN_MISMATCH",
    "AUTH_DEVICE_TOKEN_MISMATCH",
    "AUTH_RATE_LIMITED",
    "DEVICE_AUTH_INVALID",
    "NOBODY_KNOWS",
];
/// What may stand where something else is expected.
const VALUES: [&str; 10] =
    ["null", "7", "-1", "1e99", "true", "\"\"", "[]", "{}", r#""\ud800""#, r#"["operator.read",7,null]"#];

/// Replaces the value of some key by another one.
fn damaged(script: &mut Lcg, text: &str) -> String {
    let keys: Vec<usize> = text.match_indices("\":").map(|(at, _)| at + 2).collect();
    let Some(start) = script.pick(&keys).copied() else { return text.into() };
    let mut depth = 0_i32;
    let end = text[start..]
        .char_indices()
        .find(|(_, c)| {
            depth += i32::from(matches!(c, '{' | '[')) - i32::from(matches!(c, '}' | ']'));
            depth < 0 || (depth == 0 && *c == ',')
        })
        .map_or(text.len(), |(at, _)| start + at);
    format!("{}{}{}", &text[..start], script.pick(&VALUES).unwrap(), &text[end..])
}

#[test]
fn no_answer_to_a_connect_panics_the_core_makes_a_storm_or_spoils_the_log() {
    let mut script = Lcg::new(23);
    let mut attempts = 0;
    for round in 0..250_u8 {
        let mut d = Drive::seeded([round; 32], |c| {
            if script.chance(1, 2) {
                bare(c)
            } else {
                with_device(c)
            }
            c.backoff.jitter = openclaw_proto::Jitter::Full;
            c.pairing_poll = script.chance(1, 3).then_some(MINUTE);
        });
        assert!(d.client.record(RecordLimit::default()));
        d.client.set_stored_token(script.chance(1, 2).then(stored));
        d.start();
        let auth = r#"{"role":"operator","scopes":["operator.read"],"deviceToken":"abc","issuedAtMs":7,"deviceTokens":[{"deviceToken":"x","role":"node"}]}"#;
        attempts += play(&mut d, MINUTE, |_| {
            let refusal = REFUSAL.replace("PAIRING_REQUIRED", script.pick(&CODES).unwrap());
            let refusal = damaged(&mut script, &refusal);
            match script.below(4) {
                0 => Answer::Refuse(damaged(&mut script, &refusal)),
                1 => Answer::Welcome(serde_json::from_str(&damaged(&mut script, auth)).unwrap_or_default()),
                _ => Answer::Refuse(refusal),
            }
        })
        .len();
        let why = d.last_state().and_then(openclaw_proto::State::pairing);
        assert!(why.is_none_or(|request| request.approve_command().starts_with("openclaw devices ")));
        d.shutdown();
        d.advance(MINUTE);
        assert_eq!(d.client.state(), StateKind::Stopped);
        let log = d.log();
        let told = replay(&log).unwrap_or_else(|e| panic!("round {round}: {e}\n{log}"));
        assert!(told.complete);
    }
    println!("{attempts} attempts in 250 minutes");
    assert!((250..5_000).contains(&attempts), "{attempts}");
}
