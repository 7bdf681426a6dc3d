//! Who drives a client: one of the threads that wait for it, or else the background thread.
//!
//! The loop is passed from hand to hand. Whoever holds it leads: it runs turns until what it waits for has come. The others
//! sleep until their own result wakes them, or a leader that leaves does, for one of them to lead on. Every change of hands is
//! made under one lock, which nobody holds while he drives or wakes.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use crate::event_loop::{EventLoop, Turn};
use crate::reactor::Reactor;

#[derive(Debug)]
pub(crate) struct Crew {
    roster: Mutex<Roster>,
    reactor: Reactor,
    /// Calls that nobody has waited for to their end.
    calls: AtomicUsize,
    /// The background thread lingers long.
    long: AtomicBool,
}

/// So many leaders since the background thread looked last: one call comes after the other.
const MANY: u64 = 16;

#[derive(Debug)]
struct Roster {
    /// There when nobody leads.
    event_loop: Option<Box<EventLoop>>,
    /// The client has ended: nobody leads any more.
    ended: bool,
    /// The background thread leads, and gives way to anybody who waits.
    by_background: bool,
    /// Who would lead, by the wakers of their threads.
    followers: VecDeque<Waker>,
    /// Leaders so far who have left and who drove: somebody who only looks again and again is none.
    terms: u64,
    /// The background thread sleeps until it is nudged.
    background_sleeps: bool,
}

/// What the background thread is to do next.
#[derive(Debug)]
pub(crate) enum Watch<'a> {
    Lead(Lead<'a>),
    /// Look again after a short time.
    Linger,
    /// Look again after a longer time, or when nudged: one call comes after the other.
    LingerLong,
    /// Look again when nudged.
    Sleep,
    End,
}

impl Crew {
    pub(crate) fn new(event_loop: EventLoop) -> Self {
        let reactor = event_loop.reactor().clone();
        reactor.bell().vacate();
        let roster = Roster {
            event_loop: Some(Box::new(event_loop)),
            ended: false,
            by_background: false,
            followers: VecDeque::new(),
            terms: 0,
            background_sleeps: false,
        };
        Self { roster: Mutex::new(roster), reactor, calls: AtomicUsize::new(0), long: AtomicBool::new(false) }
    }

    pub(crate) fn reactor(&self) -> &Reactor {
        &self.reactor
    }

    /// Makes a request that nobody waits for yet. If it is the only one, and nobody drives, this thread sends it. If there are
    /// others and nobody drives, it leaves with those that are made next, as soon as somebody does: at the latest when the
    /// background thread takes over, which is not woken for it, as whoever made several will soon wait for one.
    pub(crate) fn make_call<V>(&self, make: impl FnOnce() -> V) -> V {
        if self.calls.fetch_add(1, Ordering::Relaxed) > 0 {
            self.reactor.bell().hush();
            let call = make();
            if self.long.load(Ordering::Relaxed) && self.long.swap(false, Ordering::AcqRel) {
                self.reactor.bell().nudge_background();
            }
            return call;
        }
        let lead = self.lead();
        let call = make();
        if let Some(mut lead) = lead {
            lead.advance();
        }
        call
    }

    /// A call that was made has been waited for, or is not wanted any more.
    pub(crate) fn end_call(&self) {
        self.calls.fetch_sub(1, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lead, if nobody has it.
    pub(crate) fn lead(&self) -> Option<Lead<'_>> {
        self.take(&mut self.lock())
    }

    /// The lead; or else it will be offered by waking the thread, until that [leaves the queue](Self::leave_queue).
    pub(crate) fn lead_or_queue(&self, thread: &Waker) -> Option<Lead<'_>> {
        let mut roster = self.lock();
        let lead = self.take(&mut roster);
        if lead.is_some() || roster.ended {
            return lead;
        }
        if !roster.followers.iter().any(|follower| follower.will_wake(thread)) {
            roster.followers.push_back(thread.clone());
        }
        let by_background = roster.by_background;
        drop(roster);
        if by_background {
            self.reactor.bell().interrupt();
        }
        None
    }

    /// The thread does not want the lead any more. If it was just offered, somebody else gets it.
    pub(crate) fn leave_queue(&self, thread: &Waker) {
        let mut roster = self.lock();
        let before = roster.followers.len();
        roster.followers.retain(|follower| !follower.will_wake(thread));
        if roster.followers.len() == before && roster.event_loop.is_some() {
            self.hand_on(roster, false);
        }
    }

