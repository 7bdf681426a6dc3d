//! Streams of events, states and notices, waited for by blocking.

use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use std::time::Duration;

use openclaw_client::Lagged;

use crate::waiting::Waiting;

/// The reading end of a queue, as an iterator that waits. It ends when the client has ended; dropping it unsubscribes.
#[derive(Debug)]
pub struct Receiver<V> {
    items: openclaw_client::Receiver<V>,
    waiting: Waiting,
}

impl<V> Receiver<V> {
    pub(crate) fn new(items: openclaw_client::Receiver<V>, waiting: Waiting) -> Self {
        Self { items, waiting }
    }

    /// The next item, or the notice that some were lost; none when the client has ended.
    pub fn recv(&mut self) -> Option<Result<V, Lagged>> {
        match self.items.next_at_hand() {
            Some(item) => Some(item),
            None => self.waiting.block_on_likely(self.items.next()),
        }
    }

    /// The same, but waits no longer than `limit`.
    ///
    /// # Errors
    /// `Timeout` when the time is up, `Disconnected` when the client has ended.
    pub fn recv_timeout(&mut self, limit: Duration) -> Result<Result<V, Lagged>, RecvTimeoutError> {
        let next = self.waiting.block_on_for(self.items.next(), limit).ok_or(RecvTimeoutError::Timeout)?;
        next.ok_or(RecvTimeoutError::Disconnected)
    }

    /// The same without waiting.
    ///
    /// # Errors
    /// `Empty` when nothing waits, `Disconnected` when the client has ended.
    pub fn try_recv(&mut self) -> Result<Result<V, Lagged>, TryRecvError> {
        let next = self.waiting.block_on_for(self.items.next(), Duration::ZERO).ok_or(TryRecvError::Empty)?;
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
        Self::new(receiver, Waiting::parked())
    }
}
