use super::*;
use std::vec::Vec;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn refused_with(body: &str, situation: Situation) -> Reaction {
    reaction(&Down::Refused(GatewayError::parse(body)), &situation)
}

const BOOTING: Reaction = Reaction::Retry { floor: Duration::from_millis(500), counts: false };
const POLL: Reaction = Reaction::Retry { floor: PAIRING_POLL_MIN, counts: false };

#[test]
fn no_row_stands_twice_and_after_hello_every_code_means_retry() {
    for (i, row) in CLOSE_CODES.iter().enumerate() {
        assert!(!CLOSE_CODES.iter().skip(i + 1).any(|other| other.code == row.code), "{row:?}");
        assert!(matches!(row.after_hello, Reaction::Retry { .. }), "{row:?}");
    }
    let rows: Vec<_> = codes().collect();
    for (i, row) in rows.iter().enumerate() {
        assert!(!rows.iter().skip(i + 1).any(|other| (other.place, other.code) == (row.place, row.code)), "{row:?}");
        assert!(!row.meaning.is_empty());
        // Where the client waits for somebody, somebody has to be told what to do.
        assert!(matches!(row.rule, Rule::Retry { .. } | Rule::Request) || !row.next.is_empty(), "{row:?}");
    }
    assert!(rows.len() > 70, "{}", rows.len());
}

