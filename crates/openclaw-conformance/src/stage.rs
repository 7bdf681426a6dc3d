//! What a scenario is played on: a running gateway, and clients for it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use openclaw_client::connect::Scope;
use openclaw_client::{Builder, CallError, ConnectError, Down, GatewayError, StartError};
use openclaw_testkit::Server;
use openclaw_tests::lane::{self, Client, Lane, Stream};
use serde_json::Value;
use xtask::process::{Pid, Signal};
use xtask::supervise;

use crate::host::Host;
use crate::provider::Provider;
use crate::raw::Raw;
use crate::recording::{Recording, Tape};
use crate::release::Release;
use crate::scenario::Scenario;
use crate::shape::shape;

/// No scenario waits longer than this for one thing, unless it says so.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How much is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Also scenarios that take minutes.
    pub long: bool,
    /// How often a gateway is killed under load.
    pub kills: usize,
    /// How many mutated frames are sent.
    pub mutants: usize,
}

/// A gateway and what belongs to it, shared by the scenarios that are played on it.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) release: Release,
    pub(crate) host: Mutex<Host>,
    pub(crate) provider: Option<Provider>,
    pub(crate) options: Options,
}

impl Site {
    pub(crate) fn host(&self) -> MutexGuard<'_, Host> {
        self.host.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A gateway, and a runtime for the clients of one scenario.
#[derive(Debug)]
pub struct Stage {
    site: Arc<Site>,
    lane: Lane,
    scenario: &'static Scenario,
    tapes: Mutex<Vec<Tape>>,
    notes: Mutex<Vec<(String, Value)>>,
}

impl Stage {
    pub(crate) fn new(site: Arc<Site>, lane: Lane, scenario: &'static Scenario) -> Self {
        Self { site, lane, scenario, tapes: Mutex::default(), notes: Mutex::default() }
    }

    /// Which gateway it is.
    pub fn release(&self) -> Release {
        self.site.release
    }

    /// The wire version the gateway speaks.
    pub fn wire(&self) -> u8 {
        self.site.release.wire()
    }

    /// Whether it is the embedded gateway.
    pub fn is_embedded(&self) -> bool {
        self.site.release.is_embedded()
    }

    /// The clients' runtime.
    pub fn lane(&self) -> Lane {
        self.lane
    }

    /// How much is to be done.
    pub fn options(&self) -> Options {
        self.site.options
    }

    /// `ws://127.0.0.1:…`.
    pub fn url(&self) -> String {
        self.site.host().url()
    }

    /// `127.0.0.1:…`.
    pub fn address(&self) -> String {
        self.url().trim_start_matches("ws://").trim_end_matches('/').to_owned()
    }

    /// The shared token.
    pub fn token(&self) -> String {
        self.site.host().token()
    }

    /// The folder with everything the gateway writes; its configuration is `.openclaw/openclaw.json` in it.
    ///
    /// # Errors
    /// The embedded gateway has none.
    pub fn state_dir(&self) -> Result<PathBuf> {
        self.site.host().state_dir()
    }

    /// The gateway's process.
    ///
    /// # Errors
    /// The embedded gateway has none of its own.
    pub fn pid(&self) -> Result<Pid> {
        self.site.host().pid()
    }

    /// The model provider of a setup that has one.
    ///
    /// # Errors
    /// When the setup has none.
    pub fn provider(&self) -> Result<&Provider> {
        self.site.provider.as_ref().context("the scenario's setup has no provider")
    }

    /// Does something with the embedded gateway; none if it is a real one.
    pub fn embedded<R>(&self, act: impl FnOnce(&Server) -> R) -> Option<R> {
        match &*self.site.host() {
            Host::Embedded { server, .. } => Some(act(server)),
            Host::Real(_) => None,
        }
    }

    /// A client that knows the shared token and asks for `operator.read`; it is recorded. Connect it with
    /// [`connect`](Self::connect) or build it with [`build`](Self::build).
    pub fn builder(&self) -> Builder<()> {
        self.stranger().token(self.token())
    }

    /// The same without a credential.
    pub fn stranger(&self) -> Builder<()> {
        let tape = Tape::default();
        let builder = lane::builder(self.url()).record(tape.writer());
        lock(&self.tapes).push(tape);
        builder
    }

    /// Makes a client on the stage's runtime.
    ///
    /// # Errors
    /// See [`Builder::build`].
    pub fn build(&self, builder: Builder<()>) -> Result<Client> {
        self.lane.build(builder).context("the client cannot be built")
    }

    /// Makes a client on the stage's runtime and connects it.
    ///
    /// # Errors
    /// See [`Builder::connect`].
    pub fn connect(&self, builder: Builder<()>) -> Result<Client, StartError> {
        self.lane.connect(builder)
    }

    /// A connected client with `operator.read`.
    ///
    /// # Errors
    /// When it is not let in.
    pub fn client(&self) -> Result<Client> {
        self.connect(self.builder()).context("a client with operator.read is not let in")
    }

