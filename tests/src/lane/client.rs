//! A client of any adapter.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use openclaw_client::connect::Hello;
use openclaw_client::proto::Stats;
use openclaw_client::{
    Backlog, CallError, ConnectError, Event, EventFilter, Notice, Payload, Request, State, park::block_on_for,
};
use serde_json::Value;

use super::waiting::{Answer, Call, PATIENCE, Stream, soon};

/// A client of any adapter: the asynchronous handle is the same on all runtimes.
#[derive(Clone, Debug)]
pub enum Client {
    /// On a runtime.
    Async(openclaw_client::Client),
    /// On a thread.
    Blocking(openclaw_blocking::Client),
}

macro_rules! either {
    ($self:ident, $client:ident => $wait:expr, $block:expr) => {
        match $self {
            Self::Async($client) => $wait,
            Self::Blocking($client) => $block,
        }
    };
}

impl Client {
    /// Begins to connect, for ever.
    pub fn start(&self) {
        either!(self, c => c.start(), c.start());
    }

    /// Makes the next attempt now.
    pub fn nudge(&self) {
        either!(self, c => c.nudge(), c.nudge());
    }

    /// One attempt.
    ///
    /// # Errors
    /// When it fails.
    pub fn connect(&self) -> Result<Arc<Hello>, ConnectError> {
        either!(self, c => soon(c.connect()), c.connect())
    }

    /// Waits until requests can flow.
    ///
    /// # Errors
    /// When the client pauses or stops.
    pub fn ready(&self) -> Result<Arc<Hello>, ConnectError> {
        either!(self, c => soon(c.ready()), c.ready_timeout(PATIENCE).expect("in time"))
    }

    /// Calls a method and reads its answer.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn request(&self, method: &str, params: &Value) -> Result<Value, CallError> {
        either!(self, c => soon(c.request(method, params)), c.request(method, params))
    }

    /// Calls a method without reading its answer.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn request_raw(&self, method: &str, params: &str) -> Result<Option<Payload>, CallError> {
        either!(self, c => soon(c.request_raw(method, params)), c.request_raw(method, params))
    }

    /// Makes a request.
    #[must_use]
    pub fn call(&self, request: Request) -> Call {
        either!(self, c => Call::Async(c.call(request)), Call::Blocking(c.call(request)))
    }

    /// Events from here on.
    #[must_use]
    pub fn events(&self, filter: impl Into<EventFilter>) -> Stream<Event> {
        either!(self, c => Stream::Async(c.events(filter)), Stream::Blocking(c.events(filter)))
    }

    /// The same with a backlog.
    #[must_use]
    pub fn events_with(&self, filter: impl Into<EventFilter>, backlog: Backlog) -> Stream<Event> {
        either!(self, c => Stream::Async(c.events_with(filter, backlog)), Stream::Blocking(c.events_with(filter, backlog)))
    }

    /// States, beginning with the present one.
    #[must_use]
    pub fn states(&self) -> Stream<State> {
        either!(self, c => Stream::Async(c.states()), Stream::Blocking(c.states()))
    }

    /// Notices from here on.
    #[must_use]
    pub fn notices(&self) -> Stream<Notice> {
        either!(self, c => Stream::Async(c.notices()), Stream::Blocking(c.notices()))
    }

    /// The present state.
    #[must_use]
    pub fn state(&self) -> State {
        either!(self, c => c.state(), c.state())
    }

    /// Totals.
    #[must_use]
    pub fn stats(&self) -> Stats {
        either!(self, c => c.stats(), c.stats())
    }

    /// The recording so far, if its last part is kept in memory.
    #[must_use]
    pub fn recording(&self) -> Option<String> {
        either!(self, c => c.recording(), c.recording())
    }

    /// Closes the connection and waits for that.
    pub fn shutdown(&self) {
        either!(self, c => soon(c.shutdown()), c.shutdown());
    }

    /// Has a handler make a request for each event, and gives the answers to `answers`.
    pub fn on_event_ask(&self, name: &str, ask: impl Fn(Event) -> Request + Send + 'static, answers: Sender<Answer>) {
        match self {
            Self::Async(client) => {
                let caller = client.clone();
                client.on_event(name, move |event| {
                    let (call, answers) = (caller.call(ask(event)), answers.clone());
                    async move { answers.send(call.await).expect("the test listens") }
                });
            }
            Self::Blocking(client) => {
                let caller = client.clone();
                client.on_event(name, move |event| {
                    answers.send(caller.call(ask(event)).wait()).expect("the test listens");
                });
            }
        }
    }

    /// Has a handler hang until the other end of `until` is dropped.
    pub fn on_event_hang(&self, name: &str, until: Receiver<()>) {
        match self {
            Self::Async(client) => client.on_event(name, |_| std::future::pending()),
            Self::Blocking(client) => client.on_event(name, move |_| {
                let _ = until.recv();
            }),
        }
    }

    /// The asynchronous handle of whatever client.
    #[must_use]
    pub fn handle(&self) -> &openclaw_client::Client {
        either!(self, c => c, c.handle())
    }

    /// Waits until a state comes that passes.
    ///
    /// # Panics
    /// When it does not come.
    pub fn until(&self, passes: impl Fn(&State) -> bool) -> State {
        let mut states = self.handle().states();
        loop {
            let state = block_on_for(states.next(), PATIENCE).expect("in time");
            let state = state.expect("the client lives").expect("nothing is lost");
            if passes(&state) {
                return state;
            }
        }
    }
}
