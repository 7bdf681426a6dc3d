//! What only somebody can mend is not tried again: ten virtual minutes for each.

use std::time::Duration;

use openclaw_proto::connect::Auth;
use openclaw_proto::recovery::{PauseReason, Rule, codes};
use openclaw_proto::{Down, NextStep, State};
use openclaw_tests::Drive;

use openclaw_tests::scene::{Answer, MINUTE, SECOND, play, refuse, start, stored, welcome, with_device};

use PauseReason::{Configuration, Credentials, DeviceIdentity, Pairing, Protocol, RateLimited};

/// Every code that pauses, stated here and not read from the table under test.
const PAUSES: &[(&str, PauseReason)] = &[
    ("AUTH_TOKEN_MISMATCH", Credentials),
    ("AUTH_TOKEN_MISSING", Credentials),
    ("AUTH_TOKEN_NOT_CONFIGURED", Credentials),
    ("AUTH_PASSWORD_MISMATCH", Credentials),
    ("AUTH_PASSWORD_MISSING", Credentials),
    ("AUTH_PASSWORD_NOT_CONFIGURED", Credentials),
    ("AUTH_BOOTSTRAP_TOKEN_INVALID", Credentials),
    ("AUTH_DEVICE_TOKEN_MISMATCH", Credentials),
    ("AUTH_SCOPE_MISMATCH", Credentials),
    ("AUTH_RATE_LIMITED", RateLimited),
    ("AUTH_REQUIRED", Credentials),
    ("AUTH_UNAUTHORIZED", Credentials),
    ("AUTH_IDENTITY_HEADER_REQUIRED", Credentials),
    ("AUTH_VERIFIED_USER_REQUIRED", Credentials),
    ("AUTH_TAILSCALE_IDENTITY_MISSING", Credentials),
    ("AUTH_TAILSCALE_PROXY_MISSING", Credentials),
    ("AUTH_TAILSCALE_WHOIS_FAILED", Credentials),
    ("AUTH_TAILSCALE_IDENTITY_MISMATCH", Credentials),
    ("PAIRING_REQUIRED", Pairing),
    ("DEVICE_IDENTITY_REQUIRED", DeviceIdentity),
    ("CONTROL_UI_DEVICE_IDENTITY_REQUIRED", DeviceIdentity),
    ("DEVICE_AUTH_INVALID", DeviceIdentity),
    ("DEVICE_AUTH_DEVICE_ID_MISMATCH", DeviceIdentity),
    ("DEVICE_AUTH_SIGNATURE_EXPIRED", DeviceIdentity),
    ("DEVICE_AUTH_NONCE_REQUIRED", DeviceIdentity),
    ("DEVICE_AUTH_NONCE_MISMATCH", DeviceIdentity),
    ("DEVICE_AUTH_SIGNATURE_INVALID", DeviceIdentity),
    ("DEVICE_AUTH_PUBLIC_KEY_INVALID", DeviceIdentity),
    ("PROTOCOL_MISMATCH", Protocol),
    ("CLIENT_VERSION_MISMATCH", Protocol),
    ("CONTROL_UI_BUILD_MISMATCH", Protocol),
    ("CONTROL_UI_ORIGIN_NOT_ALLOWED", Configuration),
    // Top-level codes without anything finer, among them a connect that does not fit the schema.
    ("INVALID_REQUEST", Configuration),
    ("FORBIDDEN", PauseReason::Withdrawn),
    ("NOT_PAIRED", Pairing),
    // Nobody knows these, but their names say enough.
    ("AUTH_OF_THE_FUTURE", Credentials),
    ("DEVICE_AUTH_OF_THE_FUTURE", DeviceIdentity),
];

