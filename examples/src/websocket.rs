//! tungstenite's words in the core's terms.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, ToSocketAddrs};

use openclaw_proto::{DialPlan, GatewayUrl, Input, TransportError, UpgradeRefused};
use tungstenite::Error;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};

/// Enough for a message to people.
const REFUSAL_BODY: usize = 2_048;
/// tungstenite's default of 128 KiB would be resident for each connection.
const BUFFER: usize = 16 * 1024;

/// A stream that counts its bytes: a message that trickles in for a minute is a minute of life, and only the bytes show it.
#[derive(Debug)]
pub struct Counted<S> {
    stream: S,
    read: u64,
    written: u64,
}

impl<S> Counted<S> {
    /// Counts from here on.
    pub fn new(stream: S) -> Self {
        Self { stream, read: 0, written: 0 }
    }

    /// The stream itself.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// The stream itself, for registering it with a poll.
    pub fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Bytes read and written so far.
    pub fn totals(&self) -> (u64, u64) {
        (self.read, self.written)
    }
}

impl<S: Read> Read for Counted<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let bytes = unbothered(|| self.stream.read(buf))?;
        self.read += bytes as u64;
        Ok(bytes)
    }
}

impl<S: Write> Write for Counted<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let bytes = unbothered(|| self.stream.write(buf))?;
        self.written += bytes as u64;
        Ok(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Goes on after a signal. Sockets with a timeout report its end as `WouldBlock` on some systems and as `TimedOut` on others;
/// tungstenite goes on only after the first.
fn unbothered(mut io: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        return match io() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == ErrorKind::TimedOut => Err(ErrorKind::WouldBlock.into()),
            result => result,
        };
    }
}

/// tungstenite's limits and buffers for a dial.
#[must_use]
pub fn websocket_config(plan: &DialPlan) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(Some(plan.max_inbound))
        .max_frame_size(Some(plan.max_inbound))
}

/// The addresses of the gateway's host. The system resolves names in its own time, and the caller waits.
///
/// # Errors
/// When there are none.
pub fn resolve(url: &GatewayUrl) -> Result<Vec<SocketAddr>, TransportError> {
    let host = url.host();
    let failed = |message: String| TransportError::Resolve { host: host.clone(), message };
    let found = (host.as_str(), url.port()).to_socket_addrs().map_err(|error| failed(error.to_string()))?;
    let found: Vec<_> = found.collect();
    if found.is_empty() { Err(failed("it has no address".into())) } else { Ok(found) }
}

/// Whether a connection's two ends are one and the same socket. A dial to a local port that nobody listens on can meet
/// itself half-way, and then keeps the gateway from taking its port again.
#[must_use]
pub fn met_itself(local: io::Result<SocketAddr>, peer: io::Result<SocketAddr>) -> bool {
    matches!((local, peer), (Ok(local), Ok(peer)) if local == peer)
}

/// Whether something has been done entirely; `false` when the rest of it would have blocked.
pub(crate) fn done(result: Result<(), Error>) -> Result<bool, Error> {
    match result {
        Ok(()) => Ok(true),
        Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

/// The end of a connection by the peer's close frame.
pub(crate) fn closed<T>(frame: Option<CloseFrame>) -> Input<T> {
    match frame {
        Some(frame) => Input::Closed { code: Some(frame.code.into()), reason: frame.reason.as_str().into() },
        // The code that stands for a close frame without a code.
        None => Input::Closed { code: Some(1005), reason: String::new() },
    }
}

/// The end of a connection by an error. Some errors only say that TCP has ended.
pub(crate) fn ended<T>(error: Error) -> Input<T> {
    let silent = match &error {
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => true,
        Error::Io(error) => {
            matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof)
        }
        _ => false,
    };
    if silent { Input::Closed { code: None, reason: String::new() } } else { Input::Failed(transport_error(error)) }
}

/// An error in the core's terms. The kinds matter: what the core does next depends on them, and an HTTP refusal's status
/// and `Retry-After` most of all.
#[must_use]
pub fn transport_error(error: Error) -> TransportError {
    match error {
        Error::Http(response) => {
            let headers = response.headers().iter();
            let headers = headers.map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            });
            let body = response.body().as_deref().unwrap_or_default();
            let body = String::from_utf8_lossy(body.get(..REFUSAL_BODY).unwrap_or(body)).into_owned();
            TransportError::UpgradeRefused(UpgradeRefused::new(response.status().as_u16(), headers.collect(), body))
        }
        Error::Capacity(error) => TransportError::FrameTooLarge(error.to_string()),
        Error::Tls(error) => TransportError::Tls(error.to_string()),
        Error::Io(error) => TransportError::Io(error.to_string()),
        error @ (Error::ConnectionClosed | Error::AlreadyClosed | Error::WriteBufferFull(_)) => {
            TransportError::Io(error.to_string())
        }
        error => TransportError::Protocol(error.to_string()),
    }
}
