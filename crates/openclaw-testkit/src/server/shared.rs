//! The core behind its lock, and its clock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use openclaw_proto::{Instant, Now, UnixMillis};
use tokio::sync::Notify;

use super::conn::Line;
use crate::core::GatewayCore;
use crate::reply::PeerId;

/// The core, and what carries its outputs.
#[derive(Debug)]
pub(super) struct Shared {
    core: Mutex<State>,
    /// The core's next deadline may be another one.
    changed: Notify,
    started: tokio::time::Instant,
}

#[derive(Debug)]
struct State {
    core: GatewayCore,
    lines: BTreeMap<PeerId, Line>,
}

impl Shared {
    pub(super) fn new(core: GatewayCore) -> Self {
        Self {
            core: Mutex::new(State { core, lines: BTreeMap::new() }),
            changed: Notify::new(),
            started: tokio::time::Instant::now(),
        }
    }

    /// Does something with the core, and what it wants done then.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut GatewayCore, Now) -> R) -> R {
        let mut state = self.lock();
        let result = act(&mut state.core, self.now());
        state.deliver();
        drop(state);
        self.changed.notify_one();
        result
    }

    pub(super) fn join(&self, line: Line) -> PeerId {
        let mut state = self.lock();
        let peer = state.core.connect(self.now());
        state.lines.insert(peer, line);
        state.deliver();
        drop(state);
        self.changed.notify_one();
        peer
    }

    pub(super) fn leave(&self, peer: PeerId) {
        self.lock().lines.remove(&peer);
        self.with(|core, now| core.handle_gone(now, peer));
    }

    pub(super) async fn run_timers(self: Arc<Self>) {
        loop {
            let next = self.lock().core.poll_timeout();
            match next {
                None => self.changed.notified().await,
                Some(at) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(self.started + at.elapsed()) => {
                            self.with(GatewayCore::handle_timeout);
                        }
                        () = self.changed.notified() => {}
                    }
                }
            }
        }
    }

    fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let unix = UnixMillis(u64::try_from(unix.as_millis()).unwrap_or(u64::MAX));
        Now { mono: Instant::from_elapsed(self.started.elapsed()), unix }
    }

    /// A handler that panics must not take every later test assertion with it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn deliver(&mut self) {
        while let Some(output) = self.core.poll_output() {
            if let Some(line) = self.lines.get(&output.peer()) {
                line.put(output);
            }
        }
    }
}
