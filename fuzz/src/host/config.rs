//! How a client is configured: a few numbers choose among what matters.

use std::sync::Arc;
use std::time::Duration;

use openclaw_proto::connect::{Auth, Role, Scope};
use openclaw_proto::device::{DeviceIdentity, PayloadVersion, SignError, Signer};
use openclaw_proto::{ClientConfig, GatewayUrl, Jitter, Plaintext};

use super::super::script::Script;

/// Signs nothing that anybody could check, but at once: most of a fuzzer's time would go into curves otherwise.
#[derive(Debug)]
struct Stub {
    refuses: bool,
}

impl Signer for Stub {
    fn public_key(&self) -> [u8; 32] {
        [9; 32]
    }

    fn sign(&self, payload: &[u8]) -> Result<[u8; 64], SignError> {
        if self.refuses {
            return Err(SignError::new("the key is locked away"));
        }
        Ok(std::array::from_fn(|index| payload.get(index).copied().unwrap_or_default()))
    }
}

/// A configuration, by eight numbers.
pub fn config(script: &mut Script<'_>) -> ClientConfig {
    let addresses = ["ws://127.0.0.1:18789", "wss://gateway.example/?key=s3cret-query", "ws://192.168.1.7:18789/path"];
    let url = GatewayUrl::parse(script.pick(&addresses), Plaintext::Anywhere).expect("an address");
    let mut config = ClientConfig::new(url);
    config.device = device(script.number());
    config.connect.auth = auth(script);
    (config.connect.role, config.connect.scopes) = match script.number() % 5 {
        0 => (Role::Operator, None),
        1 => (Role::Operator, Some(vec![Scope::Read, Scope::Write])),
        2 => (Role::Operator, Some(vec![Scope::Admin])),
        3 => (Role::Operator, Some(Vec::new())),
        _ => (Role::Node, None),
    };
    limits(&mut config, script.number());
    backoff(&mut config, script.number());
    timeouts(&mut config, script.number());
    let rest = script.number();
    config.pairing_poll = [None, Some(Duration::from_secs(10)), Some(Duration::from_secs(90))][usize::from(rest % 3)];
    config.certificate_pinned = rest >= 3;
    config
}

fn device(kind: u8) -> Option<DeviceIdentity> {
    let device = |refuses| DeviceIdentity::new(Arc::new(Stub { refuses }));
    match kind % 4 {
        0 => None,
        1 => Some(device(false)),
        2 => Some(device(false).with_payload(PayloadVersion::V2)),
        _ => Some(device(true)),
    }
}

/// Credentials, by a number. None of them is a word that could stand in a frame by chance.
pub fn auth(script: &mut Script<'_>) -> Auth {
    let kind = script.number();
    let mut auth = Auth::default();
    let has = |bit: u8| kind >> bit & 1 == 1;
    auth.token = has(0).then(|| "s3cret-shared-token".into());
    auth.password = has(1).then(|| "s3cret password \"quoted\"".into());
    auth.device_token = has(2).then(|| "s3cret-device-token".into());
    auth.bootstrap_token = has(3).then(|| "s3cret-bootstrap-token".into());
    auth.prefer_bootstrap = has(4);
    if has(5) {
        auth.token = Some(" ".into());
    }
    auth
}

fn limits(config: &mut ClientConfig, kind: u8) {
    let limits = &mut config.limits;
    match kind % 4 {
        0 => {}
        1 => (limits.in_flight, limits.waiting, limits.outgoing_bytes, limits.inbound_frame) = (3, 2, 600, 1_500),
        2 => (limits.in_flight, limits.waiting) = (1, 0),
        _ => limits.connect_frame = 200,
    }
}

fn backoff(config: &mut ClientConfig, kind: u8) {
    let backoff = &mut config.backoff;
    match kind % 6 {
        0 => {}
        1 => backoff.jitter = Jitter::Equal,
        2 => backoff.jitter = Jitter::None,
        3 => (backoff.base, backoff.max) = (Duration::ZERO, Duration::ZERO),
        4 => backoff.max_attempts = Some(2),
        _ => (backoff.max, backoff.stable_after, backoff.wake_jump) = (Duration::MAX, Duration::ZERO, Duration::ZERO),
    }
}

fn timeouts(config: &mut ClientConfig, kind: u8) {
    let ms = Duration::from_millis;
    let timeouts = &mut config.timeouts;
    match kind % 4 {
        0 => {}
        1 => {
            (timeouts.dial, timeouts.challenge, timeouts.connect) = (ms(700), ms(500), ms(300));
            (timeouts.write_stall, timeouts.drain, timeouts.silence_floor) = (ms(400), ms(200), ms(100));
            timeouts.request = Some(ms(250));
        }
        2 => (timeouts.request, timeouts.drain) = (None, Duration::MAX),
        _ => {
            (timeouts.close_grace, timeouts.drain, timeouts.silence_floor, timeouts.request) =
                (Duration::ZERO, Duration::ZERO, Duration::ZERO, Some(Duration::ZERO))
        }
    }
}
