//! What the end of a connection means for the next attempt: one table, asked by the client and shown to people.

use core::time::Duration;

use crate::connection::{Down, ProxyError, TransportError};
use crate::error::{ErrorCode, GatewayError};

/// What to do after a connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reaction {
    /// Try again after a backoff, but not before `floor`.
    Retry {
        /// What the gateway asked for; zero where it asked for nothing.
        floor: Duration,
        /// Whether the attempt counts: a gateway that is booting says so and is not a failing one.
        counts: bool,
    },
    /// Trying again now would only repeat the refusal: wait for the application, or until a time the gateway named.
    Pause {
        /// Why.
        reason: PauseReason,
        /// When to try once more by itself.
        until: Option<Duration>,
    },
}

/// Why a client pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PauseReason {
    /// The credential is missing or wrong.
    Credentials,
    /// The device has to be paired, or a change of it approved.
    Pairing,
    /// A device identity is needed, or the one shown was refused.
    DeviceIdentity,
    /// No common protocol version.
    Protocol,
    /// The gateway refuses what this client says of itself: schema, role, origin, build.
    Configuration,
    /// Too many failed attempts; the gateway has named a time, or has not.
    RateLimited,
    /// The gateway has withdrawn this client's authority.
    Withdrawn,
    /// An HTTP server in front of the gateway, or a proxy on the way, refuses.
    Http,
    /// The gateway's certificate is not the pinned one.
    Trust,
}

/// A close code's row: what it means before hello and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseRow {
    /// The code; none for a connection that ended without a close frame.
    pub code: Option<u16>,
    /// Who sends it, and when.
    pub meaning: &'static str,
    /// The reaction before `hello-ok`.
    pub before_hello: Reaction,
    /// The reaction after `hello-ok`.
    pub after_hello: Reaction,
}

const RETRY: Reaction = Reaction::Retry { floor: Duration::ZERO, counts: true };
const fn pause(reason: PauseReason) -> Reaction {
    Reaction::Pause { reason, until: None }
}
/// A gateway that refuses while it boots asks for 500 ms; where the hint got lost with the close code, this stands in.
const BOOTING: Reaction = Reaction::Retry { floor: Duration::from_millis(500), counts: false };
/// A pairing that waits for somebody is asked after slowly.
const PAIRING_POLL: Duration = Duration::from_secs(30);

/// Every close code with a reaction of its own. Codes that are not here mean retry, before and after hello.
///
/// After hello every code means retry: the next handshake says what has changed, and as a connection has to prove
/// stable before the backoff begins anew, a gateway that accepts and then closes is not asked in a tight loop.
pub const CLOSE_CODES: &[CloseRow] = &[
    CloseRow {
        code: None,
        meaning: "TCP ended without a close frame: a crash, a network fault, a missed pong",
        before_hello: RETRY,
        after_hello: RETRY,
    },
    CloseRow {
        code: Some(1000),
        meaning: "before hello: handshake timeout or an internal failure of the gateway",
        before_hello: RETRY,
        after_hello: RETRY,
    },
    CloseRow { code: Some(1001), meaning: "going away; proxies send it", before_hello: RETRY, after_hello: RETRY },
    CloseRow {
        code: Some(1002),
        meaning: "no common protocol version",
        before_hello: pause(PauseReason::Protocol),
        after_hello: RETRY,
    },
    CloseRow { code: Some(1005), meaning: "closed without a code", before_hello: RETRY, after_hello: RETRY },
    CloseRow {
        code: Some(1006),
        meaning: "never on the wire; stands for no close frame",
        before_hello: RETRY,
        after_hello: RETRY,
    },
    CloseRow {
        code: Some(1008),
        meaning: "before hello: refused, usually after an error answer; after: slow consumer, repeated unauthorized calls",
        before_hello: pause(PauseReason::Configuration),
        after_hello: RETRY,
    },
    CloseRow {
        code: Some(1009),
        meaning: "a frame of ours was too large",
        before_hello: pause(PauseReason::Configuration),
        after_hello: RETRY,
    },
    CloseRow {
        code: Some(1011),
        meaning: "an internal failure of the gateway",
        before_hello: RETRY,
        after_hello: RETRY,
    },
    CloseRow {
        code: Some(1012),
        meaning: "service restart, on every stop too",
        before_hello: RETRY,
        after_hello: RETRY,
    },
    CloseRow {
        code: Some(1013),
        meaning: "starting up or draining: try again later",
        before_hello: BOOTING,
        after_hello: BOOTING,
    },
    CloseRow {
        code: Some(4001),
        meaning: "authority withdrawn: token rotated, device removed, policy changed",
        before_hello: pause(PauseReason::Withdrawn),
        after_hello: RETRY,
    },
    CloseRow {
        code: Some(4008),
        meaning: "stands for 1008 where a browser cannot send it",
        before_hello: pause(PauseReason::Configuration),
        after_hello: RETRY,
    },
    CloseRow {
        code: Some(4013),
        meaning: "stands for 1013 where a browser cannot send it",
        before_hello: BOOTING,
        after_hello: BOOTING,
    },
];

