//! A request under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    _under_way: UnderWay,
}

impl Call {
    pub(crate) fn new(call: openclaw_client::Call, waiting: Waiting, under_way: UnderWay) -> Self {
        Self { call, waiting, _under_way: under_way }
    }

    /// Waits for the (last) answer's payload. The request has a deadline, so this ends.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn wait(self) -> Result<Option<Payload>, CallError> {
        self.waiting.block_on_likely(self.call)
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

/// Counts the calls that nobody has waited for to their end.
#[derive(Debug)]
pub(crate) struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    /// One more. Tells whether it is the only one.
    pub(crate) fn begin(count: &Arc<AtomicUsize>) -> (Self, bool) {
        let alone = count.fetch_add(1, Ordering::Relaxed) == 0;
        (Self(Arc::clone(count)), alone)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
