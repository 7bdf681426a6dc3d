//! What went wrong at an HTTP proxy.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

/// Why an HTTP proxy opened no tunnel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// It refused.
    #[error("{0}")]
    Refused(ProxyRefusal),
    /// Its answer is no HTTP, or more came than an answer.
    #[error("the proxy's answer cannot be used: {0}")]
    Malformed(String),
    /// The head of its answer is larger than any should be.
    #[error("the head of the proxy's answer has more than {limit} bytes")]
    TooLarge {
        /// What is read of it.
        limit: usize,
    },
    /// It ended the connection in mid-answer, or without one.
    #[error("the proxy ended the connection without a full answer")]
    Ended,
}

/// A proxy's answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ProxyRefusal {
    /// The HTTP status.
    pub status: u16,
    /// The words behind the status; may be empty.
    pub reason: String,
    /// The logins it would take (`Basic`, `Negotiate`), of an answer with status 407.
    pub schemes: Option<String>,
    /// `Retry-After`, where it is there and not a date.
    pub retry_after: Option<Duration>,
}

impl ProxyRefusal {
    /// A refusal with that status and nothing else.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }
}

impl fmt::Display for ProxyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy opens no tunnel: HTTP status {}", self.status)?;
        for (before, words) in [(" ", Some(&self.reason)), ("; it takes ", self.schemes.as_ref())] {
            let Some(words) = words.filter(|words| !words.is_empty()) else { continue };
            f.write_str(before)?;
            for c in words.chars().take(160).filter(|c| !c.is_control()) {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}
