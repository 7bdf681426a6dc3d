//! Why a connection ended.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::connect::HelloError;
use crate::connection::ProxyError;
use crate::device::SignError;
use crate::error::GatewayError;
use crate::fingerprint::Fingerprint;
use crate::pairing::PairingRequest;

/// Why a connection ended, or never came about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Down {
    /// The transport could not be made, or broke.
    #[error("{0}")]
    Transport(TransportError),
    /// Resolving, connecting, TLS and upgrade took longer than allowed.
    #[error("no connection within the time allowed for dialing")]
    DialTimeout,
    /// No challenge in time.
    #[error("the gateway sent no challenge in time")]
    ChallengeTimeout,
    /// No answer to `connect` in time.
    #[error("the gateway did not answer the connect request in time")]
    ConnectTimeout,
    /// The challenge has no nonce.
    #[error("the gateway's challenge carries no nonce")]
    ChallengeWithoutNonce,
    /// The challenge has no time that a device could sign.
    #[error("the gateway's challenge carries no time to sign")]
    ChallengeWithoutTime,
    /// The device's signer gave no signature.
    #[error("the connect request could not be signed: {0}")]
    NotSigned(SignError),
    /// Our own `connect` is larger than a gateway takes before hello.
    #[error("the connect request has {size} bytes, gateways take {limit}")]
    ConnectTooLarge {
        /// Its bytes.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The gateway refused the connect.
    #[error("the gateway refused the connection: {0}")]
    Refused(GatewayError),
    /// The answer to `connect` is no hello.
    #[error("{0}")]
    InvalidHello(HelloError),
    /// The answer to `connect` has no readable verdict.
    #[error("the gateway's answer to connect cannot be read")]
    UnreadableConnectAnswer,
    /// The peer closed.
    #[error("closed by the gateway ({}{}{})", Code(.code), if .reason.is_empty() { "" } else { ": " }, .reason)]
    Closed {
        /// The close code; none when TCP ended without a close frame (shown by other clients as 1006).
        code: Option<u16>,
        /// The close reason.
        reason: String,
        /// Whether `hello-ok` had come.
        after_hello: bool,
    },
    /// Nothing came for longer than the liveness limit.
    #[error("nothing came from the gateway for too long")]
    Silent,
    /// A write made no progress for longer than its limit.
    #[error("the gateway stopped reading")]
    WriteStalled,
    /// A received frame is larger than allowed.
    #[error("the gateway sent a frame of {size} bytes, the limit is {limit}")]
    FrameTooLarge {
        /// Its bytes.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The client was shut down.
    #[error("the client was shut down")]
    ShutDown,
}

impl Down {
    /// The pairing that has to be approved first, if that is why.
    #[must_use]
    pub fn pairing(&self) -> Option<PairingRequest> {
        match self {
            Self::Refused(error) => error.pairing(),
            Self::Closed { reason, after_hello: false, .. } => PairingRequest::of_close(reason),
            _ => None,
        }
    }

    /// Whether the gateway does not know the device token it was shown. Where it was shown `alone`, the reason of a close
    /// says so too.
    pub(crate) fn says_device_token_is_unknown(&self, alone: bool) -> bool {
        match self {
            Self::Refused(error) => error.detail_code.as_deref() == Some("AUTH_DEVICE_TOKEN_MISMATCH"),
            Self::Closed { code: Some(1008), reason, after_hello: false } if alone => {
                reason.to_ascii_lowercase().contains("device token mismatch")
            }
            _ => false,
        }
    }
}

struct Code<'a>(&'a Option<u16>);

impl fmt::Display for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(code) => write!(f, "{code}"),
            None => f.write_str("without a close frame"),
        }
    }
}

/// What the transport met.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The name does not resolve.
    #[error("cannot resolve {host:?}: {message}")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        message: String,
    },
    /// No TCP connection.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The proxy on the way opened no tunnel.
    #[error("{0}")]
    Proxy(ProxyError),
    /// TLS failed: a certificate that is expired, for another host or of an unknown issuer, a version, a protocol fault.
    ///
    /// The client tries again. Nothing but a TLS greeting has left, so an attempt gives nothing away, and most of these
    /// mend without anybody at the client: a renewal that came late, a chain that was deployed by halves, a clock that was
    /// not set yet after booting.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The gateway's certificate is none of the pinned ones. Nothing but a TLS greeting has left.
    ///
    /// The client pauses: either somebody is in between, or the certificate was changed on purpose, and then the pin has to
    /// be too. Who is in the middle of a change pins both, the old certificate and the new one.
    #[error("the gateway's certificate is {found}, and not the pinned {}", Either(.expected))]
    PinMismatch {
        /// The pinned fingerprints.
        expected: Vec<Fingerprint>,
        /// The fingerprint of the certificate that was shown.
        found: Fingerprint,
    },
    /// The HTTP upgrade was refused.
    #[error("{0}")]
    UpgradeRefused(UpgradeRefused),
    /// The peer does not speak WebSocket, or broke its rules.
    #[error("WebSocket protocol fault: {0}")]
    Protocol(String),
    /// A frame is larger than the limit fixed at dial.
    #[error("a received frame exceeds the limit: {0}")]
    FrameTooLarge(String),
    /// Reading or writing failed.
    #[error("{0}")]
    Io(String),
}

struct Either<'a>(&'a [Fingerprint]);

impl fmt::Display for Either<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, pin) in self.0.iter().enumerate() {
            write!(f, "{}{pin}", if index == 0 { "" } else { " or " })?;
        }
        Ok(())
    }
}

/// An HTTP answer that is not 101.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpgradeRefused {
    /// The HTTP status.
    pub status: u16,
    /// The response headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as far as it came with the headers, at most 2 048 bytes; invalid UTF-8 is replaced.
    pub body: String,
}

impl UpgradeRefused {
    /// An HTTP refusal.
    #[must_use]
    pub fn new(status: u16, headers: Vec<(String, String)>, body: String) -> Self {
        Self { status, headers, body }
    }

    /// The first header of that name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl UpgradeRefused {
    /// `Retry-After` in seconds, where it is there and not a date.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }
}

impl fmt::Display for UpgradeRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the WebSocket upgrade was refused with HTTP status {}", self.status)?;
        let line = self.body.lines().next().unwrap_or("").trim();
        if !line.is_empty() {
            f.write_str(": ")?;
            for c in line.chars().take(160).filter(|c| !c.is_control()) {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

/// Header values may be cookies, so only names are shown.
impl fmt::Debug for UpgradeRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("UpgradeRefused")
            .field("status", &self.status)
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}
