//! What the end of a connection means for the next attempt: tables, asked by the client and shown to people.
//!
#![doc = include_str!("../../docs/recovery.md")]

mod close_codes;
mod codes;
mod rows;

use core::fmt;
use core::time::Duration;

pub use close_codes::{CLOSE_CODES, HTTP_STATUSES};
pub use rows::{CloseRow, CodeRow, HttpRow, Place, Row, Rule};

use crate::connection::{Down, ProxyError, TransportError};
use crate::error::GatewayError;

/// What to do after a connection has ended. Nothing is final: a pause ends with a nudge, a start, or its time.
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
    /// Try once more, with the stored token beside the shared one.
    RetryWithDeviceToken {
        /// When.
        after: Duration,
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

impl fmt::Display for PauseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credentials => "credentials",
            Self::Pairing => "pairing",
            Self::DeviceIdentity => "device identity",
            Self::Protocol => "protocol",
            Self::Configuration => "configuration",
            Self::RateLimited => "rate limited",
            Self::Withdrawn => "authority withdrawn",
            Self::Http => "HTTP",
            Self::Trust => "certificate",
        })
    }
}

/// What a reaction depends on beside the connection's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Situation {
    /// A shared token was refused, a stored token has not been shown, it may be, and it has not been tried already.
    pub device_token_retry: bool,
    /// How often the application wants to ask whether a pairing has been approved; none for not by itself.
    pub pairing_poll: Option<Duration>,
}

const RETRY: Reaction = Reaction::Retry { floor: Duration::ZERO, counts: true };
/// Before the attempt with the stored token (the official client's).
const DEVICE_TOKEN_RETRY: Duration = Duration::from_millis(250);
/// A pairing that waits for somebody is asked after no faster than this.
pub const PAIRING_POLL_MIN: Duration = Duration::from_secs(30);

const fn pause(reason: PauseReason) -> Reaction {
    Reaction::Pause { reason, until: None }
}

/// Every row of error codes.
pub fn codes() -> impl Iterator<Item = &'static CodeRow> {
    codes::GROUPS.iter().flat_map(|group| group.iter())
}

/// Everything the tables have on a code: an error code in whatever case, a close code, an HTTP status. The same name may
/// stand in several places.
pub fn explain(code: &str) -> impl Iterator<Item = Row> {
    let rows = codes().map(Row::Code);
    let closes = CLOSE_CODES.iter().map(Row::Close);
    let statuses = HTTP_STATUSES.iter().map(Row::Http);
    rows.chain(closes).chain(statuses).filter(move |row| row.code().eq_ignore_ascii_case(code.trim()))
}

/// The row of the finest code in an error that has one.
#[must_use]
pub fn row_of(error: &GatewayError) -> Option<&'static CodeRow> {
    let find = |place, code: Option<&str>| codes().find(|row| row.place == place && Some(row.code) == code);
    find(Place::Detail, error.detail_code.as_deref())
        .or_else(|| find(Place::Reason, error.detail_reason.as_deref()))
        .or_else(|| find(Place::Top, Some(error.code.as_str())))
}

/// The reaction to the end of a connection.
#[must_use]
pub fn reaction(down: &Down, situation: &Situation) -> Reaction {
    match down {
        Down::Closed { code, reason, after_hello } => closed(*code, reason, *after_hello, situation),
        Down::Refused(error) => refused(error, situation),
        Down::Transport(TransportError::UpgradeRefused(refusal)) => {
            let row = HTTP_STATUSES.iter().find(|row| row.status == refusal.status);
            match row.map_or(RETRY, |row| row.reaction) {
                Reaction::Retry { floor, counts } => {
                    Reaction::Retry { floor: refusal.retry_after().unwrap_or(floor), counts }
                }
                pause => pause,
            }
        }
        Down::Transport(TransportError::Proxy(ProxyError::Refused(refusal))) => match refusal.status {
            401 | 403 | 407 => pause(PauseReason::Http),
            _ => Reaction::Retry { floor: refusal.retry_after.unwrap_or_default(), counts: true },
        },
        Down::Transport(TransportError::PinMismatch { .. }) => pause(PauseReason::Trust),
        Down::InvalidHello(crate::connect::HelloError::ProtocolNotOffered { .. }) => pause(PauseReason::Protocol),
        Down::ConnectTooLarge { .. } => pause(PauseReason::Configuration),
        Down::NotSigned(_) => pause(PauseReason::DeviceIdentity),
        _ => RETRY,
    }
}

