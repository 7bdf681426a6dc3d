//! The gateway on a loopback port.

mod conn;
mod listener;
mod shared;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::config::GatewayConfig;
use crate::core::GatewayCore;
use crate::reply::{Asked, PeerId};
use listener::{End, Listening, end, listen};
use shared::Shared;

/// A gateway that listens on loopback, on the tokio runtime it was started in. Dropping it ends it.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    token: Option<String>,
    listening: tokio::sync::Mutex<Option<Listening>>,
    timers: JoinHandle<()>,
}

impl Server {
    /// Starts a gateway on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub async fn start(config: GatewayConfig) -> io::Result<Self> {
        Self::start_on(0, config).await
    }

    /// Starts a gateway on that port of 127.0.0.1; 0 means a free one.
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub async fn start_on(port: u16, config: GatewayConfig) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let token = config.token.clone();
        let shared = Arc::new(Shared::new(GatewayCore::new(config, 1)));
        let timers = tokio::spawn(Arc::clone(&shared).run_timers());
        let listening = tokio::sync::Mutex::new(Some(listen(listener, &shared)));
        Ok(Self { shared, address, token, listening, timers })
    }

    /// Where it listens, as clients write it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The shared token; empty when everybody is let in.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// Sends an event to every connection that may see it.
    pub fn broadcast(&self, event: &str, payload: &Value) {
        self.shared.with(|core, now| core.broadcast(now, event, payload));
    }

    /// How many connections have had their hello and are there.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.peers().len()
    }

    /// Those connections.
    #[must_use]
    pub fn peers(&self) -> Vec<PeerId> {
        self.shared.with(|core, _| core.ready_peers())
    }

    /// Every request so far (see [`GatewayCore::journal`]).
    #[must_use]
    pub fn journal(&self) -> Vec<Asked> {
        self.shared.with(|core, _| core.journal().to_vec())
    }

    /// This process's id, as a hello gives it; a new one after each resume.
    #[must_use]
    pub fn boot_id(&self) -> String {
        self.shared.with(|core, _| core.boot_id().to_owned())
    }

    /// Withdraws a connection's authority: close 4001.
    pub fn invalidate(&self, peer: PeerId) {
        self.shared.with(|core, now| core.invalidate(now, peer));
    }

    /// Whether every `connect` is answered with "still starting".
    pub fn set_booting(&self, booting: bool) {
        self.shared.with(|core, _| core.set_booting(booting));
    }

    /// Dies as by `kill -9`: every connection is cut, nobody listens any more. [`Server::resume`] brings it back.
    pub async fn kill(&self) {
        let mut listening = self.listening.lock().await;
        self.shared.with(GatewayCore::abort_all);
        end(listening.take(), End::Cut).await;
    }

    /// Goes down as by SIGTERM: requests are refused for [`GatewayConfig::drain_grace`], everybody hears `shutdown`
    /// and is closed with 1012, nobody listens any more.
    pub async fn drain(&self, reason: &str, restart_expected: Option<Duration>) {
        let mut listening = self.listening.lock().await;
        self.shared.with(|core, now| core.drain(now, reason, restart_expected));
        while !self.shared.with(|core, _| core.stopped()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        end(listening.take(), End::LetFinish).await;
    }

    /// Listens again on the same port, as a new process with a new boot id.
    ///
    /// # Errors
    /// When somebody else has taken the port.
    pub async fn resume(&self) -> io::Result<()> {
        let mut listening = self.listening.lock().await;
        if listening.is_none() {
            let listener = TcpListener::bind(self.address).await?;
            self.shared.with(GatewayCore::boot);
            *listening = Some(listen(listener, &self.shared));
        }
        Ok(())
    }

    /// Drains and comes back.
    ///
    /// # Errors
    /// When somebody else has taken the port in between.
    pub async fn restart(&self) -> io::Result<()> {
        self.drain("gateway restarting", Some(Duration::from_millis(1500))).await;
        self.resume().await
    }

    /// Drains and ends.
    pub async fn shutdown(self) {
        self.drain("gateway stopping", None).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.timers.abort();
    }
}
