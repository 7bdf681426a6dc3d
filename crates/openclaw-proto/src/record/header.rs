//! The first line: everything a client was made from, its secrets masked.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};

use super::line::{Fields, Line, Unusable};
use super::mask::{Mask, mask_query};
use crate::client::{BackoffConfig, ClientConfig, Jitter, Limits, Timeouts};
use crate::connect::{Auth, ConnectParams, Scope};
use crate::device::{DeviceIdentity, PayloadVersion};
use crate::json::{self, RawObject};
use crate::secret::Secret;
use crate::url::{GatewayUrl, Plaintext};

/// The version of the log's format.
pub(crate) const VERSION: u64 = 1;

pub(crate) fn encode(config: &ClientConfig, seed: [u8; 32], mask: &Mask) -> String {
    let mut hex = String::new();
    for digit in seed.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        hex.extend(char::from_digit(u32::from(digit), 16));
    }
    // Not through the mask: the query's names may be telltale, and the seed is no secret (it only spreads ids).
    let url = mask_query(config.url.as_str());
    let mut body = Line::new()
        .raw("connect", &mask.json(&connect(&config.connect)))
        .value("url", &mask.text(&url))
        .value("certificatePinned", &config.certificate_pinned);
    if let Some(identity) = &config.device {
        body = body.raw("device", &device(identity));
    }
    if let Some(poll) = config.pairing_poll {
        body = body.duration("pairingPoll", poll);
    }
    let body = body
        .raw("timeouts", &timeouts(&config.timeouts))
        .raw("limits", &limits(&config.limits))
        .raw("backoff", &backoff(&config.backoff))
        .finish();
    Line::new()
        .value("openclaw-record", &VERSION)
        .value("library", env!("CARGO_PKG_VERSION"))
        .value("seed", &hex)
        .raw("config", &body)
        .finish()
}

fn connect(params: &ConnectParams) -> String {
    let client = Line::new()
        .value("id", &params.client.id)
        .value("version", &params.client.version)
        .value("platform", &params.client.platform)
        .value("mode", &params.client.mode)
        .optional("displayName", params.client.display_name.as_ref())
        .optional("buildId", params.client.build_id.as_ref())
        .optional("deviceFamily", params.client.device_family.as_ref())
        .optional("modelIdentifier", params.client.model_identifier.as_ref())
        .optional("timeZone", params.client.time_zone.as_ref())
        .optional("instanceId", params.client.instance_id.as_ref())
        .finish();
    Line::new()
        .value("minProtocol", &params.protocol.min)
        .value("maxProtocol", &params.protocol.max)
        .raw("client", &client)
        .value("role", &params.role)
        .optional("scopes", params.scopes.as_ref())
        .value("caps", &params.caps)
        .value("commands", &params.commands)
        .value("permissions", &params.permissions)
        .optional("pathEnv", params.path_env.as_ref())
        .raw("auth", &encode_auth(&params.auth))
        .optional("locale", params.locale.as_ref())
        .optional("userAgent", params.user_agent.as_ref())
        .finish()
}

pub(super) fn encode_auth(auth: &Auth) -> String {
    let mut line = Line::new().value("preferBootstrap", &auth.prefer_bootstrap);
    // Blank credentials are not sent; masked they would no longer be blank.
    for (name, secret) in auth.fields() {
        line = line.optional(name, secret.as_ref());
    }
    line.finish()
}

pub(super) fn decode_auth(fields: &Fields<'_>) -> Result<Auth, Unusable> {
    Ok(Auth {
        token: fields.optional("token")?.map(Secret::new),
        password: fields.optional("password")?.map(Secret::new),
        device_token: fields.optional("deviceToken")?.map(Secret::new),
        bootstrap_token: fields.optional("bootstrapToken")?.map(Secret::new),
        prefer_bootstrap: fields.flag("preferBootstrap")?,
    })
}

fn device(device: &DeviceIdentity) -> String {
    let payload = match device.payload() {
        PayloadVersion::V2 => "v2",
        PayloadVersion::V3 => "v3",
    };
    Line::new().value("publicKey", &device.public_key_text()).value("payload", payload).finish()
}

fn read_device(fields: &Fields<'_>) -> Result<DeviceIdentity, Unusable> {
    let device = DeviceIdentity::recorded(&fields.text("publicKey")?).ok_or(Unusable("publicKey"))?;
    match fields.text("payload")?.as_str() {
        "v2" => Ok(device.with_payload(PayloadVersion::V2)),
        "v3" => Ok(device.with_payload(PayloadVersion::V3)),
        _ => Err(Unusable("payload")),
    }
}

fn timeouts(t: &Timeouts) -> String {
    let line = Line::new()
        .duration("dial", t.dial)
        .duration("challenge", t.challenge)
        .duration("connect", t.connect)
        .duration("closeGrace", t.close_grace)
        .duration("writeStall", t.write_stall)
        .duration("silenceFloor", t.silence_floor)
        .duration("drain", t.drain);
    match t.request {
        Some(request) => line.duration("request", request),
        None => line,
    }
    .finish()
}

