//! Many sockets' life: the part of the core an adapter talks to.

mod backoff;
mod config;
mod handshake;
mod inbound;
mod io;
mod lifecycle;
mod notice;
mod omen;
mod record;
mod state;
mod wallet;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::fmt;

pub use backoff::{BackoffConfig, Jitter};
pub use config::{ClientConfig, Limits, Timeouts};
pub use io::{DialPlan, Event, Input, Output, Transmit};
pub use notice::Notice;
pub use state::{State, StateKind, StopReason, TRANSITIONS, Trigger, transition};
pub(crate) use wallet::Offered;
use wallet::Wallet;

use crate::connect::Hello;
use backoff::Backoff;

use crate::connection::{ConnId, Connection, Down, Phase, TimerKind};
use crate::frame::Request;
use crate::record::{Log, Tape};
use crate::request::{Readiness, Refused, RequestId, RequestLimits, Requests};
use crate::rng::Rng;
use crate::stats::Stats;
use crate::time::{Instant, Now};

/// A gateway client as a state machine.
///
/// `W` is what the caller hands in with a request and gets back with its outcome; `T` is the text type of the
/// transport. Nothing here blocks, reads a clock or touches a socket.
///
/// # The rule
///
/// After any call that takes `&mut self`, drain [`poll_output`](Self::poll_output), then take
/// [`poll_transmit`](Self::poll_transmit) while the transport has room, then arm the timer from
/// [`poll_timeout`](Self::poll_timeout). Calling more often than that is harmless. The guide
/// [`bring_your_own_io`](crate::bring_your_own_io) says what else a host owes.
pub struct Client<W, T> {
    /// Many clients may share theirs.
    config: Arc<ClientConfig>,
    rng: Rng,
    state: StateKind,
    connection: Option<Connection>,
    closing: Option<Closing>,
    connections: u64,
    backoff: Backoff,
    /// When the next attempt is due, while backing off or paused.
    due: Option<Instant>,
    /// Why the client is paused.
    paused_by: Option<Arc<Down>>,
    wallet: Wallet,
    /// Wall clock minus monotonic clock, in nanoseconds, when both were seen last.
    clock_offset: Option<i128>,
    requests: Requests<W>,
    outputs: VecDeque<Output<W, T>>,
    stats: Stats,
    /// What is recorded, if anything is.
    log: Option<Box<Log>>,
    /// In a replay: what the log says of keys and tokens it does not hold.
    pub(crate) tape: Option<Box<Tape>>,
}

/// A connection that only waits for the peer to answer our close.
#[derive(Clone, Copy, Debug)]
struct Closing {
    conn: ConnId,
    until: Instant,
}

/// What is to happen to the socket of a connection that ends.
enum Ending {
    /// It is gone already.
    Gone,
    Abort,
    Close(u16, &'static str),
}

impl<W: Clone, T: AsRef<str>> Client<W, T> {
    /// A client that has not been started.
    ///
    /// `seed` should come from the operating system's random source. Equal seeds and equal inputs give equal outputs.
    /// Clients that are told the same may share the configuration, as an `Arc` of it.
    #[must_use]
    pub fn new(config: impl Into<Arc<ClientConfig>>, seed: [u8; 32]) -> Self {
        let config = config.into();
        let limits = RequestLimits {
            in_flight: config.limits.in_flight,
            waiting: config.limits.waiting,
            outgoing_bytes: config.limits.outgoing_bytes,
        };
        Self {
            config,
            rng: Rng::from_seed(seed),
            state: StateKind::Idle,
            connection: None,
            closing: None,
            connections: 0,
            backoff: Backoff::default(),
            due: None,
            paused_by: None,
            wallet: Wallet::default(),
            clock_offset: None,
            requests: Requests::new(limits),
            outputs: VecDeque::new(),
            stats: Stats::default(),
            log: None,
            tape: None,
        }
    }

    /// Takes a request in. It is sent when the transport has room and, if the client is not ready, when it is (unless
    /// the request says otherwise).
    ///
    /// Call [`poll_transmit`](Self::poll_transmit) and [`poll_timeout`](Self::poll_timeout) again afterwards.
    ///
    /// # Errors
    /// When it cannot be accepted; the waiter comes back and nothing else will be heard of it.
    pub fn request(&mut self, now: Now, request: Request, waiter: W) -> Result<RequestId, Refused<W>> {
        let line = self.log.as_ref().and_then(|log| log.request(now, &request));
        let result = match self.no_prospect() {
            Some(why) => Err(Refused { waiter, why }),
            None => {
                let ready = self.taking().map(readiness);
                self.requests.submit(now.mono, request, waiter, self.config.timeouts.request, ready, &mut self.rng)
            }
        };
        if let (Some(log), Some(line)) = (&mut self.log, line) {
            log.requested(line, result.as_ref().map(|id| *id).map_err(|refused| &refused.why));
        }
        result
    }

