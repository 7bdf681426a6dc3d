//! One open WebSocket, as the core wants it moved.

use std::io::{Read, Write};

use openclaw_proto::{Client, ConnId, Input, TransportError};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message, Utf8Bytes, WebSocket};

use crate::Clock;
use crate::websocket::{Counted, closed, done, ended, transport_error};

/// What is left after a round of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nothing; more will show as readiness.
    Idle,
    /// Perhaps more. With edge-triggered readiness nobody will say so again.
    More,
    /// The connection has ended and the core knows. Drop the link.
    Over,
}

/// An open connection: what the core says goes out, what comes in goes to the core.
#[derive(Debug)]
pub struct Link<S> {
    conn: ConnId,
    socket: WebSocket<Counted<S>>,
    /// The byte totals the core knows.
    reported: (u64, u64),
    /// Something handed over may not have left yet.
    unflushed: bool,
    /// Writing failed. What the peer said before is still to be read: its close frame tells more than our error.
    broken: Option<TransportError>,
}

impl<S: Read + Write> Link<S> {
    /// A connection whose upgrade is done.
    pub fn new(conn: ConnId, socket: WebSocket<Counted<S>>) -> Self {
        Self { conn, socket, reported: (0, 0), unflushed: false, broken: None }
    }

    /// Its name with the core.
    pub fn conn(&self) -> ConnId {
        self.conn
    }

    /// The stream under it.
    pub fn stream(&self) -> &S {
        self.socket.get_ref().stream()
    }

    /// The stream under it, for registering it with a poll.
    pub fn stream_mut(&mut self) -> &mut S {
        self.socket.get_mut().stream_mut()
    }

    /// Whether something waits for the socket to take more. Wait for that then, and at no other time: a socket is nearly
    /// always writable, so a loop that always waits for it never sleeps.
    pub fn is_blocked(&self) -> bool {
        self.unflushed && self.broken.is_none()
    }

    /// Whether writing has failed and the core has not been told yet.
    pub fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Hands up to `most` messages to the core. The clock is read after the socket: a blocking read may take its time.
    pub fn receive<W: Clone>(&mut self, core: &mut Client<W, Utf8Bytes>, clock: &Clock, most: usize) -> Reading {
        let mut reading = Reading::More;
        for _ in 0..most {
            let (input, over) = match self.socket.read() {
                Ok(Message::Text(text)) => (Input::Text(text), false),
                Ok(Message::Binary(bytes)) => (Input::Binary { len: bytes.len() }, false),
                Ok(Message::Close(frame)) => {
                    // The answer to the close is queued by now; one attempt, since nobody will flush again.
                    let _ = self.socket.flush();
                    (closed(frame), true)
                }
                Ok(_) => {
                    // A ping: its answer is queued and leaves with the next flush.
                    self.unflushed = true;
                    continue;
                }
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => match self.broken.take() {
                    Some(error) => (Input::Failed(error), true),
                    None => {
                        reading = Reading::Idle;
                        break;
                    }
                },
                Err(error) => (ended(error), true),
            };
            core.handle_input(clock.now(), self.conn, input);
            if over {
                return Reading::Over;
            }
        }
        self.report_bytes(core, clock);
        reading
    }

    /// Writes what the core has, while there is room, and flushes.
    pub fn transmit<W: Clone>(&mut self, core: &mut Client<W, Utf8Bytes>, clock: &Clock) {
        if self.broken.is_some() {
            return;
        }
        if let Err(error) = self.write(core, clock) {
            self.broken = Some(transport_error(error));
        }
        self.report_bytes(core, clock);
    }

    fn write<W: Clone>(&mut self, core: &mut Client<W, Utf8Bytes>, clock: &Clock) -> Result<(), Error> {
        loop {
            if self.unflushed {
                if !done(self.socket.flush())? {
                    // No room: what stays with the core can still be cancelled, and is known not to have been sent.
                    return Ok(());
                }
                self.unflushed = false;
                core.handle_input(clock.now(), self.conn, Input::Flushed);
            }
            while let Some(frame) = core.poll_transmit_on(clock.now(), self.conn) {
                self.unflushed = true;
                // A frame that would block has been taken all the same; it leaves with a later flush.
                if !done(self.socket.write(Message::text(frame.text)))? {
                    return Ok(());
                }
            }
            if !self.unflushed {
                return Ok(());
            }
        }
    }

    /// Queues a close frame behind everything handed over; it leaves with the next [`transmit`](Self::transmit). Go on
    /// reading: the peer's answer is what ends the connection.
    pub fn close(&mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code: CloseCode::from(code), reason: Utf8Bytes::from_static(reason) };
        self.unflushed = true;
        match done(self.socket.close(Some(frame))) {
            Ok(_) => {}
            Err(error) => self.broken = Some(transport_error(error)),
        }
    }

    fn report_bytes<W: Clone>(&mut self, core: &mut Client<W, Utf8Bytes>, clock: &Clock) {
        let totals = self.socket.get_ref().totals();
        if totals != self.reported {
            self.reported = totals;
            core.handle_input(clock.now(), self.conn, Input::Alive { bytes_in: totals.0, bytes_out: totals.1 });
        }
    }
}
