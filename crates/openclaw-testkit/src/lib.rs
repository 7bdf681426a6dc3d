//! An OpenClaw gateway for tests.
//!
//! It speaks the wire of real gateways, v4 and v3, down to error bodies, close codes and the order of checks; it runs in
//! the test's own process, needs nothing but loopback, and misbehaves on demand. Whatever it is asked it remembers.
//!
//! # Testing a program of one's own
//!
//! Start a [`Server`], connect the program to it, make things happen, look at what the program asked:
//!
#![cfg_attr(feature = "server", doc = "```")]
#![cfg_attr(not(feature = "server"), doc = "```ignore")]
//! use openclaw_testkit::{GatewayConfig, Server};
//! use openclaw_tokio::{CallError, Client};
//! use serde_json::{Value, json};
//!
//! // The program: it thanks everybody whose run has ended.
//! async fn thank(client: Client) -> Result<(), CallError> {
//!     let mut chats = client.events("chat");
//!     while let Some(Ok(event)) = chats.next().await {
//!         let chat: Value = event.deserialize().map_err(CallError::Decode)?;
//!         if chat["state"] == "final" {
//!             let thanks = json!({"sessionKey": chat["sessionKey"], "message": "thanks", "idempotencyKey": "t1"});
//!             client.request::<_, Value>("chat.send", &thanks).await?;
//!             break;
//!         }
//!     }
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::start(GatewayConfig::v4()).await?;
//! let client = openclaw_tokio::builder(server.url()).token(server.token()).scope("operator.write").connect().await?;
//! let program = tokio::spawn(thank(client));
//! server.connected(1).await;
//! server.broadcast("chat", &json!({"runId": "r1", "sessionKey": "agent:main:main", "state": "final"}));
//!
//! let asked = server.asked("chat.send", 1).await;
//! assert_eq!(asked[0].json()["message"], "thanks");
//! program.await??;
//! # Ok(()) }
//! ```
//!
//! The same with trouble: [`Server::restart`] and [`Server::kill`] close the port and open it again, [`Server::drain`]
//! says goodbye first, and a [`Fault`] loses an answer, delays a hello, skips sequence numbers, stops reading …:
//!
//! ```
//! # use openclaw_testkit::*;
//! let config = GatewayConfig::v4()
//!     .fault(Fault::new(Point::Response("chat.send".into()), Effect::Abort).once())
//!     .fault(Fault::new(Point::Upgrade, Effect::Refuse(HttpRefusal::new(503, "later"))).connection(2));
//! ```
//!
//! # Devices
//!
//! A device of this machine is paired when it first connects, as with real gateways. One that has to be approved, one that
//! is known from the start, and one that loses its token:
//!
#![cfg_attr(feature = "server", doc = "```")]
#![cfg_attr(not(feature = "server"), doc = "```ignore")]
//! use openclaw_testkit::{GatewayConfig, KnownDevice, Pairing, Server, TestDevice};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let phone = TestDevice::from_seed([1; 32]);
//! let known = KnownDevice::new(phone.public_key()).operator(["operator.read"]).token("its-token");
//! let server = Server::start(GatewayConfig::v4().pairing(Pairing::Manual).device(known)).await?;
//! // … a program connects with a device of its own, and is told that it has to be approved …
//! # async fn program() {} program().await; if false {
//! let request = server.pairing_requested(1).await.remove(0);
//! server.approve(&request.request_id);
//! # }
//! // … the phone is connected; it is closed with 4001, and its token is refused from here on.
//! server.revoke_token(&phone.id(), "operator");
//! assert!(server.device(&phone.id()).is_some_and(|device| device.tokens[0].is_revoked));
//! # Ok(()) }
//! ```
//!
//! # What it has
//!
//! * The handshake: challenge, every check of connect, the credentials of a token or password, rate limit and lockout,
//!   origins, the bounds on frames and connections before hello.
//! * Devices: their proof, pairing at once or by approval, device tokens and what they are good for, setup codes, more
//!   scopes on a live connection, and the methods and events by which operators manage all that.
//! * Requests: the scopes of every method, the shape of frames and params, the start queue, requests refused while
//!   the gateway restarts.
//! * Events: a sequence per connection, the scope each event needs, presence, health, ticks; slow readers miss what
//!   may be missed and are closed over the rest.
//! * Methods: `health`, `status`, `agents.list`, `models.list`, `sessions.list`, `system-presence`, `chat.send`,
//!   `chat.abort`, `agent` (which answers twice), `agent.wait`; for tests of traffic `echo`, `blob`, `flood` and `slow`; and
//!   those of your own ([`GatewayConfig::method`]). The agent says what [`GatewayConfig::chat`] tells it to.
//! * Not the methods of nodes: a node is let in, but asked nothing, and what it offers needs nobody's approval.
//!
//! How faithful that is, a test of this project holds: the same probes are put to it and to real gateways, over
//! WebSockets, and compared answer by answer. It does as release 2026.9.6 does in 272 of 273 probes, and as release
//! 2026.5.7 does in 273 of 273. The test fails when a number changes, and lists what differs, with the reason. Errors,
//! close codes and reasons are compared word by word, payloads by their members: lists and objects in them count as
//! such, whatever is inside. Clients by others are run against it as well: the official TypeScript client and
//! `openclaw-node` connect, call, are told events and errors, and come back after it was killed.
//!
//! # Without sockets
//!
//! [`GatewayCore`] is the gateway as a pure state machine in virtual time: deterministic, single-threaded, without
//! IO. Put it and a client's core into one loop, and an hour of their life takes a millisecond. It is all that is left
//! without the feature `server`.

// Without the server there is nothing for its links to lead to.
#![cfg_attr(not(feature = "server"), allow(rustdoc::broken_intra_doc_links))]

mod base64;
mod call;
mod chat;
mod config;
mod devices;
mod dialect;
mod errors;
mod faults;
mod frames;
mod gateway;
mod json;
mod limits;
mod methods;
mod pairing;
mod proof;
mod reply;
mod rng;
mod schema;
#[cfg(feature = "server")]
mod server;
mod shapes;
mod test_device;

pub use call::Call;
pub use chat::ChatReply;
pub use config::{AuthMode, GatewayConfig, Pairing};
pub use devices::{DeviceToken, KnownDevice, PairedDevice, PendingPairing};
pub use dialect::Dialect;
pub use faults::{Effect, Fault, Point};
pub use gateway::{
    Asked, ConnectionInfo, Drain, GatewayCore, GatewayOutput, HttpRefusal, PeerId, PeerInfo, Phase, RestartPlan,
};
pub use limits::GatewayLimits;
pub use pairing::Setup;
pub use reply::{ErrorBody, Reply};
#[cfg(feature = "tls")]
pub use server::{ClientIdentity, Tls};
#[cfg(feature = "server")]
pub use server::{Server, Traffic};
pub use test_device::TestDevice;

#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;
