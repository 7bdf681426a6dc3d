//! From a few words to a client.

mod adapter;
mod error;
mod identity;
mod network;

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use openclaw_proto::connect::{Auth, ClientInfo, ConnectParams, ProtocolRange, Role, Scope};
use openclaw_proto::record::RecordLimit;
use openclaw_proto::{BackoffConfig, Client as Core, ClientConfig, Limits, Secret, Timeouts};

use crate::alike::Alike;
use crate::client::Client;
use crate::driver::Driver;
use crate::recorder::Recorder;
use crate::shared::Shared;
use crate::transport::{DialOptions, Runtime};
pub use adapter::Adapter;
pub use error::{BuildError, StartError};
use identity::Identity;
use network::Network;

/// Makes a [`Client`]. Get one from an adapter, for example `openclaw_tokio::builder`.
pub struct Builder<R> {
    runtime: R,
    url: String,
    network: Network,
    identity: Identity,
    connect: ConnectParams,
    scopes: Option<Vec<Scope>>,
    timeouts: Timeouts,
    limits: Limits,
    backoff: BackoffConfig,
    dial: DialOptions,
    seed: Option<[u8; 32]>,
    record: Option<Recording>,
    record_limit: RecordLimit,
}

static CONFIGS: Alike<ClientConfig> = Alike::new();
static OPTIONS: Alike<DialOptions> = Alike::new();

/// Where a recording goes.
enum Recording {
    Writer(Box<dyn Write + Send>),
    /// It stays in memory until somebody asks for it.
    Memory,
}

impl<R> Builder<R> {
    /// A client for the gateway at `url` on a runtime.
    pub fn new(runtime: R, url: impl Into<String>) -> Self {
        Self {
            runtime,
            url: url.into(),
            network: Network::default(),
            identity: Identity::default(),
            connect: ConnectParams::default(),
            scopes: None,
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            backoff: BackoffConfig::default(),
            dial: DialOptions::default(),
            seed: None,
            record: None,
            record_limit: RecordLimit::default(),
        }
    }

