//! Many sockets' life: the part of the core an adapter talks to.

mod config;
mod inbound;
mod io;
mod state;

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

pub use config::{ClientConfig, Limits, Timeouts};
pub use io::{DialPlan, Event, Input, Notice, Output, Transmit};
pub use state::{State, StateKind, StopReason, TRANSITIONS, Trigger, transition};

use crate::connect::Hello;
use crate::connection::{ConnId, Connection, Down, Phase, TimerKind};
use crate::frame::Request;
use crate::request::{NotSent, Outcome, Readiness, Refused, RequestId, RequestLimits, Requests};
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
/// [`poll_timeout`](Self::poll_timeout). Calling more often than that is harmless.
pub struct Client<W, T> {
    config: ClientConfig,
    rng: Rng,
    state: StateKind,
    connection: Option<Connection>,
    closing: Option<Closing>,
    connections: u64,
    requests: Requests<W>,
    outputs: VecDeque<Output<W, T>>,
    stats: Stats,
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
    #[must_use]
    pub fn new(config: ClientConfig, seed: [u8; 32]) -> Self {
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
            requests: Requests::new(limits),
            outputs: VecDeque::new(),
            stats: Stats::default(),
        }
    }

    /// Starts connecting. Does nothing unless the client is idle or stopped.
    pub fn start(&mut self, now: Now) {
        if !self.advance(Trigger::Start) {
            return;
        }
        self.connections += 1;
        self.stats.dials += 1;
        let conn = ConnId(self.connections);
        let connection = Connection::new(conn, now.mono, self.config.timeouts.dial);
        self.connection = Some(connection);
        self.outputs.push_back(Output::State(State::Dialing { conn }));
        self.outputs.push_back(Output::Dial {
            conn,
            plan: DialPlan::new(self.config.url.clone(), self.config.limits.inbound_frame),
            deadline: now.mono.after(self.config.timeouts.dial),
        });
    }

    /// Stops from whatever state. Every request completes at once; the peer gets
    /// [`close_grace`](Timeouts::close_grace) to answer the close.
    pub fn shutdown(&mut self, now: Now) {
        let Some(to) = transition(self.state, Trigger::Shutdown) else { return };
        self.state = to;
        let ending = match self.connection.as_ref().map(|c| &c.phase) {
            // Nothing has been said yet, so there is nobody to say goodbye to.
            Some(Phase::Dialing) => Ending::Abort,
            Some(_) => Ending::Close(1000, ""),
            None => Ending::Gone,
        };
        self.end_connection(now, &Arc::new(Down::ShutDown), &ending);
        self.fail_waiting(&NotSent::ShutDown);
        if self.state == StateKind::Stopping {
            self.outputs.push_back(Output::State(State::Stopping));
            if self.closing.is_none() {
                self.closed();
            }
        } else {
            self.outputs.push_back(Output::State(State::Stopped { why: StopReason::Requested }));
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
        if matches!(self.state, StateKind::Stopping | StateKind::Stopped) {
            return Err(Refused { waiter, why: NotSent::Stopped });
        }
        let ready = self.hello().map(|hello| readiness(hello));
        self.requests.submit(now.mono, request, waiter, self.config.timeouts.request, ready, &mut self.rng)
    }

    /// Gives up on a request. Its waiter comes back, unless the request has completed already. What the transport has
    /// taken cannot be called back: the gateway may still run it, and its answer is then counted as late.
    pub fn cancel(&mut self, id: RequestId) -> Option<W> {
        self.requests.cancel(id)
    }

    /// Tells what time it is. Call it at or after the time [`poll_timeout`](Self::poll_timeout) gave; earlier is harmless.
    pub fn handle_timeout(&mut self, now: Now) {
        if let Some(closing) = self.closing.filter(|closing| closing.until <= now.mono) {
            self.outputs.push_back(Output::Abort { conn: closing.conn });
            self.closed();
        }
        while let Some((waiter, sent)) = self.requests.expire(now.mono) {
            self.outputs.push_back(Output::Completed { waiter, outcome: Outcome::TimedOut { sent } });
        }
        let Some(due) = self.connection.as_ref().and_then(|c| c.timers.due(now.mono)) else { return };
        let (down, ending) = match due {
            TimerKind::Dial => (Down::DialTimeout, Ending::Abort),
            TimerKind::Challenge => (Down::ChallengeTimeout, Ending::Close(1008, "connect challenge timeout")),
            TimerKind::Connect => (Down::ConnectTimeout, Ending::Close(4000, "connect timeout")),
            TimerKind::Silence => (Down::Silent, Ending::Abort),
            TimerKind::WriteStall => (Down::WriteStalled, Ending::Abort),
            TimerKind::CloseGrace | TimerKind::Request => return,
        };
        self.down(now, down, &ending);
    }

    /// The next frame to send. Ask only while the transport has room: what has been taken counts as sent, and its
    /// request may have run if the connection then ends.
    ///
    /// Call again after every input, request and timeout until it gives none.
    pub fn poll_transmit(&mut self, now: Now) -> Option<Transmit> {
        let connection = self.connection.as_mut()?;
        let text = match &connection.phase {
            Phase::Dialing => None,
            Phase::Handshaking(_) => connection.connect_frame.take(),
            Phase::Ready(_) => self.requests.take_outgoing(),
        }?;
        connection.handed_over(now.mono, self.config.timeouts.write_stall);
        self.stats.frames_out += 1;
        Some(Transmit { conn: connection.id, text })
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
            Phase::Handshaking(_) => connection.connect_frame.is_some(),
            Phase::Ready(_) => self.requests.has_outgoing(),
        })
    }

    /// What the core has to say, in the order it happened.
    ///
    /// Call until it gives none after every call that takes `&mut self`; the queue grows until you do.
    pub fn poll_output(&mut self) -> Option<Output<W, T>> {
        self.outputs.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), and why.
    ///
    /// Any call that takes `&mut self` may change it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, TimerKind)> {
        let connection = self.connection.as_ref().and_then(|c| c.timers.next());
        let closing = self.closing.map(|closing| (closing.until, TimerKind::CloseGrace));
        let request = self.requests.next_deadline().map(|at| (at, TimerKind::Request));
        [connection, closing, request].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// The present state.
    #[must_use]
    pub fn state(&self) -> StateKind {
        self.state
    }

    /// The present connection's hello; none unless the client is ready.
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

    fn advance(&mut self, trigger: Trigger) -> bool {
        match transition(self.state, trigger) {
            Some(to) => {
                self.state = to;
                true
            }
            None => false,
        }
    }

    /// The present connection ends for a reason other than [`shutdown`](Self::shutdown).
    fn down(&mut self, now: Now, down: Down, ending: &Ending) {
        let down = Arc::new(down);
        self.end_connection(now, &down, ending);
        if self.advance(Trigger::Down) {
            self.fail_waiting(&NotSent::Stopped);
            self.outputs.push_back(Output::State(State::Stopped { why: StopReason::Down(down) }));
        }
    }

    /// Lets go of the socket and completes everything it carried.
    fn end_connection(&mut self, now: Now, down: &Arc<Down>, ending: &Ending) {
        let Some(connection) = self.connection.take() else { return };
        let conn = connection.id;
        match *ending {
            Ending::Gone => {}
            Ending::Abort => self.outputs.push_back(Output::Abort { conn }),
            Ending::Close(code, reason) => {
                // At most one connection can be closing; an older one has had its time.
                if let Some(older) = self.closing.take() {
                    self.outputs.push_back(Output::Abort { conn: older.conn });
                }
                self.closing = Some(Closing { conn, until: now.mono.after(self.config.timeouts.close_grace) });
                self.outputs.push_back(Output::Close { conn, code, reason });
            }
        }
        for (waiter, sent) in self.requests.connection_lost() {
            let outcome = if sent {
                Outcome::OutcomeUnknown(Arc::clone(down))
            } else {
                Outcome::NotSent(NotSent::ConnectionLost(Arc::clone(down)))
            };
            self.outputs.push_back(Output::Completed { waiter, outcome });
        }
    }

    fn fail_waiting(&mut self, why: &NotSent) {
        for waiter in self.requests.give_up_waiting() {
            self.outputs.push_back(Output::Completed { waiter, outcome: Outcome::NotSent(why.clone()) });
        }
    }

    /// The closing connection is gone.
    fn closed(&mut self) {
        self.closing = None;
        if self.advance(Trigger::Closed) {
            self.outputs.push_back(Output::State(State::Stopped { why: StopReason::Requested }));
        }
    }

    /// How long a silence means a dead link.
    fn silence_limit(&self, hello: &Hello) -> Duration {
        hello.policy.tick_interval.saturating_mul(2).max(self.config.timeouts.silence_floor)
    }
}

fn readiness(hello: &Hello) -> Readiness {
    Readiness {
        max_frame: hello.policy.max_payload,
        profile_binding: hello.features.has_capability("profile-binding-v1"),
        trace_context: hello.server.boot_id.is_some(),
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
