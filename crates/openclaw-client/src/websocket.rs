//! The one [`Transport`] over every asynchronous tungstenite stream, and what all dialers share.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;
use openclaw_proto::{DialPlan, TransportError, UpgradeRefused};
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::client::Request;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error, Message};

use crate::Text;
use crate::transport::{ByteCount, DialOptions, Received, Transport};
use crate::trust::rustls_error;

/// A tungstenite stream of any runtime as a [`Transport`].
///
/// tungstenite's buffers only grow: the one it reads into to one and a half times a hello that is larger than it, the one it
/// writes from to our `connect`. Both are needed once. So when the handshake is over, the stream is taken out of its WebSocket
/// and put into a new one, at a moment when nothing is in the old one's buffers: every byte that was read has come out as a
/// message, and everything is written.
#[derive(Debug)]
pub struct WebSocket<S> {
    /// There always, unless a new WebSocket could not be had at once.
    stream: Option<S>,
    count: fn(&S) -> &ByteCount,
    renew: fn(S) -> Option<S>,
    /// Bytes that the messages took which have come out, until it has settled. They took more if they came in parts; then it
    /// seems that something is still inside, and nothing is given back.
    came_out: Option<u64>,
}

impl<S> WebSocket<S> {
    /// Wraps an open stream; `count` finds what its socket has counted, `renew` puts its socket into a new WebSocket.
    pub fn new(stream: S, count: fn(&S) -> &ByteCount, renew: fn(S) -> Option<S>) -> Self {
        Self { stream: Some(stream), count, renew, came_out: Some(0) }
    }
}

impl<S: Unpin> WebSocket<S> {
    fn stream(&mut self) -> Result<Pin<&mut S>, TransportError> {
        match &mut self.stream {
            Some(stream) => Ok(Pin::new(stream)),
            None => Err(transport_error(Error::AlreadyClosed)),
        }
    }
}

/// Bytes of a whole message on its way to a client, at the least.
fn frame_len(payload: usize) -> u64 {
    let header = match payload {
        0..126 => 2,
        126..65_536 => 4,
        _ => 10,
    };
    payload as u64 + header
}

impl<S> Transport for WebSocket<S>
where
    S: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Send + Unpin + 'static,
{
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received, TransportError>> {
        let mut stream = self.stream()?;
        let message = ready!(stream.as_mut().poll_next(cx)).unwrap_or(Err(Error::ConnectionClosed));
        if matches!(message, Ok(Message::Close(_))) {
            // The answer to the close is queued by now; one attempt to write it, since nobody will read again.
            let _ = stream.poll_flush(cx);
        }
        if let (Some(came_out), Ok(message)) = (&mut self.came_out, &message) {
            *came_out += frame_len(message.len());
        }
        Poll::Ready(received(message))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.stream()?.poll_ready(cx).map_err(transport_error)
    }

    fn start_send(&mut self, text: String) -> Result<(), TransportError> {
        self.stream()?.start_send(Message::text(text)).map_err(transport_error)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.stream()?.poll_flush(cx).map_err(transport_error)
    }

    fn start_close(&mut self, code: u16, reason: &str) -> Result<(), TransportError> {
        self.stream()?.start_send(close_message(code, reason)).map_err(transport_error)
    }

    fn bytes(&self) -> (u64, u64) {
        self.stream.as_ref().map_or((0, 0), |stream| (self.count)(stream).totals())
    }

    fn settle(&mut self) -> bool {
        let Some(came_out) = self.came_out else { return true };
        let read = self.stream.as_ref().and_then(|stream| (self.count)(stream).after_head());
        if read != Some(came_out) {
            return false;
        }
        self.came_out = None;
        self.stream = self.stream.take().and_then(self.renew);
        true
    }
}

/// What tungstenite read, in the driver's terms.
///
/// # Errors
/// When the connection failed; that it has merely ended is no error.
#[inline]
pub fn received(message: Result<Message, Error>) -> Result<Received, TransportError> {
    Ok(match message {
        Ok(Message::Text(text)) => Received::Text(Text::shared(text)),
        Ok(Message::Binary(bytes)) => Received::Binary(bytes.len()),
        Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => Received::Control,
        Ok(Message::Close(Some(frame))) => {
            Received::Closed { code: Some(frame.code.into()), reason: frame.reason.as_str().into() }
        }
        Ok(Message::Close(None)) => Received::Closed { code: Some(1005), reason: String::new() },
        Err(error) if is_end(&error) => Received::Closed { code: None, reason: String::new() },
        Err(error) => return Err(transport_error(error)),
    })
}

/// A close frame as a message.
#[must_use]
pub fn close_message(code: u16, reason: &str) -> Message {
    Message::Close(Some(CloseFrame { code: CloseCode::from(code), reason: reason.into() }))
}

/// Whether an error only says that the connection has ended.
fn is_end(error: &Error) -> bool {
    use std::io::ErrorKind;
    use tungstenite::error::ProtocolError;
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => true,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => true,
        Error::Io(error) => {
            matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof)
        }
        _ => false,
    }
}

/// An error of a tungstenite stream in the core's terms.
#[must_use]
pub fn transport_error(error: Error) -> TransportError {
    match error {
        Error::Http(response) => {
            let headers = response
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str().into(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect();
            let body = response.body().as_deref().unwrap_or_default();
            let body = body.get(..MAX_REFUSAL_BODY).unwrap_or(body);
            TransportError::UpgradeRefused(UpgradeRefused::new(
                response.status().as_u16(),
                headers,
                String::from_utf8_lossy(body).into_owned(),
            ))
        }
        Error::Capacity(error) => TransportError::FrameTooLarge(error.to_string()),
        Error::Tls(error) => TransportError::Tls(error.to_string()),
        // What a peer dislikes of a client certificate may come only after the handshake.
        Error::Io(error) => rustls_error(&error).unwrap_or_else(|| TransportError::Io(error.to_string())),
        error @ (Error::ConnectionClosed | Error::AlreadyClosed | Error::WriteBufferFull(_)) => {
            TransportError::Io(error.to_string())
        }
        error => TransportError::Protocol(error.to_string()),
    }
}

/// Enough for a message to people; what comes after is not read.
const MAX_REFUSAL_BODY: usize = 2_048;

/// The upgrade request for a dial.
///
/// # Errors
/// When the address makes no HTTP request.
pub fn upgrade_request(plan: &DialPlan, options: &DialOptions) -> Result<Request, TransportError> {
    let mut request = plan.url.as_str().into_client_request().map_err(transport_error)?;
    for (name, value) in options.headers() {
        request.headers_mut().append(name, value.clone());
    }
    Ok(request)
}

/// tungstenite's configuration for a dial: limits and buffers are fixed from here on.
#[must_use]
pub fn websocket_config(plan: &DialPlan, options: &DialOptions) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(options.read_buffer)
        .write_buffer_size(options.write_buffer)
        .max_message_size(Some(plan.max_inbound))
        .max_frame_size(Some(plan.max_inbound))
}
