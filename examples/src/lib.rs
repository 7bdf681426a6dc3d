//! What the examples share. The examples themselves are the files beside this folder.
//!
//! The three `byo_…` examples drive the protocol core by hand; [`Link`] is the part of them that is the same over any
//! stream, blocking or not.

mod clock;
mod gateway;
mod link;
mod websocket;

pub use clock::Clock;
pub use gateway::{OwnGateway, Target};
pub use link::{Link, Reading};
pub use websocket::{Counted, met_itself, resolve, transport_error, websocket_config};

/// The code in the project's README is compiled here.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
