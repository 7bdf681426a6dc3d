//! What several tests share.

mod connect_proxy;
mod drive;
pub mod frames;
pub mod lane;
mod lcg;
mod peer;
mod real;
pub mod scene;
mod walk;

pub use connect_proxy::{Answer, ConnectProxy};
pub use drive::{Drive, HELLO, challenge, event, hello_response, id_of, refusal, response};
pub use lcg::Lcg;
pub use peer::{Asked, Conn, Peer, Socket};
pub use real::{RealGateway, real_gateways};
pub use walk::Walk;
