//! An OpenClaw gateway for tests.

mod builtin;
mod check;
mod config;
mod core;
mod fault;
mod hello;
mod ids;
mod reply;
#[cfg(feature = "server")]
mod server;
mod wire;

pub use crate::core::{GatewayCore, GatewayOutput};
pub use config::{Dialect, GatewayConfig};
pub use fault::{Fault, Phase};
pub use reply::{Asked, PeerId, Reply, error};
#[cfg(feature = "server")]
pub use server::Server;

/// The protocol: clocks and names that this crate's interface uses.
pub use openclaw_proto as proto;
