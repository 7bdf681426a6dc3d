//! What a method is asked and what it answers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

/// A connection, numbered from 0 in the order they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub(crate) u64);

impl PeerId {
    /// The connection's number.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.0
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A request as the gateway got it.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Who asked.
    pub peer: PeerId,
    /// What for.
    pub method: String,
    /// With what; `{}` when the request had none, as gateways read it.
    pub params: Value,
}

/// One step of an answer. A handler gives a list of them, and they happen in that order.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// `ok:true` with that payload.
    Ok(Value),
    /// `ok:false` with that error: `{"code":…,"message":…}` and whatever else (see [`error`]).
    Error(Value),
    /// That step, but later. The delay counts from the request.
    After(Duration, Box<Self>),
    /// The first of two answers: `status:"accepted"` is added to the payload if it says no status.
    Accepted(Value),
    /// An event to the connection that asked.
    Event {
        /// Its name.
        name: String,
        /// Its payload.
        payload: Value,
    },
    /// An event to every connection that may see it.
    Broadcast {
        /// Its name.
        name: String,
        /// Its payload.
        payload: Value,
    },
    /// The end of the connection that asked.
    CloseConnection {
        /// The close code.
        code: u16,
        /// The close reason.
        reason: String,
    },
    /// No answer. What comes after it in the list still happens.
    Nothing,
}

impl Reply {
    /// This step `delay` after the request.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self::After(delay, Box::new(self))
    }

    /// Whether this step, or the step it delays, answers the request.
    pub(crate) fn answers(&self) -> bool {
        match self {
            Self::Ok(_) | Self::Error(_) | Self::Accepted(_) => true,
            Self::After(_, reply) => reply.answers(),
            _ => false,
        }
    }
}

/// An error for [`Reply::Error`].
///
/// ```
/// let error = openclaw_testkit::error("UNAVAILABLE", "the model is asleep");
/// assert_eq!(error["code"], "UNAVAILABLE");
/// ```
#[must_use]
pub fn error(code: &str, message: &str) -> Value {
    serde_json::json!({ "code": code, "message": message })
}

/// What runs for a method.
pub(crate) type Handler = Arc<dyn Fn(&Asked) -> Vec<Reply> + Send + Sync>;

/// A method the gateway offers.
#[derive(Clone)]
pub(crate) struct Method {
    /// The scope a connection must hold for it, if any.
    pub(crate) scope: Option<String>,
    pub(crate) handler: Handler,
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method").field("scope", &self.scope).finish_non_exhaustive()
    }
}
