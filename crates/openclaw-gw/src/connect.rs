//! From settings to a client.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use openclaw_client::connect::{ClientInfo, ClientMode, Hello, Role};
use openclaw_client::{Builder, Client, Trust};

use crate::cli::Patience;
use crate::device::{self, Device};
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
    pub(crate) device: Option<Device>,
    pub(crate) look: Look,
    pub(crate) mask: Mask,
    pub(crate) stdout: Stdout,
}

/// How a command wants its client to behave.
#[derive(Clone, Copy, Default)]
pub(crate) struct Manner {
    /// It comes back by itself when its connection ends.
    pub(crate) reconnects: bool,
    /// It asks this often whether a pairing has been approved.
    pub(crate) pairing_poll: Option<Duration>,
}

impl Session {
    /// Makes the client without connecting it.
    pub(crate) fn new(
        settings: Settings,
        device: Option<Device>,
        look: Look,
        mask: Mask,
        manner: Manner,
        record: Option<RecordFile>,
    ) -> Result<Self, Failure> {
        let client = client(&settings, device.as_ref(), manner, record)?;
        Ok(Self { client, settings, device, look, mask, stdout: Stdout::new() })
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

async fn within<V>(limit: Duration, work: impl Future<Output = Result<V, Failure>>) -> Result<V, Failure> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => Err(Failure::no_connection_in_time(limit)),
    }
}

fn client(
    settings: &Settings,
    device: Option<&Device>,
    manner: Manner,
    record: Option<RecordFile>,
) -> Result<Client, Failure> {
    let mut info = match settings.role {
        Role::Node => ClientInfo::new(device::client_id(&Role::Node), ClientMode::Node),
        _ => ClientInfo::default(),
    };
    info.version = env!("CARGO_PKG_VERSION").into();
    info.display_name = Some("openclaw-gw".into());
    let mut builder = Builder::new((), settings.url.as_str())
        .auth(settings.auth.clone())
        .role(settings.role.clone())
        .scopes(settings.scopes.iter().cloned())
        .client_info(info)
        .trust(trust(settings))
        .proxy_from_env();
    if !manner.reconnects {
        builder = builder.no_reconnect();
    }
    if let Some(every) = manner.pairing_poll {
        builder = builder.pairing_poll(every);
    }
    if let Some(file) = record {
        builder = builder.record_limit(file.limit()).record(file);
    }
    if let Some(device) = device {
        builder = builder.device(device.identity.clone()).store(device.store.clone());
    }
    if settings.insecure_plaintext {
        let address = settings.address().map_err(|error| Failure::url(&error))?;
        builder = builder.allow_plaintext_to(address.host());
    }
    settings.adapter.build(builder).map_err(|error| Failure::build(&error))
}

/// Authorities count beside a pin too: whoever names both wants both.
fn trust(settings: &Settings) -> Trust {
    let trust = settings.authorities.iter().fold(Trust::default(), |trust, pem| trust.authority(pem.clone()));
    let trust = settings.pins.iter().fold(trust, |trust, pin| trust.pin(*pin));
    if settings.pins.is_empty() || settings.authorities.is_empty() { trust } else { trust.verify_too() }
}
