//! The vocabulary of the handshake: who connects, as what, with which credential, and what the gateway grants.

mod auth;
mod client_info;
mod hello;
mod params;
mod scope;

pub use auth::Auth;
pub use client_info::{ClientId, ClientInfo, ClientMode};
pub use hello::{
    DeviceToken, Features, Granted, Hello, HelloError, Policy, PolicyField, ServerInfo, Snapshot, StateVersion,
};
pub use params::{Challenge, ConnectParams, ProtocolRange};
pub use scope::{Role, Scope, missing_scopes};