    /// What the background thread is to do. It takes over when called, or when nobody has led since it `saw` last.
    pub(crate) fn watch(&self, saw: &mut Option<u64>) -> Watch<'_> {
        let mut roster = self.lock();
        roster.background_sleeps = false;
        if roster.ended {
            return Watch::End;
        }
        let before = saw.replace(roster.terms);
        let led_meanwhile = before != Some(roster.terms);
        let vacant = roster.event_loop.is_some();
        if vacant && (!led_meanwhile || self.reactor.bell().is_called()) {
            if let Some(lead) = self.take(&mut roster) {
                roster.by_background = true;
                return Watch::Lead(lead);
            }
        }
        let many = before.is_some_and(|before| roster.terms - before >= MANY);
        let long = many && self.calls.load(Ordering::Relaxed) == 0;
        self.long.store(long, Ordering::Release);
        if long {
            return Watch::LingerLong;
        }
        if vacant || led_meanwhile {
            return Watch::Linger;
        }
        // One leader for so long: looking again and again would only cost.
        roster.background_sleeps = true;
        *saw = None;
        Watch::Sleep
    }

    fn take(&self, roster: &mut Roster) -> Option<Lead<'_>> {
        let event_loop = roster.event_loop.take()?;
        let owed = self.reactor.bell().occupy();
        Some(Lead { crew: self, event_loop: Some(event_loop), owed, turned: false })
    }

    /// The lead is free: a follower gets it, or else the background thread looks after it, soon or `now`.
    fn hand_on(&self, mut roster: MutexGuard<'_, Roster>, now: bool) {
        let follower = roster.followers.pop_front();
        let asleep = std::mem::take(&mut roster.background_sleeps);
        drop(roster);
        match follower {
            Some(follower) => {
                if asleep {
                    // He may leave the queue instead.
                    self.reactor.bell().nudge_background();
                }
                follower.wake();
            }
            None if now => self.reactor.bell().call_background(),
            None if asleep => self.reactor.bell().nudge_background(),
            None => {}
        }
    }
}

/// The loop in the hands of the thread that drives it. Dropping this hands it on.
#[derive(Debug)]
pub(crate) struct Lead<'a> {
    crew: &'a Crew,
    /// There until it has ended.
    event_loop: Option<Box<EventLoop>>,
    /// Somebody called the background thread, which the lead was taken from, and no turn was run since.
    owed: bool,
    turned: bool,
}

impl<'a> Lead<'a> {
    /// One turn that sleeps no longer than `limit`.
    pub(crate) fn turn(&mut self, limit: Option<Duration>) -> Turn {
        self.run(|event_loop| event_loop.turn(limit))
    }

    /// One turn that does not sleep.
    pub(crate) fn advance(&mut self) -> Turn {
        self.run(|event_loop| Ok(event_loop.advance()))
    }

    /// The loop is out of the lead's hands meanwhile: a driver that panics ends, and with it everything under way.
    fn run(&mut self, run: impl FnOnce(&mut EventLoop) -> io::Result<Turn>) -> Turn {
        self.owed = false;
        self.turned = true;
        let Some(mut event_loop) = self.event_loop.take() else { return Turn::Ended };
        match run(&mut event_loop) {
            Ok(Turn::Running) => {
                self.event_loop = Some(event_loop);
                Turn::Running
            }
            Ok(Turn::Ended) => Turn::Ended,
            Err(error) => {
                tracing::error!(%error, "the driver cannot wait any more and ends");
                Turn::Ended
            }
        }
    }

    /// Who drives looks next whether it may leave. What tells it from now on that it may keeps it from sleeping.
    pub(crate) fn listen(&self) {
        self.crew.reactor.bell().listen();
    }

    /// The waker of what the leader waits for.
    pub(crate) fn own_waker(&self) -> &'a Waker {
        self.crew.reactor.own_waker()
    }

    /// Whether somebody waits for the lead.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.crew.lock().followers.is_empty()
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let event_loop = self.event_loop.take();
        let mut roster = self.crew.lock();
        roster.by_background = false;
        if event_loop.is_none() {
            roster.ended = true;
            let followers = std::mem::take(&mut roster.followers);
            drop(roster);
            followers.into_iter().for_each(Waker::wake);
            self.crew.reactor.bell().nudge_background();
            return;
        }
        roster.event_loop = event_loop;
        roster.terms += u64::from(self.turned);
        let news = self.crew.reactor.bell().vacate();
        self.crew.hand_on(roster, self.owed || news);
    }
}

#[cfg(test)]
mod tests;
