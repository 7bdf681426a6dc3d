//! The gateway on a loopback port.

mod clock;
mod connection;
mod devices;
mod door;
mod http;
mod listener;
mod shared;
#[cfg(feature = "tls")]
mod tls;
mod traffic;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use openclaw_proto::Now;
use serde::Serialize;
use tokio::task::JoinHandle;

use crate::config::{AuthMode, GatewayConfig};
use crate::faults::Fault;
use crate::gateway::{Asked, ConnectionInfo, Drain, GatewayCore, PeerId, Phase, RestartPlan};
use door::Door;
use shared::Shared;
#[cfg(feature = "tls")]
pub use tls::{ClientIdentity, Tls};
pub use traffic::Traffic;

/// How long a polite shutdown waits for its connections.
const PATIENCE: Duration = Duration::from_secs(2);

/// A gateway that listens on loopback, on the tokio runtime it was started in. Dropping it ends it at once.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use openclaw_testkit::{GatewayConfig, Reply, Server};
/// use serde_json::{Value, json};
///
/// let config = GatewayConfig::v4().method("cards.count", "operator.read", |_, _| Reply::ok(json!({"count": 52})));
/// let server = Server::start(config).await?;
/// let client = openclaw_tokio::builder(server.url()).token(server.token()).connect().await?;
/// let answer: Value = client.request("cards.count", &json!({})).await?;
/// assert_eq!(answer["count"], 52);
/// # Ok(()) }
/// ```
///
/// Methods run while the gateway is locked: one that calls the server itself would wait for ever. What a method needs is in
/// its [`Call`](crate::Call).
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    token: String,
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts a gateway on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When there is no port to be had.
    pub async fn start(config: GatewayConfig) -> io::Result<Self> {
        Self::start_on(0, config).await
    }

    /// Starts a gateway on that port of 127.0.0.1; 0 means a free one.
    ///
    /// # Errors
    /// When the port is not to be had.
    pub async fn start_on(port: u16, config: GatewayConfig) -> io::Result<Self> {
        Self::bind((Ipv4Addr::LOCALHOST, port).into(), config).await
    }

    /// Starts a gateway on an address of the caller's choice.
    ///
    /// # Errors
    /// When the address is not to be had.
    #[allow(clippy::unused_async, reason = "starting needs a runtime, and only an async function says so")]
    pub async fn bind(address: SocketAddr, config: GatewayConfig) -> io::Result<Self> {
        Self::open(address, config, Door::default())
    }

    /// Starts a gateway behind TLS on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When there is no port to be had, or no certificate can be made.
    #[cfg(feature = "tls")]
    #[allow(clippy::unused_async, reason = "starting needs a runtime, and only an async function says so")]
    pub async fn start_tls(config: GatewayConfig, tls: &Tls) -> io::Result<Self> {
        let door = Door { secured: Some(tls.prepare()?), ..Door::default() };
        Self::open((Ipv4Addr::LOCALHOST, 0).into(), config, door)
    }

    fn open(address: SocketAddr, config: GatewayConfig, door: Door) -> io::Result<Self> {
        let token = match &config.auth {
            AuthMode::Token(secret) | AuthMode::Password(secret) => secret.expose().to_owned(),
            AuthMode::None => String::new(),
        };
        let listener = listener::listen(address)?;
        let address = listener.local_addr()?;
        // Every server its own ids, and the same ones for the same port, which is as good as a seed gets here.
        let core = GatewayCore::new(config, u64::from(address.port()));
        let shared = Arc::new(Shared::new(core, door));
        let accepting = tokio::spawn(listener::run(listener, address, Arc::clone(&shared)));
        let timing = tokio::spawn(Shared::keep_time(Arc::clone(&shared)));
        Ok(Self { shared, address, token, tasks: vec![accepting, timing] })
    }

    /// Where clients connect to: `ws://127.0.0.1:…`, or `wss://localhost:…` behind TLS.
    #[must_use]
    pub fn url(&self) -> String {
        #[cfg(feature = "tls")]
        if self.shared.door.secured.is_some() {
            return format!("wss://localhost:{}", self.port());
        }
        format!("ws://{}", self.address)
    }

    /// What has come over the port so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.shared.door.counters.read()
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What lets clients in: the token or password; empty where none is wanted.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Sends an event to every connection that may see it.
    pub fn broadcast(&self, name: &str, payload: &(impl Serialize + ?Sized)) {
        let payload = crate::json::value_of(payload);
        self.with(|core, now| core.broadcast(now, name, &payload));
    }

    /// Sends an event to one connection, outside of its sequence.
    pub fn event(&self, peer: PeerId, name: &str, payload: &(impl Serialize + ?Sized)) {
        let payload = crate::json::value_of(payload);
        self.with(|core, now| core.event(now, peer, name, &payload));
    }

    /// Sends a text message to one connection, whatever it is.
    pub fn inject(&self, peer: PeerId, text: impl Into<String>) {
        self.with(|core, now| core.inject(now, peer, text));
    }

    /// Closes a connection.
    pub fn close(&self, peer: PeerId, code: u16, reason: &str) {
        self.with(|core, now| core.close(now, peer, code, reason));
    }

    /// Cuts a connection without a close frame.
    pub fn abort(&self, peer: PeerId) {
        self.with(|core, now| core.abort(now, peer));
    }

    /// Withdraws a connection's authority: it is closed with 4001.
    pub fn invalidate(&self, peer: PeerId, reason: &str) {
        self.with(|core, now| core.invalidate(now, peer, reason));
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.with(|core, _| core.fault(fault));
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        self.with(|core, _| core.clear_faults());
    }

    /// The open connections.
    #[must_use]
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        self.with(|core, _| core.connections())
    }

    /// The requests that came after hello, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Asked> {
        self.with(|core, _| core.requests().cloned().collect())
    }

    /// Where in its life the gateway is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.with(|core, _| core.phase())
    }

    /// Waits until `method` has been called `count` times, and gives the calls.
    pub async fn asked(&self, method: &str, count: usize) -> Vec<Asked> {
        self.shared
            .until(|state| {
                let asked: Vec<Asked> = state.core.requests().filter(|asked| asked.method == method).cloned().collect();
                (asked.len() >= count).then_some(asked)
            })
            .await
    }

    /// Waits until exactly `count` connections have been let in, and gives them.
    pub async fn connected(&self, count: usize) -> Vec<ConnectionInfo> {
        self.shared
            .until(|state| {
                let mut ready = state.core.connections();
                ready.retain(|connection| connection.ready);
                (ready.len() == count).then_some(ready)
            })
            .await
    }

    /// Ends the gateway in order. Returns once the port is closed.
    pub async fn drain(&self, drain: Drain) {
        self.with(|core, now| core.drain(now, drain));
        self.shared.until(|state| state.is_silent().then_some(())).await;
    }

    /// Ends the gateway and starts it again on the same port. Returns once it serves.
    ///
    /// # Errors
    /// When somebody else has taken the port meanwhile.
    pub async fn restart(&self, plan: RestartPlan) -> io::Result<()> {
        self.with(|core, now| core.restart(now, plan));
        self.shared.until(|state| state.serves()).await
    }

    /// Ends the gateway at once: every connection is cut without a close frame, the port is closed. Returns once that
    /// has happened.
    pub async fn kill(&self) {
        self.with(|core, now| core.kill(now));
        self.shared.until(|state| state.is_silent().then_some(())).await;
    }

    /// Starts the gateway again on the same port after [`kill`](Self::kill) or [`drain`](Self::drain). Returns once it
    /// serves.
    ///
    /// # Errors
    /// When somebody else has taken the port meanwhile.
    pub async fn resume(&self) -> io::Result<()> {
        self.with(|core, now| core.revive(now, Duration::ZERO));
        self.shared.until(|state| state.serves()).await
    }

    /// Ends the gateway for good, politely.
    pub async fn shutdown(mut self) {
        self.with(|core, now| core.drain(now, Drain::default()));
        let silent = self.shared.until(|state| state.is_silent().then_some(()));
        let _ = tokio::time::timeout(PATIENCE, silent).await;
        for task in self.tasks.drain(..) {
            task.abort();
            let _ = task.await;
        }
    }

    /// Does whatever the core can do. The gateway waits meanwhile.
    pub fn with<R>(&self, act: impl FnOnce(&mut GatewayCore, Now) -> R) -> R {
        self.shared.with(act)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
