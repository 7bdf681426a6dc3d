//! A blocking client for the OpenClaw gateway, without an asynchronous runtime.
//!
//! [`builder`] makes a [`Client`]. Each client has one thread that sleeps in the operating system until its socket, a timer
//! or a caller wakes it. Requests, events, errors and states are [`openclaw_client`]'s, re-exported: they are the same
//! types in every adapter.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = openclaw_blocking::builder("ws://127.0.0.1:18789").token("secret").connect()?;
//! let mut chats = client.events("chat");
//! let health: serde_json::Value = client.request("health", &serde_json::json!({}))?;
//! println!("{health}");
//! if let Ok(Ok(event)) = chats.recv_timeout(std::time::Duration::from_secs(10)) {
//!     println!("{}", event.name());
//! }
//! client.shutdown();
//! # Ok(()) }
//! ```
//!
//! [`EventLoop`] is the same without the thread, for programs that run the loop themselves.

mod background;
mod bell;
mod call;
mod client;
mod crew;
mod dial;
mod event_loop;
mod reactor;
mod receiver;
mod socket;
mod waiting;
mod watched;

pub use call::Call;
pub use client::{Blocking, Client};
pub use event_loop::{EventLoop, Turn};
pub use openclaw_client::*;
pub use reactor::Wakeups;
pub use receiver::Receiver;

/// Events, one after the other.
pub type Events = Receiver<Event>;
/// States, one after the other.
pub type States = Receiver<State>;

/// A client for the gateway at `url`, with a thread of its own.
pub fn builder(url: impl Into<String>) -> Builder<Blocking> {
    Builder::new(Blocking, url)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
