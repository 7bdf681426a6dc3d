//! Every adapter under one roof: what a test does, it does on each.

mod client;
mod observed;
mod waiting;

use std::fmt;
use std::sync::OnceLock;

use openclaw_async_std::AsyncStd;
use openclaw_blocking::Blocking;
use openclaw_client::{BuildError, Builder, StartError};
use openclaw_smol::Smol;
use openclaw_tokio::Tokio;
use tokio::runtime::{self, Handle};

pub use client::Client;
pub use observed::{observed, unobserved};
pub use waiting::{Call, Late, PATIENCE, Stream};

/// An adapter, and the way it is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// tokio on one thread.
    TokioCurrent,
    /// tokio on two threads.
    TokioMulti,
    /// async-std.
    AsyncStd,
    /// smol.
    Smol,
    /// Threads and mio.
    Blocking,
}

impl Lane {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::TokioCurrent, Self::TokioMulti, Self::AsyncStd, Self::Smol, Self::Blocking];

    /// A short name, for tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TokioCurrent => "tokio-1",
            Self::TokioMulti => "tokio-n",
            Self::AsyncStd => "async-std",
            Self::Smol => "smol",
            Self::Blocking => "blocking",
        }
    }

    /// Makes a client on this lane.
    ///
    /// # Errors
    /// See [`Builder::build`].
    pub fn build(self, builder: Builder<()>) -> Result<Client, BuildError> {
        Ok(match self {
            Self::TokioCurrent => Client::Async(builder.on(Tokio::on(current().clone())).build()?),
            Self::TokioMulti => Client::Async(builder.on(Tokio::on(background().clone())).build()?),
            Self::AsyncStd => Client::Async(builder.on(AsyncStd::default()).build()?),
            Self::Smol => Client::Async(builder.on(Smol::default()).build()?),
            Self::Blocking => Client::Blocking(builder.on(Blocking).build()?),
        })
    }

    /// Makes a client on this lane and connects it.
    ///
    /// # Errors
    /// See [`Builder::connect`].
    pub fn connect(self, builder: Builder<()>) -> Result<Client, StartError> {
        let client = self.build(builder)?;
        client.connect()?;
        Ok(client)
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A client for `url` that is on no adapter yet.
#[must_use]
pub fn builder(url: impl Into<String>) -> Builder<()> {
    observed(Builder::new((), url))
}

/// A tokio runtime that runs for ever on one thread.
fn current() -> &'static Handle {
    static HANDLE: OnceLock<Handle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let handle = runtime.handle().clone();
        std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        handle
    })
}

/// A tokio runtime that runs for ever on two threads: for clients, and for embedded gateways of whatever client.
///
/// # Panics
/// When the system has no threads to give.
#[must_use]
pub fn background() -> &'static Handle {
    static RUNTIME: OnceLock<runtime::Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
    });
    runtime.handle()
}
