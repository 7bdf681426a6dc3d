//! Every bound and period of the gateway, each with the value of the release that is imitated.

use std::time::Duration;

/// The gateway's bounds and periods.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GatewayLimits {
    /// The largest frame before hello, in bytes, inclusive. Default 65 536.
    pub preauth_frame: usize,
    /// The largest frame after hello, in bytes, inclusive; stated as `policy.maxPayload`. Default 26 214 400.
    pub max_payload: usize,
    /// How much may wait to be written to one connection, in bytes; stated as `policy.maxBufferedBytes`.
    /// Default 52 428 800.
    pub max_buffered: usize,
    /// Connections without hello per address. Default 32.
    pub preauth_connections: usize,
    /// How long a connection may take to its hello. Default 15 s.
    pub handshake: Duration,
    /// Frames that wait behind a connect under way. Default 15.
    pub handshake_queue: usize,
    /// Requests that wait to be started, over all connections. Default 256; v3 has no such bound.
    pub start_queue: usize,
    /// The same in bytes of their frames. Default 52 428 800.
    pub start_queue_bytes: usize,
    /// How often `tick` is sent, zero meaning never; stated as `policy.tickIntervalMs`. Default 30 s.
    pub tick: Duration,
    /// How often `health` is sent; zero means never. Default 60 s.
    pub health: Duration,
    /// How often each connection is pinged, and how long its pong may take; zero means never. Default 25 s.
    pub ping: Duration,
    /// How long a closed connection may take to end before it is cut. Default 1 s.
    pub close_grace: Duration,
    /// Failed authentications that lead to a lockout. Default 10.
    pub auth_attempts: usize,
    /// Within how long they count. Default 60 s.
    pub auth_window: Duration,
    /// How long the lockout lasts. Default 300 s.
    pub auth_lockout: Duration,
    /// Whether loopback is never locked out (but, on v4, answered ever later). Default true.
    pub auth_exempt_loopback: bool,
    /// The first delay of a refused authentication from an exempt address; it doubles up to 20 times this.
    /// Default 250 ms on v4; v3 does not delay.
    pub auth_delay: Duration,
    /// How long a device that asks to be paired waits for its approval. Default 5 min.
    pub pairing_request: Duration,
    /// How long a setup code is good for. Default 10 min.
    pub setup_code: Duration,
    /// Consecutive `unauthorized role` answers after which the connection is closed. Default 10.
    pub unauthorized_calls: u32,
    /// How many requests the journal keeps; the oldest are forgotten first. Default 10 000.
    pub journal: usize,
    /// How many bytes of params it keeps. Default 64 MiB.
    pub journal_bytes: usize,
}

impl Default for GatewayLimits {
    fn default() -> Self {
        Self {
            preauth_frame: 65_536,
            max_payload: 26_214_400,
            max_buffered: 52_428_800,
            preauth_connections: 32,
            handshake: Duration::from_secs(15),
            handshake_queue: 15,
            start_queue: 256,
            start_queue_bytes: 52_428_800,
            tick: Duration::from_secs(30),
            health: Duration::from_secs(60),
            ping: Duration::from_secs(25),
            close_grace: Duration::from_secs(1),
            auth_attempts: 10,
            auth_window: Duration::from_secs(60),
            auth_lockout: Duration::from_secs(300),
            auth_exempt_loopback: true,
            auth_delay: Duration::from_millis(250),
            pairing_request: Duration::from_secs(300),
            setup_code: Duration::from_secs(600),
            unauthorized_calls: 10,
            journal: 10_000,
            journal_bytes: 1 << 26,
        }
    }
}
