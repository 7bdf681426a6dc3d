//! A request under way.

use std::time::Duration;

use openclaw_client::proto::RequestId;
use openclaw_client::{CallError, Payload};

use openclaw_client::park;

/// A request under way. Dropping it cancels the request.
///
/// What the transport has taken cannot be called back: a dropped request may still run at the gateway.
#[derive(Debug)]
#[must_use = "dropping a call cancels it"]
pub struct Call(pub(crate) openclaw_client::Call);

impl Call {
    /// Waits for the (last) answer's payload. The request has a deadline, so this ends.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn wait(self) -> Result<Option<Payload>, CallError> {
        park::block_on(self.0)
    }

    /// The same, but waits no longer than `limit`: none when the time is up, and the request goes on. After an answer
    /// there is no other: do not ask again.
    pub fn wait_timeout(&mut self, limit: Duration) -> Option<Result<Option<Payload>, CallError>> {
        park::block_on_for(&mut self.0, limit)
    }

    /// The same without waiting.
    pub fn try_wait(&mut self) -> Option<Result<Option<Payload>, CallError>> {
        self.wait_timeout(Duration::ZERO)
    }

    /// Waits for the acceptance of a two-stage request; [`wait`](Self::wait) then gives the result.
    ///
    /// None when the gateway answered at once with the result, or the call failed: the call itself tells.
    pub fn accepted(&mut self) -> Option<Payload> {
        park::block_on(self.0.accepted())
    }

    /// The request's id on the wire; none if it was refused at once.
    #[must_use]
    pub fn id(&self) -> Option<RequestId> {
        self.0.id()
    }
}
