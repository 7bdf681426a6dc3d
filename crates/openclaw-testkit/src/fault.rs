//! What a gateway can do wrong on purpose.

use std::time::Duration;

/// A point in a connection's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Right after the upgrade, before the challenge.
    Open,
    /// Right after the challenge.
    Challenge,
    /// When `connect` arrives, instead of an answer.
    Connect,
    /// Right after `hello-ok`.
    Hello,
    /// When the connection's nth request arrives (from 1), instead of an answer.
    Request(u64),
}

/// A fault, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The challenge never comes.
    WithholdChallenge,
    /// `connect` is never answered.
    WithholdHello,
    /// The gateway closes.
    CloseAt {
        /// When.
        phase: Phase,
        /// With which code; the reason is empty.
        code: u16,
    },
    /// The connection ends without a close frame.
    AbortAt(Phase),
    /// Every frame is that late.
    DelayAll(Duration),
    /// This text, whatever it is, after the connection's nth frame (from 1; the challenge is the first).
    Malformed {
        /// How many frames come before it.
        after: u64,
        /// What is sent.
        text: String,
    },
    /// Every response comes twice, except that to `connect`.
    DuplicateResponses,
    /// Requests for this method run, but nobody hears of it.
    SwallowResponse {
        /// The method.
        method: String,
    },
    /// The number of the connection's nth event is left out, as if that event had been dropped before this one.
    SkipSeq(u64),
}
