//! Bounded queues between the driver and the application.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    /// Bytes of an item's text.
    weigh: fn(&V) -> usize,
    /// Items that the reader has taken out and not read yet, and their bytes: they count as waiting. Only the reader writes
    /// them.
    taken: (AtomicUsize, AtomicUsize),
}

#[derive(Debug)]
struct QueueState<V> {
    items: VecDeque<Result<V, Lagged>>,
    bytes: usize,
    /// No more will be pushed.
    ended: bool,
    /// Nobody will read.
    abandoned: bool,
    waker: Option<Waker>,
}

impl<V> Queue<V> {
    pub(crate) fn new(backlog: Backlog, weigh: fn(&V) -> usize) -> Arc<Self> {
        let state = QueueState { items: VecDeque::new(), bytes: 0, ended: false, abandoned: false, waker: None };
        Arc::new(Self { state: Mutex::new(state), backlog, weigh, taken: Default::default() })
    }

    fn lock(&self) -> MutexGuard<'_, QueueState<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For items that come together.
    pub(crate) fn pusher(&self) -> Pusher<'_, V> {
        Pusher { queue: self, state: Some(self.lock()) }
    }

    /// Adds an item, or counts it as lost if there is no room. False when nobody reads any more.
    pub(crate) fn push(&self, item: V) -> bool {
        self.pusher().push(item)
    }

    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Ends the queue and drops what nobody has read.
    fn abandon(&self) {
        {
            let mut state = self.lock();
            state.abandoned = true;
            state.items.clear();
            state.bytes = 0;
        }
        self.end();
    }
}

/// A queue that is being added to. Its reader is woken when this is dropped.
pub(crate) struct Pusher<'a, V> {
    queue: &'a Queue<V>,
    /// There until then.
    state: Option<MutexGuard<'a, QueueState<V>>>,
}

impl<V> Pusher<'_, V> {
    /// See [`Queue::push`].
    pub(crate) fn push(&mut self, item: V) -> bool {
        let Queue { backlog, weigh, taken, .. } = self.queue;
        let Some(state) = self.state.as_deref_mut().filter(|state| !state.abandoned && !state.ended) else {
            return false;
        };
        let items = state.items.len() + taken.0.load(Ordering::Relaxed);
        let size = weigh(&item);
        let bytes = state.bytes.saturating_add(taken.1.load(Ordering::Relaxed)).saturating_add(size);
        // An item larger than the whole bound passes alone; it would never pass otherwise.
        if items == 0 || (items < backlog.items && bytes <= backlog.bytes) {
            state.bytes += size;
            state.items.push_back(Ok(item));
        } else if let Some(Err(lagged)) = state.items.back_mut() {
            lagged.missed += 1;
        } else {
            state.items.push_back(Err(Lagged { missed: 1 }));
        }
        true
    }
}

impl<V> Drop for Pusher<'_, V> {
    fn drop(&mut self) {
        let Some(mut state) = self.state.take() else { return };
        let waker = if state.items.is_empty() { None } else { state.waker.take() };
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }
}

/// The reading end of a queue. It ends when the client has ended; dropping it unsubscribes.
#[derive(Debug)]
pub struct Receiver<V> {
    queue: Arc<Queue<V>>,
    /// Taken out of the queue, all that was there at once.
    taken: VecDeque<Result<V, Lagged>>,
}

impl<V> Receiver<V> {
    pub(crate) fn new(queue: Arc<Queue<V>>) -> Self {
        Self { queue, taken: VecDeque::new() }
    }

    /// The next item, or the notice that some were lost; none when the client has ended.
    pub async fn next(&mut self) -> Option<Result<V, Lagged>> {
        std::future::poll_fn(|cx| self.poll_item(cx)).await
    }

