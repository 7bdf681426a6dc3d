//! Reaching the gateway through an HTTP proxy that opens tunnels (`CONNECT`).
//!
//! TLS and everything after it run inside the tunnel, so a proxy sees no more of a `wss:` connection than any router on the
//! way. Names behind a proxy are the proxy's to resolve.

mod address;
mod bypass;
mod env;
mod tunnel;

pub use address::{Proxy, ProxyUrlError};
pub(crate) use env::Choice;
pub use env::ProxyEnv;
pub use tunnel::Tunnel;
