//! `hello-ok`: what the gateway is, what it offers, what it grants.
//!
//! Versions drift, inside v4 more than between v3 and v4, so nothing beyond the protocol number is required and a
//! field of an unexpected type reads as absent. The whole payload stays at hand, raw.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::{Role, Scope};
use crate::frame::MAX_FRAME_DEFAULT;
use crate::json::{self, RawObject};
use crate::secret::Secret;

/// A `hello-ok` that passed validation.
///
/// It is kept as long as its connection, and gateways send 10 KB of it, most of that names of methods. So it is kept once, as
/// text; what a connection does not need all the time is read from the text whenever it is asked for.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hello {
    /// The protocol version the gateway chose. A v4 gateway says 4 even to a node or probe that offered 3 only.
    pub protocol: u32,
    /// Its limits.
    pub policy: Policy,
    pub(crate) profile_binding: bool,
    pub(crate) names_its_life: bool,
    scopes: Option<Box<[Scope]>>,
    raw: Box<str>,
}

/// `server`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ServerInfo {
    /// The gateway's release.
    pub version: Option<String>,
    /// This connection's id at the gateway (`server.connId`; the original Go client looked for it one level up).
    pub conn_id: Option<String>,
    /// The exact build (since 2026.9).
    pub build_id: Option<String>,
    /// Changes with every start of the gateway (since 2026.9).
    pub boot_id: Option<String>,
}

/// `features`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Features {
    /// Advertised methods. Callable ones may be missing from it: never gate a call on this list.
    pub methods: Vec<String>,
    /// Advertised events.
    pub events: Vec<String>,
    /// Capabilities.
    pub capabilities: Vec<String>,
}

impl Features {
    /// Whether a capability is advertised.
    #[must_use]
    pub fn has_capability(&self, name: &str) -> bool {
        self.capabilities.iter().any(|capability| capability == name)
    }
}

/// `snapshot`; its presence and health are open shapes and stay raw in [`Hello::raw`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Snapshot {
    /// Versions of the presence and health state.
    pub state_version: Option<StateVersion>,
    /// How long the gateway has been up.
    pub uptime: Option<Duration>,
    /// `suspension.phase`: accepting, preparing, draining or prepared.
    pub suspension_phase: Option<String>,
}

/// `stateVersion` of `presence` and `health`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateVersion {
    /// Version of the presence list.
    pub presence: u64,
    /// Version of the health state.
    pub health: u64,
}

/// `auth`: the authority actually granted, which may be less than asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Granted {
    /// The role.
    pub role: Option<Role>,
    /// The scopes; absent when the gateway does not say.
    pub scopes: Option<Vec<Scope>>,
    /// How the connection was authenticated (since 2026.9.6).
    pub method: Option<String>,
    /// A token for this device.
    pub device_token: Option<Secret>,
    /// When it was issued, in Unix milliseconds.
    pub issued_at_ms: Option<u64>,
    /// Further tokens handed over by a bootstrap.
    pub device_tokens: Vec<DeviceToken>,
}

/// A row of `auth.deviceTokens`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceToken {
    /// The token.
    pub token: Secret,
    /// The role it is for.
    pub role: Option<Role>,
    /// Its scopes.
    pub scopes: Vec<Scope>,
    /// When it was issued, in Unix milliseconds.
    pub issued_at_ms: Option<u64>,
}

/// `policy`: the gateway's limits. What it leaves out, or states out of range, has the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// The largest frame it takes, in bytes, inclusive. Default 26 214 400 (every release since 2026.2.26).
    pub max_payload: usize,
    /// How much it buffers for a slow reader, in bytes. Default 52 428 800.
    pub max_buffered_bytes: usize,
    /// How often it sends `tick`. Default 30 s (every recorded release).
    pub tick_interval: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_payload: MAX_FRAME_DEFAULT,
            max_buffered_bytes: 52_428_800,
            tick_interval: Duration::from_millis(30_000),
        }
    }
}

/// A field of [`Policy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PolicyField {
    /// `maxPayload`.
    MaxPayload,
    /// `maxBufferedBytes`.
    MaxBufferedBytes,
    /// `tickIntervalMs`.
    TickInterval,
}

/// Why a payload is no hello.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HelloError {
    /// There is no payload, or it is no object.
    #[error("the connect response carries no hello object")]
    NotAnObject,
    /// `type` is there and says something else.
    #[error("the connect response is a {0:?}, not a hello-ok")]
    WrongType(String),
    /// `protocol` is missing or no positive integer.
    #[error("the hello names no protocol version")]
    NoProtocol,
    /// The gateway chose a version that was not offered.
    #[error("the gateway chose protocol {chosen}, offered were {min} to {max}")]
    ProtocolNotOffered {
        /// What it chose.
        chosen: u32,
        /// The lowest version offered.
        min: u32,
        /// The highest version offered.
        max: u32,
    },
}