    /// The gateway's shared token.
    #[must_use]
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.connect.auth.token = Some(token.into());
        self
    }

    /// The gateway's password.
    #[must_use]
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        self.connect.auth.password = Some(password.into());
        self
    }

    /// All credentials at once.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.connect.auth = auth;
        self
    }

    /// The role. Default: operator.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.connect.role = role;
        self
    }

    /// Adds a scope to ask for. Without any: `operator.read` for operators, none for nodes.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<Scope>) -> Self {
        self.scopes.get_or_insert_with(Vec::new).push(scope.into());
        self
    }

    /// The scopes to ask for.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.scopes = Some(scopes.into_iter().collect());
        self
    }

    /// What kind of program this is. Default: `gateway-client`/`backend`.
    #[must_use]
    pub fn client_info(mut self, client: ClientInfo) -> Self {
        self.connect.client = client;
        self
    }

    /// Adds a capability, for example `tool-events`.
    #[must_use]
    pub fn cap(mut self, cap: impl Into<String>) -> Self {
        self.connect.caps.push(cap.into());
        self
    }

    /// The protocol versions to offer. Default 3 to 4.
    #[must_use]
    pub fn protocol(mut self, range: ProtocolRange) -> Self {
        self.connect.protocol = range;
        self
    }

    /// Changes anything else `connect` says.
    #[must_use]
    pub fn connect_params(mut self, change: impl FnOnce(&mut ConnectParams)) -> Self {
        change(&mut self.connect);
        self
    }

    /// Changes deadlines.
    #[must_use]
    pub fn timeouts(mut self, change: impl FnOnce(&mut Timeouts)) -> Self {
        change(&mut self.timeouts);
        self
    }

    /// Changes bounds.
    #[must_use]
    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Changes how the client reconnects. Default: for ever, after 1 s to 30 s with full jitter.
    #[must_use]
    pub fn backoff(mut self, change: impl FnOnce(&mut BackoffConfig)) -> Self {
        change(&mut self.backoff);
        self
    }

    /// The client stops when its connection ends, instead of reconnecting.
    #[must_use]
    pub fn no_reconnect(self) -> Self {
        self.backoff(|backoff| backoff.max_attempts = Some(0))
    }

    /// Changes buffers.
    #[must_use]
    pub fn dial_options(mut self, change: impl FnOnce(&mut DialOptions)) -> Self {
        change(&mut self.dial);
        self
    }

    /// A seed instead of the operating system's random bytes, for runs that can be repeated.
    #[must_use]
    pub fn seed(mut self, seed: [u8; 32]) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Records the client's whole life into `writer`, as a log that [`replay`](openclaw_proto::record::replay) can run
    /// again; see [`record`](openclaw_proto::record) for what is masked in it and what is not.
    ///
    /// A thread of its own does the writing. When the driver has ended, it writes what is left, flushes and drops the
    /// writer. If writing fails, the recording ends with a warning and the connection goes on.
    #[must_use]
    pub fn record(mut self, writer: impl Write + Send + 'static) -> Self {
        self.record = Some(Recording::Writer(Box::new(writer)));
        self
    }

    /// Keeps the last `bytes` bytes of a recording in memory, for a report of what led up to a failure:
    /// [`Client::recording`] gives them. In the place of [`record`](Self::record).
    ///
    /// ```
    /// # fn example(builder: openclaw_client::Builder<()>) -> openclaw_client::Builder<()> {
    /// builder.record_ring(1 << 20)
    /// # }
    /// ```
    #[must_use]
    pub fn record_ring(mut self, bytes: usize) -> Self {
        self.record = Some(Recording::Memory);
        self.record_limit(RecordLimit::last(bytes))
    }

    /// How large the recording may become, and what is kept of a longer one. Default: its first 64 MiB. The last of it
    /// ([`RecordLimit::last`]) reaches a writer when the driver ends.
    #[must_use]
    pub fn record_limit(mut self, limit: RecordLimit) -> Self {
        self.record_limit = limit;
        self
    }

    /// The same client on another runtime.
    #[must_use]
    pub fn on<S>(self, runtime: S) -> Builder<S> {
        Builder {
            runtime,
            url: self.url,
            network: self.network,
            identity: self.identity,
            connect: self.connect,
            scopes: self.scopes,
            timeouts: self.timeouts,
            limits: self.limits,
            backoff: self.backoff,
            dial: self.dial,
            seed: self.seed,
            record: self.record,
            record_limit: self.record_limit,
        }
    }
}

impl<R: Runtime> Builder<R> {
    /// Makes the client and its driver, for somebody who runs the driver where and how he likes. The client does nothing
    /// unless the driver is polled; when it is dropped, everything under way ends.
    ///
    /// # Errors
    /// See [`build`](Self::build).
    pub fn split(mut self) -> Result<(Client, Driver<R>), BuildError> {
        let url = self.network.settle(&self.url, &mut self.dial)?;
        let seed = match self.seed {
            Some(seed) => seed,
            None => {
                let mut seed = [0; 32];
                getrandom::fill(&mut seed).map_err(BuildError::Random)?;
                seed
            }
        };
        self.connect.scopes = self.scopes.or(self.connect.scopes);
        let mut config = ClientConfig::new(url);
        config.connect = self.connect;
        config.timeouts = self.timeouts;
        config.limits = self.limits;
        config.backoff = self.backoff;
        config.certificate_pinned = self.network.has_pins();
        self.identity.configure(&mut config)?;
        let mut core = Core::new(CONFIGS.share(config), seed);
        let recorder = match self.record {
            Some(record) if core.record(self.record_limit) => match record {
                Recording::Writer(writer) => Some(Recorder::start(writer).map_err(BuildError::Record)?),
                Recording::Memory => None,
            },
            _ => None,
        };
        let keeper = self.identity.equip(&mut core);
        let shared = Shared::new(core, keeper, self.runtime);
        let client = Client::new(Arc::clone(&shared) as _);
        let driver = Driver::new(shared, OPTIONS.share(self.dial), recorder);
        Ok((client, driver))
    }
}

impl<R> fmt::Debug for Builder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("connect", &self.connect)
            .field("network", &self.network)
            .field("timeouts", &self.timeouts)
            .field("limits", &self.limits)
            .field("backoff", &self.backoff)
            .field("dial", &self.dial)
            .finish_non_exhaustive()
    }
}
