//! The program as its users meet it: arguments, output, exit codes and signals, against a gateway that follows a script.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is what a test is for"
)]

mod call;
mod device;
mod end;
mod explain;
mod gateway;
mod own_gateway;
mod pair;
mod program;
mod proxy;
mod replay;
mod scratch;
mod secrets;
mod status;
mod trace;
mod trust;
mod usage;
mod watch;
