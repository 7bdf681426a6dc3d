//! What the handle and the driver share: the core behind one lock, and a waker.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use openclaw_proto::{Client as Core, Now, Request, RequestId, Stats};

use crate::Text;
use crate::call::{Call, CallError, Slot, Waiter};
use crate::hub::Hub;
use crate::keeper::{Errand, Keeper};
use crate::transport::{BoxFuture, Runtime};

/// The driver knows its runtime; a handle knows only that there is one.
pub(crate) struct Shared<H: ?Sized = dyn Host> {
    locked: Mutex<Locked>,
    pub(crate) hub: Hub,
    /// Keeps the device's tokens, where there is a place for them.
    pub(crate) keeper: Option<Keeper>,
    pub(crate) host: H,
}

/// What a handle needs of the runtime.
pub(crate) trait Host: Send + Sync {
    fn now(&self) -> Now;
    fn spawn(&self, task: BoxFuture<()>);
}

impl<R: Runtime> Host for R {
    fn now(&self) -> Now {
        Runtime::now(self)
    }

    fn spawn(&self, task: BoxFuture<()>) {
        Runtime::spawn(self, task);
    }
}

pub(crate) struct Locked {
    pub(crate) core: Core<Waiter, Text>,
    pub(crate) driver: Option<Waker>,
    /// Handles that exist; the driver ends with the last.
    pub(crate) handles: usize,
    /// The driver has ended: nobody will complete anything.
    pub(crate) ended: bool,
}

impl<R: Runtime> Shared<R> {
    pub(crate) fn new(core: Core<Waiter, Text>, keeper: Option<Keeper>, host: R) -> Arc<Self> {
        let locked = Locked { core, driver: None, handles: 0, ended: false };
        Arc::new(Self { locked: Mutex::new(locked), hub: Hub::default(), keeper, host })
    }
}

impl<H: ?Sized> Shared<H> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Locked> {
        self.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Changes the core, then has the driver act on it.
    pub(crate) fn with_core<V>(&self, change: impl FnOnce(&mut Core<Waiter, Text>, Now) -> V) -> V {
        let now = self.host.now();
        let mut locked = self.lock();
        let value = change(&mut locked.core, now);
        wake_driver(locked);
        value
    }

    pub(crate) fn call(self: &Arc<Self>, request: Request) -> Call {
        let slot: Waiter = Arc::new(Slot::default());
        let waiter = Arc::clone(&slot);
        let now = self.host.now();
        let mut locked = self.lock();
        if locked.ended {
            drop(locked);
            slot.finish(Err(CallError::DriverGone));
            return Call::new(Arc::clone(self), slot, None);
        }
        let id = locked.core.request(now, request, waiter);
        wake_driver(locked);
        let id = id.map_err(|refused| slot.finish(Err(CallError::NotSent(refused.why)))).ok();
        Call::new(Arc::clone(self), slot, id)
    }

    pub(crate) fn cancel(&self, id: RequestId) {
        self.with_core(|core, _| core.cancel(id));
    }

    /// Has something done to the store, if there is one.
    pub(crate) fn keep(shared: &Arc<Self>, errand: Errand) {
        if let Some(keeper) = &shared.keeper {
            keeper.send(shared, errand);
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        self.lock().core.stats()
    }
}

/// Has the driver look at what has changed, as soon as it can have the lock.
pub(crate) fn wake_driver(mut locked: MutexGuard<'_, Locked>) {
    let driver = locked.driver.take();
    drop(locked);
    driver.into_iter().for_each(Waker::wake);
}

impl<H: ?Sized> fmt::Debug for Shared<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("core", &self.lock().core).finish_non_exhaustive()
    }
}
