//! Why there is no client.

use openclaw_proto::UrlError;

use crate::client::ConnectError;
use crate::headers::HeaderError;
use crate::proxy::ProxyUrlError;
use crate::store::StoreError;
use crate::trust::TrustError;

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The address cannot be used.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// TLS cannot be set up as described.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A header of the upgrade request cannot be sent.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The proxy cannot be used.
    #[error("the proxy{} cannot be used: {error}", variable.map(|name| format!(" in {name}")).unwrap_or_default())]
    Proxy {
        /// Why.
        error: ProxyUrlError,
        /// The environment variable it comes from, if it does.
        variable: Option<&'static str>,
    },
    /// The device's key is kept in a store that cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gave no random bytes.
    #[error("no random bytes from the operating system: {0}")]
    Random(getrandom::Error),
    /// The thread that writes the recording cannot be started.
    #[error("the recording cannot be started: {0}")]
    Record(std::io::Error),
    /// The operating system gave the driver no thread, or nothing to wait with.
    #[error("the driver cannot be started: {0}")]
    Driver(std::io::Error),
}

/// Why [`Builder::connect`](crate::Builder::connect) has no client to give.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The client cannot be made.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// It did not become ready.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}
