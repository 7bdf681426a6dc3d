//! The gateway in virtual time: every close code, every error shape, every timer.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is what a test is for"
)]

mod chat;
mod device_tokens;
mod early;
mod events;
mod faults;
mod handshake;
mod lab;
mod life;
mod pairing;
mod proof;
mod requests;
mod setup_codes;
mod upgrades;
