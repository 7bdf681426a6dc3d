//! How requests end.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use crate::connection::Down;
use crate::error::{Execution, GatewayError};
use crate::payload::Payload;

/// How a request ended. Every accepted request gets exactly one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome<T> {
    /// The gateway answered `ok:true`. None when the response carried no payload field.
    Replied(Option<Payload<T>>),
    /// The gateway refused. Boxed, since it is rare and large and an outcome is neither.
    Rejected(Box<Rejected<T>>),
    /// The request never reached the transport: making it again is safe.
    NotSent(NotSent),
    /// Its deadline passed.
    TimedOut {
        /// Whether the transport had taken it; if so, it may have run or may still.
        sent: bool,
    },
    /// The transport had taken it and its answer can no longer come, or cannot be read: it may have run.
    OutcomeUnknown(Arc<Down>),
    /// An answer with its id came whose verdict cannot be read: it may have run.
    UnreadableAnswer,
}

/// A refusal by the gateway.
#[derive(Clone, Debug)]
pub struct Rejected<T> {
    /// The error body.
    pub error: GatewayError,
    /// A payload beside the error; failed agent runs carry one.
    pub payload: Option<Payload<T>>,
    /// Whether the gateway had accepted the request before (two-stage requests).
    pub accepted: bool,
}

impl<T> Rejected<T> {
    /// Whether repeating the request could repeat an effect.
    #[must_use]
    pub fn may_have_run(&self) -> bool {
        self.accepted || self.error.execution() == Execution::MayHaveRun
    }
}

/// Why a request did not leave.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotSent {
    /// The connection is not ready and the request was not to wait.
    #[error("the connection is not ready")]
    NotReady,
    /// The client is stopped, or was while the request waited.
    #[error("the client is stopped")]
    Stopped,
    /// The client is paused, or was while the request waited: no attempt to connect is under way.
    #[error("the client is paused: {0}")]
    Paused(Arc<Down>),
    /// The client was shut down while the request waited.
    #[error("the client was shut down")]
    ShutDown,
    /// The connection ended while the request was still queued.
    #[error("the connection ended first: {0}")]
    ConnectionLost(Arc<Down>),
    /// As many requests wait for a connection as may.
    #[error("{limit} requests already wait for a connection")]
    TooManyWaiting {
        /// The bound.
        limit: usize,
    },
    /// As many requests are in flight as may be.
    #[error("{limit} requests are already in flight")]
    TooManyInFlight {
        /// The bound.
        limit: usize,
    },
    /// The bytes that wait to be sent would exceed their bound.
    #[error("{queued} bytes already wait to be sent (limit {limit})")]
    OutgoingFull {
        /// Bytes queued now.
        queued: usize,
        /// The bound.
        limit: usize,
    },
    /// The gateway would close the connection over a frame of this size.
    #[error("the frame has {size} bytes, the gateway takes {limit}")]
    FrameTooLarge {
        /// Bytes of the frame.
        size: usize,
        /// What the gateway takes (`policy.maxPayload`).
        limit: usize,
    },
    /// The request is bound to a profile and this gateway cannot check that.
    #[error("the gateway does not advertise profile-binding-v1")]
    ProfileBindingUnsupported,
}

/// A request that was not accepted. The waiter comes back.
pub struct Refused<W> {
    /// What the caller handed in.
    pub waiter: W,
    /// Why.
    pub why: NotSent,
}

impl<W> fmt::Debug for Refused<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("why", &self.why).finish_non_exhaustive()
    }
}

impl<W> fmt::Display for Refused<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not sent: {}", self.why)
    }
}

impl<W> core::error::Error for Refused<W> {}