    /// A connected client with these scopes.
    ///
    /// # Errors
    /// When it is not let in.
    pub fn client_with(&self, scopes: impl IntoIterator<Item = Scope>) -> Result<Client> {
        self.connect(self.builder().scopes(scopes)).context("a client with those scopes is not let in")
    }

    /// A connection without our client: what is sent and read on it is up to the scenario.
    ///
    /// # Errors
    /// When it is refused.
    pub fn raw(&self) -> Result<Raw> {
        Raw::open(&self.address(), self.wire(), &self.token())
    }

    /// Kills every process of the gateway at once and waits until they are gone.
    ///
    /// # Errors
    /// When they do not end.
    pub fn kill(&self) -> Result<()> {
        self.site.host().kill()
    }

    /// Asks the gateway to end (SIGTERM) and waits for that.
    ///
    /// # Errors
    /// When it does not end.
    pub fn terminate(&self) -> Result<()> {
        self.site.host().terminate()
    }

    /// Starts the gateway again, with its state and on its port, and waits until it is ready.
    ///
    /// # Errors
    /// When it still runs, or does not start.
    pub fn relaunch(&self) -> Result<()> {
        self.site.host().relaunch()
    }

    /// Waits until the gateway serves connections, after a restart of its own making.
    ///
    /// # Errors
    /// When it has ended or takes too long.
    pub fn wait_ready(&self) -> Result<()> {
        self.site.host().wait_ready()
    }

    /// Sends the gateway's processes a signal.
    ///
    /// # Errors
    /// When it has none of its own, or is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.site.host().signal(signal)
    }

    /// Notes the shape of something that this gateway said. The notes of the embedded gateway are compared with those of
    /// the release that it should be like: it may say less, but nothing else.
    pub fn note(&self, what: impl Into<String>, said: &Value) {
        lock(&self.notes).push((what.into(), shape(said)));
    }

    /// Waits until something is true.
    ///
    /// # Errors
    /// When it is not within [`PATIENCE`].
    pub fn until(&self, what: &str, done: impl FnMut() -> bool) -> Result<()> {
        self.until_within(PATIENCE, what, done)
    }

    /// Waits until something is true.
    ///
    /// # Errors
    /// When it is not in time.
    pub fn until_within(&self, limit: Duration, what: &str, done: impl FnMut() -> bool) -> Result<()> {
        if !supervise::wait_until(limit, done) {
            bail!("waited {limit:?} in vain: {what}");
        }
        Ok(())
    }

    /// The next item of a stream that passes.
    ///
    /// # Errors
    /// When none comes in time, items are lost, or the client ends.
    pub fn next<V>(
        &self,
        stream: &mut Stream<V>,
        limit: Duration,
        what: &str,
        passes: impl Fn(&V) -> bool,
    ) -> Result<V> {
        let begin = std::time::Instant::now();
        loop {
            let left = limit.saturating_sub(begin.elapsed());
            match stream.next_within(left) {
                Ok(Some(Ok(item))) if passes(&item) => return Ok(item),
                Ok(Some(Ok(_))) if !left.is_zero() => {}
                Ok(Some(Err(lagged))) => bail!("{what}: {lagged:?}"),
                Ok(None) => bail!("{what}: the client has ended"),
                Ok(Some(Ok(_))) | Err(_) => bail!("waited {limit:?} in vain: {what}"),
            }
        }
    }

    /// Everything the clients recorded; to be called when they have ended.
    pub(crate) fn recordings(&self) -> Vec<Recording> {
        let tapes = std::mem::take(&mut *lock(&self.tapes));
        let recording = |(index, tape): (usize, Tape)| Recording {
            release: self.release(),
            lane: self.lane,
            scenario: self.scenario.name(),
            client: index + 1,
            log: tape.take(),
        };
        tapes.into_iter().enumerate().map(recording).collect()
    }

    pub(crate) fn notes(&self) -> Vec<(String, Value)> {
        lock(&self.notes).clone()
    }
}

/// The error a gateway refused a connection with.
///
/// # Errors
/// When it was let in, or not refused by the gateway.
pub fn refusal(result: Result<Client, StartError>) -> Result<GatewayError> {
    match result {
        Err(StartError::Connect(ConnectError::Down(down))) => match &*down {
            Down::Refused(error) => Ok(error.clone()),
            other => bail!("not refused by the gateway: {other}"),
        },
        Err(other) => bail!("not refused by the gateway: {other}"),
        Ok(_) => bail!("let in"),
    }
}

/// The error a gateway answered a call with.
///
/// # Errors
/// When it was answered otherwise.
pub fn rejection<V: std::fmt::Debug>(result: Result<V, CallError>) -> Result<GatewayError> {
    match result {
        Err(error) => error.gateway_error().cloned().with_context(|| format!("not the gateway's error: {error}")),
        Ok(answer) => bail!("no error: {answer:?}"),
    }
}

fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
