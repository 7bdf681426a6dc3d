//! What several tests share.

#[cfg(feature = "adapters")]
mod connect_proxy;
mod drive;
pub mod frames;
pub mod golden;
#[cfg(feature = "adapters")]
pub mod lane;
mod lcg;
mod log_writer;
#[cfg(feature = "adapters")]
mod peer;
mod real;
pub mod scene;
mod walk;

#[cfg(feature = "adapters")]
pub use connect_proxy::{Answer, ConnectProxy};
pub use drive::{Drive, HELLO, challenge, event, hello_response, id_of, refusal, response};
pub use lcg::Lcg;
pub use log_writer::LogWriter;
#[cfg(feature = "adapters")]
pub use peer::{Asked, Conn, Peer, Socket};
pub use real::{RealGateway, real_gateways};
pub use walk::Walk;
