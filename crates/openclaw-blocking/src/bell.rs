//! What wakes whoever drives the client, and calls somebody when nobody does.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Wake, Waker};
use std::thread::Thread;

use mio::{Registry, Token};

/// Who drives sleeps in the operating system.
const ASLEEP: u8 = 1;
/// Nobody drives.
const VACANT: u8 = 2;
/// The driver has something to do that it has not seen.
const NEWS: u8 = 4;
/// What the leader itself waits for has come, so that it must not sleep. No work for anybody else.
const OWN: u8 = 8;

/// The bell rang while the driver ran.
#[derive(Debug)]
pub(crate) struct Rung;

#[derive(Debug)]
pub(crate) struct Bell {
    state: AtomicU8,
    sleeper: mio::Waker,
    /// The background thread, if there is one.
    background: OnceLock<Thread>,
    /// The background thread is to lead without waiting for anybody else to.
    called: AtomicBool,
}

/// One cord of the bell.
struct Cord(Arc<Bell>, u8);

impl Wake for Cord {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.ring(self.1);
    }
}

impl Bell {
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            state: AtomicU8::new(0),
            sleeper: mio::Waker::new(registry, token)?,
            background: OnceLock::new(),
            called: AtomicBool::new(false),
        }))
    }

    /// The driver's waker.
    pub(crate) fn news(self: &Arc<Self>) -> Waker {
        Waker::from(Arc::new(Cord(Arc::clone(self), NEWS)))
    }

    /// The waker of the future that the leader waits for.
    pub(crate) fn own(self: &Arc<Self>) -> Waker {
        Waker::from(Arc::new(Cord(Arc::clone(self), OWN)))
    }

    fn ring(&self, cord: u8) {
        let before = self.state.fetch_or(cord, Ordering::AcqRel);
        if before & ASLEEP != 0 && before & (NEWS | OWN) == 0 {
            if let Err(error) = self.sleeper.wake() {
                tracing::error!(%error, "the driver cannot be woken");
            }
        }
        if before & VACANT != 0 && cord & !before & NEWS != 0 {
            self.call_background();
        }
    }

    /// Only who drives clears, so what is not there need not be cleared. What is rung meanwhile stays.
    fn clear(&self, bits: u8) {
        if self.state.load(Ordering::Acquire) & bits != 0 {
            self.state.fetch_and(!bits, Ordering::AcqRel);
        }
    }

    /// Has the leader look whether it may leave.
    pub(crate) fn interrupt(&self) {
        self.ring(OWN);
    }

    /// The driver is about to run: what was rung before is no news to it.
    pub(crate) fn awake(&self) {
        self.clear(ASLEEP | NEWS);
    }

    /// The leader is about to look whether it may leave.
    pub(crate) fn listen(&self) {
        self.clear(OWN);
    }

    /// The driver has run. It may sleep unless the bell has rung meanwhile.
    pub(crate) fn may_sleep(&self) -> Result<(), Rung> {
        match self.state.compare_exchange(0, ASLEEP, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(()),
            Err(_) => Err(Rung),
        }
    }

    /// Somebody drives from now on. Returns whether the background thread was called, and need not come any more.
    pub(crate) fn occupy(&self) -> bool {
        self.clear(VACANT | OWN);
        self.is_called() && self.called.swap(false, Ordering::AcqRel)
    }

    /// Nobody drives from now on. Returns whether there is something to do.
    pub(crate) fn vacate(&self) -> bool {
        self.clear(ASLEEP | OWN);
        self.state.fetch_or(VACANT, Ordering::AcqRel) & NEWS != 0
    }

    /// Whoever rings next need not call anybody if nobody drives: it is time when somebody does.
    pub(crate) fn hush(&self) {
        let state = self.state.load(Ordering::Acquire);
        if state & VACANT != 0 && state & NEWS == 0 {
            // If it is another by now, somebody drives or was called.
            let _ = self.state.compare_exchange(state, state | NEWS, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    pub(crate) fn set_background(&self, thread: Thread) {
        let _ = self.background.set(thread);
    }

    /// Has the background thread lead at once, if nobody else does by then.
    pub(crate) fn call_background(&self) {
        self.called.store(true, Ordering::Release);
        self.nudge_background();
    }

    /// Has the background thread look what it should do.
    pub(crate) fn nudge_background(&self) {
        if let Some(thread) = self.background.get() {
            thread.unpark();
        }
    }

    pub(crate) fn is_called(&self) -> bool {
        self.called.load(Ordering::Acquire)
    }
}
