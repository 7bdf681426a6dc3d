//! The OpenClaw gateway protocol as a pure state machine.
//!
//! This crate does no IO, reads no clock, draws no random bytes and spawns nothing: it is `no_std`, and the compiler
//! vouches for that. Time and bytes come in as arguments, decisions come out as values. Whatever moves bytes is an
//! adapter: `openclaw-tokio` is one, thirty lines of your own are another.
//!
//! ```text
//! bytes ──▶ transport ──▶ Input ──▶ Client ──▶ Output, Transmit ──▶ transport ──▶ bytes
//!                                      ▲
//!                                 time, requests
//! ```
//!
//! # The loop
//!
//! 1. Feed what happened: [`Client::handle_input`], [`Client::handle_timeout`], [`Client::request`].
//! 2. Drain [`Client::poll_output`] and act on it.
//! 3. While the transport has room, send what [`Client::poll_transmit`] gives; report [`Input::Flushed`] when all is written.
//! 4. Sleep until the socket, a caller or [`Client::poll_timeout`] wakes you.
//!
//! [`bring_your_own_io`] is the guide to it. Here is the whole idea, with a queue of texts for a socket and a number for a
//! clock:
//!
//! ```
//! use openclaw_proto::*;
//!
//! let url = GatewayUrl::parse("ws://127.0.0.1:18789", Plaintext::PrivateOnly)?;
//! let mut client: Client<&str, String> = Client::new(ClientConfig::new(url), [7; 32]);
//! let mut now = Now { mono: Instant::ZERO, unix: UnixMillis(1_795_000_000_000) };
//! let mut inbox = std::collections::VecDeque::new(); // what a socket would deliver
//! let mut answer = None;
//!
//! client.request(now, Request::new("health")?, "my first request")?; // waits until the client is ready
//! client.start(now);
//! let mut conn = None;
//! while answer.is_none() {
//!     while let Some(output) = client.poll_output() {
//!         match output {
//!             Output::Dial { conn: id, .. } => {
//!                 conn = Some(id);
//!                 client.handle_input(now, id, Input::Opened);
//!                 inbox.push_back(r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n"}}"#.into());
//!             }
//!             Output::Completed { waiter, outcome: Outcome::Replied(payload) } => answer = Some((waiter, payload)),
//!             Output::State(state) => println!("{state:?}"),
//!             other => println!("{other:?}"),
//!         }
//!     }
//!     while let Some(Transmit { conn, text, .. }) = client.poll_transmit(now) {
//!         client.handle_input(now, conn, Input::Flushed);
//!         // The gateway of this example: it reads the id and says yes.
//!         let Ok(frame::Frame::Request(asked)) = frame::parse(&text) else { unreachable!() };
//!         let payload = match &*asked.method {
//!             "connect" => r#"{"type":"hello-ok","protocol":4}"#,
//!             _ => r#"{"ok":true}"#,
//!         };
//!         inbox.push_back(format!(r#"{{"type":"res","id":"{}","ok":true,"payload":{payload}}}"#, asked.id));
//!     }
//!     match (inbox.pop_front(), conn) {
//!         (Some(text), Some(conn)) => client.handle_input(now, conn, Input::Text(text)),
//!         _ => {
//!             // Nothing to read: sleep. In virtual time that is an addition.
//!             let Some((at, _why)) = client.poll_timeout() else { break };
//!             now = now.after(at.since(now.mono));
//!             client.handle_timeout(now);
//!         }
//!     }
//! }
//! let (waiter, payload) = answer.ok_or("no answer")?;
//! assert_eq!((waiter, payload.unwrap().as_str()), ("my first request", r#"{"ok":true}"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A client's life
//!
#![doc = include_str!("../docs/lifecycle.md")]
//! # What it promises
//!
//! * Equal seeds and equal inputs give equal outputs, on every platform.
//! * Every accepted request gets exactly one [`Outcome`]; after it nothing more is heard of it.
//! * No input panics. Malformed frames are [`Notice`]s and are counted in [`Stats`].
//! * Every deadline is in [`Timeouts`], every bound in [`Limits`], each with its default and where it comes from.
//! * Nothing is sent twice. A request whose fate is unknown says so ([`Outcome::OutcomeUnknown`]), and
//!   [`Rejected::may_have_run`] says whether a refused one may have had an effect.
//! * A connect that was refused is made again only where that can help; [`recovery`] has the tables.
//! * No credential shows in a `Debug`, a `Display` or an error.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[doc = include_str!("../docs/bring-your-own-io.md")]
pub mod bring_your_own_io {}
mod client;
pub mod connect;
mod connection;
pub mod credentials;
pub mod device;
mod error;
mod fingerprint;
pub mod frame;
mod gateway_key;
mod json;
mod open_enum;
mod pairing;
mod payload;
pub mod record;
pub mod recovery;
mod request;
mod rng;
mod scan;
pub mod scope_upgrade;
mod secret;
mod span;
mod stats;
mod time;
mod trim;
mod url;

pub use client::{
    BackoffConfig, Client, ClientConfig, DialPlan, Event, Input, Jitter, Limits, Notice, Output, State, StateKind,
    StopReason, TRANSITIONS, Timeouts, Transmit, Trigger, transition,
};
pub use connection::{ConnId, Down, ProxyError, ProxyRefusal, Sequence, TimerKind, TransportError, UpgradeRefused};
pub use error::{ErrorCode, Execution, GatewayError, NextStep};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use frame::{Request, RequestError, TwoStage, WhenNotReady};
pub use gateway_key::GatewayKey;
pub use pairing::{PairingReason, PairingRequest};
pub use payload::Payload;
#[cfg(feature = "measuring")]
#[doc(hidden)]
pub use request::Correlation;
pub use request::{NotSent, Outcome, Refused, Rejected, RequestId, Stray};
pub use secret::Secret;
pub use stats::Stats;
pub use time::{Instant, Now, UnixMillis};
pub use url::{GatewayUrl, Plaintext, UrlError};
