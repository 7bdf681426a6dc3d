//! A request under way, and how it can fail.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use openclaw_proto::{Down, GatewayError, NotSent, Outcome, RequestError, RequestId};

use crate::shared::Shared;
use crate::{Payload, Rejected};

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The request could not be built.
    #[error(transparent)]
    Build(#[from] RequestError),
    /// The gateway refused.
    #[error("{}", .0.error)]
    Rejected(Box<Rejected>),
    /// The request never left: making it again is safe.
    #[error("not sent: {0}")]
    NotSent(NotSent),
    /// Its deadline passed.
    #[error("no answer in time{}", if *.sent { "" } else { "; the request was not sent" })]
    TimedOut {
        /// Whether it had been sent; if so, it may have run.
        sent: bool,
    },
    /// The connection ended after the request had left: it may have run.
    #[error("the outcome is unknown: {0}")]
    OutcomeUnknown(Arc<Down>),
    /// The answer cannot be read: the request may have run.
    #[error("the gateway's answer cannot be read")]
    UnreadableAnswer,
    /// The answer came but is not of the type asked for.
    #[error("the answer has another shape: {0}")]
    Decode(serde_json::Error),
    /// The client's driver has ended: its runtime is gone.
    #[error("the client's driver has ended")]
    DriverGone,
}

impl CallError {
    /// Whether the request may have had an effect, so that repeating it could repeat that effect.
    #[must_use]
    pub fn may_have_run(&self) -> bool {
        match self {
            Self::Build(_) | Self::NotSent(_) => false,
            Self::Rejected(rejected) => rejected.may_have_run(),
            Self::TimedOut { sent } => *sent,
            Self::OutcomeUnknown(_) | Self::UnreadableAnswer | Self::Decode(_) | Self::DriverGone => true,
        }
    }

    /// The gateway's error body, where the gateway refused.
    #[must_use]
    pub fn gateway_error(&self) -> Option<&GatewayError> {
        match self {
            Self::Rejected(rejected) => Some(&rejected.error),
            _ => None,
        }
    }
}

/// Where the driver leaves an answer and the caller finds it.
#[derive(Default)]
pub(crate) struct Slot(Mutex<SlotState>);

pub(crate) type Waiter = Arc<Slot>;

#[derive(Default)]
struct SlotState {
    accepted: Option<Option<Payload>>,
    outcome: Option<Result<Option<Payload>, CallError>>,
    waker: Option<Waker>,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, SlotState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn accept(&self, payload: Option<Payload>) {
        let waker = {
            let mut state = self.lock();
            state.accepted = Some(payload);
            state.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn complete(&self, outcome: Outcome<crate::Text>) {
        self.finish(match outcome {
            Outcome::Replied(payload) => Ok(payload),
            Outcome::Rejected(rejected) => Err(CallError::Rejected(rejected)),
            Outcome::NotSent(why) => Err(CallError::NotSent(why)),
            Outcome::TimedOut { sent } => Err(CallError::TimedOut { sent }),
            Outcome::OutcomeUnknown(down) => Err(CallError::OutcomeUnknown(down)),
            _ => Err(CallError::UnreadableAnswer),
        });
    }

    pub(crate) fn finish(&self, result: Result<Option<Payload>, CallError>) {
        let waker = {
            let mut state = self.lock();
            state.outcome.get_or_insert(result);
            state.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }
}

/// A request under way. Awaiting it gives the (last) answer's payload; dropping it cancels the request.
///
/// What the transport has taken cannot be called back: a dropped request may still run at the gateway.
#[must_use = "dropping a call cancels it"]
pub struct Call {
    shared: Arc<Shared>,
    slot: Waiter,
    id: Option<RequestId>,
}

impl Call {
    pub(crate) fn new(shared: Arc<Shared>, slot: Waiter, id: Option<RequestId>) -> Self {
        Self { shared, slot, id }
    }

    /// Waits for the acceptance of a two-stage request; the call itself then gives the result.
    ///
    /// None when the gateway answered at once with the result, or the call failed: the call itself tells.
    pub async fn accepted(&mut self) -> Option<Payload> {
        std::future::poll_fn(|cx| {
            let mut state = self.slot.lock();
            if let Some(payload) = state.accepted.take() {
                return Poll::Ready(payload);
            }
            if state.outcome.is_some() {
                return Poll::Ready(None);
            }
            state.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// The request's id on the wire; none if it was refused at once.
    #[must_use]
    pub fn id(&self) -> Option<RequestId> {
        self.id
    }
}

impl Future for Call {
    type Output = Result<Option<Payload>, CallError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = {
            let mut state = self.slot.lock();
            match state.outcome.take() {
                Some(outcome) => outcome,
                None => {
                    state.waker = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
        };
        self.id = None;
        Poll::Ready(outcome)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.shared.cancel(id);
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("id", &self.id).finish_non_exhaustive()
    }
}
