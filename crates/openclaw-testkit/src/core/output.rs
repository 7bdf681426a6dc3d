//! What a gateway wants done.

use crate::reply::PeerId;

/// What whoever moves bytes for a gateway has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GatewayOutput {
    /// Send a text message.
    Send {
        /// To whom.
        peer: PeerId,
        /// What.
        text: String,
    },
    /// Send a ping.
    Ping {
        /// To whom.
        peer: PeerId,
    },
    /// Close with a close frame, after everything before it has been sent. The connection is over for the gateway.
    Close {
        /// Whose connection.
        peer: PeerId,
        /// The close code.
        code: u16,
        /// The close reason, at most 120 bytes.
        reason: String,
    },
    /// Cut the connection without a close frame. It is over for the gateway.
    Abort {
        /// Whose connection.
        peer: PeerId,
    },
}

impl GatewayOutput {
    /// Whose connection it is about.
    #[must_use]
    pub fn peer(&self) -> PeerId {
        match self {
            Self::Send { peer, .. } | Self::Ping { peer } | Self::Close { peer, .. } | Self::Abort { peer } => *peer,
        }
    }
}