/// Detail codes of a refused connect that only a person or the application can mend.
pub const PAUSE_CODES: &[(&str, PauseReason)] = &[
    ("AUTH_TOKEN_MISSING", PauseReason::Credentials),
    ("AUTH_TOKEN_MISMATCH", PauseReason::Credentials),
    ("AUTH_TOKEN_NOT_CONFIGURED", PauseReason::Credentials),
    ("AUTH_PASSWORD_MISSING", PauseReason::Credentials),
    ("AUTH_PASSWORD_MISMATCH", PauseReason::Credentials),
    ("AUTH_PASSWORD_NOT_CONFIGURED", PauseReason::Credentials),
    ("AUTH_BOOTSTRAP_TOKEN_INVALID", PauseReason::Credentials),
    ("AUTH_DEVICE_TOKEN_MISMATCH", PauseReason::Credentials),
    ("AUTH_SCOPE_MISMATCH", PauseReason::Credentials),
    ("AUTH_REQUIRED", PauseReason::Credentials),
    ("AUTH_UNAUTHORIZED", PauseReason::Credentials),
    ("AUTH_IDENTITY_HEADER_REQUIRED", PauseReason::Credentials),
    ("AUTH_VERIFIED_USER_REQUIRED", PauseReason::Credentials),
    ("AUTH_TAILSCALE_IDENTITY_MISSING", PauseReason::Credentials),
    ("AUTH_TAILSCALE_PROXY_MISSING", PauseReason::Credentials),
    ("AUTH_TAILSCALE_WHOIS_FAILED", PauseReason::Credentials),
    ("AUTH_TAILSCALE_IDENTITY_MISMATCH", PauseReason::Credentials),
    ("PAIRING_REQUIRED", PauseReason::Pairing),
    ("DEVICE_IDENTITY_REQUIRED", PauseReason::DeviceIdentity),
    ("CONTROL_UI_DEVICE_IDENTITY_REQUIRED", PauseReason::DeviceIdentity),
    ("DEVICE_AUTH_INVALID", PauseReason::DeviceIdentity),
    ("DEVICE_AUTH_DEVICE_ID_MISMATCH", PauseReason::DeviceIdentity),
    ("DEVICE_AUTH_SIGNATURE_EXPIRED", PauseReason::DeviceIdentity),
    ("DEVICE_AUTH_NONCE_REQUIRED", PauseReason::DeviceIdentity),
    ("DEVICE_AUTH_NONCE_MISMATCH", PauseReason::DeviceIdentity),
    ("DEVICE_AUTH_SIGNATURE_INVALID", PauseReason::DeviceIdentity),
    ("DEVICE_AUTH_PUBLIC_KEY_INVALID", PauseReason::DeviceIdentity),
    ("PROTOCOL_MISMATCH", PauseReason::Protocol),
    ("CLIENT_VERSION_MISMATCH", PauseReason::Protocol),
    ("CONTROL_UI_BUILD_MISMATCH", PauseReason::Protocol),
    ("CONTROL_UI_ORIGIN_NOT_ALLOWED", PauseReason::Configuration),
];

/// The reaction to the end of a connection.
#[must_use]
pub fn reaction(down: &Down) -> Reaction {
    match down {
        Down::Closed { code, after_hello, .. } => closed(*code, *after_hello),
        Down::Refused(error) => refused(error),
        Down::Transport(TransportError::UpgradeRefused(refusal)) => match refusal.status {
            401 | 403 => pause(PauseReason::Http),
            _ => Reaction::Retry { floor: refusal.retry_after().unwrap_or_default(), counts: true },
        },
        Down::Transport(TransportError::Proxy(ProxyError::Refused(refusal))) => match refusal.status {
            401 | 403 | 407 => pause(PauseReason::Http),
            _ => Reaction::Retry { floor: refusal.retry_after.unwrap_or_default(), counts: true },
        },
        Down::Transport(TransportError::PinMismatch { .. }) => pause(PauseReason::Trust),
        Down::InvalidHello(crate::connect::HelloError::ProtocolNotOffered { .. }) => pause(PauseReason::Protocol),
        Down::ConnectTooLarge { .. } => pause(PauseReason::Configuration),
        _ => RETRY,
    }
}

