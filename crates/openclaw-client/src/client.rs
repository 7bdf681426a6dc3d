//! The handle.

use std::future::Future;
use std::sync::Arc;

use openclaw_proto::connect::{Auth, Hello, Scope};
use openclaw_proto::device::DeviceId;
use openclaw_proto::scope_upgrade::Decision;
use openclaw_proto::{Down, Notice, Request, State, StateKind, Stats, StopReason};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::{Call, CallError};
use crate::hub::EventFilter;
use crate::queue::{Backlog, Receiver};
use crate::scope_upgrade::{self, UpgradeError};
use crate::shared::{Shared, wake_driver};
use crate::{Event, Payload};

/// A gateway client. Clones are cheap and are the same client; when the last one is dropped the connection is closed.
#[derive(Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

/// Why a client did not become ready.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The connection failed, or the gateway refused it.
    #[error("{0}")]
    Down(Arc<Down>),
    /// The client was shut down.
    #[error("the client was shut down")]
    ShutDown,
}

impl Client {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        shared.lock().handles += 1;
        Self { shared }
    }

    /// Starts connecting, and goes on from a pause. Does nothing unless the client is idle, paused or stopped.
    ///
    /// From now on the client reconnects for ever, politely, until it is shut down or the gateway's refusal needs somebody
    /// to change something ([`State::Paused`]).
    pub fn start(&self) {
        self.shared.with_core(|core, now| core.start(now));
    }

    /// Waits until requests can flow, over as many attempts as it takes. Does not start the client.
    ///
    /// # Errors
    /// When the client pauses or stops instead, now or already.
    pub async fn ready(&self) -> Result<Arc<Hello>, ConnectError> {
        let result = self.wait_until_ready().await;
        self.shared.hub.sweep();
        result
    }

    async fn wait_until_ready(&self) -> Result<Arc<Hello>, ConnectError> {
        let mut states = self.states();
        while let Some(state) = states.next().await {
            match state {
                Ok(State::Ready { hello, .. }) => return Ok(hello),
                // A pause or a stop that is over already: somebody has nudged or started the client, and the driver has not
                // told yet.
                Ok(State::Paused { .. }) if self.core_state() != StateKind::Paused => {}
                Ok(State::Stopped { .. }) if self.core_state() != StateKind::Stopped => {}
                Ok(State::Paused { why, .. }) => return Err(ConnectError::Down(why)),
                Ok(State::Stopped { why: StopReason::Down(why) }) => return Err(ConnectError::Down(why)),
                Ok(State::Stopped { .. }) => break,
                _ => {}
            }
        }
        Err(ConnectError::ShutDown)
    }

    fn core_state(&self) -> StateKind {
        self.shared.lock().core.state()
    }

    /// Starts the client and waits for its first connection. If that fails the client is stopped again: a program that
    /// rather waits for its gateway calls [`start`](Self::start) and [`ready`](Self::ready).
    ///
    /// # Errors
    /// When the first attempt fails or the gateway refuses it.
    pub async fn connect(&self) -> Result<Arc<Hello>, ConnectError> {
        let result = self.start_and_wait().await;
        self.shared.hub.sweep();
        result
    }

    async fn start_and_wait(&self) -> Result<Arc<Hello>, ConnectError> {
        // Subscribed first, so that the end of an earlier life is not taken for the outcome of this start.
        let mut states = self.states();
        self.start();
        let mut begun = false;
        while let Some(state) = states.next().await {
            let failed = match state {
                Ok(State::Ready { hello, .. }) => return Ok(hello),
                Ok(State::Dialing { .. } | State::Handshaking { .. }) => {
                    begun = true;
                    continue;
                }
                Ok(State::Stopped { why: StopReason::Down(why) }) if begun => return Err(ConnectError::Down(why)),
                Ok(State::Stopped { .. }) if begun => break,
                Ok(State::Backoff { why, .. } | State::Paused { why, .. }) if begun => why,
                // The end of an earlier life, perhaps one that was still closing when this began.
                Ok(State::Stopped { .. } | State::Paused { .. }) => {
                    self.start();
                    continue;
                }
                _ => continue,
            };
            self.shutdown().await;
            return Err(ConnectError::Down(failed));
        }
        Err(ConnectError::ShutDown)
    }

    /// Makes the next attempt now, if the client waits for one or is paused: call it when a credential, a pairing or the
    /// network has changed.
    pub fn nudge(&self) {
        self.shared.with_core(|core, now| core.nudge(now));
    }

    /// Calls a method and reads its answer.
    ///
    /// Made while the client is not ready, the request waits, its deadline (30 s by default) running.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::may_have_run`] says whether repeating is safe.
    pub async fn request<P, R>(&self, method: &str, params: &P) -> Result<R, CallError>
    where
        P: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        let payload = self.call(Request::with_params(method, params)?).await?;
        serde_json::from_str(payload.as_ref().map_or("null", Payload::as_str)).map_err(CallError::Decode)
    }

    /// Calls a method with params that are JSON already, and gives its answer unread. None when the answer has no payload.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn request_raw(&self, method: &str, params: &str) -> Result<Option<Payload>, CallError> {
        self.call(Request::with_raw_params(method, params)?).await
    }

    /// Makes a request with options. It is under way when this returns; the [`Call`] waits for its answer, and for
    /// its acceptance if it is a two-stage one.
    pub fn call(&self, request: Request) -> Call {
        self.shared.call(request)
    }

    /// Events as a stream: `"chat"`, `["chat", "agent"]` or [`EventFilter::all()`]. May be called before the client is
    /// started. The stream goes on over reconnects.
    pub fn events(&self, filter: impl Into<EventFilter>) -> Receiver<Event> {
        self.events_with(filter, Backlog::default())
    }

    /// Events as a stream with a backlog of the caller's choice.
    pub fn events_with(&self, filter: impl Into<EventFilter>, backlog: Backlog) -> Receiver<Event> {
        self.shared.hub.events(filter.into(), backlog)
    }

    /// Runs a handler for every event of a name, one at a time and in order, in a task of its own: a slow handler
    /// delays nobody else, and it is free to make requests. May be called before the client is started.
    ///
    /// What a slow handler misses is logged. A handler that holds a clone of the client keeps the client alive.
    pub fn on_event<H, F>(&self, name: &str, mut handler: H)
    where
        H: FnMut(Event) -> F + Send + 'static,
        F: Future<Output = ()> + Send,
    {
        let mut events = self.events(name);
        let name: Box<str> = name.into();
        self.shared.host.spawn(Box::pin(async move {
            while let Some(item) = events.next().await {
                match item {
                    Ok(event) => handler(event).await,
                    Err(lagged) => tracing::warn!(event = %name, missed = lagged.missed, "event handler lags"),
                }
            }
        }));
    }

    /// The client's states, beginning with the present one.
    pub fn states(&self) -> Receiver<State> {
        self.shared.hub.states()
    }

    /// What the core notices: malformed frames, stray responses, missing scopes.
    pub fn notices(&self) -> Receiver<Notice> {
        self.shared.hub.notices()
    }

    /// The present state.
    #[must_use]
    pub fn state(&self) -> State {
        self.shared.hub.state()
    }

    /// Totals since the client was made.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// The recording so far, if its last part is kept in memory ([`Builder::record_ring`](crate::Builder::record_ring)):
    /// whole lines, each with its end, for a file that can be traced, or replayed while nothing of it is lost. The
    /// recording goes on. None without one.
    #[must_use]
    pub fn recording(&self) -> Option<String> {
        self.shared.lock().core.recording()
    }

    /// Closes the connection and waits until it is closed. Every request completes at once; the gateway has 250 ms (by
    /// default) to answer the close, and tokens that were issued are in their store. The client can be started again.
    pub async fn shutdown(&self) {
        let mut states = self.states();
        self.shared.with_core(|core, now| core.shutdown(now));
        while let Some(state) = states.next().await {
            if matches!(state, Ok(State::Stopped { .. })) {
                break;
            }
        }
        if let Some(keeper) = &self.shared.keeper {
            keeper.settled().await;
        }
    }

    /// Replaces the credentials, for a program that has asked its user for better ones: they count from the next connect on,
    /// which [`nudge`](Self::nudge) makes now if the client is paused.
    pub fn set_auth(&self, auth: Auth) {
        self.shared.with_core(|core, _| core.set_auth(auth));
    }

    /// The device this client connects as; none if it connects as none.
    #[must_use]
    pub fn device_id(&self) -> Option<DeviceId> {
        self.shared.lock().core.config().device.as_ref().map(|device| device.id().clone())
    }

    /// Asks an operator for more scopes and waits for the decision, however long it takes. An approval brings a new token,
    /// which is kept; the present connection has its old scopes until it ends.
    ///
    /// # Errors
    /// When a call fails, or its answer cannot be used.
    pub async fn upgrade_scopes(&self, scopes: &[Scope]) -> Result<Decision, UpgradeError> {
        scope_upgrade::run(&self.shared, scopes).await
    }
}

impl Clone for Client {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.shared))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let mut locked = self.shared.lock();
        locked.handles -= 1;
        if locked.handles == 0 {
            wake_driver(locked);
        }
    }
}
