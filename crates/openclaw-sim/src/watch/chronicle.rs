//! What is known of a client from its calls and outputs so far: the memory all invariants share.

use std::collections::BTreeMap;

use openclaw_proto::{ClientConfig, ConnId, Input, Instant, Outcome, Output, RequestId, State, StateKind};

use super::{Call, Facts, Step, Wallet};
use crate::reading::Reading;

/// A request that was accepted and has not ended.
#[derive(Clone, Debug)]
pub struct Open {
    /// Its name.
    pub id: RequestId,
    /// What its maker knows.
    pub facts: Facts,
    /// The size of the frame as it will leave.
    pub len: usize,
    /// When it is to end at the latest.
    pub deadline: Option<Instant>,
    /// Whether it waits for a connection.
    pub waiting: bool,
    /// Whether the transport has it.
    pub taken: bool,
    /// Whether the first of two answers has come.
    pub accepted: bool,
}

/// A socket as the host has been told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Socket {
    /// It is being made, or open.
    Wanted,
    /// A close frame is to be sent; the core will have enough of it then.
    Closing(Instant),
}

/// What is known of a client.
#[derive(Clone, Debug)]
pub struct Chronicle {
    /// How it is configured.
    pub config: ClientConfig,
    /// The last state that was told.
    pub state: StateKind,
    /// The present connection.
    pub conn: Option<ConnId>,
    /// Whether the present connection is open.
    pub opened: bool,
    /// Whether the present connection has had its hello.
    pub hello: bool,
    /// Whether the present gateway takes trace context.
    pub traces: bool,
    /// The requests that have not ended, by waiter.
    pub open: BTreeMap<u32, Open>,
    /// The same by name.
    pub waiters: BTreeMap<String, u32>,
    /// The requests that have ended, by name, and whether by an answer.
    pub ended: BTreeMap<String, bool>,
    /// The sockets that have not ended.
    pub sockets: BTreeMap<ConnId, Socket>,
    /// The `connect` request of the present connection.
    pub connect: Option<String>,
    /// Its credentials.
    pub wallet: Wallet,
}

impl Chronicle {
    /// Of a client that has done nothing yet.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        Self {
            config,
            state: StateKind::Idle,
            conn: None,
            opened: false,
            hello: false,
            traces: false,
            open: BTreeMap::new(),
            waiters: BTreeMap::new(),
            ended: BTreeMap::new(),
            sockets: BTreeMap::new(),
            connect: None,
            wallet: Wallet::default(),
        }
    }

    /// The waiter of a request whose frame the transport has, by the id of an answer.
    #[must_use]
    pub fn asked(&self, id: &str) -> Option<(u32, &Open)> {
        let waiter = self.waiters.get(id)?;
        self.open.get(waiter).filter(|open| open.taken).map(|open| (*waiter, open))
    }

    /// Takes a step in. Comes after all invariants have seen it.
    pub(crate) fn take(&mut self, step: &Step<'_>) {
        match &step.call {
            Call::Request { waiter, facts, result: Ok(id) } => self.asked_for(step, *waiter, *facts, *id),
            Call::Cancel { waiter: Some(waiter), .. } => self.end(*waiter, false),
            Call::Transmit { frame: Some(frame), .. } => self.taken(&frame.text),
            Call::Input { conn, input } => {
                if matches!(input, Input::Closed { .. } | Input::Failed(_)) {
                    self.sockets.remove(conn);
                }
                if self.conn == Some(*conn) && matches!(input, Input::Opened) {
                    self.opened = true;
                }
            }
            _ => {}
        }
        for output in step.outputs {
            self.output(step, output);
        }
    }

    fn asked_for(&mut self, step: &Step<'_>, waiter: u32, facts: Facts, id: RequestId) {
        let waiting = self.state != StateKind::Ready;
        let untraced = !waiting && !self.traces;
        let open = Open {
            id,
            facts,
            len: if untraced { facts.len - facts.trace } else { facts.len },
            deadline: facts.limit.map(|limit| step.now.mono.after(limit)),
            waiting,
            taken: false,
            accepted: false,
        };
        self.waiters.insert(id.to_string(), waiter);
        self.open.insert(waiter, open);
    }

    fn taken(&mut self, frame: &str) {
        let Some(id) = Reading::id_of_request(frame) else { return };
        if !self.hello {
            self.connect = Some(id);
            self.wallet.greeted(frame);
        } else if let Some(open) = self.waiters.get(&id).and_then(|waiter| self.open.get_mut(waiter)) {
            open.taken = true;
        }
    }

    fn end(&mut self, waiter: u32, answered: bool) {
        if let Some(open) = self.open.remove(&waiter) {
            let id = open.id.to_string();
            self.waiters.remove(&id);
            self.ended.insert(id, answered);
        }
    }

    fn output(&mut self, step: &Step<'_>, output: &Output<u32, String>) {
        self.wallet.output(output);
        match output {
            Output::Dial { conn, .. } => {
                self.sockets.insert(*conn, Socket::Wanted);
            }
            Output::Close { conn, .. } => {
                let until = step.now.mono.after(self.config.timeouts.close_grace);
                self.sockets.insert(*conn, Socket::Closing(until));
            }
            Output::Abort { conn } => {
                self.sockets.remove(conn);
            }
            Output::Accepted { waiter, .. } => {
                if let Some(open) = self.open.get_mut(waiter) {
                    open.accepted = true;
                    open.deadline = open.facts.final_limit.map(|limit| step.now.mono.after(limit));
                }
            }
            Output::Completed { waiter, outcome } => {
                let answered =
                    matches!(outcome, Outcome::Replied(_) | Outcome::Rejected(_) | Outcome::UnreadableAnswer);
                self.end(*waiter, answered);
            }
            Output::State(state) => self.turned(state),
            _ => {}
        }
    }

    fn turned(&mut self, state: &State) {
        match state {
            State::Dialing { conn } => {
                self.state = StateKind::Dialing;
                self.conn = Some(*conn);
                (self.opened, self.hello, self.connect) = (false, false, None);
            }
            State::Handshaking { .. } => self.state = StateKind::Handshaking,
            State::Ready { hello, .. } => {
                self.state = StateKind::Ready;
                self.hello = true;
                self.traces = hello.server().boot_id.is_some();
                for open in self.open.values_mut().filter(|open| open.waiting) {
                    open.waiting = false;
                    if !self.traces {
                        open.len -= open.facts.trace;
                    }
                }
            }
            State::Draining { .. } => self.state = StateKind::Draining,
            ended => {
                self.conn = None;
                self.hello = false;
                self.state = match ended {
                    State::Backoff { .. } => StateKind::Backoff,
                    State::Paused { .. } => StateKind::Paused,
                    State::Stopping => StateKind::Stopping,
                    State::Stopped { .. } => StateKind::Stopped,
                    _ => StateKind::Idle,
                };
            }
        }
    }
}
