//! What OpenClaw gateways do, checked scenario by scenario on real releases, old and new, and on the embedded gateway.
//!
//! `cargo xtask conformance` runs it and prints a table; `--help` tells how to choose. To add a scenario, write a function
//! in the file of its group under `scenarios` and name it in one line of `scenarios/mod.rs`: it gets a [`Stage`], which
//! has a running gateway, and says what it has [`Seen`].

mod cell;
mod cli;
pub mod golden;
mod host;
mod provider;
mod raw;
mod recording;
mod relay;
mod release;
mod report;
mod runner;
mod scenario;
mod scenarios;
pub mod schema;
mod setup;
mod shape;
mod stage;
mod talk;

pub use cell::{Cell, Outcome};
pub use cli::{Args, run};
pub use provider::Provider;
pub use raw::{Ended, Raw};
pub use recording::{Direction, Recording};
pub use release::Release;
pub use scenario::{Scenario, Seen};
pub use setup::Setup;
pub use shape::shape;
pub use stage::{Options, PATIENCE, Stage, refusal, rejection};
