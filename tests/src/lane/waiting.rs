//! Waiting for whatever a client gives, never for ever.

use std::future::Future;
use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use std::time::Duration;

use openclaw_client::park::block_on_for;
use openclaw_client::{CallError, Lagged, Payload};

/// No test waits longer than this for anything.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for a future of an asynchronous handle. No runtime is needed for that.
pub(super) fn soon<F: Future>(future: F) -> F::Output {
    block_on_for(future, PATIENCE).expect("in time")
}

/// A request under way.
#[derive(Debug)]
pub enum Call {
    /// To be awaited.
    Async(openclaw_client::Call),
    /// To be waited for.
    Blocking(openclaw_blocking::Call),
}

/// What became of a call.
pub type Answer = Result<Option<Payload>, CallError>;

impl Call {
    /// The answer.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn wait(self) -> Answer {
        match self {
            Self::Async(call) => soon(call),
            Self::Blocking(mut call) => call.wait_timeout(PATIENCE).expect("in time"),
        }
    }

    /// The answer, if it comes within `limit`. The request goes on.
    pub fn wait_for(&mut self, limit: Duration) -> Option<Answer> {
        match self {
            Self::Async(call) => block_on_for(call, limit),
            Self::Blocking(call) => call.wait_timeout(limit),
        }
    }

    /// The first answer of two.
    pub fn accepted(&mut self) -> Option<Payload> {
        match self {
            Self::Async(call) => soon(call.accepted()),
            Self::Blocking(call) => call.accepted(),
        }
    }
}

/// Events, states or notices.
#[derive(Debug)]
pub enum Stream<V> {
    /// To be awaited.
    Async(openclaw_client::Receiver<V>),
    /// To be waited for.
    Blocking(openclaw_blocking::Receiver<V>),
}

/// Nothing came in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late;

impl<V> Stream<V> {
    /// The next item; none when the client has ended.
    pub fn recv(&mut self) -> Option<Result<V, Lagged>> {
        self.next_within(PATIENCE).expect("in time")
    }

    /// The next item that is no notice of loss.
    ///
    /// # Panics
    /// When the client has ended, or items were lost.
    pub fn item(&mut self) -> V {
        self.recv().expect("the client lives").expect("nothing is lost")
    }

    /// The next item if it comes within `limit`.
    ///
    /// # Errors
    /// When it does not.
    pub fn next_within(&mut self, limit: Duration) -> Result<Option<Result<V, Lagged>>, Late> {
        match self {
            Self::Async(stream) => block_on_for(stream.next(), limit).ok_or(Late),
            Self::Blocking(stream) if limit.is_zero() => match stream.try_recv() {
                Ok(item) => Ok(Some(item)),
                Err(TryRecvError::Disconnected) => Ok(None),
                Err(TryRecvError::Empty) => Err(Late),
            },
            Self::Blocking(stream) => match stream.recv_timeout(limit) {
                Ok(item) => Ok(Some(item)),
                Err(RecvTimeoutError::Disconnected) => Ok(None),
                Err(RecvTimeoutError::Timeout) => Err(Late),
            },
        }
    }
}
