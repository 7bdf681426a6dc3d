//! The OpenClaw gateway protocol as a pure state machine.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod client;
pub mod connect;
mod connection;
mod error;
pub mod frame;
mod json;
mod open_enum;
mod payload;
mod request;
mod rng;
mod secret;
mod stats;
mod time;
mod url;

pub use client::{
    Client, ClientConfig, DialPlan, Event, Input, Limits, Notice, Output, State, StateKind, StopReason, TRANSITIONS,
    Timeouts, Transmit, Trigger, transition,
};
pub use connection::{ConnId, Down, Sequence, TimerKind, TransportError, UpgradeRefused};
pub use error::{ErrorCode, Execution, GatewayError};
pub use frame::{Request, RequestError, TwoStage, WhenNotReady};
pub use payload::Payload;
pub use request::{NotSent, Outcome, Refused, Rejected, RequestId, Stray};
pub use secret::Secret;
pub use stats::Stats;
pub use time::{Instant, Now, UnixMillis};
pub use url::{GatewayUrl, Plaintext, UrlError};
