//! Many clients and many gateways in virtual time, with every fault a network has.
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
