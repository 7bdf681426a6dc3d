//! What kind of program connects.

use alloc::string::String;

use crate::open_enum::open_enum;

open_enum! {
    /// `client.id`: gateways accept a closed list and close 1008 on any other value.
    ClientId {
        /// `gateway-client`: a program that uses a client library. The default.
        GatewayClient = "gateway-client",
        /// `cli`.
        Cli = "cli",
        /// `node-host`: runs commands for the gateway.
        NodeHost = "node-host",
        /// `webchat-ui`; needs an `Origin`.
        WebchatUi = "webchat-ui",
        /// `webchat`; needs an `Origin`.
        Webchat = "webchat",
        /// `openclaw-control-ui`; needs an `Origin`.
        ControlUi = "openclaw-control-ui",
        /// `openclaw-browser-copilot`.
        BrowserCopilot = "openclaw-browser-copilot",
        /// `openclaw-tui`; needs a device identity.
        Tui = "openclaw-tui",
        /// `openclaw-macos`.
        Macos = "openclaw-macos",
        /// `openclaw-linux`.
        Linux = "openclaw-linux",
        /// `openclaw-ios`.
        Ios = "openclaw-ios",
        /// `openclaw-watchos`.
        Watchos = "openclaw-watchos",
        /// `openclaw-android`.
        Android = "openclaw-android",
        /// `openclaw-worker`; refused on the general socket.
        Worker = "openclaw-worker",
        /// `openclaw-probe`.
        Probe = "openclaw-probe",
        /// `test`.
        Test = "test",
        /// `fingerprint`.
        Fingerprint = "fingerprint",
    }
}

open_enum! {
    /// `client.mode`: gateways accept a closed list and close 1008 on any other value.
    ClientMode {
        /// `backend`: a server-side program. The default.
        Backend = "backend",
        /// `cli`.
        Cli = "cli",
        /// `ui`.
        Ui = "ui",
        /// `webchat`.
        Webchat = "webchat",
        /// `node`.
        Node = "node",
        /// `worker`.
        Worker = "worker",
        /// `probe`: only looks whether a gateway is there.
        Probe = "probe",
        /// `test`.
        Test = "test",
    }
}

/// The `client` object of a connect.
///
/// The default is the pair `gateway-client`/`backend`: on a direct loopback connection with the shared token a
/// gateway lets it keep its scopes without a device identity. `platform` is this target's operating system;
/// keep it stable, a paired device that changes it needs a new approval.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientInfo {
    /// What the client is.
    pub id: ClientId,
    /// Its version.
    pub version: String,
    /// Its platform.
    pub platform: String,
    /// How it is used.
    pub mode: ClientMode,
    /// A name for people.
    pub display_name: Option<String>,
    /// A build, 1 to 96 characters.
    pub build_id: Option<String>,
    /// The device's family.
    pub device_family: Option<String>,
    /// The device's model.
    pub model_identifier: Option<String>,
    /// An IANA time zone, 1 to 64 characters. Gateways that do not know it refuse the whole `connect` with
    /// `INVALID_REQUEST`; 2026.5.7 and 2026.5.12 do, 2026.9.6 takes it.
    pub time_zone: Option<String>,
    /// Tells instances of the same client apart.
    pub instance_id: Option<String>,
}

impl Default for ClientInfo {
    fn default() -> Self {
        Self::new(ClientId::GatewayClient, ClientMode::Backend)
    }
}

impl ClientInfo {
    /// A client of the given kind, with this library's version and this target's platform.
    #[must_use]
    pub fn new(id: ClientId, mode: ClientMode) -> Self {
        Self {
            id,
            version: env!("CARGO_PKG_VERSION").into(),
            platform: platform().into(),
            mode,
            display_name: None,
            build_id: None,
            device_family: None,
            model_identifier: None,
            time_zone: None,
            instance_id: None,
        }
    }
}

/// The operating system this was compiled for, under the name the official client gives it.
const fn platform() -> &'static str {
    if cfg!(target_os = "linux") {
        "linux"
    } else if cfg!(target_os = "macos") {
        "macos"
    } else if cfg!(target_os = "windows") {
        "windows"
    } else if cfg!(target_os = "ios") {
        "ios"
    } else if cfg!(target_os = "android") {
        "android"
    } else {
        "unknown"
    }
}