fn closed(code: Option<u16>, reason: &str, after_hello: bool, situation: &Situation) -> Reaction {
    let row = CLOSE_CODES.iter().find(|row| row.code == code);
    if after_hello {
        return row.map_or(RETRY, |row| row.after_hello);
    }
    match row.map_or(RETRY, |row| row.before_hello) {
        // A refusal whose answer got lost, or that came without one.
        refusal @ Reaction::Pause { reason: PauseReason::Configuration, .. } => {
            legacy(reason).map_or(refusal, |rule| apply(rule, None, false, situation))
        }
        other => other,
    }
}

/// The finest code decides; it may be one that nobody knows here.
fn refused(error: &GatewayError, situation: &Situation) -> Reaction {
    let row = row_of(error).filter(|row| row.rule != Rule::Request);
    let fine = row.filter(|row| row.place != Place::Top).map(|row| row.rule);
    // A rate limit names a time; another attempt before it is what it forbids.
    let limited = matches!(fine, Some(Rule::UntilHint(_)));
    if situation.device_token_retry && !limited && error.suggests_device_token() {
        return Reaction::RetryWithDeviceToken { after: DEVICE_TOKEN_RETRY };
    }
    let waits = error.says_wait_for_pairing();
    if let Some(rule) = fine {
        return apply(rule, error.retry_after, waits, situation);
    }
    if error.retryable == Some(true) || error.retry_after.is_some() {
        return Reaction::Retry { floor: error.retry_after.unwrap_or_default(), counts: true };
    }
    let rule = match error.detail_code.as_deref() {
        // Old gateways name the cause in the message only.
        None => legacy(&error.message),
        Some(code) if code.starts_with("DEVICE_AUTH_") => Some(Rule::Pause(PauseReason::DeviceIdentity)),
        Some(code) if code.starts_with("AUTH_") => Some(Rule::Pause(PauseReason::Credentials)),
        Some(_) => None,
    };
    // A code nobody knows is more likely a new kind of "not now" than a new kind of "never".
    rule.or_else(|| row.map(|row| row.rule)).map_or(RETRY, |rule| apply(rule, None, waits, situation))
}

/// What the words of a message or of a close reason mean.
fn legacy(text: &str) -> Option<Rule> {
    let text = text.to_ascii_lowercase();
    let says = |words| text.contains(words);
    if says("protocol mismatch") {
        Some(Rule::Pause(PauseReason::Protocol))
    } else if says("pairing required") || says("pending approval") {
        Some(Rule::Poll(PauseReason::Pairing))
    } else if says("device token mismatch") {
        Some(Rule::Pause(PauseReason::Credentials))
    } else {
        None
    }
}

fn apply(rule: Rule, hint: Option<Duration>, gateway_waits: bool, situation: &Situation) -> Reaction {
    match rule {
        Rule::Retry { floor, counts } => Reaction::Retry { floor: hint.unwrap_or(floor), counts },
        Rule::UntilHint(reason) => Reaction::Pause { reason, until: hint },
        Rule::Poll(_) if gateway_waits || situation.pairing_poll.is_some() => {
            let floor = hint.max(situation.pairing_poll).unwrap_or_default().max(PAIRING_POLL_MIN);
            // It is asked as often in an hour as in the first minute.
            Reaction::Retry { floor, counts: false }
        }
        Rule::Poll(reason) | Rule::Pause(reason) | Rule::DeviceTokenOnce(reason) => pause(reason),
        Rule::Request => RETRY,
    }
}

#[cfg(test)]
mod tests;
