//! One of the hundred: a core, its sockets, and what it wants of the gateway.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use openclaw_examples::{Clock, Link, Reading};
use openclaw_proto::{
    Client, ClientConfig, Input, Instant, NotSent, Outcome, Output, Request, State, StateKind, Stats, StopReason,
    TransportError,
};
use tungstenite::Utf8Bytes;

use crate::dial::{Dial, Step};

/// Messages read from one socket before the other members get their turn.
const RECEIVE: usize = 64;

/// An open connection and what its poll was last told.
struct Socket {
    link: Link<TcpStream>,
    wants_write: bool,
}

/// A client that makes some calls, one after the other, waits for an event, and leaves.
pub(crate) struct Member {
    token: Token,
    core: Client<(), Utf8Bytes>,
    addresses: Rc<[SocketAddr]>,
    dials: Vec<Dial>,
    /// Two of them for a moment, when one is being closed and the next is open already.
    sockets: Vec<Socket>,
    request: Request,
    calls: u32,
    pub(crate) answered: u32,
    pub(crate) events: u32,
    /// How often a socket would not take all there was.
    pub(crate) blocked: u32,
    pub(crate) gave_up: Option<String>,
}

impl Member {
    pub(crate) fn new(
        token: Token,
        config: ClientConfig,
        addresses: Rc<[SocketAddr]>,
        calls: u32,
        request: Request,
    ) -> Result<Self, getrandom::Error> {
        // A seed for each: with one for all they would wait equally long after a restart and come back as one.
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(Self {
            token,
            core: Client::new(config, seed),
            addresses,
            dials: Vec::new(),
            sockets: Vec::new(),
            request,
            calls,
            answered: 0,
            events: 0,
            blocked: 0,
            gave_up: None,
        })
    }

    /// Begins. Its first call waits until there is a connection.
    pub(crate) fn start(&mut self, clock: &Clock) {
        self.core.start(clock.now());
        self.ask(clock);
    }

    pub(crate) fn state(&self) -> StateKind {
        self.core.state()
    }

    pub(crate) fn stats(&self) -> Stats {
        self.core.stats()
    }

    /// Whether it wants to leave or has left.
    pub(crate) fn is_over(&self) -> bool {
        self.core.state() == StateKind::Stopped && self.dials.is_empty() && self.sockets.is_empty()
    }

