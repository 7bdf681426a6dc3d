//! ONE socket's life: handshake, event sequence, liveness, timers.
//!
//! Everything that must be forgotten with the socket is a field of [`Connection`], and a new connection is a new
//! value; nothing can be carried over by mistake.

mod down;
mod handshake;
mod proxy;
mod sequence;
mod timers;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

pub use down::{Down, TransportError, UpgradeRefused};
pub(crate) use handshake::{Handshake, HandshakeStep, challenge};
pub use proxy::{ProxyError, ProxyRefusal};
pub use sequence::Sequence;
pub(crate) use sequence::Watermark;
pub use timers::TimerKind;
pub(crate) use timers::Timers;

use crate::client::Offered;
use crate::connect::Hello;
use crate::time::Instant;

/// Names one socket. Every input and every dial carries it, so that a late word of a dead socket is told apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub(crate) u64);

impl ConnId {
    /// The number, from 1, of this connection in its client's life.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnId({})", self.0)
    }
}

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// How far a connection has come.
#[derive(Debug)]
pub(crate) enum Phase {
    Dialing,
    Handshaking(Handshake),
    Ready(Arc<Hello>),
}

/// A `connect` on its way. In a box: it is gone when the connection begins to last.
pub(crate) struct Connecting {
    /// The frame, while the transport has not taken it.
    pub(crate) frame: Option<String>,
    /// What it shows.
    pub(crate) offered: Offered,
}

/// The state of the present socket.
pub(crate) struct Connection {
    pub(crate) id: ConnId,
    pub(crate) phase: Phase,
    pub(crate) timers: Timers,
    pub(crate) watermark: Watermark,
    /// Our `connect`, until it is answered.
    pub(crate) connecting: Option<Box<Connecting>>,
    /// How long the gateway said it would be away.
    pub(crate) away: Option<Duration>,
    /// Totals the transport reported last.
    bytes_in: u64,
    bytes_out: u64,
    /// Bytes were handed over that are not known to be flushed.
    unflushed: bool,
}

impl Connection {
    pub(crate) fn new(id: ConnId, now: Instant, dial_limit: Duration) -> Self {
        let mut timers = Timers::default();
        timers.set(TimerKind::Dial, now.after(dial_limit));
        Self {
            id,
            phase: Phase::Dialing,
            timers,
            watermark: Watermark::default(),
            connecting: None,
            away: None,
            bytes_in: 0,
            bytes_out: 0,
            unflushed: false,
        }
    }

    /// Whether `connect` is still to be taken by the transport.
    pub(crate) fn has_connect_frame(&self) -> bool {
        self.connecting.as_ref().is_some_and(|connecting| connecting.frame.is_some())
    }

    /// A sign of life from the peer.
    #[inline]
    pub(crate) fn alive(&mut self, now: Instant, silence_limit: Duration) {
        if matches!(self.phase, Phase::Ready(_)) {
            self.timers.set(TimerKind::Silence, now.after(silence_limit));
        }
    }

    /// The transport's byte totals. Bytes in are life, even in mid-message; bytes out are progress of a write.
    pub(crate) fn progress(&mut self, now: Instant, bytes_in: u64, bytes_out: u64, silence: Duration, stall: Duration) {
        if bytes_in > self.bytes_in {
            self.bytes_in = bytes_in;
            self.alive(now, silence);
        }
        if bytes_out > self.bytes_out {
            self.bytes_out = bytes_out;
            if self.unflushed {
                self.timers.set(TimerKind::WriteStall, now.after(stall));
            }
        }
    }

    /// The transport took a frame.
    #[inline]
    pub(crate) fn handed_over(&mut self, now: Instant, stall: Duration) {
        if !self.unflushed {
            self.unflushed = true;
            self.timers.set(TimerKind::WriteStall, now.after(stall));
        }
    }

    /// Everything handed over has left.
    #[inline]
    pub(crate) fn flushed(&mut self) {
        self.unflushed = false;
        self.timers.clear(TimerKind::WriteStall);
    }
}

/// The `connect` frame holds credentials, so it is not shown.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.id)
            .field("phase", &self.phase)
            .field("timers", &self.timers)
            .field("watermark", &self.watermark)
            .field("connect_frame", &self.has_connect_frame())
            .finish_non_exhaustive()
    }
}
