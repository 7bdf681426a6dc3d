//! What is worth knowing and needs no reaction.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::connect::{PolicyField, Scope};
use crate::error::GatewayError;
use crate::frame::{FrameError, Oddity};
use crate::request::Stray;

/// Something the core noticed. Each kind is also counted in [`Stats`](crate::Stats).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A text message that is no frame. The connection goes on.
    Malformed {
        /// What is wrong with it.
        error: FrameError,
        /// Its size in bytes.
        len: usize,
    },
    /// A frame counted although a field of it could not be used.
    Odd(Oddity),
    /// A binary message, ignored.
    Binary {
        /// Its size in bytes.
        len: usize,
    },
    /// A response nobody waits for.
    StrayResponse {
        /// What kind of stray.
        stray: Stray,
        /// Its id, cut to 64 characters.
        id: String,
    },
    /// An error answer whose request the gateway could not name.
    UnattributedError(Box<GatewayError>),
    /// Another challenge during the handshake; the first one counts unless `connect` was still unsent.
    SecondChallenge,
    /// A challenge after hello, ignored.
    ChallengeAfterHello,
    /// The gateway granted less than was asked for.
    ScopeShortfall {
        /// What was granted.
        granted: Vec<Scope>,
        /// What was asked for and is not covered.
        missing: Vec<Scope>,
    },
    /// The wall clock has stepped forward against the monotonic one: the machine has slept, or its clock was set.
    ClockJump {
        /// How far.
        by: Duration,
    },
    /// A policy field of the hello was out of range; its default is used.
    PolicyOutOfRange(PolicyField),
    /// A token could not be kept, fetched or removed where tokens are stored; the connection goes on. Told by what drives
    /// the core: the core has no store.
    Store {
        /// What went wrong.
        error: String,
    },
}
