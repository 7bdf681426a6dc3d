//! From settings to a client.

use std::future::Future;
use std::sync::Arc;

use openclaw_client::connect::{ClientId, ClientInfo, ClientMode, Hello, Role};
use openclaw_client::{Builder, Client};

use crate::cli::Patience;
use crate::failure::Failure;
use crate::output::look::Look;
use crate::output::mask::Mask;
use crate::output::stdout::Stdout;
use crate::recording::RecordFile;
use crate::settings::Settings;

/// What a command works with.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) settings: Settings,
    pub(crate) look: Look,
    pub(crate) mask: Mask,
    pub(crate) stdout: Stdout,
}

impl Session {
    /// Makes the client without connecting it.
    pub(crate) fn new(
        settings: Settings,
        look: Look,
        mask: Mask,
        reconnects: bool,
        record: Option<RecordFile>,
    ) -> Result<Self, Failure> {
        let client = client(&settings, reconnects, record)?;
        Ok(Self { client, settings, look, mask, stdout: Stdout::new() })
    }

    /// Connects and waits until requests can flow.
    pub(crate) async fn connect(&self) -> Result<Arc<Hello>, Failure> {
        self.client.connect().await.map_err(|error| Failure::connect(&error, &self.settings))
    }

    /// Connects with an end to the waiting that is the user's own.
    pub(crate) async fn connect_within(&self, patience: Patience) -> Result<Arc<Hello>, Failure> {
        match patience {
            Patience::For(limit) => within(limit, self.connect()).await,
            Patience::Endless => self.connect().await,
        }
    }
}

async fn within<V>(limit: std::time::Duration, work: impl Future<Output = Result<V, Failure>>) -> Result<V, Failure> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => Err(Failure::no_connection_in_time(limit)),
    }
}

fn client(settings: &Settings, reconnects: bool, record: Option<RecordFile>) -> Result<Client, Failure> {
    let mut info = match settings.role {
        Role::Node => ClientInfo::new(ClientId::NodeHost, ClientMode::Node),
        _ => ClientInfo::default(),
    };
    info.version = env!("CARGO_PKG_VERSION").into();
    info.display_name = Some("openclaw-gw".into());
    let builder = Builder::new((), settings.url.as_str());
    let builder = if reconnects { builder } else { builder.no_reconnect() };
    let builder = match record {
        Some(file) => builder.record(file),
        None => builder,
    };
    let builder = builder
        .auth(settings.auth.clone())
        .role(settings.role.clone())
        .scopes(settings.scopes.iter().cloned())
        .client_info(info)
        .proxy_from_env();
    settings.adapter.build(builder).map_err(|error| Failure::build(&error))
}