fn limits(l: &Limits) -> String {
    Line::new()
        .value("inFlight", &l.in_flight)
        .value("waiting", &l.waiting)
        .value("outgoingBytes", &l.outgoing_bytes)
        .value("inboundFrame", &l.inbound_frame)
        .value("connectFrame", &l.connect_frame)
        .finish()
}

fn backoff(b: &BackoffConfig) -> String {
    let jitter = match b.jitter {
        Jitter::Full => "full",
        Jitter::Equal => "equal",
        Jitter::None => "none",
    };
    Line::new()
        .duration("base", b.base)
        .duration("max", b.max)
        .value("jitter", jitter)
        .duration("stableAfter", b.stable_after)
        .optional("maxAttempts", b.max_attempts.as_ref())
        .duration("wakeJump", b.wake_jump)
        .finish()
}

/// Reads a header's seed and configuration; its version is the caller's to check.
pub(crate) fn decode(header: &Fields<'_>) -> Result<(ClientConfig, [u8; 32]), Unusable> {
    let seed = unhex(&header.text("seed")?).ok_or(Unusable("seed"))?;
    let config = header.object("config")?;
    // The address was allowed when the log was written, and nothing is dialed now.
    let url = GatewayUrl::parse(&config.text("url")?, Plaintext::Anywhere).ok().ok_or(Unusable("url"))?;
    let mut out = ClientConfig::new(url);
    out.connect = read_connect(&config.object("connect")?)?;
    out.certificate_pinned = config.flag("certificatePinned")?;
    if config.0.get("device").is_some() {
        out.device = Some(read_device(&config.object("device")?)?);
    }
    out.pairing_poll = config.optional_duration("pairingPoll")?;
    let t = config.object("timeouts")?;
    out.timeouts = Timeouts {
        dial: t.duration("dial")?,
        challenge: t.duration("challenge")?,
        connect: t.duration("connect")?,
        close_grace: t.duration("closeGrace")?,
        write_stall: t.duration("writeStall")?,
        request: t.optional_duration("request")?,
        silence_floor: t.duration("silenceFloor")?,
        drain: t.duration("drain")?,
    };
    let l = config.object("limits")?;
    out.limits = Limits {
        in_flight: l.number("inFlight")?,
        waiting: l.number("waiting")?,
        outgoing_bytes: l.number("outgoingBytes")?,
        inbound_frame: l.number("inboundFrame")?,
        connect_frame: l.number("connectFrame")?,
    };
    let b = config.object("backoff")?;
    out.backoff = BackoffConfig {
        base: b.duration("base")?,
        max: b.duration("max")?,
        jitter: match b.text("jitter")?.as_str() {
            "full" => Jitter::Full,
            "equal" => Jitter::Equal,
            "none" => Jitter::None,
            _ => return Err(Unusable("jitter")),
        },
        stable_after: b.duration("stableAfter")?,
        max_attempts: b.optional_number("maxAttempts")?,
        wake_jump: b.duration("wakeJump")?,
    };
    Ok((out, seed))
}

fn read_connect(fields: &Fields<'_>) -> Result<ConnectParams, Unusable> {
    let mut params = ConnectParams::default();
    params.protocol.min = fields.number("minProtocol")?;
    params.protocol.max = fields.number("maxProtocol")?;
    let client = fields.object("client")?;
    params.client.id = client.text("id")?.into();
    params.client.version = client.text("version")?;
    params.client.platform = client.text("platform")?;
    params.client.mode = client.text("mode")?.into();
    params.client.display_name = client.optional("displayName")?;
    params.client.build_id = client.optional("buildId")?;
    params.client.device_family = client.optional("deviceFamily")?;
    params.client.model_identifier = client.optional("modelIdentifier")?;
    params.client.time_zone = client.optional("timeZone")?;
    params.client.instance_id = client.optional("instanceId")?;
    params.role = fields.text("role")?.into();
    if fields.0.get("scopes").is_some() {
        params.scopes = Some(fields.texts("scopes")?.into_iter().map(Scope::from).collect());
    }
    params.caps = fields.texts("caps")?;
    params.commands = fields.texts("commands")?;
    params.permissions = permissions(fields.get("permissions")?)?;
    params.path_env = fields.optional("pathEnv")?;
    params.auth = decode_auth(&fields.object("auth")?)?;
    params.locale = fields.optional("locale")?;
    params.user_agent = fields.optional("userAgent")?;
    Ok(params)
}

fn permissions(raw: &str) -> Result<BTreeMap<String, bool>, Unusable> {
    let object = RawObject::parse(raw).ok_or(Unusable("permissions"))?;
    object
        .members()
        .map(|(name, raw)| Some((name.to_string(), json::boolean(raw)?)))
        .collect::<Option<_>>()
        .ok_or(Unusable("permissions"))
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<alloc::vec::Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    let mut seed = [0; 32];
    for (byte, pair) in seed.iter_mut().zip(digits.chunks_exact(2)) {
        if let [high, low] = *pair {
            *byte = high << 4 | low;
        }
    }
    Some(seed)
}
