//! Who asks to be let in.

use openclaw_proto::connect::Role;

use super::PeerInfo;
use super::guesses::Source;
use crate::dialect::Dialect;
use crate::json::Json;
use crate::pairing::Facts;
use crate::proof::Proven;

/// A client, by the params of its connect.
#[derive(Clone, Debug)]
pub(crate) struct Applicant {
    pub(crate) id: String,
    pub(crate) mode: String,
    pub(crate) role: Role,
    /// Those it asks for.
    pub(crate) scopes: Vec<String>,
    auth: Json,
    /// The device it says it is.
    pub(crate) device: Option<Json>,
    /// The device it has proven to be.
    pub(crate) proven: Option<Proven>,
    pub(crate) facts: Facts,
    pub(crate) source: Source,
    /// It comes from this machine, and from no proxy.
    pub(crate) is_local: bool,
    /// It has an origin, as pages do.
    pub(crate) from_page: bool,
}

impl Applicant {
    pub(crate) fn new(dialect: Dialect, info: &PeerInfo, params: &Json, role: Role) -> Self {
        let client = params.get("client").unwrap_or(&Json::Null);
        let text = |name: &str| client.text_of(name).map(str::to_owned);
        let proxied = ["forwarded", "x-forwarded-for", "x-real-ip"].iter().any(|name| info.get(name).is_some());
        let is_local = info.address.is_loopback() && !proxied;
        let mut facts = Facts {
            display_name: text("displayName"),
            platform: text("platform"),
            device_family: text("deviceFamily"),
            client_id: text("id"),
            client_mode: text("mode"),
            remote_ip: (!is_local).then(|| info.address.to_string()),
        };
        if dialect.is_v4() {
            spell_out(&mut facts);
        }
        Self {
            id: text("id").unwrap_or_default(),
            mode: text("mode").unwrap_or_default(),
            role,
            scopes: params.texts_of("scopes"),
            auth: params.get("auth").cloned().unwrap_or(Json::Null),
            device: params.get("device").cloned(),
            proven: None,
            facts,
            source: Source::of(info),
            is_local,
            from_page: info.get("origin").is_some_and(|origin| !origin.trim().is_empty()),
        }
    }

    /// A credential as it was sent.
    pub(crate) fn raw_auth(&self, name: &str) -> Option<&str> {
        self.auth.text_of(name)
    }

    /// A credential; blank ones are none.
    pub(crate) fn auth(&self, name: &str) -> Option<&str> {
        self.raw_auth(name).map(str::trim).filter(|text| !text.is_empty())
    }

    /// What may be a device token, and whether it is said to be one.
    pub(crate) fn device_credential(&self) -> Option<(&str, bool)> {
        self.device.as_ref()?;
        let explicit = self.auth("deviceToken").map(|token| (token, true));
        explicit.or_else(|| self.auth("token").map(|token| (token, false)))
    }

    /// A program of this machine's own.
    pub(crate) fn is_backend(&self) -> bool {
        let kind = (self.id.as_str(), self.mode.as_str());
        matches!(kind, ("gateway-client", "backend") | ("control-center", "operator"))
    }

    pub(crate) fn is_cli(&self) -> bool {
        (self.id.as_str(), self.mode.as_str()) == ("cli", "cli")
    }

    /// One of the interfaces for operators that come with gateways.
    pub(crate) fn is_operator_ui(&self) -> bool {
        matches!(self.id.as_str(), "openclaw-tui" | "openclaw-control-ui")
    }

    pub(crate) fn is_chat_page(&self) -> bool {
        self.mode == "webchat" || self.id == "webchat-ui"
    }

    /// An app with a window of its own.
    pub(crate) fn is_native_app(&self) -> bool {
        let apps = ["openclaw-macos", "openclaw-linux", "openclaw-ios", "openclaw-android"];
        self.mode == "ui" && apps.contains(&self.id.as_str())
    }
}

/// The platforms of node hosts have other names than the systems they run on, and name a family.
fn spell_out(facts: &mut Facts) {
    if facts.client_id.as_deref() != Some("node-host") || facts.client_mode.as_deref() != Some("node") {
        return;
    }
    let (platform, family) = match facts.platform.as_deref() {
        Some("darwin" | "macos") => ("macos", "Mac"),
        Some("win32" | "windows") => ("windows", "Windows"),
        Some("linux") => ("linux", "Linux"),
        _ => return,
    };
    let stated = facts.device_family.as_deref().map(str::trim).filter(|family| !family.is_empty());
    if stated.is_none_or(|stated| stated.eq_ignore_ascii_case(family)) {
        facts.device_family = Some(stated.unwrap_or(family).to_owned());
        facts.platform = Some(platform.into());
    }
}
