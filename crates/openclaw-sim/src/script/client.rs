//! How a client of a script is configured, and what it stands on.

use std::time::Duration;

use std::sync::Arc;

use openclaw_proto::connect::{Auth, ClientId, ClientInfo, ClientMode, Scope};
use openclaw_proto::device::{DeviceIdentity, Ed25519Signer};
use openclaw_proto::{BackoffConfig, ClientConfig, GatewayUrl, Jitter, Limits, Plaintext, Timeouts, UrlError};
use serde::{Deserialize, Serialize};

/// A client, its machine, and its way to the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientSpec {
    /// Its gateway.
    pub gateway: usize,
    /// The credential it shows. Gateways want `test-token`.
    pub token: String,
    /// Whether it has a device.
    pub device: Device,
    /// How often it asks whether its pairing has been approved, if it does.
    pub pairing_poll_ms: Option<u64>,
    /// One way to the gateway and up to so much more.
    pub latency_us: u64,
    /// See `latency_us`.
    pub jitter_us: u64,
    /// What the system takes from a program before it is on the wire.
    pub send_buffer: usize,
    /// Whether late words of dropped sockets reach the core, as with hosts that have threads.
    pub late_words: bool,
    /// Whether the socket itself refuses frames that are too large; otherwise the core has to.
    pub strict_frames: bool,
    /// How delays are spread.
    pub jitter: Spread,
    /// See [`BackoffConfig`].
    pub base_ms: u64,
    /// See [`BackoffConfig`].
    pub max_ms: u64,
    /// See [`BackoffConfig`].
    pub stable_ms: u64,
    /// See [`BackoffConfig`].
    pub max_attempts: Option<u32>,
    /// See [`Timeouts`]; one for dial, challenge and connect.
    pub handshake_ms: u64,
    /// See [`Timeouts`].
    pub close_grace_ms: u64,
    /// See [`Timeouts`].
    pub write_stall_ms: u64,
    /// See [`Timeouts`].
    pub request_ms: Option<u64>,
    /// See [`Timeouts`].
    pub silence_floor_ms: u64,
    /// See [`Timeouts`].
    pub drain_ms: u64,
    /// See [`Limits`].
    pub in_flight: usize,
    /// See [`Limits`].
    pub waiting: usize,
    /// See [`Limits`].
    pub outgoing_bytes: usize,
    /// See [`Limits`].
    pub inbound_frame: usize,
}

/// Whether a client has a device, and what lets it in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Device {
    /// It has none.
    #[default]
    None,
    /// A new one: the shared token lets it in, and the device is to be paired.
    New,
    /// A paired one whose own token lets it in. The shared token is only given in the end, by a user who is asked.
    Known,
}

/// [`Jitter`] that can be written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spread {
    /// [`Jitter::Full`].
    #[default]
    Full,
    /// [`Jitter::Equal`].
    Equal,
    /// [`Jitter::None`].
    None,
}

impl From<Spread> for Jitter {
    fn from(spread: Spread) -> Self {
        match spread {
            Spread::Full => Self::Full,
            Spread::Equal => Self::Equal,
            Spread::None => Self::None,
        }
    }
}

/// A client with the defaults of the core, on a short way without bounds.
impl Default for ClientSpec {
    fn default() -> Self {
        let (backoff, timeouts, limits) = (BackoffConfig::default(), Timeouts::default(), Limits::default());
        Self {
            gateway: 0,
            token: "test-token".into(),
            device: Device::None,
            pairing_poll_ms: None,
            latency_us: 2_000,
            jitter_us: 500,
            send_buffer: 16_384,
            late_words: false,
            strict_frames: true,
            jitter: Spread::Full,
            base_ms: whole(backoff.base),
            max_ms: whole(backoff.max),
            stable_ms: whole(backoff.stable_after),
            max_attempts: backoff.max_attempts,
            handshake_ms: whole(timeouts.dial),
            close_grace_ms: whole(timeouts.close_grace),
            write_stall_ms: whole(timeouts.write_stall),
            request_ms: timeouts.request.map(whole),
            silence_floor_ms: whole(timeouts.silence_floor),
            drain_ms: whole(timeouts.drain),
            in_flight: limits.in_flight,
            waiting: limits.waiting,
            outgoing_bytes: limits.outgoing_bytes,
            inbound_frame: limits.inbound_frame,
        }
    }
}

impl ClientSpec {
    /// The core's configuration. Its device, if it has one, has the key of that seed.
    ///
    /// # Errors
    /// When the address of all simulated gateways were none, which it is.
    pub fn config(&self, key: &[u8; 32]) -> Result<ClientConfig, UrlError> {
        let mut config = ClientConfig::new(GatewayUrl::parse("ws://127.0.0.1:18789", Plaintext::PrivateOnly)?);
        let ms = Duration::from_millis;
        if self.device != Device::Known {
            config.connect.auth = Auth::token(self.token.as_str());
        }
        if self.device != Device::None {
            // Gateways take a backend on their own machine at its word and pair nothing.
            config.connect.client = ClientInfo::new(ClientId::Cli, ClientMode::Cli);
            config.device = Some(DeviceIdentity::new(Arc::new(Ed25519Signer::from_seed(key))));
        }
        config.pairing_poll = self.pairing_poll_ms.map(ms);
        config.connect.scopes = Some(vec![Scope::Read, Scope::Write]);
        config.backoff.jitter = self.jitter.into();
        config.backoff.base = ms(self.base_ms);
        config.backoff.max = ms(self.max_ms);
        config.backoff.stable_after = ms(self.stable_ms);
        config.backoff.max_attempts = self.max_attempts;
        config.timeouts.dial = ms(self.handshake_ms);
        config.timeouts.challenge = ms(self.handshake_ms);
        config.timeouts.connect = ms(self.handshake_ms);
        config.timeouts.close_grace = ms(self.close_grace_ms);
        config.timeouts.write_stall = ms(self.write_stall_ms);
        config.timeouts.request = self.request_ms.map(ms);
        config.timeouts.silence_floor = ms(self.silence_floor_ms);
        config.timeouts.drain = ms(self.drain_ms);
        config.limits.in_flight = self.in_flight;
        config.limits.waiting = self.waiting;
        config.limits.outgoing_bytes = self.outgoing_bytes;
        config.limits.inbound_frame = self.inbound_frame;
        Ok(config)
    }
}

fn whole(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