fn closed(code: Option<u16>, after_hello: bool) -> Reaction {
    let row = CLOSE_CODES.iter().find(|row| row.code == code);
    row.map_or(RETRY, |row| if after_hello { row.after_hello } else { row.before_hello })
}

/// Detail code first: a rate limit also says `wait_then_retry`.
fn refused(error: &GatewayError) -> Reaction {
    let hint = error.retry_after;
    let detail = error.detail_code.as_deref().unwrap_or("");
    if detail == "AUTH_RATE_LIMITED" {
        return Reaction::Pause { reason: PauseReason::RateLimited, until: hint };
    }
    if detail == "PAIRING_REQUIRED" && error.next_step.as_deref() == Some("wait_then_retry") {
        let floor = hint.unwrap_or_default().max(PAIRING_POLL);
        return Reaction::Retry { floor, counts: true };
    }
    if let Some((_, reason)) = PAUSE_CODES.iter().find(|(code, _)| *code == detail) {
        return pause(*reason);
    }
    if error.detail_reason.as_deref() == Some("startup-sidecars") {
        return hint.map_or(BOOTING, |floor| Reaction::Retry { floor, counts: false });
    }
    if error.retryable == Some(true) || hint.is_some() {
        return Reaction::Retry { floor: hint.unwrap_or_default(), counts: true };
    }
    // Legacy gateways name the cause in the message only.
    if error.message.contains("protocol mismatch") {
        return pause(PauseReason::Protocol);
    }
    match error.code {
        ErrorCode::NotPaired => pause(PauseReason::Pairing),
        ErrorCode::InvalidRequest => pause(PauseReason::Configuration),
        ErrorCode::Forbidden => pause(PauseReason::Withdrawn),
        // A code nobody knows is more likely a new kind of "not now" than a new kind of "never".
        _ => RETRY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_stands_twice_and_after_hello_every_code_means_retry() {
        for (i, row) in CLOSE_CODES.iter().enumerate() {
            assert!(!CLOSE_CODES.iter().skip(i + 1).any(|other| other.code == row.code), "{row:?}");
            assert!(matches!(row.after_hello, Reaction::Retry { .. }), "{row:?}");
        }
        for (i, (code, _)) in PAUSE_CODES.iter().enumerate() {
            assert!(!PAUSE_CODES.iter().skip(i + 1).any(|(other, _)| other == code), "{code}");
        }
    }

    #[test]
    fn refusals_by_detail_reason_hint_and_legacy_text() {
        let seconds = Duration::from_secs;
        for (body, expected) in [
            (
                r#"{"code":"INVALID_REQUEST","retryable":true,"retryAfterMs":4000,"details":{"code":"AUTH_RATE_LIMITED","recommendedNextStep":"wait_then_retry"}}"#,
                Reaction::Pause { reason: PauseReason::RateLimited, until: Some(seconds(4)) },
            ),
            (r#"{"code":"INVALID_REQUEST","details":{"code":"AUTH_RATE_LIMITED"}}"#, pause(PauseReason::RateLimited)),
            (
                r#"{"code":"NOT_PAIRED","details":{"code":"PAIRING_REQUIRED","recommendedNextStep":"wait_then_retry"}}"#,
                Reaction::Retry { floor: seconds(30), counts: true },
            ),
            (r#"{"code":"NOT_PAIRED","details":{"code":"PAIRING_REQUIRED"}}"#, pause(PauseReason::Pairing)),
            (
                r#"{"code":"UNAVAILABLE","retryable":true,"retryAfterMs":500,"details":{"reason":"startup-sidecars"}}"#,
                BOOTING,
            ),
            (
                r#"{"code":"UNAVAILABLE","retryable":true,"retryAfterMs":1000,"details":{"reason":"gateway-restarting"}}"#,
                Reaction::Retry { floor: seconds(1), counts: true },
            ),
            (r#"{"code":"INVALID_REQUEST","message":"protocol mismatch"}"#, pause(PauseReason::Protocol)),
            (r#"{"code":"INVALID_REQUEST","message":"invalid connect params: x"}"#, pause(PauseReason::Configuration)),
            (r#"{"code":"FORBIDDEN","message":"access denied"}"#, pause(PauseReason::Withdrawn)),
            (r#"{"code":"SOMETHING_NEW"}"#, RETRY),
            (r#"{"code":7,"message":"old"}"#, RETRY),
            ("null", RETRY),
        ] {
            assert_eq!(refused(&GatewayError::parse(body)), expected, "{body}");
        }
    }
}
