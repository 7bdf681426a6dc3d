//! Which adapter carries the connection.

use clap::ValueEnum;
use openclaw_client::{BuildError, Builder, Client};

/// The adapter that carries the connection. The program itself runs on tokio either way; what differs is who dials, reads,
/// writes and sleeps for the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Adapter {
    /// In the program's own tasks
    #[default]
    Tokio,
    /// On async-std's threads
    AsyncStd,
    /// On smol's threads
    Smol,
    /// On a thread of its own, without an asynchronous runtime
    Blocking,
}

impl Adapter {
    /// Makes the client on this adapter.
    pub(crate) fn build(self, builder: Builder<()>) -> Result<Client, BuildError> {
        match self {
            Self::Tokio => builder.on(openclaw_tokio::Tokio::on(tokio::runtime::Handle::current())).build(),
            Self::AsyncStd => builder.on(openclaw_async_std::AsyncStd::default()).build(),
            Self::Smol => builder.on(openclaw_smol::Smol::default()).build(),
            Self::Blocking => Ok(builder.on(openclaw_blocking::Blocking).build()?.handle().clone()),
        }
    }
}
