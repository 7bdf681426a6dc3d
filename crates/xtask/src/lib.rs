//! Real OpenClaw gateways for tests, and clients by others: install a pinned version, start it on loopback with
//! throw-away state, stop it without leaving anything behind.
//!
//! The program `cargo xtask` is a thin layer over this library. A test that needs a gateway with
//! a configuration of its own uses [`gateway::Gateway::start`] directly.

pub mod ending;
pub mod gateway;
pub mod marks;
pub mod npm;
pub mod paths;
pub mod process;
pub mod protocol;
pub mod signals;
pub mod strangers;
pub mod supervise;
