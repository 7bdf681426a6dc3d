//! Bounded queues between the driver and the application.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

/// Items were lost because the reader was too slow; it stands where they would have stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{missed} items were lost: the reader was too slow")]
pub struct Lagged {
    /// How many.
    pub missed: u64,
}

/// How much a queue may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Items. Default 1 024.
    pub items: usize,
    /// Bytes of the items' texts. Default 32 MiB: one largest frame and then some.
    pub bytes: usize,
}

impl Default for Backlog {
    fn default() -> Self {
        Self { items: 1_024, bytes: 32 << 20 }
    }
}

#[derive(Debug)]
pub(crate) struct Queue<V> {
    state: Mutex<QueueState<V>>,
    backlog: Backlog,
}

#[derive(Debug)]
struct QueueState<V> {
    items: VecDeque<(Result<V, Lagged>, usize)>,
    bytes: usize,
    /// No more will be pushed.
    ended: bool,
    /// Nobody will read.
    abandoned: bool,
    waker: Option<Waker>,
}

impl<V> Queue<V> {
    pub(crate) fn new(backlog: Backlog) -> Arc<Self> {
        let state = QueueState { items: VecDeque::new(), bytes: 0, ended: false, abandoned: false, waker: None };
        Arc::new(Self { state: Mutex::new(state), backlog })
    }

    fn lock(&self) -> MutexGuard<'_, QueueState<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an item, or counts it as lost if there is no room. False when nobody reads any more.
    pub(crate) fn push(&self, item: V, size: usize) -> bool {
        let mut state = self.lock();
        if state.abandoned || state.ended {
            return false;
        }
        // An item larger than the whole bound passes alone; it would never pass otherwise.
        let fits = state.items.is_empty()
            || (state.items.len() < self.backlog.items && state.bytes.saturating_add(size) <= self.backlog.bytes);
        if fits {
            state.bytes += size;
            state.items.push_back((Ok(item), size));
        } else if let Some((Err(lagged), _)) = state.items.back_mut() {
            lagged.missed += 1;
        } else {
            state.items.push_back((Err(Lagged { missed: 1 }), 0));
        }
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
        true
    }

    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Ends the queue and drops what nobody has read.
    pub(crate) fn abandon(&self) {
        {
            let mut state = self.lock();
            state.abandoned = true;
            state.items.clear();
            state.bytes = 0;
        }
        self.end();
    }

    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Result<V, Lagged>>> {
        let mut state = self.lock();
        if let Some((item, size)) = state.items.pop_front() {
            state.bytes -= size;
            return Poll::Ready(Some(item));
        }
        if state.ended {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// The reading end of a queue. It ends when the client has ended; dropping it unsubscribes.
#[derive(Debug)]
pub struct Receiver<V>(pub(crate) Arc<Queue<V>>);

impl<V> Receiver<V> {
    /// The next item, or the notice that some were lost; none when the client has ended.
    pub async fn next(&mut self) -> Option<Result<V, Lagged>> {
        std::future::poll_fn(|cx| self.0.poll_next(cx)).await
    }
}

impl<V> Stream for Receiver<V> {
    type Item = Result<V, Lagged>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next(cx)
    }
}

impl<V> Drop for Receiver<V> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;

    fn drain<V>(receiver: &mut Receiver<V>) -> Vec<Result<V, Lagged>> {
        let mut cx = Context::from_waker(Waker::noop());
        let mut items = Vec::new();
        while let Poll::Ready(Some(item)) = std::pin::pin!(receiver.next()).poll(&mut cx) {
            items.push(item);
        }
        items
    }

    #[test]
    fn a_slow_reader_finds_the_lag_notice_where_the_loss_was() {
        let queue = Queue::new(Backlog { items: 2, bytes: 100 });
        let mut receiver = Receiver(Arc::clone(&queue));
        for i in 0..5 {
            queue.push(i, 1);
        }
        assert_eq!(drain(&mut receiver), [Ok(0), Ok(1), Err(Lagged { missed: 3 })]);
        queue.push(9, 1);
        assert_eq!(drain(&mut receiver), [Ok(9)]);
    }

    #[test]
    fn bytes_are_bounded_and_a_giant_passes_alone() {
        let queue = Queue::new(Backlog { items: 100, bytes: 10 });
        let mut receiver = Receiver(Arc::clone(&queue));
        queue.push("giant", 1_000);
        queue.push("small", 1);
        assert_eq!(drain(&mut receiver), [Ok("giant"), Err(Lagged { missed: 1 })]);
        queue.push("a", 6);
        queue.push("b", 6);
        assert_eq!(drain(&mut receiver), [Ok("a"), Err(Lagged { missed: 1 })]);
    }

    #[test]
    fn a_dropped_reader_is_told_to_the_writer() {
        let queue = Queue::new(Backlog::default());
        drop(Receiver(Arc::clone(&queue)));
        assert!(!queue.push(1, 1));
    }
}