impl Hello {
    /// Reads a hello. Also returns the policy fields that were out of range and now have their default.
    ///
    /// # Errors
    /// When the payload is no object, is of another type, or names no protocol.
    pub fn parse(payload: &str) -> Result<(Self, Vec<PolicyField>), HelloError> {
        let object = RawObject::parse(payload).ok_or(HelloError::NotAnObject)?;
        match object.get("type") {
            None => {}
            Some(raw) if json::text(raw).as_deref() == Some("hello-ok") => {}
            Some(raw) => return Err(HelloError::WrongType(raw.chars().take(32).collect())),
        }
        let protocol = object
            .integer("protocol")
            .and_then(|version| u32::try_from(version).ok())
            .filter(|version| *version > 0)
            .ok_or(HelloError::NoProtocol)?;
        let mut odd = Vec::new();
        let hello = Self {
            protocol,
            policy: policy(&object, &mut odd),
            profile_binding: features(&object).has_capability("profile-binding-v1"),
            names_its_life: server(&object).boot_id.is_some(),
            scopes: object.object("auth").and_then(|auth| granted_scopes(&auth)).map(Vec::into_boxed_slice),
            raw: payload.into(),
        };
        Ok((hello, odd))
    }

    /// The whole payload as it came. It may hold device tokens.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Who answers.
    #[must_use]
    pub fn server(&self) -> ServerInfo {
        server(&self.object())
    }

    /// What it offers.
    #[must_use]
    pub fn features(&self) -> Features {
        features(&self.object())
    }

    /// State at the moment of the handshake.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        snapshot(&self.object())
    }

    /// What was granted; absent on gateways before 2026.5 for connections without a device.
    #[must_use]
    pub fn auth(&self) -> Option<Granted> {
        self.object().object("auth").map(|auth| granted(&auth))
    }

    /// The scopes granted; none when the gateway does not say.
    #[must_use]
    pub fn scopes(&self) -> Option<&[Scope]> {
        self.scopes.as_deref()
    }

    fn object(&self) -> RawObject<'_> {
        RawObject::parse(&self.raw).unwrap_or_default()
    }
}

fn server(hello: &RawObject<'_>) -> ServerInfo {
    let server = hello.object("server").unwrap_or_default();
    ServerInfo {
        version: server.string("version"),
        conn_id: server.string("connId").or_else(|| hello.string("connId")),
        build_id: server.string("buildId"),
        boot_id: server.string("bootId"),
    }
}

fn features(hello: &RawObject<'_>) -> Features {
    let features = hello.object("features").unwrap_or_default();
    Features {
        methods: features.strings("methods").unwrap_or_default(),
        events: features.strings("events").unwrap_or_default(),
        capabilities: features.strings("capabilities").unwrap_or_default(),
    }
}

fn snapshot(hello: &RawObject<'_>) -> Snapshot {
    let snapshot = hello.object("snapshot").unwrap_or_default();
    Snapshot {
        state_version: snapshot
            .get("stateVersion")
            .and_then(crate::frame::state_version)
            .map(|(presence, health)| StateVersion { presence, health }),
        uptime: snapshot.get("uptimeMs").and_then(json::millis).map(Duration::from_millis),
        suspension_phase: snapshot.object("suspension").and_then(|s| s.string("phase")),
    }
}

fn granted(auth: &RawObject<'_>) -> Granted {
    Granted {
        role: auth.text("role").map(|role| Role::from(&*role)),
        scopes: granted_scopes(auth),
        method: auth.string("method"),
        device_token: auth.string("deviceToken").map(Secret::new),
        issued_at_ms: auth.integer("issuedAtMs"),
        device_tokens: auth.get("deviceTokens").and_then(json::array).map(device_tokens).unwrap_or_default(),
    }
}

fn granted_scopes(auth: &RawObject<'_>) -> Option<Vec<Scope>> {
    auth.strings("scopes").map(scopes)
}

fn device_tokens(rows: Vec<&str>) -> Vec<DeviceToken> {
    rows.into_iter()
        .filter_map(RawObject::parse)
        .filter_map(|row| {
            Some(DeviceToken {
                token: Secret::new(row.string("deviceToken")?),
                role: row.text("role").map(|role| Role::from(&*role)),
                scopes: row.strings("scopes").map(scopes).unwrap_or_default(),
                issued_at_ms: row.integer("issuedAtMs"),
            })
        })
        .collect()
}

fn scopes(names: Vec<String>) -> Vec<Scope> {
    names.into_iter().map(Scope::from).collect()
}

fn policy(hello: &RawObject<'_>, odd: &mut Vec<PolicyField>) -> Policy {
    let policy = hello.object("policy").unwrap_or_default();
    let mut read = |key, field| {
        let raw = policy.get(key)?;
        let value = json::integer(raw).filter(|value| *value >= 1);
        if value.is_none() {
            odd.push(field);
        }
        value
    };
    let default = Policy::default();
    let bytes =
        |value: Option<u64>, default| value.map_or(default, |value| usize::try_from(value).unwrap_or(usize::MAX));
    Policy {
        max_payload: bytes(read("maxPayload", PolicyField::MaxPayload), default.max_payload),
        max_buffered_bytes: bytes(read("maxBufferedBytes", PolicyField::MaxBufferedBytes), default.max_buffered_bytes),
        tick_interval: read("tickIntervalMs", PolicyField::TickInterval)
            .map_or(default.tick_interval, Duration::from_millis),
    }
}

/// Leaves the raw payload out: it may hold device tokens.
impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hello")
            .field("protocol", &self.protocol)
            .field("server", &self.server())
            .field("snapshot", &self.snapshot())
            .field("auth", &self.auth())
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