    /// When it wants a turn although nothing has come.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.core.poll_timeout().map(|(at, _)| at)
    }

    /// Everything there is to do. Returns whether there is more although no readiness will say so.
    pub(crate) fn turn(&mut self, clock: &Clock, registry: &Registry) -> io::Result<bool> {
        // What has come is handled before anything is written: it may be the peer's goodbye, and its reason.
        self.dial_on(clock);
        let mut more = self.receive(clock);
        if self.deadline().is_some_and(|at| at <= clock.now().mono) {
            self.core.handle_timeout(clock.now());
        }
        self.deliver(clock, registry);
        loop {
            for socket in &mut self.sockets {
                socket.link.transmit(&mut self.core, clock);
            }
            if !self.deliver(clock, registry) {
                break;
            }
        }
        for socket in &mut self.sockets {
            // An error of writing is told once everything is read, and reading has to be tried for that.
            more |= socket.link.is_broken();
            let blocked = socket.link.is_blocked();
            if blocked != socket.wants_write {
                socket.wants_write = blocked;
                self.blocked += u32::from(blocked);
                let write = if blocked { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
                registry.reregister(socket.link.stream_mut(), self.token, write)?;
            }
        }
        Ok(more)
    }

    fn dial_on(&mut self, clock: &Clock) {
        for dial in std::mem::take(&mut self.dials) {
            let conn = dial.conn;
            match dial.advance() {
                Ok(Step::Pending(dial)) => self.dials.push(dial),
                Ok(Step::Open(link)) => {
                    // It was registered for writing as a dial; the end of the turn takes that back.
                    self.sockets.push(Socket { link, wants_write: true });
                    self.core.handle_input(clock.now(), conn, Input::Opened);
                }
                Err(error) => self.core.handle_input(clock.now(), conn, Input::Failed(error)),
            }
        }
    }

    /// Reads from every socket, those included that were opened a moment ago: the challenge may have come with the answer
    /// to the upgrade, and then the socket is silent about it.
    fn receive(&mut self, clock: &Clock) -> bool {
        let mut more = false;
        self.sockets.retain_mut(|socket| {
            let reading = socket.link.receive(&mut self.core, clock, RECEIVE);
            more |= reading == Reading::More;
            reading != Reading::Over
        });
        more
    }

    /// Acts on what the core says. Returns whether it said anything.
    fn deliver(&mut self, clock: &Clock, registry: &Registry) -> bool {
        let mut any = false;
        while let Some(output) = self.core.poll_output() {
            any = true;
            match output {
                Output::Dial { conn, plan, .. } => {
                    // Another address at every attempt. The core watches the deadline: it aborts a dial that takes too long.
                    let attempt = usize::try_from(conn.number()).unwrap_or_default();
                    let address = self.addresses.iter().cycle().nth(attempt % self.addresses.len().max(1));
                    let dial = match address {
                        Some(address) => Dial::start(conn, plan, *address, registry, self.token),
                        None => Err(TransportError::Connect("there is no address".into())),
                    };
                    match dial {
                        Ok(dial) => self.dials.push(dial),
                        Err(error) => self.core.handle_input(clock.now(), conn, Input::Failed(error)),
                    }
                }
                Output::Close { conn, code, reason } => {
                    if let Some(socket) = self.sockets.iter_mut().find(|socket| socket.link.conn() == conn) {
                        socket.link.close(code, reason);
                    }
                }
                // To drop a socket is to close it, and a closed one is in no poll.
                Output::Abort { conn } => {
                    self.dials.retain(|dial| dial.conn != conn);
                    self.sockets.retain(|socket| socket.link.conn() != conn);
                }
                Output::Completed { outcome, .. } => self.completed(clock, &outcome),
                // A goodbye is no news: whoever hears it comes back for more.
                Output::Event(event) if event.name() != "shutdown" => {
                    self.events += 1;
                    self.leave_if_done(clock);
                }
                Output::State(State::Paused { why, reason, .. }) => {
                    // Only a person can mend this, and none is here.
                    self.give_up(clock, format!("{why} ({reason:?})"));
                }
                Output::State(State::Stopped { why: StopReason::Down(down) }) => self.give_up(clock, down.to_string()),
                _ => {}
            }
        }
        any
    }

    fn completed(&mut self, clock: &Clock, outcome: &Outcome<Utf8Bytes>) {
        match outcome {
            Outcome::Replied(_) => {
                self.answered += 1;
                if self.answered < self.calls { self.ask(clock) } else { self.leave_if_done(clock) }
            }
            // It may have run, but what is asked here does no harm twice.
            Outcome::NotSent(NotSent::ConnectionLost(_)) | Outcome::OutcomeUnknown(_) | Outcome::TimedOut { .. } => {
                self.ask(clock);
            }
            Outcome::Rejected(rejected) if rejected.error.retryable == Some(true) => self.ask(clock),
            // The state that comes with it says why.
            Outcome::NotSent(NotSent::Paused(_) | NotSent::Stopped | NotSent::ShutDown) => {}
            other => self.give_up(clock, format!("{other:?}")),
        }
    }

    fn ask(&mut self, clock: &Clock) {
        if let Err(refused) = self.core.request(clock.now(), self.request.clone(), ()) {
            self.give_up(clock, refused.to_string());
        }
    }

    fn leave_if_done(&mut self, clock: &Clock) {
        if self.answered >= self.calls && self.events > 0 {
            self.core.shutdown(clock.now());
        }
    }

    pub(crate) fn give_up(&mut self, clock: &Clock, why: String) {
        self.gave_up.get_or_insert(why);
        self.core.shutdown(clock.now());
    }
}
