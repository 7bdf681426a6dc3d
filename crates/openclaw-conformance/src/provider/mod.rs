//! A model for the agents of real gateways, on loopback.

use anyhow::{Result, bail};
use serde_json::Value;

/// A running provider. Dropping it ends it.
#[derive(Debug)]
pub struct Provider {}

impl Provider {
    /// Starts a provider on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start() -> Result<Self> {
        bail!("there is no provider yet")
    }

    /// What a gateway's configuration has to say for its agents to use it.
    pub fn config(&self) -> Value {
        Value::Null
    }
}
