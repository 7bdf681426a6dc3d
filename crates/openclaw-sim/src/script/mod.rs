//! A run as data: who takes part, what they do, what goes wrong, and when.

mod client;
mod fault;
mod gateway;
mod make;
mod op;
mod print;
mod trick;
mod way;

use serde::{Deserialize, Serialize};

pub use client::{ClientSpec, Device, Spread};
pub use fault::{Damage, DeviceLoss, DialFailure, Fault};
pub use gateway::{GatewaySpec, TOKEN, Wire};
pub use op::{Ask, Limit, Op};
pub use trick::{BadHello, Refusal, Trick};
pub use way::{Way, Ways};

/// A run. Equal scripts give equal runs, to the byte.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// What decides everything the script leaves open: ids, delays, jitter.
    pub seed: u64,
    /// How long it lasts. After that everything is mended, everybody is to come back, and is shut down.
    pub lasts_ms: u64,
    /// The gateways.
    pub gateways: Vec<GatewaySpec>,
    /// The clients.
    pub clients: Vec<ClientSpec>,
    /// What happens.
    pub events: Vec<Event>,
}

/// Something that happens at its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, from the beginning.
    pub at_ms: u64,
    /// What.
    pub what: What,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A program does something with its client.
    Do {
        /// Which client.
        client: usize,
        /// What.
        op: Op,
    },
    /// Something goes wrong.
    Wrong(Fault),
}
