//! What several tests share.

mod drive;
pub mod lane;
mod lcg;
mod peer;
mod real;
mod walk;

pub use drive::{Drive, HELLO, challenge, event, hello_response, id_of, refusal, response};
pub use lcg::Lcg;
pub use peer::{Asked, Conn, Peer, Socket};
pub use real::{RealGateway, real_gateways};
pub use walk::Walk;
