//! An OpenClaw gateway for tests: in process, deterministic, scriptable.
//!
//! It shows a client what real gateways have been seen to do: the challenge, the hello in the shapes of protocol 4 and
//! 3, the error bodies and close codes of refused handshakes, scopes, ticks, pings, drains and restarts. It is no
//! agent: its methods answer what a test tells them to.
//!
//! # Testing your own bot
//!
#![cfg_attr(feature = "server", doc = "```")]
#![cfg_attr(not(feature = "server"), doc = "```ignore")]
//! use std::time::Duration;
//! use openclaw_testkit::{GatewayConfig, Reply, Server};
//! use openclaw_tokio::connect::Scope;
//! use serde_json::{Value, json};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A gateway with a method of the test's own that answers twice.
//! let config = GatewayConfig::new().method("weather", "operator.read", |asked| {
//!     let sky = if asked.params["city"] == "Bergen" { "rain" } else { "sun" };
//!     vec![
//!         Reply::Accepted(json!({ "runId": "w1" })),
//!         Reply::Ok(json!({ "status": "ok", "sky": sky })).after(Duration::from_millis(5)),
//!     ]
//! });
//! let server = Server::start(config).await?;
//!
//! // What is tested would stand here.
//! let client =
//!     openclaw_tokio::builder(server.url()).token(server.token()).scopes([Scope::Read]).connect().await?;
//! let agents: Value = client.request("agents.list", &json!({})).await?;
//! assert_eq!(agents["defaultId"], "main");
//!
//! // The gateway dies and comes back on its port; the client finds it again.
//! server.kill().await;
//! server.resume().await?;
//! // (A request made before it knows that the connection is lost fails, unsent, and may be made again.)
//! while client.request::<_, Value>("health", &json!({})).await.is_err() {}
//!
//! let methods: Vec<String> = server.journal().into_iter().map(|asked| asked.method).collect();
//! assert_eq!(methods, ["agents.list", "health"]);
//! client.shutdown().await;
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Built-in methods
//!
//! | Method | Scope | Answer |
//! |---|---|---|
//! | `health`, `status`, `agents.list`, `models.list`, `sessions.list`, `system-presence` | read | small, in the real shape |
//! | `echo` | read | its params |
//! | `blob {size}` | read | that many bytes |
//! | `flood {count, size}` | read | that many `chat` events to the caller, then the response |
//! | `slow {ms}` | read | late |
//! | `agent {message, idempotencyKey}` | write | `accepted`, and 20 ms later the result |
//! | `chat.send {message, idempotencyKey}` | write | `started`, then `chat` events (`delta`, one a word, and `final`) to everybody |
//!
//! [`GatewayConfig::method`] adds to them and replaces them, [`GatewayConfig::without_method`] takes them away.
//!
//! # Without sockets
//!
//! [`GatewayCore`] is the same gateway without IO: texts and time go in, [`GatewayOutput`]s come out, and equal seeds
//! and inputs give equal outputs. With a core of `openclaw-proto` on the other side, a test of hours runs in
//! milliseconds. The feature `server` (on by default) adds `Server`, which needs tokio.
//!
//! # What it does not do
//!
//! It does not answer every odd request as a real gateway would: of 123 probes 66 differed from a real 2026.9.6 and 64 from a
//! real 2026.5.7, in content or in close code. Where the two disagree, the real one is right.
//!
//! Devices are taken on trust: the nonce is compared, signatures are not verified, nothing is paired and no device
//! token is given out. There are no nodes, no origin checks, no rate limits, no lockouts and no
//! schemas for the params of methods.

mod builtin;
mod check;
mod config;
mod core;
mod fault;
mod hello;
mod ids;
mod reply;
#[cfg(feature = "server")]
mod server;
mod wire;

pub use crate::core::{GatewayCore, GatewayOutput};
pub use config::{Dialect, GatewayConfig};
pub use fault::{Fault, Phase};
pub use reply::{Asked, PeerId, Reply, error};
#[cfg(feature = "server")]
pub use server::Server;

/// The protocol: clocks and names that this crate's interface uses.
pub use openclaw_proto as proto;
