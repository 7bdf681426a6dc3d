//! What goes into the gateway and what comes out.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// A connection, by its number: the first one is 1. Numbers are never used again, not even after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub(crate) u64);

impl PeerId {
    /// The connection's number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Who asks for an upgrade.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerInfo {
    /// The remote address.
    pub address: IpAddr,
    /// The headers of the upgrade request; names are compared without regard to case.
    pub headers: Vec<(String, String)>,
}

impl PeerInfo {
    /// A client at `address` without any headers.
    #[must_use]
    pub fn new(address: IpAddr) -> Self {
        Self { address, headers: Vec::new() }
    }

    /// A client on this machine.
    #[must_use]
    pub fn loopback() -> Self {
        Self::new(Ipv4Addr::LOCALHOST.into())
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// An upgrade that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpRefusal {
    /// The status code.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl HttpRefusal {
    /// A refusal with a text for a body.
    #[must_use]
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: vec![("Content-Type".into(), "text/plain; charset=utf-8".into())], body: body.into() }
    }

    /// Adds a header, or replaces the one of that name.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        self.headers.push((name, value.into()));
        self
    }
}

/// What the gateway asks its host to do.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GatewayOutput {
    /// Send a text message.
    Send {
        /// To whom.
        peer: PeerId,
        /// The message.
        text: String,
    },
    /// Send an empty ping, and report its pong.
    Ping {
        /// To whom.
        peer: PeerId,
    },
    /// Send a close frame after everything handed over so far, and report when the connection has ended. It is cut
    /// (by an `Abort`) if that takes long.
    Close {
        /// Whose connection.
        peer: PeerId,
        /// The close code.
        code: u16,
        /// The reason.
        reason: String,
    },
    /// Cut the connection at once, without a close frame. Nothing needs to be reported.
    Abort {
        /// Whose connection.
        peer: PeerId,
    },
    /// Read no more from the connection, but keep it open.
    StopReading {
        /// Whose connection.
        peer: PeerId,
    },
    /// Accept connections.
    Listen,
    /// Accept no connections: the port refuses them.
    StopListening,
}

/// Shows the size of a text, not its content.
impl fmt::Debug for GatewayOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { peer, text } => write!(f, "Send({peer}, {} bytes)", text.len()),
            Self::Ping { peer } => write!(f, "Ping({peer})"),
            Self::Close { peer, code, reason } => write!(f, "Close({peer}, {code}, {reason:?})"),
            Self::Abort { peer } => write!(f, "Abort({peer})"),
            Self::StopReading { peer } => write!(f, "StopReading({peer})"),
            Self::Listen => f.write_str("Listen"),
            Self::StopListening => f.write_str("StopListening"),
        }
    }
}
