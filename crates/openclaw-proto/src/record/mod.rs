//! A flight recorder: what went into a client and what came out, as a log that can be replayed.
//!
//! [`Client::record`](crate::Client::record) switches it on, [`Client::poll_record`](crate::Client::poll_record) gives
//! the log's lines, and [`replay`] runs a client over them once more and says where it behaves differently.
//!
//! # The format
//!
//! One JSON object a line. The first names the format's version, the seed and the configuration; an input has `in`, an
//! output `out`, a frame given to the transport `tx`, the last line `end`. Outputs are kept as their `Debug` text, so a
//! log is best replayed by the version that wrote it (`library` in the first line). A log that has lost its beginning says
//! so in its second line, `lost`.
//!
//! # Bounds
//!
//! A log is either a beginning or an end: see [`RecordLimit`]. A client that keeps the end
//! ([`RecordLimit::last`]) holds it in memory; [`Client::recording`](crate::Client::recording) gives it at any time.
//!
//! # Secrets
//!
//! They are masked before they get into a line: the configured credentials wherever they occur, the query of the
//! address, and every string below an object key that names a secret (`token`, `password`, `apiKey` and the like), in
//! frames of both directions. What is masked in a frame keeps its length, so a replay sees frames of the sizes that were.
//! A credential of fewer than six bytes is masked only where it is a whole word; one that is itself a word of the
//! protocol (`event`) costs the replay, not the secret. Tokens that the gateway issues, or that are handed to the client
//! from a store, are masked like configured ones. A device's key is not in the log, and its signatures are masked too: with
//! one at hand a reader could try out tokens. The log says what came of both, and a replay takes its word for it.
//! Everything else is in the log as it was, people's words
//! included: treat a log as you would treat the conversation itself.
//!
//! ```
//! use openclaw_proto::record::{self, RecordLimit};
//! use openclaw_proto::*;
//!
//! let url = GatewayUrl::parse("ws://127.0.0.1:18789", Plaintext::PrivateOnly)?;
//! let mut client: Client<(), String> = Client::new(ClientConfig::new(url), [7; 32]);
//! assert!(client.record(RecordLimit::default()));
//! client.start(Now::default());
//! while client.poll_output().is_some() {}
//! client.end_record();
//! let mut log = String::new();
//! while let Some(line) = client.poll_record() {
//!     log.push_str(&line);
//!     log.push('\n');
//! }
//! let replayed = record::replay(&log)?;
//! assert_eq!((replayed.inputs, replayed.outputs, replayed.complete), (1, 2, true));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod header;
mod input;
mod keys;
mod line;
mod log;
mod mask;
mod replay;
mod ring;
mod tape;

pub(crate) use log::Log;
pub use replay::{ReplayError, Replayed, replay, rerecord, retake};
pub(crate) use tape::{Tape, TokenVerdict, Told};

/// How large a log may become, and what becomes of it then. Default: the first 64 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordLimit {
    /// In bytes, line ends included.
    pub bytes: usize,
    /// What is kept of a life that has more.
    pub keep: Keep,
}

/// Which part of a life a log keeps when it cannot keep all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Keep {
    /// At the limit the log ends and says so; the client goes on. What there is can be replayed.
    #[default]
    First,
    /// The oldest lines go, the first one excepted: a ring for whoever wants to know what led up to a failure. Such a
    /// log says how many lines it has lost; from then on it can be read, but not replayed.
    Last,
}

impl RecordLimit {
    /// The first so many bytes.
    #[must_use]
    pub const fn bytes(bytes: usize) -> Self {
        Self { bytes, keep: Keep::First }
    }

    /// The last so many bytes. The log's first line, about two kilobytes, is always kept and counts.
    #[must_use]
    pub const fn last(bytes: usize) -> Self {
        Self { bytes, keep: Keep::Last }
    }
}

impl Default for RecordLimit {
    fn default() -> Self {
        Self::bytes(64 << 20)
    }
}
