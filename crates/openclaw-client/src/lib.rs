//! A client for the OpenClaw gateway, without a runtime of its own.
//!
//! Everything that decides is in [`openclaw_proto`]; this crate holds what every asynchronous adapter shares: the
//! [`Client`] handle, event streams, the one driver, and the [`Transport`](transport::Transport) and
//! [`Runtime`](transport::Runtime) traits an adapter implements. Use it through an adapter:
//! `openclaw_tokio::builder("ws://127.0.0.1:18789")`.

mod alike;
mod builder;
mod byte_count;
mod call;
mod client;
#[doc(hidden)]
pub mod dialing;
mod driver;
#[cfg(feature = "futures-io")]
#[doc(hidden)]
pub mod futures_io;
mod headers;
mod hub;
mod keeper;
#[doc(hidden)]
pub mod nonblocking;
#[doc(hidden)]
pub mod park;
pub mod proxy;
mod queue;
mod recorder;
mod scope_upgrade;
mod shared;
pub mod store;
mod text;
pub mod transport;
mod trust;
#[doc(hidden)]
pub mod websocket;

pub use builder::{Adapter, BuildError, Builder, StartError};
pub use call::{Call, CallError};
pub use client::{Client, ConnectError};
pub use driver::Driver;
pub use headers::HeaderError;
pub use hub::EventFilter;
pub use openclaw_proto as proto;
pub use openclaw_proto::{
    BackoffConfig, Down, ErrorCode, Fingerprint, GatewayError, Jitter, Limits, NotSent, Notice, PairingRequest,
    Plaintext, ProxyError, Request, RequestError, Secret, Sequence, State, StopReason, Timeouts, TransportError,
    TwoStage, UrlError, WhenNotReady, connect, credentials, device, record, recovery,
};
pub use queue::{Backlog, Lagged, Receiver};
pub use rustls;
pub use scope_upgrade::UpgradeError;
pub use text::Text;
pub use trust::{Roots, Trust, TrustError};

/// An event of the gateway.
pub type Event = openclaw_proto::Event<Text>;
/// A received value, unread.
pub type Payload = openclaw_proto::Payload<Text>;
/// A refusal by the gateway.
pub type Rejected = openclaw_proto::Rejected<Text>;
/// A stream of events.
pub type Events = Receiver<Event>;
/// A stream of states.
pub type States = Receiver<State>;
