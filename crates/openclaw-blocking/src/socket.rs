//! An open WebSocket.

use std::io::ErrorKind;
use std::task::{Context, Poll};

use openclaw_client::TransportError;
use openclaw_client::nonblocking::Stream;
use openclaw_client::transport::{Received, Transport};
use openclaw_client::websocket::{close_message, received, transport_error};
use tungstenite::{Error, Message, WebSocket};

use crate::watched::Watched;

/// tungstenite over a socket that mio watches. The driver asks again at every wake-up, so nothing needs its wakers.
#[derive(Debug)]
pub(crate) struct Socket {
    websocket: WebSocket<Stream<Watched>>,
    /// Writing is stuck, and the socket is watched for room.
    stuck: bool,
    /// A message was taken that did not fit: no more before that has left.
    full: bool,
}

pub(crate) fn would_block(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == ErrorKind::WouldBlock)
}

impl Socket {
    pub(crate) fn new(mut websocket: WebSocket<Stream<Watched>>) -> Result<Self, TransportError> {
        websocket.get_mut().socket().watch(false).map_err(|e| TransportError::Io(e.to_string()))?;
        Ok(Self { websocket, stuck: false, full: false })
    }

    /// Watches for room while writing is stuck, and only then.
    fn set_stuck(&mut self, stuck: bool) -> Result<(), TransportError> {
        if self.stuck != stuck {
            self.stuck = stuck;
            let watched = self.websocket.get_mut().socket().watch(stuck);
            watched.map_err(|e| TransportError::Io(e.to_string()))?;
        }
        Ok(())
    }

    /// Takes a message; one that does not fit is taken all the same.
    fn take(&mut self, message: Message) -> Result<(), TransportError> {
        match self.websocket.write(message) {
            Err(error) if would_block(&error) => {
                self.full = true;
                self.set_stuck(true)
            }
            result => result.map_err(transport_error),
        }
    }
}

impl Transport for Socket {
    fn poll_recv(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Received, TransportError>> {
        match self.websocket.read() {
            Err(error) if would_block(&error) => Poll::Pending,
            message => {
                if matches!(message, Ok(Message::Close(_))) {
                    // The answer to the close is queued by now; one attempt to write it, since nobody will read again.
                    let _ = self.websocket.flush();
                }
                Poll::Ready(received(message))
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.full { self.poll_flush(cx) } else { Poll::Ready(Ok(())) }
    }

    fn start_send(&mut self, text: String) -> Result<(), TransportError> {
        self.take(Message::text(text))
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        match self.websocket.flush() {
            Err(error) if would_block(&error) => match self.set_stuck(true) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
            Err(error) => Poll::Ready(Err(transport_error(error))),
            Ok(()) => {
                self.full = false;
                Poll::Ready(self.set_stuck(false))
            }
        }
    }

    fn start_close(&mut self, code: u16, reason: &str) -> Result<(), TransportError> {
        self.take(close_message(code, reason))
    }

    fn bytes(&self) -> (u64, u64) {
        self.websocket.get_ref().count().totals()
    }
}
