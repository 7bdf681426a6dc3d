//! A blocking client for the OpenClaw gateway, without an asynchronous runtime.
//!
//! [`builder`] makes a [`Client`]. Requests, events, errors and states are [`openclaw_client`]'s, re-exported: they are the
//! same types in every adapter.
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
//! # Who drives
//!
//! A thread that waits for the client ([`Client::request`], [`Call::wait`], [`Receiver::recv`] and the like) drives it until
//! what it waits for has come: it sends, sleeps in the operating system and reads. Of several that wait one drives; the others
//! sleep, and one of them goes on when it leaves. While nobody waits, a background thread drives, so that pings are answered,
//! timers kept and events delivered. It takes over
//!
//! - at once for what is done without waiting: [`Client::start`], the last handle dropped, requests of [`Client::handle`];
//! - otherwise when nobody has driven for 1 to 2 ms, or up to 8 ms after a series of calls one upon the other: a thread that
//!   makes call after call finds the client free.
//!
//! It then sleeps until the socket, an announced timer or a caller wakes it, and gives way to whoever waits.
//!
//! # When a request leaves
//!
//! One that is waited for leaves at once. One made by [`Client::call`] leaves at once too if somebody drives, or if it is the
//! only call that has not been waited for to its end: then the calling thread itself sends it, if nobody drives. Those made
//! while there are other such calls, and nobody drives, leave together in one write: as soon as any thread waits, or when the
//! background thread takes over as above. So a program that makes many calls and then waits for them pays for one write, and
//! one that never waits for them does not hold them back for longer than that.
//!
//! [`EventLoop`] is the same without the background thread, for programs that run the loop themselves.

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

/// A client for the gateway at `url`, with a background thread of its own.
pub fn builder(url: impl Into<String>) -> Builder<Blocking> {
    Builder::new(Blocking, url)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
