//! The core in a state worth measuring, and what is put into it: shared by all that measures the core alone.
//!
//! Without the feature `clients` this and `core-work` are all there is, and they need `openclaw-proto` only.
#![allow(clippy::expect_used, reason = "what cannot be set up cannot be measured")]

mod crowd;
mod pick;
mod ready;
mod samples;

pub use crowd::{Crowd, Table};
pub use ready::{Answers, Ready, Text};
pub use samples::{PARAMS, answer, echo, flat_event, history, versioned_event};
