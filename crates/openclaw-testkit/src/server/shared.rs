//! The core, locked, and the roads to its connections.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openclaw_proto::{Instant, Now};
use tokio::sync::{Notify, mpsc, watch};

use super::clock::Clock;
use super::door::Door;
use crate::gateway::{GatewayCore, GatewayOutput, HttpRefusal, PeerId, PeerInfo, Phase};

/// What a connection's task is asked to write.
#[derive(Debug)]
pub(crate) enum Out {
    Text(String),
    Ping,
    Close(u16, String),
    Abort,
}

/// The near end of a connection.
#[derive(Debug)]
struct Link {
    out: mpsc::UnboundedSender<Out>,
    waiting: Arc<AtomicUsize>,
    reading: watch::Sender<bool>,
    cut: Arc<Notify>,
}

/// The far end, for the connection's task.
#[derive(Debug)]
pub(crate) struct Road {
    pub(crate) peer: PeerId,
    pub(crate) out: mpsc::UnboundedReceiver<Out>,
    /// Bytes handed over and not yet written.
    pub(crate) waiting: Arc<AtomicUsize>,
    /// Whether anything is to be read.
    pub(crate) reading: watch::Receiver<bool>,
    /// The connection shall end even if its writer is stuck.
    pub(crate) cut: Arc<Notify>,
}

/// What is behind the lock.
pub(crate) struct State {
    pub(crate) core: GatewayCore,
    links: BTreeMap<PeerId, Link>,
    /// Whether the port is open.
    listening: bool,
    /// The port could not be opened again.
    lost: Option<io::ErrorKind>,
    next: Option<Instant>,
}

impl State {
    /// Whether the gateway serves, or why it never will.
    pub(crate) fn serves(&self) -> Option<io::Result<()>> {
        let lost = self.lost.map(|kind| Err(kind.into()));
        lost.or_else(|| (self.listening && self.core.phase() == Phase::Ready).then_some(Ok(())))
    }

    pub(crate) fn is_silent(&self) -> bool {
        !self.listening && self.links.is_empty() && self.core.phase() == Phase::Down
    }
}

/// The gateway as all its tasks share it.
pub(crate) struct Shared {
    state: Mutex<State>,
    clock: Clock,
    pub(crate) door: Arc<Door>,
    /// The next timeout is another one.
    rescheduled: Notify,
    /// Whether the port shall be open.
    pub(crate) listen: watch::Sender<bool>,
    /// Counts changes, for those who wait for one.
    changes: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(core: GatewayCore, door: Door) -> Self {
        let next = core.poll_timeout();
        Self {
            state: Mutex::new(State { core, links: BTreeMap::new(), listening: true, lost: None, next }),
            clock: Clock::new(),
            door: Arc::new(door),
            rescheduled: Notify::new(),
            listen: watch::Sender::new(true),
            changes: watch::Sender::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the core, and what it wants done.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut GatewayCore, Now) -> R) -> R {
        self.enter(|state, now| act(&mut state.core, now))
    }

    fn enter<R>(&self, act: impl FnOnce(&mut State, Now) -> R) -> R {
        let mut state = self.lock();
        state.report();
        let result = act(&mut state, self.clock.now());
        self.pump(&mut state);
        let next = state.core.poll_timeout();
        if std::mem::replace(&mut state.next, next) != next {
            self.rescheduled.notify_one();
        }
        drop(state);
        self.changes.send_modify(|count| *count += 1);
        result
    }

    /// Asks the gateway to let a connection upgrade.
    pub(crate) fn admit(&self, info: PeerInfo) -> Result<Road, HttpRefusal> {
        self.enter(|state, now| {
            let peer = state.core.connect(now, info)?;
            let (sender, receiver) = mpsc::unbounded_channel();
            let (reading, reads) = watch::channel(true);
            let (waiting, cut) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
            let link = Link { out: sender, waiting: Arc::clone(&waiting), reading, cut: Arc::clone(&cut) };
            state.links.insert(peer, link);
            Ok(Road { peer, out: receiver, waiting, reading: reads, cut })
        })
    }

    /// A connection has ended.
    pub(crate) fn gone(&self, peer: PeerId) {
        self.enter(|state, now| {
            state.links.remove(&peer);
            state.core.handle_closed(now, peer);
        });
    }

    /// The port has been opened or closed.
    pub(crate) fn listening(&self, listening: bool) {
        self.enter(|state, _| state.listening = listening);
    }

    /// The port could not be had again.
    pub(crate) fn lost(&self, error: &io::Error) {
        self.enter(|state, _| state.lost = Some(error.kind()));
    }

    /// Waits until `look` finds something.
    pub(crate) async fn until<R>(&self, mut look: impl FnMut(&State) -> Option<R>) -> R {
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(found) = look(&self.lock()) {
                return found;
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Calls the core when it wants to be called.
    pub(crate) async fn keep_time(self: Arc<Self>) {
        loop {
            let next = self.lock().core.poll_timeout();
            let due = async {
                match next {
                    Some(at) => tokio::time::sleep_until(self.clock.at(at)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => self.with(|core, now| core.handle_timeout(now)),
                () = self.rescheduled.notified() => {}
            }
        }
    }

    fn pump(&self, state: &mut State) {
        while let Some(output) = state.core.poll_output() {
            match output {
                GatewayOutput::Send { peer, text } => {
                    if let Some(link) = state.links.get(&peer) {
                        let before = link.waiting.fetch_add(text.len(), Ordering::Relaxed);
                        state.core.handle_buffered(peer, before + text.len());
                        let _ = link.out.send(Out::Text(text));
                    }
                }
                GatewayOutput::Ping { peer } => state.tell(peer, Out::Ping),
                GatewayOutput::Close { peer, code, reason } => state.tell(peer, Out::Close(code, reason)),
                GatewayOutput::Abort { peer } => {
                    state.tell(peer, Out::Abort);
                    if let Some(link) = state.links.get(&peer) {
                        link.cut.notify_one();
                    }
                }
                GatewayOutput::StopReading { peer } => {
                    if let Some(link) = state.links.get(&peer) {
                        link.reading.send_replace(false);
                    }
                }
                GatewayOutput::Listen => {
                    self.listen.send_replace(true);
                }
                GatewayOutput::StopListening => {
                    self.listen.send_replace(false);
                }
            }
        }
    }
}

impl State {
    fn tell(&self, peer: PeerId, out: Out) {
        if let Some(link) = self.links.get(&peer) {
            let _ = link.out.send(out);
        }
    }

    /// Tells the core how much each connection still has to write.
    fn report(&mut self) {
        for (peer, link) in &self.links {
            self.core.handle_buffered(*peer, link.waiting.load(Ordering::Relaxed));
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
