//! Waiting for a future by putting the thread to sleep. Nothing in this crate needs a runtime to be waited for.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

thread_local! {
    static UNPARK: Waker = unpark();
}

fn unpark() -> Waker {
    Waker::from(Arc::new(Unpark(thread::current())))
}

/// The waker that ends the calling thread's [`park`](thread::park): the same one whenever a thread asks.
#[must_use]
pub fn waker() -> Waker {
    UNPARK.try_with(Waker::clone).unwrap_or_else(|_| unpark())
}

/// Waits for a future.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = waker();
    let mut cx = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Waits for a future, but not longer than `limit`. A limit of zero looks once.
pub fn block_on_for<F: Future>(future: F, limit: Duration) -> Option<F::Output> {
    let begin = Instant::now();
    let mut future = pin!(future);
    let waker = waker();
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        let left = limit.checked_sub(begin.elapsed()).filter(|left| !left.is_zero())?;
        thread::park_timeout(left);
    }
}

/// The output of a future if there is one without waiting: looks once.
pub fn at_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_ends_the_wait_and_a_wake_from_another_thread_too() {
        assert_eq!(block_on_for(std::future::pending::<()>(), Duration::ZERO), None);
        assert_eq!(block_on_for(std::future::pending::<()>(), Duration::from_millis(5)), None);
        let slot = Arc::new(std::sync::Mutex::new((false, None::<Waker>)));
        let setter = Arc::clone(&slot);
        let thread = thread::spawn(move || {
            loop {
                let mut slot = setter.lock().unwrap();
                if let Some(waker) = slot.1.take() {
                    slot.0 = true;
                    waker.wake();
                    return;
                }
                drop(slot);
                thread::yield_now();
            }
        });
        block_on(std::future::poll_fn(|cx| {
            let mut slot = slot.lock().unwrap();
            if slot.0 {
                return Poll::Ready(());
            }
            slot.1 = Some(cx.waker().clone());
            Poll::Pending
        }));
        thread.join().unwrap();
    }
}
