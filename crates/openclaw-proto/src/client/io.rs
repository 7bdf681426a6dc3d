//! What goes into the core and what comes out.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use super::{Notice, State};
use crate::connect::StateVersion;
use crate::connection::{ConnId, Sequence, TransportError};
use crate::credentials::{StoredToken, TokenKey};
use crate::frame;
use crate::json;
use crate::payload::Payload;
use crate::request::{Outcome, RequestId};
use crate::secret::Secret;
use crate::span::Span;
use crate::time::{Instant, Now};
use crate::url::GatewayUrl;

/// What a transport reports of one connection.
#[derive(Clone)]
#[non_exhaustive]
pub enum Input<T> {
    /// The WebSocket is open: TCP, TLS and upgrade are done.
    Opened,
    /// A text message.
    Text(T),
    /// A binary message; gateways send none, so its content does not matter.
    Binary {
        /// Its size in bytes.
        len: usize,
    },
    /// Byte totals of the socket, in both directions, whenever they have changed: a frame that trickles in is life,
    /// and a frame that trickles out is progress.
    Alive {
        /// Bytes read since the socket opened.
        bytes_in: u64,
        /// Bytes written since the socket opened.
        bytes_out: u64,
    },
    /// Every frame handed over has been written to the socket.
    Flushed,
    /// The connection has ended; the transport is gone.
    Closed {
        /// The peer's close code; 1005 for a close frame without one, none where TCP ended without a close frame.
        code: Option<u16>,
        /// The peer's reason.
        reason: String,
    },
    /// The connection could not be made, or broke; the transport is gone.
    Failed(TransportError),
}

/// Shows the size of a text, not its content.
impl<T: AsRef<str>> fmt::Debug for Input<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => f.write_str("Opened"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.as_ref().len()),
            Self::Binary { len } => write!(f, "Binary({len} bytes)"),
            Self::Alive { bytes_in, bytes_out } => write!(f, "Alive({bytes_in} in, {bytes_out} out)"),
            Self::Flushed => f.write_str("Flushed"),
            Self::Closed { code, reason } => write!(f, "Closed({code:?}, {reason:?})"),
            Self::Failed(error) => write!(f, "Failed({error:?})"),
        }
    }
}

/// What the core asks for or tells.
#[non_exhaustive]
pub enum Output<W, T> {
    /// Make a socket, and report `Opened` or `Failed`. The core aborts it when the deadline passes.
    Dial {
        /// Its name in every later input.
        conn: ConnId,
        /// Where and how.
        plan: DialPlan,
        /// When the core will give up.
        deadline: Instant,
    },
    /// Send a close frame after what has been handed over, and report `Closed` when the peer has answered.
    Close {
        /// Which connection.
        conn: ConnId,
        /// The close code.
        code: u16,
        /// The reason.
        reason: &'static str,
    },
    /// Drop the connection at once, whatever it is doing. Nothing needs to be reported.
    Abort {
        /// Which connection.
        conn: ConnId,
    },
    /// A two-stage request was accepted; its result is still to come.
    Accepted {
        /// Whose (a clone of what came with the request).
        waiter: W,
        /// Which request.
        id: RequestId,
        /// The acceptance.
        payload: Option<Payload<T>>,
    },
    /// A request ended.
    Completed {
        /// Whose.
        waiter: W,
        /// How.
        outcome: Outcome<T>,
    },
    /// An event arrived.
    Event(Event<T>),
    /// The client's state changed.
    State(State),
    /// The gateway has issued a token to this device: store it, replacing what is stored under the key. The client knows
    /// it already, and nothing of the connection depends on whether storing works.
    TokenIssued {
        /// Under what.
        key: Box<TokenKey>,
        /// The token.
        token: StoredToken,
    },
    /// The gateway does not know the stored token: remove it from the store, unless another one is stored by now. Not said
    /// when the connect asked for scopes beyond the token's, since that alone makes older gateways refuse a good one.
    TokenRejected {
        /// Under what it is stored.
        key: Box<TokenKey>,
        /// Which.
        token: Secret,
    },
    /// Something worth knowing that needs no reaction.
    Notice(Notice),
}