    /// Gives up on a request. Its waiter comes back, unless the request has completed already. What the transport has
    /// taken cannot be called back: the gateway may still run it, and its answer is then counted as late.
    pub fn cancel(&mut self, id: RequestId) -> Option<W> {
        let waiter = self.requests.cancel(id);
        if let Some(log) = &mut self.log {
            log.cancelled(id, waiter.is_some());
        }
        waiter
    }

    /// The next frame to send. Ask only while the transport has room: what has been taken counts as sent, and its
    /// request may have run if the connection then ends.
    ///
    /// Call again after every input, request and timeout until it gives none. Report [`Input::Flushed`] when all that was
    /// taken is written; until then a write is under way that may be found to stall.
    pub fn poll_transmit(&mut self, now: Now) -> Option<Transmit> {
        let taking = self.taking().is_some();
        let connection = self.connection.as_mut()?;
        let text = match &connection.phase {
            Phase::Handshaking(_) => connection.connecting.as_mut()?.frame.take(),
            Phase::Ready(_) if taking => self.requests.take_outgoing(),
            Phase::Dialing | Phase::Ready(_) => None,
        }?;
        connection.handed_over(now.mono, self.config.timeouts.write_stall);
        self.stats.frames_out += 1;
        let transmit = Transmit { conn: connection.id, text };
        if let Some(log) = &mut self.log {
            log.transmit(now, &transmit);
        }
        Some(transmit)
    }

    /// The same, if `conn` is the present connection: for adapters that may still hold an older one.
    pub fn poll_transmit_on(&mut self, now: Now, conn: ConnId) -> Option<Transmit> {
        self.connection.as_ref().filter(|connection| connection.id == conn)?;
        self.poll_transmit(now)
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) would give something.
    #[must_use]
    pub fn wants_transmit(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| match &connection.phase {
            Phase::Dialing => false,
            Phase::Handshaking(_) => connection.has_connect_frame(),
            Phase::Ready(_) => self.state == StateKind::Ready && self.requests.has_outgoing(),
        })
    }

    /// What the core has to say, in the order it happened.
    ///
    /// Call until it gives none after every call that takes `&mut self`; the queue grows until you do.
    pub fn poll_output(&mut self) -> Option<Output<W, T>> {
        let output = self.outputs.pop_front()?;
        if let Some(log) = &mut self.log {
            log.output(&output);
        }
        Some(output)
    }

    /// The same for all of it at once, at the end of `into`.
    pub fn take_outputs(&mut self, into: &mut VecDeque<Output<W, T>>) {
        if let Some(log) = &mut self.log {
            self.outputs.iter().for_each(|output| log.output(output));
        }
        if into.is_empty() {
            core::mem::swap(into, &mut self.outputs);
        } else {
            into.append(&mut self.outputs);
        }
    }

    /// Gives back memory that only was needed for a while: for a host that has nothing to do for now and may have thousands
    /// of clients. Nothing else changes.
    pub fn shrink_to_fit(&mut self) {
        self.outputs.shrink_to_fit();
        self.requests.shrink_to_fit();
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), and why.
    ///
    /// Any call that takes `&mut self` may change it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, TimerKind)> {
        let connection = self.connection.as_ref().and_then(|c| c.timers.next());
        let closing = self.closing.map(|closing| (closing.until, TimerKind::CloseGrace));
        let request = self.requests.next_deadline().map(|at| (at, TimerKind::Request));
        let due = self.due.map(|at| (at, TimerKind::Backoff));
        [connection, closing, request, due].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// The present state.
    #[must_use]
    pub fn state(&self) -> StateKind {
        self.state
    }

    /// The present connection's hello; none unless the client is ready or draining.
    #[must_use]
    pub fn hello(&self) -> Option<&Arc<Hello>> {
        match &self.connection.as_ref()?.phase {
            Phase::Ready(hello) => Some(hello),
            Phase::Dialing | Phase::Handshaking(_) => None,
        }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// Totals.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Requests queued or in flight, requests that wait for a connection, and bytes not yet taken by the transport.
    #[must_use]
    pub fn load(&self) -> (usize, usize, usize) {
        (self.requests.in_flight(), self.requests.waiting(), self.requests.outgoing_bytes())
    }

    /// The gateway, if it takes requests now.
    fn taking(&self) -> Option<&Hello> {
        self.hello().filter(|_| self.state == StateKind::Ready).map(|hello| &**hello)
    }
}

fn readiness(hello: &Hello) -> Readiness {
    Readiness {
        max_frame: hello.policy.max_payload,
        profile_binding: hello.profile_binding,
        trace_context: hello.names_its_life,
    }
}

impl<W, T> fmt::Debug for Client<W, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("state", &self.state)
            .field("connection", &self.connection)
            .field("closing", &self.closing)
            .field("outputs", &self.outputs.len())
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}
