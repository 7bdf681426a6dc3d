//! The handle: the asynchronous one, waited for by blocking.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use openclaw_client::connect::{Auth, Hello, Scope};
use openclaw_client::device::DeviceId;
use openclaw_client::proto::Stats;
use openclaw_client::proto::scope_upgrade::Decision;
use openclaw_client::{
    Adapter, Backlog, BuildError, Builder, CallError, ConnectError, Event, EventFilter, Notice, Payload, Request,
    StartError, State, UpgradeError,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::background;
use crate::call::Call;
use crate::crew::Crew;
use crate::event_loop::EventLoop;
use crate::reactor::{Reactor, Wakeups};
use crate::receiver::Receiver;
use crate::waiting::Waiting;

/// A gateway client whose calls block the thread they are made on. Clones are cheap and are the same client; when the last
/// one is dropped the connection is closed.
#[derive(Clone, Debug)]
pub struct Client {
    handle: openclaw_client::Client,
    reactor: Reactor,
    waiting: Waiting,
}

/// The blocking adapter: whoever waits drives, and a background thread for each client while nobody does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blocking;

impl Adapter for Blocking {
    type Client = Client;
    type Connected = Result<Client, StartError>;

    fn build(builder: Builder<Self>) -> Result<Client, BuildError> {
        let (client, event_loop) = EventLoop::new(builder)?;
        let crew = Arc::new(Crew::new(event_loop));
        background::start(&crew).map_err(BuildError::Driver)?;
        Ok(client.waiting_by(Waiting::crew(crew)))
    }

    fn connect(builder: Builder<Self>) -> Result<Client, StartError> {
        let client = builder.build()?;
        client.connect()?;
        Ok(client)
    }
}

impl Client {
    pub(crate) fn new(handle: openclaw_client::Client, reactor: Reactor) -> Self {
        Self { handle, reactor, waiting: Waiting::parked() }
    }

    pub(crate) fn waiting_by(self, waiting: Waiting) -> Self {
        Self { waiting, ..self }
    }

    /// Starts connecting, and goes on from a pause. Does nothing unless the client is idle, paused or stopped.
    ///
    /// From now on the client reconnects for ever, politely, until it is shut down or the gateway's refusal needs somebody
    /// to change something ([`State::Paused`]).
    pub fn start(&self) {
        self.handle.start();
    }

    /// Waits until requests can flow, over as many attempts as it takes. Does not start the client.
    ///
    /// # Errors
    /// When the client pauses or stops instead, now or already.
    pub fn ready(&self) -> Result<Arc<Hello>, ConnectError> {
        self.waiting.block_on(self.handle.ready())
    }

    /// The same, but waits no longer than `limit`: none when the time is up.
    #[must_use]
    pub fn ready_timeout(&self, limit: Duration) -> Option<Result<Arc<Hello>, ConnectError>> {
        self.waiting.block_on_for(self.handle.ready(), limit)
    }

    /// Starts the client and waits for its first connection. If that fails the client is stopped again: a program that
    /// rather waits for its gateway calls [`start`](Self::start) and [`ready`](Self::ready).
    ///
    /// # Errors
    /// When the first attempt fails or the gateway refuses it.
    pub fn connect(&self) -> Result<Arc<Hello>, ConnectError> {
        self.waiting.block_on(self.handle.connect())
    }

    /// Makes the next attempt now, if the client waits for one or is paused.
    pub fn nudge(&self) {
        self.handle.nudge();
    }

    /// Calls a method and reads its answer. Blocks until the answer, or the request's deadline (30 s by default).
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::may_have_run`] says whether repeating is safe.
    pub fn request<P, R>(&self, method: &str, params: &P) -> Result<R, CallError>
    where
        P: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        let payload = self.ask(Request::with_params(method, params)?)?;
        // Not before the lead is given up: it may take long.
        serde_json::from_str(payload.as_ref().map_or("null", Payload::as_str)).map_err(CallError::Decode)
    }

    /// Calls a method with params that are JSON already, and gives its answer unread. None when the answer has no payload.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn request_raw(&self, method: &str, params: &str) -> Result<Option<Payload>, CallError> {
        self.ask(Request::with_raw_params(method, params)?)
    }

    fn ask(&self, request: Request) -> Result<Option<Payload>, CallError> {
        self.waiting.block_on(async { self.handle.call(request).await })
    }

    /// Makes a request with options. It is under way when this returns; the [`Call`] waits for its answer, and for
    /// its acceptance if it is a two-stage one.
    ///
    /// The only call under way leaves at once. One made while others are under way leaves with the next turn of whoever drives;
    /// the [crate's documentation](crate#when-a-request-leaves) says when that is.
    pub fn call(&self, request: Request) -> Call {
        Call::new(self.waiting.clone(), || self.handle.call(request))
    }

    /// Events as an iterator: `"chat"`, `["chat", "agent"]` or [`EventFilter::all()`]. May be called before the client is
    /// started. It goes on over reconnects.
    #[must_use]
    pub fn events(&self, filter: impl Into<EventFilter>) -> Receiver<Event> {
        Receiver::new(self.handle.events(filter), self.waiting.clone())
    }

    /// Events as an iterator with a backlog of the caller's choice.
    #[must_use]
    pub fn events_with(&self, filter: impl Into<EventFilter>, backlog: Backlog) -> Receiver<Event> {
        Receiver::new(self.handle.events_with(filter, backlog), self.waiting.clone())
    }

    /// Runs a handler for every event of a name, one at a time and in order, on a thread of its own: a slow handler
    /// delays nobody else, and it is free to make requests. May be called before the client is started.
    ///
    /// What a slow handler misses is logged. A handler that holds a clone of the client keeps the client alive.
    pub fn on_event(&self, name: &str, mut handler: impl FnMut(Event) + Send + 'static) {
        self.handle.on_event(name, move |event| {
            handler(event);
            ready(())
        });
    }

    /// The client's states, beginning with the present one.
    #[must_use]
    pub fn states(&self) -> Receiver<State> {
        Receiver::new(self.handle.states(), self.waiting.clone())
    }

    /// What the core notices: malformed frames, stray responses, missing scopes.
    #[must_use]
    pub fn notices(&self) -> Receiver<Notice> {
        Receiver::new(self.handle.notices(), self.waiting.clone())
    }

    /// The present state.
    #[must_use]
    pub fn state(&self) -> State {
        self.handle.state()
    }

    /// Totals since the client was made.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.handle.stats()
    }

    /// The recording so far, if its last part is kept in memory; see the asynchronous
    /// [`recording`](openclaw_client::Client::recording).
    #[must_use]
    pub fn recording(&self) -> Option<String> {
        self.handle.recording()
    }

    /// Closes the connection and waits until it is closed. Every request completes at once; the gateway has 250 ms (by
    /// default) to answer the close. The client can be started again.
    pub fn shutdown(&self) {
        self.waiting.block_on(self.handle.shutdown());
    }

    /// Replaces the credentials, for a program that has asked its user for better ones: they count from the next connect on,
    /// which [`nudge`](Self::nudge) makes now if the client is paused.
    pub fn set_auth(&self, auth: Auth) {
        self.handle.set_auth(auth);
    }

    /// The device this client connects as; none if it connects as none.
    #[must_use]
    pub fn device_id(&self) -> Option<DeviceId> {
        self.handle.device_id()
    }

    /// Asks an operator for more scopes and waits for the decision, however long it takes; see the asynchronous
    /// [`upgrade_scopes`](openclaw_client::Client::upgrade_scopes).
    ///
    /// # Errors
    /// When a call fails, or its answer cannot be used.
    pub fn upgrade_scopes(&self, scopes: &[Scope]) -> Result<Decision, UpgradeError> {
        self.waiting.block_on(self.handle.upgrade_scopes(scopes))
    }

    /// The same client as the asynchronous adapters give it, for use from any executor: whoever drives the client drives its
    /// requests too.
    #[must_use]
    pub fn handle(&self) -> &openclaw_client::Client {
        &self.handle
    }

    /// How often what has woken the client's driver. An idle one is woken only by what comes, and by its timers.
    #[must_use]
    pub fn wakeups(&self) -> Wakeups {
        self.reactor.wakeups()
    }
}
