//! The simulated network.

mod damage;
mod link;
mod pipe;
mod road;

pub(crate) use damage::damaged;
pub(crate) use link::Link;
pub(crate) use pipe::Cargo;
pub(crate) use road::{Road, RoadId};