fn refusal(code: &str) -> Answer {
    match code {
        "INVALID_REQUEST" | "FORBIDDEN" | "NOT_PAIRED" => {
            Answer::Refuse(format!(r#"{{"code":"{code}","message":"invalid connect params: at /x"}}"#))
        }
        code => refuse(code),
    }
}

#[test]
fn every_pause_is_one_attempt_in_ten_minutes_and_one_more_for_each_nudge() {
    for (code, expected) in PAUSES {
        let mut d = Drive::new(with_device);
        let attempts = start(&mut d, 10 * MINUTE, |_| refusal(code));
        assert_eq!(attempts.len(), 1, "{code}");
        let Some(State::Paused { reason, until: None, why }) = d.last_state() else { panic!("{code}: {d:?}") };
        assert_eq!(reason, expected, "{code}");
        assert!(matches!(**why, Down::Refused(_)));
        for _ in 0..3 {
            d.nudge();
            assert_eq!(play(&mut d, 10 * MINUTE, |_| refusal(code)).len(), 1, "{code}");
        }
        d.nudge();
        assert_eq!(play(&mut d, SECOND, |_| welcome(None, &["operator.read"])).len(), 1, "{code}");
        assert!(d.client.hello().is_some(), "{code}: no client is dead");
    }
    for row in codes() {
        let listed = PAUSES.iter().any(|(code, _)| *code == row.code);
        let pauses = !matches!(row.rule, Rule::Retry { .. } | Rule::Request);
        // UNAVAILABLE of a node shares its name with a top-level code, PAIRING_CHANGED likewise.
        assert!(listed || !pauses, "{row:?} is not stated here");
    }
    println!("{} pauses × 10 minutes × 4", PAUSES.len());
}

#[test]
fn a_pause_survives_a_stored_token_that_may_not_be_shown() {
    for (code, _) in PAUSES {
        let mut d = Drive::new(|c| {
            with_device(c);
            c.connect.auth.token = None;
            c.connect.auth.password = Some("pw".into());
        });
        d.client.set_stored_token(Some(stored()));
        let attempts = start(&mut d, 10 * MINUTE, |_| refusal(code));
        assert_eq!(attempts.len(), 1, "{code}");
        assert_eq!(attempts[0].auth(), r#"{"password":"pw"}"#);
    }
}

#[test]
fn a_bad_token_is_shown_once_and_a_better_one_after_it_was_given() {
    let mut d = Drive::new(with_device);
    let attempts = start(&mut d, 10 * MINUTE, |_| refuse("AUTH_TOKEN_MISMATCH"));
    assert_eq!(attempts.len(), 1);
    d.client.set_auth(Auth::token("better"));
    assert_eq!(play(&mut d, 10 * MINUTE, |_| refuse("AUTH_TOKEN_MISMATCH")).len(), 0, "only when told to");
    d.nudge();
    let attempts = play(&mut d, 10 * MINUTE, |_| welcome(None, &["operator.read"]));
    assert_eq!(attempts[0].auth(), r#"{"token":"better"}"#);
}

fn limited(hint: Option<u64>) -> Answer {
    let hint = hint.map_or_else(String::new, |ms| format!(r#""retryable":true,"retryAfterMs":{ms},"#));
    Answer::Refuse(format!(
        r#"{{"code":"INVALID_REQUEST","message":"slow","details":{{"code":"AUTH_RATE_LIMITED","recommendedNextStep":"wait_then_retry"}},{hint}"x":0}}"#
    ))
}

#[test]
fn a_rate_limit_is_waited_out_and_then_exactly_one_attempt_is_made() {
    for hint in [1, 3_993, 60_000, 300_000] {
        let mut d = Drive::new(with_device);
        let mut answers = vec![limited(Some(hint)), refuse("AUTH_TOKEN_MISMATCH")].into_iter();
        let attempts = start(&mut d, 10 * MINUTE, |_| answers.next().expect("two attempts at most"));
        assert_eq!(attempts.len(), 2, "{hint}");
        let (hint, waited) = (Duration::from_millis(hint), attempts[1].at);
        assert!(waited >= hint && waited <= hint + SECOND, "{waited:?} for {hint:?}");
        assert!(matches!(d.last_state(), Some(State::Paused { reason: Credentials, until: None, .. })));
    }
}

#[test]
fn each_hint_of_a_rate_limit_is_good_for_one_attempt_and_none_means_none() {
    let mut d = Drive::new(with_device);
    let attempts = start(&mut d, 10 * MINUTE, |_| limited(Some(119_000)));
    assert_eq!(attempts.iter().map(|a| a.at.as_secs()).collect::<Vec<_>>(), [0, 120, 240, 360, 480, 600]);
    let mut d = Drive::new(with_device);
    assert_eq!(start(&mut d, 10 * MINUTE, |_| limited(None)).len(), 1);
    assert!(matches!(d.last_state(), Some(State::Paused { reason: RateLimited, until: None, .. })));
}

#[test]
fn the_time_of_a_rate_limit_is_spread_so_that_not_all_clients_come_at_once() {
    let mut waits: Vec<Duration> = (0..50)
        .map(|seed| {
            let mut d = Drive::seeded([seed; 32], |c| {
                c.backoff.max_attempts = None;
                c.connect.auth.token = Some("shared".into());
            });
            let mut answers = vec![limited(Some(5_000)), refuse("AUTH_TOKEN_MISMATCH")].into_iter();
            start(&mut d, MINUTE, |_| answers.next().expect("two attempts"))[1].at
        })
        .collect();
    waits.sort();
    assert!(waits[0] >= 5 * SECOND && waits[49] <= 6 * SECOND, "{waits:?}");
    assert!(waits[49] - waits[0] > SECOND / 2, "{waits:?}");
}

#[test]
fn what_a_gateway_cannot_do_now_is_tried_again_and_again() {
    for body in [
        r#"{"code":"UNAVAILABLE","message":"x","details":{"code":"AUTHENTICATED_PROFILE_UNAVAILABLE"}}"#,
        r#"{"code":"UNAVAILABLE","message":"x","details":{"code":"PAIRING_CHANGED"}}"#,
        r#"{"code":"UNAVAILABLE","message":"x","details":{"reason":"startup-sidecars"}}"#,
        r#"{"code":"UNAVAILABLE","message":"x","details":{"reason":"gateway-restarting"}}"#,
        r#"{"code":"SOMETHING_NEW","message":"x"}"#,
    ] {
        let mut d = Drive::new(with_device);
        let attempts = start(&mut d, 10 * MINUTE, |_| Answer::Refuse(body.into())).len();
        assert!((15..600).contains(&attempts), "{body}: {attempts}");
    }
}

#[test]
fn the_gateways_advice_is_a_typed_value() {
    for step in NextStep::KNOWN {
        assert!(!matches!(NextStep::from(step.as_str()), NextStep::Other(_)));
    }
    assert_eq!(NextStep::from("wait_then_retry"), NextStep::WaitThenRetry);
}