    /// The next item if it is at hand: one of those that came together with the last.
    #[must_use]
    pub fn next_at_hand(&mut self) -> Option<Result<V, Lagged>> {
        let item = self.taken.pop_front()?;
        let (items, bytes) = &self.queue.taken;
        if let Ok(item) = &item {
            let left = bytes.load(Ordering::Relaxed).saturating_sub((self.queue.weigh)(item));
            bytes.store(left, Ordering::Relaxed);
        }
        items.store(self.taken.len(), Ordering::Relaxed);
        Some(item)
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<V, Lagged>>> {
        if let Some(item) = self.next_at_hand() {
            return Poll::Ready(Some(item));
        }
        let mut state = self.queue.lock();
        if state.items.is_empty() {
            if state.ended {
                return Poll::Ready(None);
            }
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        std::mem::swap(&mut state.items, &mut self.taken);
        let (items, bytes) = &self.queue.taken;
        items.store(self.taken.len(), Ordering::Relaxed);
        bytes.store(std::mem::take(&mut state.bytes), Ordering::Relaxed);
        drop(state);
        Poll::Ready(self.next_at_hand())
    }
}

/// Nothing in a receiver is tied to its place in memory.
impl<V> Unpin for Receiver<V> {}

impl<V> Stream for Receiver<V> {
    type Item = Result<V, Lagged>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_item(cx)
    }
}

impl<V> Drop for Receiver<V> {
    fn drop(&mut self) {
        self.queue.abandon();
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

    fn queue<V>(items: usize, bytes: usize, weigh: fn(&V) -> usize) -> (Arc<Queue<V>>, Receiver<V>) {
        let queue = Queue::new(Backlog { items, bytes }, weigh);
        (Arc::clone(&queue), Receiver::new(queue))
    }

    fn read<V>(receiver: &mut Receiver<V>) -> Result<V, Lagged> {
        crate::park::at_once(receiver.next()).flatten().unwrap()
    }

    #[test]
    fn a_slow_reader_finds_the_lag_notice_where_the_loss_was() {
        let (queue, mut receiver) = queue(2, 100, |_| 1);
        for i in 0..5 {
            queue.push(i);
        }
        assert_eq!(drain(&mut receiver), [Ok(0), Ok(1), Err(Lagged { missed: 3 })]);
        queue.push(9);
        assert_eq!(drain(&mut receiver), [Ok(9)]);
    }

    #[test]
    fn bytes_are_bounded_and_a_giant_passes_alone() {
        let (queue, mut receiver) = queue(100, 10, |text: &&str| text.len());
        queue.push("a giant that is larger than the bound");
        queue.push("small");
        assert_eq!(drain(&mut receiver), [Ok("a giant that is larger than the bound"), Err(Lagged { missed: 1 })]);
        queue.push("first!");
        queue.push("second");
        assert_eq!(drain(&mut receiver), [Ok("first!"), Err(Lagged { missed: 1 })]);
    }

    #[test]
    fn what_the_reader_has_at_hand_counts_as_waiting_until_it_is_read() {
        let (queue, mut receiver) = queue(3, 10, |text: &&str| text.len());
        assert!(["1", "2", "3"].into_iter().all(|text| queue.push(text)));
        assert_eq!(read(&mut receiver), Ok("1"));
        assert!(["4", "5"].into_iter().all(|text| queue.push(text)));
        let (next, then) = (read(&mut receiver), read(&mut receiver));
        assert_eq!((next, then, read(&mut receiver)), (Ok("2"), Ok("3"), Ok("4")));
        assert_eq!(read(&mut receiver), Err(Lagged { missed: 1 }));
        assert!(["sixth", "7"].into_iter().all(|text| queue.push(text)));
        assert_eq!(read(&mut receiver), Ok("sixth"));
        assert!(["eight", "ninth", "0"].into_iter().all(|text| queue.push(text)));
        assert_eq!(drain(&mut receiver), [Ok("7"), Ok("eight"), Err(Lagged { missed: 2 })]);
    }

    #[test]
    fn a_dropped_reader_is_told_to_the_writer() {
        let (queue, receiver) = queue(1, 1, |_| 1);
        drop(receiver);
        assert!(!queue.push(1));
    }
}