#[test]
fn refusals_by_detail_reason_hint_and_legacy_text() {
    for (body, expected) in [
        (
            r#"{"code":"INVALID_REQUEST","retryable":true,"retryAfterMs":4000,"details":{"code":"AUTH_RATE_LIMITED","recommendedNextStep":"wait_then_retry"}}"#,
            Reaction::Pause { reason: PauseReason::RateLimited, until: Some(seconds(4)) },
        ),
        (r#"{"code":"INVALID_REQUEST","details":{"code":"AUTH_RATE_LIMITED"}}"#, pause(PauseReason::RateLimited)),
        (
            r#"{"code":"NOT_PAIRED","details":{"code":"PAIRING_REQUIRED","recommendedNextStep":"wait_then_retry"}}"#,
            POLL,
        ),
        (r#"{"code":"NOT_PAIRED","details":{"code":"PAIRING_REQUIRED","pauseReconnect":false}}"#, POLL),
        (
            r#"{"code":"NOT_PAIRED","retryAfterMs":90000,"details":{"code":"PAIRING_REQUIRED","pauseReconnect":false}}"#,
            Reaction::Retry { floor: seconds(90), counts: false },
        ),
        (
            r#"{"code":"NOT_PAIRED","retryable":true,"details":{"code":"PAIRING_REQUIRED"}}"#,
            pause(PauseReason::Pairing),
        ),
        (r#"{"code":"NOT_PAIRED","details":{"code":"PAIRING_REQUIRED"}}"#, pause(PauseReason::Pairing)),
        (r#"{"code":"NOT_PAIRED","message":"pairing required"}"#, pause(PauseReason::Pairing)),
        (
            r#"{"code":"UNAVAILABLE","retryable":true,"retryAfterMs":500,"details":{"reason":"startup-sidecars"}}"#,
            BOOTING,
        ),
        (r#"{"code":"UNAVAILABLE","details":{"reason":"startup-sidecars"}}"#, BOOTING),
        (
            r#"{"code":"UNAVAILABLE","retryable":true,"retryAfterMs":2000,"details":{"reason":"gateway-restarting"}}"#,
            Reaction::Retry { floor: seconds(2), counts: true },
        ),
        (
            r#"{"code":"UNAVAILABLE","retryable":true,"details":{"code":"NEW_CODE","reason":"startup-sidecars"}}"#,
            BOOTING,
        ),
        (r#"{"code":"INVALID_REQUEST","message":"protocol mismatch"}"#, pause(PauseReason::Protocol)),
        (
            r#"{"code":"INVALID_REQUEST","message":"unauthorized: device token mismatch"}"#,
            pause(PauseReason::Credentials),
        ),
        (r#"{"code":"INVALID_REQUEST","message":"device is pending approval"}"#, pause(PauseReason::Pairing)),
        (r#"{"code":"INVALID_REQUEST","message":"invalid connect params: x"}"#, pause(PauseReason::Configuration)),
        (r#"{"code":"INVALID_REQUEST","message":"invalid role"}"#, pause(PauseReason::Configuration)),
        (r#"{"code":"FORBIDDEN","message":"access denied"}"#, pause(PauseReason::Withdrawn)),
        (r#"{"code":"FORBIDDEN","details":{"code":"MISSING_SCOPE"}}"#, RETRY),
        (r#"{"code":"INVALID_REQUEST","details":{"code":"AUTH_NEW"}}"#, pause(PauseReason::Credentials)),
        (r#"{"code":"INVALID_REQUEST","details":{"code":"DEVICE_AUTH_NEW"}}"#, pause(PauseReason::DeviceIdentity)),
        (r#"{"code":"INVALID_REQUEST","retryable":true,"details":{"code":"AUTH_NEW"}}"#, RETRY),
        (r#"{"code":"INVALID_REQUEST","details":{"code":"NEW"}}"#, pause(PauseReason::Configuration)),
        (r#"{"code":"SOMETHING_NEW"}"#, RETRY),
        (r#"{"code":7,"message":"old"}"#, RETRY),
        ("null", RETRY),
    ] {
        assert_eq!(refused_with(body, Situation::default()), expected, "{body}");
    }
}

#[test]
fn the_one_attempt_with_the_stored_token_needs_a_hint_and_a_situation_that_allows_it() {
    let allowed = Situation { device_token_retry: true, ..Situation::default() };
    let once = Reaction::RetryWithDeviceToken { after: Duration::from_millis(250) };
    for (details, expected) in [
        (r#""code":"AUTH_TOKEN_MISMATCH""#, once),
        (r#""code":"AUTH_UNAUTHORIZED","canRetryWithDeviceToken":true"#, once),
        (r#""code":"AUTH_UNAUTHORIZED","recommendedNextStep":"retry_with_device_token""#, once),
        (r#""code":"AUTH_UNAUTHORIZED","canRetryWithDeviceToken":false"#, pause(PauseReason::Credentials)),
        (r#""code":"AUTH_PASSWORD_MISMATCH""#, pause(PauseReason::Credentials)),
        (r#""code":"AUTH_RATE_LIMITED","canRetryWithDeviceToken":true"#, pause(PauseReason::RateLimited)),
    ] {
        let body = alloc::format!(r#"{{"code":"INVALID_REQUEST","details":{{{details}}}}}"#);
        assert_eq!(refused_with(&body, allowed), expected, "{details}");
        assert!(matches!(refused_with(&body, Situation::default()), Reaction::Pause { .. }), "{details}");
    }
}

#[test]
fn a_pairing_is_asked_after_slowly_when_the_application_says_so() {
    let body = r#"{"code":"NOT_PAIRED","details":{"code":"PAIRING_REQUIRED"}}"#;
    for (asked, floor) in [(0, 30), (29, 30), (31, 31), (600, 600)] {
        let situation = Situation { pairing_poll: Some(seconds(asked)), ..Situation::default() };
        assert_eq!(refused_with(body, situation), Reaction::Retry { floor: seconds(floor), counts: false });
    }
}

#[test]
fn a_close_reason_stands_in_for_an_answer_that_did_not_come() {
    for (reason, after_hello, expected) in [
        ("pairing required: device is not approved yet", false, pause(PauseReason::Pairing)),
        ("unauthorized: device token mismatch", false, pause(PauseReason::Credentials)),
        ("protocol mismatch", false, pause(PauseReason::Protocol)),
        ("no", false, pause(PauseReason::Configuration)),
        ("pairing required", true, RETRY),
    ] {
        let down = Down::Closed { code: Some(1008), reason: reason.into(), after_hello };
        assert_eq!(reaction(&down, &Situation::default()), expected, "{reason}");
    }
}

#[test]
fn a_code_is_explained_wherever_it_stands() {
    for (code, places) in [
        ("AUTH_TOKEN_MISMATCH", 1),
        (" auth_token_mismatch ", 1),
        ("UNAVAILABLE", 2),
        ("PAIRING_CHANGED", 2),
        ("1008", 1),
        ("429", 1),
        ("none", 1),
        ("startup-sidecars", 1),
        ("NOBODY_SAYS_THIS", 0),
    ] {
        let rows: Vec<Row> = explain(code).collect();
        assert_eq!(rows.len(), places, "{code}: {rows:?}");
        assert!(rows.iter().all(|row| !row.meaning().is_empty() && !row.reaction().is_empty()));
    }
}
