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
#[derive(Debug)]
pub struct WebSocket<S> {
    stream: S,
    count: fn(&S) -> &ByteCount,
}

impl<S> WebSocket<S> {
    /// Wraps an open stream; `count` finds what its socket has counted.
    pub fn new(stream: S, count: fn(&S) -> &ByteCount) -> Self {
        Self { stream, count }
    }
}

impl<S> Transport for WebSocket<S>
where
    S: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Send + Unpin + 'static,
{
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received, TransportError>> {
        let message = ready!(Pin::new(&mut self.stream).poll_next(cx)).unwrap_or(Err(Error::ConnectionClosed));
        if matches!(message, Ok(Message::Close(_))) {
            // The answer to the close is queued by now; one attempt to write it, since nobody will read again.
            let _ = Pin::new(&mut self.stream).poll_flush(cx);
        }
        Poll::Ready(received(message))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.stream).poll_ready(cx).map_err(transport_error)
    }

    fn start_send(&mut self, text: String) -> Result<(), TransportError> {
        Pin::new(&mut self.stream).start_send(Message::text(text)).map_err(transport_error)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.stream).poll_flush(cx).map_err(transport_error)
    }

    fn start_close(&mut self, code: u16, reason: &str) -> Result<(), TransportError> {
        Pin::new(&mut self.stream).start_send(close_message(code, reason)).map_err(transport_error)
    }

    fn bytes(&self) -> (u64, u64) {
        (self.count)(&self.stream).totals()
    }
}

/// What tungstenite read, in the driver's terms.
///
/// # Errors
/// When the connection failed; that it has merely ended is no error.
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
