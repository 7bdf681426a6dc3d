//! A request under way.

use std::time::Duration;

use openclaw_client::proto::RequestId;
use openclaw_client::{CallError, Payload};

use crate::waiting::Waiting;

/// A request under way. Dropping it cancels the request.
///
/// What the transport has taken cannot be called back: a dropped request may still run at the gateway.
#[derive(Debug)]
#[must_use = "dropping a call cancels it"]
pub struct Call {
    call: openclaw_client::Call,
    waiting: Waiting,
}

impl Call {
    pub(crate) fn new(waiting: Waiting, make: impl FnOnce() -> openclaw_client::Call) -> Self {
        Self { call: waiting.make_call(make), waiting }
    }

    /// Waits for the (last) answer's payload. The request has a deadline, so this ends.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn wait(mut self) -> Result<Option<Payload>, CallError> {
        self.waiting.block_on_likely(&mut self.call)
    }

    /// The same, but waits no longer than `limit`: none when the time is up, and the request goes on. After an answer
    /// there is no other: do not ask again.
    pub fn wait_timeout(&mut self, limit: Duration) -> Option<Result<Option<Payload>, CallError>> {
        self.waiting.block_on_for(&mut self.call, limit)
    }

    /// The same without waiting.
    pub fn try_wait(&mut self) -> Option<Result<Option<Payload>, CallError>> {
        self.wait_timeout(Duration::ZERO)
    }

    /// Waits for the acceptance of a two-stage request; [`wait`](Self::wait) then gives the result.
    ///
    /// None when the gateway answered at once with the result, or the call failed: the call itself tells.
    pub fn accepted(&mut self) -> Option<Payload> {
        self.waiting.block_on_likely(self.call.accepted())
    }

    /// The request's id on the wire; none if it was refused at once.
    #[must_use]
    pub fn id(&self) -> Option<RequestId> {
        self.call.id()
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.waiting.end_call();
    }
}
