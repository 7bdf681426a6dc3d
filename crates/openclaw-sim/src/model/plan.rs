//! What the end of a connection leads to, from the documentation: wait and try again, or pause.

use std::time::Duration;

use openclaw_proto::recovery::PauseReason;

use crate::reading::Fault;
use crate::watch::Chronicle;

/// Why a connection ended, as far as it matters for what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The peer closed, or the connection ended without a close frame.
    Closed {
        /// The close code.
        code: Option<u16>,
        /// The reason, in the gateway's words.
        reason: String,
        /// Whether hello had come.
        after_hello: bool,
    },
    /// Connect was refused.
    Refused(Fault),
    /// The upgrade was refused.
    Http {
        /// The status.
        status: u16,
        /// `Retry-After`.
        after: Option<Duration>,
    },
    /// The gateway chose a protocol that was not offered.
    OtherProtocol,
    /// Anything else, by its name.
    Other(&'static str),
}

impl Cause {
    /// The name of the same in the core's `Down`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Closed { .. } => "Closed",
            Self::Refused(_) => "Refused",
            Self::Http { .. } => "Transport",
            Self::OtherProtocol => "InvalidHello",
            Self::Other(name) => name,
        }
    }
}

/// What a refusal depends on beside what it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// A stored token may be shown beside the shared one that was refused.
    pub may_try_both: bool,
    /// How often the client asks whether its pairing has been approved.
    pub poll: Option<Duration>,
}

impl Standing {
    /// That of a client as it is known.
    #[must_use]
    pub fn of(known: &Chronicle) -> Self {
        Self { may_try_both: known.wallet.may_try_both(), poll: known.config.pairing_poll }
    }
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Another attempt, not before `floor`; whether the next wait may be longer for it.
    Retry {
        /// What the gateway asked for.
        floor: Duration,
        /// Whether the next wait may be longer for it.
        counts: bool,
    },
    /// One attempt with both tokens, after so long.
    Both {
        /// How long.
        after: Duration,
    },
    /// None, unless somebody acts, or the time has come that the gateway named.
    Pause {
        /// What is in the way.
        reason: PauseReason,
        /// The time the gateway named.
        until: Option<Duration>,
    },
}

const AGAIN: Plan = Plan::Retry { floor: Duration::ZERO, counts: true };
const BOOTING: Duration = Duration::from_millis(500);
const LEAVING: Duration = Duration::from_secs(1);
const PAIRING: Duration = Duration::from_secs(30);
const BOTH: Duration = Duration::from_millis(250);

const fn pause(reason: PauseReason) -> Plan {
    Plan::Pause { reason, until: None }
}

/// What follows from the end of a connection.
#[must_use]
pub fn plan(cause: &Cause, standing: Standing) -> Plan {
    match cause {
        Cause::Closed { code: Some(1013 | 4013), .. } => Plan::Retry { floor: BOOTING, counts: false },
        Cause::Closed { code: Some(code), reason, after_hello: false } => match code {
            1002 => pause(PauseReason::Protocol),
            1008 | 1009 | 4008 => unless_asked(in_words(reason).unwrap_or(PauseReason::Configuration), None, standing),
            4001 => pause(PauseReason::Withdrawn),
            _ => AGAIN,
        },
        Cause::Http { status: 401 | 403, .. } => pause(PauseReason::Http),
        Cause::Http { after, .. } => Plan::Retry { floor: after.unwrap_or_default(), counts: true },
        Cause::OtherProtocol => pause(PauseReason::Protocol),
        Cause::Refused(fault) => refused(fault, standing),
        Cause::Closed { .. } | Cause::Other(_) => AGAIN,
    }
}

/// What old gateways say in a message or a close reason only.
fn in_words(text: &str) -> Option<PauseReason> {
    let text = text.to_lowercase();
    let reasons = [
        ("protocol mismatch", PauseReason::Protocol),
        ("pairing required", PauseReason::Pairing),
        ("pending approval", PauseReason::Pairing),
        ("device token mismatch", PauseReason::Credentials),
    ];
    reasons.into_iter().find(|(words, _)| text.contains(words)).map(|(_, reason)| reason)
}

/// A pause, unless it is for a pairing that the client asks after: as often in an hour as in the first minute.
fn unless_asked(reason: PauseReason, hint: Option<Duration>, standing: Standing) -> Plan {
    match standing.poll.filter(|_| reason == PauseReason::Pairing) {
        Some(poll) => Plan::Retry { floor: poll.max(hint.unwrap_or_default()).max(PAIRING), counts: false },
        None => pause(reason),
    }
}

/// The finest code decides.
fn refused(fault: &Fault, standing: Standing) -> Plan {
    let hint = fault.after.unwrap_or_default();
    let of_token =
        fault.detail == "AUTH_TOKEN_MISMATCH" || fault.advice == "retry_with_device_token" || fault.device_token;
    if standing.may_try_both && of_token && fault.detail != "AUTH_RATE_LIMITED" {
        return Plan::Both { after: BOTH };
    }
    // The gateway may want to be asked, too.
    let goes_on = fault.goes_on || fault.advice == "wait_then_retry";
    let poll = if goes_on { standing.poll.or(Some(PAIRING)) } else { standing.poll };
    let standing = Standing { poll, ..standing };
    match fault.detail.as_str() {
        "AUTH_RATE_LIMITED" => return Plan::Pause { reason: PauseReason::RateLimited, until: fault.after },
        "PAIRING_REQUIRED" => return unless_asked(PauseReason::Pairing, fault.after, standing),
        "PAIRING_CHANGED" => return Plan::Retry { floor: hint, counts: true },
        "PROTOCOL_MISMATCH" => return pause(PauseReason::Protocol),
        "DEVICE_IDENTITY_REQUIRED" | "DEVICE_AUTH_INVALID" => return pause(PauseReason::DeviceIdentity),
        "AUTH_TOKEN_MISSING" | "AUTH_TOKEN_MISMATCH" => return pause(PauseReason::Credentials),
        _ => {}
    }
    match fault.reason.as_str() {
        "startup-sidecars" => return Plan::Retry { floor: fault.after.unwrap_or(BOOTING), counts: false },
        "gateway-restarting" | "gateway-suspending" => {
            return Plan::Retry { floor: fault.after.unwrap_or(LEAVING), counts: true };
        }
        _ => {}
    }
    if fault.retryable || fault.after.is_some() {
        return Plan::Retry { floor: hint, counts: true };
    }
    let words = match fault.detail.as_str() {
        "" => in_words(&fault.message),
        // A finer code nobody knows, but of a family everybody knows.
        detail if detail.starts_with("DEVICE_AUTH_") => Some(PauseReason::DeviceIdentity),
        detail if detail.starts_with("AUTH_") => Some(PauseReason::Credentials),
        _ => None,
    };
    let code = match (words, fault.code.as_str()) {
        (Some(reason), _) => Some(reason),
        (None, "NOT_PAIRED") => Some(PauseReason::Pairing),
        (None, "INVALID_REQUEST") => Some(PauseReason::Configuration),
        (None, "FORBIDDEN") => Some(PauseReason::Withdrawn),
        _ => None,
    };
    // A code nobody knows is more likely a new kind of "not now" than a new kind of "never".
    code.map_or(AGAIN, |reason| unless_asked(reason, None, standing))
}
