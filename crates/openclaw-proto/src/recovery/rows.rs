//! What a row of the table is.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::time::Duration;

use super::{PauseReason, Reaction};

/// Where in an error body a code stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Place {
    /// `details.code`: looked at first.
    Detail,
    /// `details.reason`: looked at second.
    Reason,
    /// `code`: looked at last.
    Top,
    /// `details.nodeError.code` of a `node.invoke`.
    Node,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Detail => "details.code",
            Self::Reason => "details.reason",
            Self::Top => "code",
            Self::Node => "details.nodeError.code",
        })
    }
}

/// What a code means for the client when the gateway refuses a connect with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// Try again after a backoff, at the earliest after the delay the gateway names.
    Retry {
        /// The earliest where it names none.
        floor: Duration,
        /// Whether the attempt raises the backoff's ceiling.
        counts: bool,
    },
    /// Show the stored token beside the shared one, once, where that is allowed; else pause.
    DeviceTokenOnce(PauseReason),
    /// Pause until the time the gateway names, then make one attempt; where it names none, pause.
    UntilHint(PauseReason),
    /// Pause, unless the gateway says or the application has asked to try again now and then.
    Poll(PauseReason),
    /// Pause.
    Pause(PauseReason),
    /// It concerns one request; the connection goes on.
    Request,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry { floor, counts } => write!(f, "{}", retry_words(*floor, *counts)),
            Self::DeviceTokenOnce(reason) => {
                write!(f, "one attempt with the stored token if allowed, else pause ({reason})")
            }
            Self::UntilHint(reason) => write!(f, "one attempt after the gateway's delay; without one pause ({reason})"),
            Self::Poll(reason) => {
                write!(f, "pause ({reason}); slow attempts if the gateway or the application says so")
            }
            Self::Pause(reason) => write!(f, "pause ({reason})"),
            Self::Request => f.write_str("the request is refused, the connection goes on"),
        }
    }
}

fn retry_words(floor: Duration, counts: bool) -> String {
    let floor = if floor.is_zero() { String::new() } else { format!(" of at least {} ms", floor.as_millis()) };
    let counts = if counts { "" } else { " that does not grow" };
    format!("retry after a backoff{floor}{counts}")
}

impl fmt::Display for Reaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry { floor, counts } => write!(f, "{}", retry_words(*floor, *counts)),
            Self::RetryWithDeviceToken { after } => {
                write!(f, "one attempt with the stored token after {} ms", after.as_millis())
            }
            Self::Pause { reason, until: None } => write!(f, "pause ({reason})"),
            Self::Pause { reason, until: Some(until) } => write!(f, "pause ({reason}) for {} ms", until.as_millis()),
        }
    }
}

/// An error code's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeRow {
    /// Where it stands.
    pub place: Place,
    /// The code.
    pub code: &'static str,
    /// What has happened, for people.
    pub meaning: &'static str,
    /// What the client does.
    pub rule: Rule,
    /// What somebody can do about it.
    pub next: &'static str,
    /// Whether it has been provoked on a real gateway.
    pub proven: bool,
}

/// A close code's row: what it means before hello and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseRow {
    /// The code; none for a connection that ended without a close frame.
    pub code: Option<u16>,
    /// Who sends it, and when.
    pub meaning: &'static str,
    /// The reaction before `hello-ok`.
    pub before_hello: Reaction,
    /// The reaction after `hello-ok`.
    pub after_hello: Reaction,
    /// What somebody can do about it.
    pub next: &'static str,
    /// Whether it has been seen from a real gateway.
    pub proven: bool,
}

/// The row of an HTTP status that comes instead of the upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpRow {
    /// The status.
    pub status: u16,
    /// What has happened.
    pub meaning: &'static str,
    /// What the client does; `Retry-After` in seconds is a floor.
    pub reaction: Reaction,
    /// What somebody can do about it.
    pub next: &'static str,
    /// Whether it has been seen from a real gateway.
    pub proven: bool,
}

/// A row of any of the tables, for a program that explains a code to its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Row {
    /// An error code.
    Code(&'static CodeRow),
    /// A close code.
    Close(&'static CloseRow),
    /// An HTTP status.
    Http(&'static HttpRow),
}

impl Row {
    /// The code, as it is spelled on the wire.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::Code(row) => row.code.into(),
            Self::Close(row) => row.code.map_or_else(|| "none".into(), |code| code.to_string()),
            Self::Http(row) => row.status.to_string(),
        }
    }

    /// Where it is found.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Code(row) => row.place.to_string(),
            Self::Close(_) => "close code".into(),
            Self::Http(_) => "HTTP status".into(),
        }
    }

    /// What has happened.
    #[must_use]
    pub fn meaning(&self) -> &'static str {
        match self {
            Self::Code(row) => row.meaning,
            Self::Close(row) => row.meaning,
            Self::Http(row) => row.meaning,
        }
    }

    /// What the client does, in words.
    #[must_use]
    pub fn reaction(&self) -> String {
        match self {
            Self::Code(row) => row.rule.to_string(),
            Self::Close(row) if row.before_hello == row.after_hello => row.before_hello.to_string(),
            Self::Close(row) => format!("before hello {}; after hello {}", row.before_hello, row.after_hello),
            Self::Http(row) => row.reaction.to_string(),
        }
    }

    /// What somebody can do about it; empty where the client does it all.
    #[must_use]
    pub fn next(&self) -> &'static str {
        match self {
            Self::Code(row) => row.next,
            Self::Close(row) => row.next,
            Self::Http(row) => row.next,
        }
    }

    /// Whether it has been met on a real gateway.
    #[must_use]
    pub fn proven(&self) -> bool {
        match self {
            Self::Code(row) => row.proven,
            Self::Close(row) => row.proven,
            Self::Http(row) => row.proven,
        }
    }
}
