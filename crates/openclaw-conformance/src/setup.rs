//! The gateways that scenarios need.

use openclaw_testkit::GatewayConfig;
use serde_json::{Value, json};

use crate::release::Release;

/// How a gateway is started. Two setups of one name are the same.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Its name, for progress.
    pub name: &'static str,
    /// Whether there is a model for the agents: a [`Provider`](crate::Provider) is started, and the gateway told of it.
    pub provider: bool,
    /// What is laid over a real gateway's configuration.
    pub config: fn(&Release) -> Value,
    /// The same for the embedded gateway; none if it cannot be like that.
    pub embedded: fn(GatewayConfig) -> Option<GatewayConfig>,
}

impl Setup {
    /// A gateway as it is by default, under another name.
    pub const fn new(name: &'static str) -> Self {
        Self { name, provider: false, config: |_| json!({}), embedded: Some }
    }

    /// With that laid over its configuration.
    #[must_use]
    pub const fn config(mut self, config: fn(&Release) -> Value) -> Self {
        self.config = config;
        self
    }

    /// With that done to the embedded gateway's.
    #[must_use]
    pub const fn embedded(mut self, embedded: fn(GatewayConfig) -> Option<GatewayConfig>) -> Self {
        self.embedded = embedded;
        self
    }

    /// With a model.
    #[must_use]
    pub const fn provider(mut self) -> Self {
        self.provider = true;
        self
    }
}

/// By default.
pub(crate) static PLAIN: Setup = Setup::new("plain");

/// As by default, but ended and started again by its scenarios, one after the other.
pub(crate) static MORTAL: Setup = Setup::new("mortal");
