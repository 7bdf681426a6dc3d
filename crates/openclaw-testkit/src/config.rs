//! How a gateway behaves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use openclaw_proto::frame::MAX_FRAME_DEFAULT;
use serde_json::Value;

use crate::builtin;
use crate::fault::Fault;
use crate::reply::{Asked, Method, Reply};

/// Which gateway the wire looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Dialect {
    /// Protocol 4, as 2026.9 speaks it.
    #[default]
    V4,
    /// Protocol 3, as 2026.5.7 speaks it.
    V3,
    /// What the original Go client expects, though no released gateway speaks it: `result` on responses, `params` on
    /// events, integer error codes, `connId` at the hello's top level, and the client id `control-center` with the
    /// mode `operator` let in.
    Original,
}

impl Dialect {
    /// The protocol version the dialect speaks.
    #[must_use]
    pub const fn protocol(self) -> u32 {
        match self {
            Self::V4 => 4,
            Self::V3 | Self::Original => 3,
        }
    }
}

/// How a gateway behaves. [`GatewayConfig::new`] gives one like a real gateway, with the token `test-token`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GatewayConfig {
    /// Which gateway the wire looks like. Default: protocol 4.
    pub dialect: Dialect,
    /// The shared token; without one everybody is let in. Default: `test-token`.
    pub token: Option<String>,
    /// Time between `tick` events. Default: 30 s.
    pub tick: Duration,
    /// Time between pings; a client that has not answered one by the next is cut off. Default: 25 s.
    pub ping: Duration,
    /// How long a client may take to connect. Default: 15 s.
    pub handshake_timeout: Duration,
    /// The largest frame after the hello, in bytes. Default: 26 214 400.
    pub max_payload: usize,
    /// How many requests may wait for a first answer, over all connections. Default: 256.
    pub max_waiting: usize,
    /// How long requests are refused before a drain closes the connections. Default: zero.
    pub drain_grace: Duration,
    /// Whether the gateway says that it is still starting. Default: false.
    pub booting: bool,
    /// Merged into the hello: objects field by field, null removes a field, anything else replaces it.
    pub hello_override: Option<Value>,
    /// How many requests the journal keeps; the older half goes when it is full. Default: 100 000.
    pub journal_limit: usize,
    pub(crate) methods: BTreeMap<String, Method>,
    /// Faults, and the number of the connection they are meant for; every connection without one.
    pub(crate) faults: Vec<(Option<u64>, Fault)>,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl GatewayConfig {
    /// A gateway with every built-in method (the crate's documentation lists them).
    #[must_use]
    pub fn new() -> Self {
        let config = Self {
            dialect: Dialect::V4,
            token: Some("test-token".into()),
            tick: Duration::from_secs(30),
            ping: Duration::from_secs(25),
            handshake_timeout: Duration::from_secs(15),
            max_payload: MAX_FRAME_DEFAULT,
            max_waiting: 256,
            drain_grace: Duration::ZERO,
            booting: false,
            hello_override: None,
            journal_limit: 100_000,
            methods: BTreeMap::new(),
            faults: Vec::new(),
        };
        builtin::install(config)
    }

    /// Sets the dialect.
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Sets the shared token.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Lets everybody in.
    #[must_use]
    pub fn no_token(mut self) -> Self {
        self.token = None;
        self
    }

    /// Sets the time between ticks, which the hello announces.
    #[must_use]
    pub fn tick(mut self, tick: Duration) -> Self {
        self.tick = tick;
        self
    }

    /// Sets the time between pings.
    #[must_use]
    pub fn ping(mut self, ping: Duration) -> Self {
        self.ping = ping;
        self
    }

    /// Sets the largest frame after the hello, which the hello announces.
    #[must_use]
    pub fn max_payload(mut self, bytes: usize) -> Self {
        self.max_payload = bytes;
        self
    }

    /// Sets how long requests are refused before a drain closes the connections.
    #[must_use]
    pub fn drain_grace(mut self, grace: Duration) -> Self {
        self.drain_grace = grace;
        self
    }

    /// Starts the gateway in the state in which it answers every `connect` with "still starting".
    #[must_use]
    pub fn booting(mut self) -> Self {
        self.booting = true;
        self
    }

    /// Changes the hello (see [`GatewayConfig::hello_override`]).
    #[must_use]
    pub fn hello_override(mut self, patch: Value) -> Self {
        self.hello_override = Some(patch);
        self
    }

    /// Adds a method, or replaces one. `scope` is what a connection must hold for it, such as `operator.read`; empty
    /// for none. The handler runs while the gateway is locked: it answers and calls nothing of the gateway.
    ///
    /// ```
    /// # use openclaw_testkit::{GatewayConfig, Reply};
    /// # use serde_json::json;
    /// # use std::time::Duration;
    /// let config = GatewayConfig::new().method("weather", "operator.read", |asked| {
    ///     vec![
    ///         Reply::Accepted(json!({ "city": asked.params["city"] })),
    ///         Reply::Ok(json!({ "status": "ok", "sky": "clear" })).after(Duration::from_millis(20)),
    ///     ]
    /// });
    /// ```
    #[must_use]
    pub fn method(
        mut self,
        name: impl Into<String>,
        scope: &str,
        handler: impl Fn(&Asked) -> Vec<Reply> + Send + Sync + 'static,
    ) -> Self {
        let scope = Some(scope).filter(|scope| !scope.is_empty()).map(str::to_owned);
        self.methods.insert(name.into(), Method { scope, handler: Arc::new(handler) });
        self
    }

    /// Takes a method away; asking for it is then asking for an unknown one.
    #[must_use]
    pub fn without_method(mut self, name: &str) -> Self {
        self.methods.remove(name);
        self
    }

    /// Adds a fault to every connection.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push((None, fault));
        self
    }

    /// Adds a fault to the connection of that number, counted from 0.
    #[must_use]
    pub fn fault_on(mut self, connection: u64, fault: Fault) -> Self {
        self.faults.push((Some(connection), fault));
        self
    }
}
