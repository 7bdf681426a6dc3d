//! What a client is told once, at construction.

use core::time::Duration;

use super::backoff::BackoffConfig;
use crate::connect::ConnectParams;
use crate::device::DeviceIdentity;
use crate::frame::{MAX_FRAME_BEFORE_HELLO, MAX_FRAME_DEFAULT};
use crate::url::GatewayUrl;

/// A client's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientConfig {
    /// Where the gateway is.
    pub url: GatewayUrl,
    /// What `connect` says.
    pub connect: ConnectParams,
    /// Who signs it. Default: nobody; nodes need a device, and operators away from the gateway's machine get no scopes
    /// without one.
    pub device: Option<DeviceIdentity>,
    /// Whether the transport checks the gateway's certificate against a pin. Only then, or on this machine, is the stored
    /// token shown to a gateway that has refused the shared one. Default: no.
    pub certificate_pinned: bool,
    /// How often to ask whether a pairing has been approved, at least
    /// [`PAIRING_POLL_MIN`](crate::recovery::PAIRING_POLL_MIN). Default: not by itself; the client pauses until a nudge,
    /// unless the gateway wants to be asked.
    pub pairing_poll: Option<Duration>,
    /// Deadlines.
    pub timeouts: Timeouts,
    /// Bounds.
    pub limits: Limits,
    /// Reconnecting.
    pub backoff: BackoffConfig,
}

impl ClientConfig {
    /// The defaults for a gateway at `url`.
    #[must_use]
    pub fn new(url: GatewayUrl) -> Self {
        Self {
            url,
            connect: ConnectParams::default(),
            device: None,
            certificate_pinned: false,
            pairing_poll: None,
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            backoff: BackoffConfig::default(),
        }
    }
}

/// Every deadline, each settable. All run on the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Name resolution, TCP, TLS and HTTP upgrade together. Default 15 s (the official client's upgrade budget).
    pub dial: Duration,
    /// From the open socket to the challenge. Default 15 s (gateways drop a silent handshake after 15 s).
    pub challenge: Duration,
    /// From the challenge to `hello-ok`. Default 15 s (as above; the official client cannot change it).
    pub connect: Duration,
    /// From our close frame until the socket is cut. Default 250 ms (the official client's stop grace).
    pub close_grace: Duration,
    /// How long a write may make no progress. Default 30 s (a gateway cuts a peer that does not answer pings for
    /// 25 s to 50 s, so a longer wait finds no one).
    pub write_stall: Duration,
    /// A request's deadline where it sets none; none for no deadline. Default 30 s (the official client's).
    pub request: Option<Duration>,
    /// The least silence that counts as a dead link, whatever the gateway's tick interval. The limit is
    /// max(2 × `policy.tickIntervalMs`, this). Default 10 s, so that a tick interval of milliseconds, as a test
    /// gateway may state, does not cut a link over one late packet.
    pub silence_floor: Duration,
    /// How long a gateway that said it would go may stay before requests are sent to it again. Default 30 s (a real one
    /// was seen to drain for 5 s).
    pub drain: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            dial: Duration::from_secs(15),
            challenge: Duration::from_secs(15),
            connect: Duration::from_secs(15),
            close_grace: Duration::from_millis(250),
            write_stall: Duration::from_secs(30),
            request: Some(Duration::from_secs(30)),
            silence_floor: Duration::from_secs(10),
            drain: Duration::from_secs(30),
        }
    }
}

/// Every bound, each settable. Reaching one is a typed refusal or a stated reason, never a silent drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Requests queued or in flight. Default 16 384 (a gateway starts 256 at a time and refuses the rest, so more
    /// only helps methods that answer late).
    pub in_flight: usize,
    /// Requests that wait for a connection. Default 1 024.
    pub waiting: usize,
    /// Bytes of requests that the transport has not taken. Default 64 MiB: two of the largest frames and then some.
    pub outgoing_bytes: usize,
    /// The largest frame to receive, in bytes. Default 26 214 400 (the official client's own inbound limit).
    pub inbound_frame: usize,
    /// The largest `connect` frame. Default 65 536 (the gateway's pre-auth limit).
    pub connect_frame: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 16_384,
            waiting: 1_024,
            outgoing_bytes: 64 << 20,
            inbound_frame: MAX_FRAME_DEFAULT,
            connect_frame: MAX_FRAME_BEFORE_HELLO,
        }
    }
}
