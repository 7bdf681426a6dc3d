//! What kind of gateway this is.

use std::fmt;
use std::time::Duration;

use openclaw_proto::Secret;
use openclaw_proto::connect::Scope;
use serde_json::Value;

use crate::call::Call;
use crate::chat::{ChatReply, Script};
use crate::devices::KnownDevice;
use crate::dialect::Dialect;
use crate::faults::Fault;
use crate::limits::GatewayLimits;
use crate::reply::Reply;

/// What a client must know to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthMode {
    /// The shared token.
    Token(Secret),
    /// The password.
    Password(Secret),
    /// Nothing. As with real gateways this admits only `gateway-client`/`backend` on loopback without a device.
    None,
}

/// What becomes of devices on this machine that nobody has approved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pairing {
    /// They are paired at once, as real gateways do by default. On v4 they also get more scopes at once if they know the
    /// shared secret.
    #[default]
    Automatic,
    /// They have to be approved like all others.
    Manual,
}

/// A method of the user's.
pub(crate) type Handler = Box<dyn FnMut(&mut Call<'_>, &Value) -> Reply + Send>;

/// What kind of gateway to be: wire, credential, methods, limits, faults. The default is a v4 gateway that behaves.
///
/// ```
/// use openclaw_testkit::{ChatReply, GatewayConfig, Reply};
/// use serde_json::json;
///
/// let config = GatewayConfig::v3()
///     .token("s3cret")
///     .method("cards.count", "operator.read", |_call, _params| Reply::ok(json!({"count": 52})))
///     .chat(|message| ChatReply::text(if message == "ping" { "pong" } else { "what?" }));
/// ```
pub struct GatewayConfig {
    pub(crate) dialect: Dialect,
    pub(crate) auth: AuthMode,
    pub(crate) version: Option<String>,
    pub(crate) limits: GatewayLimits,
    pub(crate) boot_for: Duration,
    pub(crate) advertise: Vec<Value>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) methods: Vec<(String, Scope, Handler)>,
    pub(crate) without: Vec<String>,
    pub(crate) script: Script,
    pub(crate) pairing: Pairing,
    pub(crate) devices: Vec<KnownDevice>,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl GatewayConfig {
    /// A v4 gateway that behaves. Its token is `test-token`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            dialect: Dialect::V4,
            auth: AuthMode::Token("test-token".into()),
            version: None,
            limits: GatewayLimits::default(),
            boot_for: Duration::ZERO,
            advertise: Vec::new(),
            faults: Vec::new(),
            methods: Vec::new(),
            without: Vec::new(),
            script: Script::default(),
            pairing: Pairing::default(),
            devices: Vec::new(),
        }
    }

    /// A v4 gateway.
    #[must_use]
    pub fn v4() -> Self {
        Self::new()
    }

    /// A v3 gateway.
    #[must_use]
    pub fn v3() -> Self {
        Self::new().dialect(Dialect::V3)
    }

    /// A gateway that speaks the original Go client's dialect.
    #[must_use]
    pub fn original() -> Self {
        Self::new().dialect(Dialect::Original)
    }

    /// Speaks another wire.
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Wants this token.
    #[must_use]
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.auth = AuthMode::Token(token.into());
        self
    }

    /// Wants this password.
    #[must_use]
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        self.auth = AuthMode::Password(password.into());
        self
    }

    /// Wants what `auth` says.
    #[must_use]
    pub fn auth(mut self, auth: AuthMode) -> Self {
        self.auth = auth;
        self
    }

    /// What becomes of devices on this machine that nobody has approved.
    #[must_use]
    pub fn pairing(mut self, pairing: Pairing) -> Self {
        self.pairing = pairing;
        self
    }

    /// Knows this device from the start.
    #[must_use]
    pub fn device(mut self, device: KnownDevice) -> Self {
        self.devices.push(device);
        self
    }

    /// The version the hello states. Default: that of the release that is imitated.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// How often `tick` is sent, as the hello states.
    #[must_use]
    pub fn tick(self, tick: Duration) -> Self {
        self.limits(|limits| limits.tick = tick)
    }

    /// Changes bounds and periods.
    #[must_use]
    pub fn limits(mut self, change: impl FnOnce(&mut GatewayLimits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// For so long after its start the gateway answers every connect that it is still starting.
    #[must_use]
    pub fn boot_for(mut self, boot_for: Duration) -> Self {
        self.boot_for = boot_for;
        self
    }

    /// Changes what every hello says by a JSON merge patch, without changing what the gateway does:
    /// `json!({"policy": {"tickIntervalMs": 0}})` states an interval that no gateway keeps.
    #[must_use]
    pub fn advertise(mut self, patch: Value) -> Self {
        self.advertise.push(patch);
        self
    }

    /// Adds a fault.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Adds a method, or puts another in the place of a built-in one. The scope `"node"` means that nodes may call it
    /// and operators may not.
    #[must_use]
    pub fn method<F>(mut self, name: impl Into<String>, scope: impl Into<Scope>, handler: F) -> Self
    where
        F: FnMut(&mut Call<'_>, &Value) -> Reply + Send + 'static,
    {
        self.methods.push((name.into(), scope.into(), Box::new(handler)));
        self
    }

    /// Takes a built-in method away: it is unknown then.
    #[must_use]
    pub fn without_method(mut self, name: impl Into<String>) -> Self {
        self.without.push(name.into());
        self
    }

    /// What the agent answers to `chat.send` and `agent`. Default: it repeats what it is told.
    #[must_use]
    pub fn chat<R: Into<ChatReply>>(mut self, mut script: impl FnMut(&str) -> R + Send + 'static) -> Self {
        self.script = Script(Box::new(move |message| script(message).into()));
        self
    }
}

impl fmt::Debug for GatewayConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayConfig")
            .field("dialect", &self.dialect)
            .field("auth", &self.auth)
            .field("version", &self.version)
            .field("limits", &self.limits)
            .field("pairing", &self.pairing)
            .field("devices", &self.devices)
            .field("boot_for", &self.boot_for)
            .field("advertise", &self.advertise)
            .field("faults", &self.faults)
            .field("methods", &self.methods.iter().map(|(name, ..)| name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
