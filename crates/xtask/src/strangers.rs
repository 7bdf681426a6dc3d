//! Programs of others that this project is tested with. A version is raised here and nowhere else.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::gateway::install::{node_in, supported};
use crate::gateway::versions::{NODE_PACKAGE, NODE_VERSION};
use crate::npm::{Pin, Set};

/// The official client in TypeScript.
pub const OFFICIAL_CLIENT: Pin<'static> = Pin { package: "@openclaw/gateway-client", version: "2026.9.1" };
/// The wire as its makers publish it: `protocol.schema.json` and validators. Not every gateway has a release of it.
pub const PROTOCOL: Pin<'static> = Pin { package: "@openclaw/gateway-protocol", version: "2026.9.1" };
/// A client by somebody else.
pub const OPENCLAW_NODE: Pin<'static> = Pin { package: "openclaw-node", version: "0.14.0" };

const PINS: &[Pin<'static>] =
    &[Pin { package: NODE_PACKAGE, version: NODE_VERSION }, OFFICIAL_CLIENT, PROTOCOL, OPENCLAW_NODE];

/// The installed programs of others.
#[derive(Debug, Clone)]
pub struct Strangers {
    /// The folder of the packages.
    pub modules: PathBuf,
    /// The Node program.
    pub node: PathBuf,
}

/// Installs them if they are not there.
///
/// # Errors
///
/// As [`Set::ensure_installed`], and when Node has no binary for this machine.
pub fn ensure_installed() -> Result<Strangers> {
    supported()?;
    let set = Set { name: "strangers", pins: PINS, size: "200 MB, most of it Node" };
    let dir = set.ensure_installed()?;
    let node = node_in(&dir);
    node.is_file().then_some(()).context("npm succeeded, but Node's program is missing")?;
    Ok(Strangers { modules: dir.join("node_modules"), node })
}
