//! One direction of a connection: what the sender's system holds, what is on the wire, what the receiver has not read.

use std::collections::VecDeque;

use openclaw_proto::Instant;

/// What may be on its way before the receiver has read it: a TCP window.
const WINDOW: usize = 65_536;
/// Large messages travel in pieces, so that half of one can be there.
const PIECE: usize = 16_384;
/// What a WebSocket adds to a message, roughly.
const HEADER: usize = 8;

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cargo {
    /// The answer to a dial: the WebSocket is open.
    Opened,
    /// A text message.
    Text(String),
    /// A binary message of that size.
    Binary(usize),
    /// A ping.
    Ping,
    /// A pong.
    Pong,
    /// A close frame.
    Close { code: u16, reason: String },
    /// The end of the connection, in order or by a reset.
    End { reset: bool },
    /// The WebSocket's rules are broken.
    Nonsense,
}

impl Cargo {
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len() + HEADER,
            Self::Binary(len) => len + HEADER,
            Self::Close { reason, .. } => reason.len() + HEADER,
            Self::Opened | Self::Ping | Self::Pong | Self::Nonsense => HEADER,
            Self::End { .. } => 0,
        }
    }
}

/// A part of a message; the last one brings it.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) bytes: usize,
    pub(crate) cargo: Option<Cargo>,
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    queue: VecDeque<Piece>,
    queued: usize,
    wire: VecDeque<Piece>,
    on_wire: usize,
    /// Of the pieces on the wire, those that have arrived and were not let in.
    landed: usize,
    busy: bool,
    last_arrival: Instant,
    /// All bytes ever put in.
    given: u64,
}

impl Pipe {
    /// The sender writes.
    pub(crate) fn put(&mut self, cargo: Cargo) {
        let mut left = cargo.size();
        self.given += left as u64;
        self.queued += left;
        while left > PIECE {
            self.queue.push_back(Piece { bytes: PIECE, cargo: None });
            left -= PIECE;
        }
        self.queue.push_back(Piece { bytes: left, cargo: Some(cargo) });
    }

    /// The sender lets go: what has not left is lost.
    pub(crate) fn abandon(&mut self) {
        self.queue.clear();
        self.queued = 0;
        self.busy = false;
        self.put(Cargo::End { reset: true });
    }

    /// Bytes written that have not left the sender.
    pub(crate) fn queued(&self) -> usize {
        self.queued
    }

    /// All bytes ever written.
    pub(crate) fn given(&self) -> u64 {
        self.given
    }

    /// Whether anything has been sent that nobody has received.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.wire.is_empty()
    }

    /// The size of the next piece, if it may leave now.
    pub(crate) fn next_to_leave(&self) -> Option<usize> {
        let bytes = self.queue.front()?.bytes;
        let room = self.on_wire == 0 || self.on_wire + bytes <= WINDOW;
        (room && !self.busy).then_some(bytes)
    }

    /// The next piece is being put on the wire, which takes time.
    pub(crate) fn occupy(&mut self) {
        self.busy = true;
    }

    /// The next piece leaves, to arrive at `at` or behind the one before it. Gives its arrival.
    pub(crate) fn leave(&mut self, at: Instant) -> Option<Instant> {
        self.busy = false;
        let piece = self.queue.pop_front()?;
        self.queued -= piece.bytes;
        self.on_wire += piece.bytes;
        self.wire.push_back(piece);
        self.last_arrival = self.last_arrival.max(at);
        Some(self.last_arrival)
    }

    /// The next piece is there, but the receiver does not take it.
    pub(crate) fn pile_up(&mut self) {
        self.landed += 1;
    }

    /// Pieces that are there and wait for the receiver; they count as on their way again.
    pub(crate) fn release(&mut self) -> usize {
        std::mem::take(&mut self.landed)
    }

    /// The receiver takes the next piece.
    pub(crate) fn take(&mut self) -> Option<Piece> {
        let piece = self.wire.pop_front()?;
        self.on_wire -= piece.bytes;
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn pieces_arrive_in_order_however_fast_the_later_ones_are() {
        let mut pipe = Pipe::default();
        pipe.put(Cargo::Text("x".repeat(PIECE)));
        pipe.put(Cargo::Ping);
        assert_eq!(pipe.leave(at(9)), Some(at(9)));
        assert_eq!(pipe.leave(at(5)), Some(at(9)));
        assert_eq!(pipe.leave(at(10)), Some(at(10)));
        assert!(pipe.take().unwrap().cargo.is_none(), "half a message");
        assert!(matches!(pipe.take().unwrap().cargo, Some(Cargo::Text(_))));
        assert_eq!(pipe.take().unwrap().cargo, Some(Cargo::Ping));
        assert!(pipe.is_empty());
    }

    #[test]
    fn a_receiver_that_does_not_read_stops_the_sender_at_the_window() {
        let mut pipe = Pipe::default();
        (0..10).for_each(|_| pipe.put(Cargo::Text("x".repeat(PIECE - HEADER))));
        let mut left = 0;
        while pipe.next_to_leave().is_some() {
            pipe.leave(at(0));
            left += 1;
        }
        assert_eq!(left * PIECE, WINDOW);
        assert_eq!(pipe.queued(), 6 * PIECE);
        pipe.take();
        assert!(pipe.next_to_leave().is_some());
    }

    #[test]
    fn a_reset_overtakes_what_has_not_left() {
        let mut pipe = Pipe::default();
        pipe.put(Cargo::Text("a".into()));
        pipe.leave(at(1));
        pipe.put(Cargo::Text("b".into()));
        pipe.abandon();
        pipe.leave(at(1));
        assert!(matches!(pipe.take().unwrap().cargo, Some(Cargo::Text(a)) if a == "a"));
        assert_eq!(pipe.take().unwrap().cargo, Some(Cargo::End { reset: true }));
        assert_eq!(pipe.queued(), 0);
    }
}
