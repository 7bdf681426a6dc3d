//! The bodies of the fuzz targets: plain functions, so that a test can replay a corpus without a fuzzer.

extern crate alloc;

mod client;
mod connection;
mod device_payload;
mod frame;
mod gateway;
mod host;
mod replay_log;
mod scan;
mod script;

pub use client::client;
pub use connection::connection;
pub use device_payload::device_payload;
pub use frame::frame;
pub use gateway::gateway;
pub use replay_log::replay_log;
pub use scan::scan;
