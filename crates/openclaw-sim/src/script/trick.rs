//! What a gateway does to those who come its way, as data.

use serde::{Deserialize, Serialize};

use super::fault::word;

/// What a gateway does to a connection that comes its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trick {
    /// The challenge is not sent.
    NoChallenge,
    /// The challenge comes late.
    LateChallenge {
        /// By how much.
        ms: u64,
    },
    /// The challenge has no nonce.
    EmptyChallenge,
    /// The challenge does not say what time it is, which devices sign.
    TimelessChallenge,
    /// Two challenges come.
    TwoChallenges,
    /// A challenge comes after hello.
    ChallengeAfterHello,
    /// The upgrade is refused.
    RefuseUpgrade {
        /// The HTTP status.
        status: u16,
        /// `Retry-After`, in seconds.
        retry_after: Option<u64>,
    },
    /// Connect is answered by closing.
    CloseAtConnect {
        /// The close code.
        code: u16,
    },
    /// Connect is answered by cutting the connection.
    CutAtConnect,
    /// Connect is refused.
    RefuseConnect {
        /// Which refusal.
        refusal: Refusal,
    },
    /// Connect is not answered.
    NoHello,
    /// Connect is answered late.
    LateHello {
        /// By how much.
        ms: u64,
    },
    /// Connect is answered with something that is no hello.
    BadHello {
        /// Which.
        how: BadHello,
    },
    /// The hello states a tick interval.
    HelloTick {
        /// In milliseconds; zero is out of range.
        ms: u64,
    },
    /// The hello grants fewer scopes than were asked for.
    FewerScopes,
    /// The connection is closed right after hello.
    CloseAfterHello {
        /// The close code.
        code: u16,
    },
    /// An answer comes twice.
    AnswerTwice,
    /// An answer comes late.
    AnswerLate {
        /// By how much.
        ms: u64,
    },
    /// An answer never comes.
    AnswerNever,
    /// An answer's verdict cannot be read.
    AnswerUnreadable,
    /// An answer says that the gateway is about to restart.
    AnswerRestarting,
    /// An answer is preceded by one nobody waits for.
    AnswerForeign,
    /// An answer is preceded by an error without a usable id.
    AnswerUnattributed,
    /// The sequence of events skips numbers.
    EventsSkipped {
        /// How many.
        count: u64,
    },
    /// An event is lost.
    EventLost,
    /// An event is preceded by one whose fields are odd.
    EventOdd,
    /// Nothing more is written to the connection.
    Mute,
    /// Nothing more is read from the connection.
    Deaf,
}

/// How a connect is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// A pairing that waits for approval, without advice.
    #[default]
    Pairing,
    /// The same, with the advice to wait.
    PairingWait,
    /// The protocol does not match, in the words of old gateways.
    ProtocolInWords,
    /// The device is refused.
    Device,
    /// A code that nobody knows.
    Unknown,
    /// Too many attempts, without a time.
    RateLimited,
    /// Too many attempts, with a time.
    RateLimitedFor,
    /// Not now, with a time.
    RetryAfter,
    /// Forbidden.
    Forbidden,
    /// No code, no message, no id.
    Mumbled,
}

/// What stands where a hello should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BadHello {
    /// No protocol version.
    #[default]
    NoProtocol,
    /// A version that was not offered.
    OtherProtocol,
    /// No object.
    NotAnObject,
    /// An object of another type.
    WrongType,
    /// An answer that says neither yes nor no.
    NoVerdict,
}

impl Trick {
    /// The name of its kind, as reports show it.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::RefuseConnect { refusal } => format!("RefuseConnect {refusal:?}"),
            Self::BadHello { how } => format!("BadHello {how:?}"),
            Self::RefuseUpgrade { retry_after: Some(_), .. } => "RefuseUpgrade with Retry-After".into(),
            other => word(&format!("{other:?}")).into(),
        }
    }
}