impl<W, T: AsRef<str> + fmt::Debug> fmt::Debug for Output<W, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial { conn, plan, deadline } => write!(f, "Dial({conn:?}, {plan:?}, until {deadline:?})"),
            Self::Close { conn, code, reason } => write!(f, "Close({conn:?}, {code}, {reason:?})"),
            Self::Abort { conn } => write!(f, "Abort({conn:?})"),
            Self::Accepted { id, payload, .. } => write!(f, "Accepted({id}, {payload:?})"),
            Self::Completed { outcome, .. } => write!(f, "Completed({outcome:?})"),
            Self::Event(event) => event.fmt(f),
            Self::State(state) => write!(f, "State({state:?})"),
            Self::TokenIssued { key, token } => write!(f, "TokenIssued({key:?}, {token:?})"),
            Self::TokenRejected { key, .. } => write!(f, "TokenRejected({key:?})"),
            Self::Notice(notice) => write!(f, "Notice({notice:?})"),
        }
    }
}

/// How to make a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DialPlan {
    /// Where. The plaintext policy has passed it.
    pub url: GatewayUrl,
    /// The largest message to receive, in bytes.
    pub max_inbound: usize,
}

impl DialPlan {
    /// A plan for a transport that is driven without a client, as in a transport's own tests.
    #[must_use]
    pub fn new(url: GatewayUrl, max_inbound: usize) -> Self {
        Self { url, max_inbound }
    }
}

/// One frame to send.
pub struct Transmit {
    /// On which connection.
    pub conn: ConnId,
    /// The text message. The first one of a connection holds its credentials.
    pub text: String,
}

impl fmt::Debug for Transmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transmit({:?}, {} bytes)", self.conn, self.text.len())
    }
}

/// An event of the gateway, annotated. What its frame says is read from its text when asked for: an event is handed on
/// several times before that, and many are dropped unread.
#[derive(Clone)]
pub struct Event<T> {
    /// The connection it came over.
    pub conn: ConnId,
    /// Its sequence number.
    pub seq: Option<u64>,
    /// What that number says of the events before it.
    pub sequence: Sequence,
    /// When it arrived.
    pub received: Now,
    pub(crate) name: Name,
    pub(crate) payload: Span,
    pub(crate) state_version: Span,
    pub(crate) recipient: Span,
    pub(crate) text: T,
}

/// An event's name: a part of the frame, or a copy where it had escapes.
#[derive(Clone)]
pub(crate) enum Name {
    In(Span),
    Owned(Box<str>),
}

impl<T: AsRef<str>> Event<T> {
    /// The event's name.
    pub fn name(&self) -> &str {
        match &self.name {
            Name::In(span) => span.of_text(self.text.as_ref()).unwrap_or(""),
            Name::Owned(name) => name,
        }
    }

    /// The payload's JSON text, if the event has one.
    pub fn payload(&self) -> Option<&str> {
        self.payload.of_text(self.text.as_ref())
    }

    /// State version; `presence` and `health` carry one.
    pub fn state_version(&self) -> Option<StateVersion> {
        let (presence, health) = frame::state_version(self.state_version.of_text(self.text.as_ref())?)?;
        Some(StateVersion { presence, health })
    }

    /// The profile a broadcast was addressed to.
    pub fn recipient_profile_id(&self) -> Option<Cow<'_, str>> {
        json::text(self.recipient.of_text(self.text.as_ref())?)
    }

    /// Reads the payload into a type of the caller's; an absent payload reads as `null`.
    ///
    /// # Errors
    /// When the payload does not have that shape.
    pub fn deserialize<'a, D: serde::Deserialize<'a>>(&'a self) -> Result<D, serde_json::Error> {
        serde_json::from_str(self.payload().unwrap_or("null"))
    }

    /// The whole frame.
    pub fn frame(&self) -> &T {
        &self.text
    }

    /// The same event over another text type, for example one that owns a copy.
    pub fn map_text<U: AsRef<str>>(self, f: impl FnOnce(T) -> U) -> Event<U> {
        Event {
            conn: self.conn,
            seq: self.seq,
            sequence: self.sequence,
            received: self.received,
            name: self.name,
            payload: self.payload,
            state_version: self.state_version,
            recipient: self.recipient,
            text: f(self.text),
        }
    }
}

/// Shows the payload's size, not its content.
impl<T: AsRef<str>> fmt::Debug for Event<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("conn", &self.conn)
            .field("name", &self.name())
            .field("seq", &self.seq)
            .field("sequence", &self.sequence)
            .field("state_version", &self.state_version())
            .field("payload_bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Up to 128 bytes are moved by a few instructions, more by a call of `memcpy`; and each output is moved several times.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn an_output_is_small_enough_to_be_handed_on() {
        assert!(size_of::<Output<usize, [usize; 4]>>() <= 128);
    }
}
