//! The gateway's devices as tests put them there and look at them.

use openclaw_proto::{Secret, UnixMillis};

use crate::pairing::{Device, Request, Token};

/// A device for the gateway to know.
///
/// ```
/// use openclaw_testkit::{GatewayConfig, KnownDevice, TestDevice};
///
/// let device = TestDevice::from_seed([7; 32]);
/// let known = KnownDevice::new(device.public_key()).operator(["operator.read"]).platform("linux").token("d-token");
/// let config = GatewayConfig::v4().device(known);
/// ```
#[derive(Clone, Debug)]
pub struct KnownDevice {
    pub(crate) public_key: String,
    pub(crate) roles: Vec<(String, Vec<String>)>,
    pub(crate) platform: Option<String>,
    pub(crate) device_family: Option<String>,
    pub(crate) client: Option<(String, String)>,
    pub(crate) display_name: Option<String>,
    pub(crate) token: Option<Secret>,
}

impl KnownDevice {
    /// The device with this public key: its 32 bytes in base64. It is approved for nothing yet.
    #[must_use]
    pub fn new(public_key: impl Into<String>) -> Self {
        Self {
            public_key: public_key.into(),
            roles: Vec::new(),
            platform: None,
            device_family: None,
            client: None,
            display_name: None,
            token: None,
        }
    }

    /// Is approved as an operator with these scopes.
    #[must_use]
    pub fn operator<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.roles.push(("operator".into(), scopes.into_iter().map(Into::into).collect()));
        self
    }

    /// Is approved as a node.
    #[must_use]
    pub fn node(mut self) -> Self {
        self.roles.push(("node".into(), Vec::new()));
        self
    }

    /// Was on this platform when it was approved. A device that is known to be on one cannot come from another.
    #[must_use]
    pub fn platform(mut self, platform: impl Into<String>) -> Self {
        self.platform = Some(platform.into());
        self
    }

    /// Was of this family when it was approved.
    #[must_use]
    pub fn device_family(mut self, family: impl Into<String>) -> Self {
        self.device_family = Some(family.into());
        self
    }

    /// Was approved for a client of this id and mode.
    #[must_use]
    pub fn client(mut self, id: impl Into<String>, mode: impl Into<String>) -> Self {
        self.client = Some((id.into(), mode.into()));
        self
    }

    /// Calls itself this.
    #[must_use]
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// Has this token already, for the role that was named first. Otherwise the gateway makes one up.
    #[must_use]
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }
}

/// A device that waits for somebody's approval.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingPairing {
    /// By which it is approved or rejected.
    pub request_id: String,
    /// The device's id.
    pub device_id: String,
    /// The device's public key in base64url.
    pub public_key: String,
    /// The role it asked for last.
    pub role: String,
    /// All roles it asks for.
    pub roles: Vec<String>,
    /// The scopes it asks for.
    pub scopes: Vec<String>,
    /// The client it connected with: id and mode.
    pub client: (String, String),
    /// Its platform.
    pub platform: Option<String>,
    /// Its family.
    pub device_family: Option<String>,
    /// What it calls itself.
    pub display_name: Option<String>,
    /// It is paired already and asks for more.
    pub is_repair: bool,
    /// Since when it waits.
    pub at: UnixMillis,
}

/// A device that has been approved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PairedDevice {
    /// Its id.
    pub device_id: String,
    /// Its public key in base64url.
    pub public_key: String,
    /// The roles it has been approved for.
    pub roles: Vec<String>,
    /// The scopes it has been approved for.
    pub scopes: Vec<String>,
    /// Its tokens, by role.
    pub tokens: Vec<DeviceToken>,
    /// The platform it is known to be on.
    pub platform: Option<String>,
    /// The family it is known to be of.
    pub device_family: Option<String>,
    /// What it calls itself.
    pub display_name: Option<String>,
}

/// A token of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceToken {
    /// The role it is for.
    pub role: String,
    /// What it is good for.
    pub scopes: Vec<String>,
    /// The token.
    pub token: Secret,
    /// Since when it is this one.
    pub issued_at: UnixMillis,
    /// It no longer counts.
    pub is_revoked: bool,
}

impl From<&Request> for PendingPairing {
    fn from(request: &Request) -> Self {
        let facts = request.facts.clone();
        Self {
            request_id: request.id.clone(),
            device_id: request.device_id.clone(),
            public_key: request.public_key.clone(),
            role: request.role.clone(),
            roles: request.roles.clone(),
            scopes: request.scopes.clone(),
            client: (facts.client_id.unwrap_or_default(), facts.client_mode.unwrap_or_default()),
            platform: facts.platform,
            device_family: facts.device_family,
            display_name: facts.display_name,
            is_repair: request.is_repair,
            at: UnixMillis(request.at),
        }
    }
}

impl From<&Device> for PairedDevice {
    fn from(device: &Device) -> Self {
        Self {
            device_id: device.id.clone(),
            public_key: device.public_key.clone(),
            roles: device.roles.clone(),
            scopes: device.scopes.clone(),
            tokens: device.tokens.values().map(DeviceToken::from).collect(),
            platform: device.facts.platform.clone(),
            device_family: device.facts.device_family.clone(),
            display_name: device.facts.display_name.clone(),
        }
    }
}

impl From<&Token> for DeviceToken {
    fn from(token: &Token) -> Self {
        Self {
            role: token.role.clone(),
            scopes: token.scopes.clone(),
            token: token.token.as_str().into(),
            issued_at: UnixMillis(token.issued_at()),
            is_revoked: token.revoked_at.is_some(),
        }
    }
}
