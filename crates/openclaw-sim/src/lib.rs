//! Many clients and many gateways in virtual time, with every fault a network has, and what must hold all the while.
//!
//! A [`Script`](script::Script) says who takes part, what they do and what goes wrong, all as data; [`run`] lives it. There is
//! no socket, no thread and no clock in a run: hours pass in milliseconds, and equal scripts give equal runs, to the byte of
//! their traces. The clients are `openclaw-proto`, the gateways are `openclaw-testkit`, and between them is a network of
//! [pipes](script::Fault) with latency, windows and half-open ends.
//!
//! # A script of one's own
//!
//! ```
//! use openclaw_sim::script::{Ask, ClientSpec, Event, Fault, GatewaySpec, Limit, Op, Script, What, Ways};
//! use openclaw_sim::{Look, run};
//!
//! let ask = Op::Ask { what: Ask::Slow { ms: 500 }, limit: Limit::Default, refuse: false, count: 3 };
//! let script = Script {
//!     seed: 7,
//!     lasts_ms: 60_000,
//!     gateways: vec![GatewaySpec::default()],
//!     clients: vec![ClientSpec { latency_us: 80_000, ..ClientSpec::default() }],
//!     events: vec![
//!         Event { at_ms: 0, what: What::Do { client: 0, op: Op::Start } },
//!         Event { at_ms: 5_000, what: What::Do { client: 0, op: ask } },
//!         Event { at_ms: 5_100, what: What::Wrong(Fault::BlackHole { client: 0, ways: Ways::Both, for_ms: 20_000 }) },
//!     ],
//! };
//! let report = run(&script, Look { trace: true, only: None });
//! assert_eq!(report.failure, None, "{}", report.trace);
//! println!("{script}\n{}", report.trace);
//! ```
//!
//! [`World`] is the same step by step, for those who want to look at the clients meanwhile.
//!
//! # Scripts out of seeds
//!
//! [`Script::of_seed`](script::Script::of_seed) makes one up: clients and gateways of every kind, dozens of operations, a dozen
//! faults. [`Script::churn`](script::Script::churn) makes up one of thousands of connections that hardly last. [`run_many`] runs as many as wanted on all cores and counts in [`Coverage`] what they met. A script that fails is
//! made as short as it can be by [`shrink`]. `cargo xtask sim` does all of this.
//!
//! # What must hold
//!
//! After every single call of a client's core the [`watch`] looks at what came out of it. Each file of [`invariants`] is one
//! promise: every request ends exactly once and in time, no frame is sent twice, a pause is silence, no host spins … One of
//! them compares the client with a [`model`] of its states that was written from the documentation and knows nothing of the
//! core. In the end everything is mended, and whoever does not come back and get an answer fails, too. That these promises
//! are really looked at is shown by `cargo xtask mutants --invariants`: for each there is a patch that breaks the core, and the
//! simulation finds it out.
//!
//! What can go wrong and what must hold, one by one: [`faults_and_promises`].
//!
//! # A crowd
//!
//! [`herd`] measures how ten thousand clients come back after their gateway went away.

#[doc = include_str!("../docs/faults-and-promises.md")]
pub mod faults_and_promises {}

mod coverage;
mod dice;
mod expected;
pub mod herd;
pub mod invariants;
mod many;
pub mod model;
mod net;
pub mod reading;
mod run;
pub mod script;
mod shrink;
pub mod watch;
mod world;

pub use coverage::Coverage;
pub use dice::Dice;
pub use expected::Gap;
pub use many::{Plan, Sum, run_many};
pub use run::{Report, run};
pub use shrink::{Shrunk, shrink};
pub use world::{Failure, Look, World};
