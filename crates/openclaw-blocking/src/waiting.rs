//! Waiting for a future by driving the client, or by sleeping while another thread does.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use openclaw_client::park;

use crate::crew::{Crew, Lead};
use crate::event_loop::Turn;

/// How the handles of a client wait.
#[derive(Clone, Debug)]
pub(crate) struct Waiting(Option<Arc<Crew>>);

impl Waiting {
    /// By leading, where nobody else does.
    pub(crate) fn crew(crew: Arc<Crew>) -> Self {
        Self(Some(crew))
    }

    /// By sleeping: somebody else runs the loop.
    pub(crate) fn parked() -> Self {
        Self(None)
    }

    /// Makes a request; see [`Crew::make_call`]. [`end_call`](Self::end_call) is due for each.
    pub(crate) fn make_call<V>(&self, make: impl FnOnce() -> V) -> V {
        match &self.0 {
            Some(crew) => crew.make_call(make),
            None => make(),
        }
    }

    pub(crate) fn end_call(&self) {
        if let Some(crew) = &self.0 {
            crew.end_call();
        }
    }

    /// Waits for a future. The lead is taken before it is polled, so that a request which it makes wakes nobody.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        loop {
            // Without a deadline there is always an output.
            if let Some(output) = self.wait(future.as_mut(), None) {
                return output;
            }
        }
    }

    /// The same for what has probably come already.
    pub(crate) fn block_on_likely<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        match park::at_once(future.as_mut()) {
            Some(output) => output,
            None => self.block_on(future),
        }
    }

    /// Waits for a future, but not longer than `limit`. A limit of zero looks once.
    pub(crate) fn block_on_for<F: Future>(&self, future: F, limit: Duration) -> Option<F::Output> {
        let mut future = pin!(future);
        let output = park::at_once(future.as_mut());
        if output.is_some() || limit.is_zero() {
            return output;
        }
        match Instant::now().checked_add(limit) {
            Some(deadline) => self.wait(future, Some(deadline)),
            None => Some(self.block_on(future)),
        }
    }

    fn wait<F: Future>(&self, mut future: Pin<&mut F>, deadline: Option<Instant>) -> Option<F::Output> {
        if let Some(lead) = self.0.as_ref().and_then(|crew| crew.lead()) {
            if let Driven::Over(output) = drive(lead, future.as_mut(), deadline) {
                return output;
            }
        }
        let follower = Follower { crew: self.0.as_deref(), thread: park::waker() };
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&follower.thread)) {
                return Some(output);
            }
            if let Some(lead) = follower.lead_or_queue() {
                if let Driven::Over(output) = drive(lead, future.as_mut(), deadline) {
                    return output;
                }
                // What the driver's end completes was perhaps not this.
                continue;
            }
            match deadline {
                None => thread::park(),
                Some(deadline) => thread::park_timeout(left(deadline)?),
            }
        }
    }
}

/// How driving ended.
enum Driven<V> {
    /// With an output, or at the deadline.
    Over(Option<V>),
    /// With the client.
    Ended,
}

fn drive<F: Future>(mut lead: Lead<'_>, mut future: Pin<&mut F>, deadline: Option<Instant>) -> Driven<F::Output> {
    let mut cx = Context::from_waker(lead.own_waker());
    loop {
        lead.listen();
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Driven::Over(Some(output));
        }
        let limit = match deadline.map(left) {
            Some(None) => return Driven::Over(None),
            Some(limit) => limit,
            None => None,
        };
        if lead.turn(limit) == Turn::Ended {
            return Driven::Ended;
        }
    }
}

/// What is left of the time; none when it is up.
fn left(deadline: Instant) -> Option<Duration> {
    Some(deadline.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
}

/// A thread that waits while another one drives. Dropping this takes it out of the queue for the lead.
struct Follower<'a> {
    crew: Option<&'a Crew>,
    thread: Waker,
}

impl<'a> Follower<'a> {
    fn lead_or_queue(&self) -> Option<Lead<'a>> {
        self.crew?.lead_or_queue(&self.thread)
    }
}

impl Drop for Follower<'_> {
    fn drop(&mut self) {
        if let Some(crew) = self.crew {
            crew.leave_queue(&self.thread);
        }
    }
}
