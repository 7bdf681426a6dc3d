//! Streams of events, states and notices, waited for by blocking.

use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use std::time::Duration;

use openclaw_client::Lagged;

use openclaw_client::park;

/// The reading end of a queue, as an iterator that waits. It ends when the client has ended; dropping it unsubscribes.
#[derive(Debug)]
pub struct Receiver<V>(openclaw_client::Receiver<V>);

impl<V> Receiver<V> {
    /// The next item, or the notice that some were lost; none when the client has ended.
    pub fn recv(&mut self) -> Option<Result<V, Lagged>> {
        park::block_on(self.0.next())
    }

    /// The same, but waits no longer than `limit`.
    ///
    /// # Errors
    /// `Timeout` when the time is up, `Disconnected` when the client has ended.
    pub fn recv_timeout(&mut self, limit: Duration) -> Result<Result<V, Lagged>, RecvTimeoutError> {
        let next = park::block_on_for(self.0.next(), limit).ok_or(RecvTimeoutError::Timeout)?;
        next.ok_or(RecvTimeoutError::Disconnected)
    }

    /// The same without waiting.
    ///
    /// # Errors
    /// `Empty` when nothing waits, `Disconnected` when the client has ended.
    pub fn try_recv(&mut self) -> Result<Result<V, Lagged>, TryRecvError> {
        let next = park::block_on_for(self.0.next(), Duration::ZERO).ok_or(TryRecvError::Empty)?;
        next.ok_or(TryRecvError::Disconnected)
    }
}

impl<V> Iterator for Receiver<V> {
    type Item = Result<V, Lagged>;

    fn next(&mut self) -> Option<Self::Item> {
        self.recv()
    }
}

impl<V> From<openclaw_client::Receiver<V>> for Receiver<V> {
    fn from(receiver: openclaw_client::Receiver<V>) -> Self {
        Self(receiver)
    }
}
