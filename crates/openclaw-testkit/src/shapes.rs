//! The closed shapes of what clients send.

use crate::dialect::Dialect;
use crate::schema::{Field, Kind, NON_EMPTY, STRING, may, must};

const IDS_V4: &[&str] = &[
    "webchat-ui",
    "openclaw-control-ui",
    "openclaw-browser-copilot",
    "openclaw-tui",
    "webchat",
    "cli",
    "gateway-client",
    "openclaw-macos",
    "openclaw-linux",
    "openclaw-ios",
    "openclaw-watchos",
    "openclaw-android",
    "node-host",
    "openclaw-worker",
    "test",
    "fingerprint",
    "openclaw-probe",
];
const MODES_V4: &[&str] = &["webchat", "cli", "ui", "backend", "node", "worker", "probe", "test"];
const IDS_V3: &[&str] = &[
    "webchat-ui",
    "openclaw-control-ui",
    "openclaw-tui",
    "webchat",
    "cli",
    "gateway-client",
    "openclaw-macos",
    "openclaw-ios",
    "openclaw-android",
    "node-host",
    "test",
    "fingerprint",
    "openclaw-probe",
];
const MODES_V3: &[&str] = &["webchat", "cli", "ui", "backend", "node", "probe", "test"];
const IDS_ORIGINAL: &[&str] = &["control-center", "cli", "gateway-client", "node-host", "test"];
const MODES_ORIGINAL: &[&str] = &["operator", "cli", "ui", "backend", "node", "probe", "test"];

static CLIENT_V4: &[Field] = &[
    must("id", Kind::OneOf(IDS_V4)),
    may("displayName", NON_EMPTY),
    must("version", NON_EMPTY),
    may("buildId", Kind::Text(1, 96)),
    must("platform", NON_EMPTY),
    may("deviceFamily", NON_EMPTY),
    may("modelIdentifier", NON_EMPTY),
    may("timeZone", Kind::Text(1, 64)),
    must("mode", Kind::OneOf(MODES_V4)),
    may("instanceId", NON_EMPTY),
];
static CLIENT_V3: &[Field] = &[
    must("id", Kind::OneOf(IDS_V3)),
    may("displayName", NON_EMPTY),
    must("version", NON_EMPTY),
    must("platform", NON_EMPTY),
    may("deviceFamily", NON_EMPTY),
    may("modelIdentifier", NON_EMPTY),
    must("mode", Kind::OneOf(MODES_V3)),
    may("instanceId", NON_EMPTY),
];
static CLIENT_ORIGINAL: &[Field] = &[
    must("id", Kind::OneOf(IDS_ORIGINAL)),
    may("displayName", NON_EMPTY),
    must("version", NON_EMPTY),
    must("platform", NON_EMPTY),
    may("deviceFamily", NON_EMPTY),
    may("modelIdentifier", NON_EMPTY),
    must("mode", Kind::OneOf(MODES_ORIGINAL)),
    may("instanceId", NON_EMPTY),
];
static DEVICE: &[Field] = &[
    must("id", NON_EMPTY),
    must("publicKey", NON_EMPTY),
    must("signature", NON_EMPTY),
    must("signedAt", Kind::Integer(0)),
    must("nonce", NON_EMPTY),
];
static AUTH_V4: &[Field] = &[
    may("token", STRING),
    may("bootstrapToken", STRING),
    may("deviceToken", STRING),
    may("password", STRING),
    may("approvalRuntimeToken", STRING),
    may("agentRuntimeIdentityToken", STRING),
];
static AUTH_V3: &[Field] =
    &[may("token", STRING), may("bootstrapToken", STRING), may("deviceToken", STRING), may("password", STRING)];

static CONNECT_V4: Kind = Kind::Closed(&[
    must("minProtocol", Kind::Integer(1)),
    must("maxProtocol", Kind::Integer(1)),
    must("client", Kind::Closed(CLIENT_V4)),
    may("caps", Kind::ListOf(&NON_EMPTY)),
    may("commands", Kind::ListOf(&NON_EMPTY)),
    may("computerUse", Kind::Any),
    may("workerRuns", Kind::Any),
    may("permissions", Kind::MapOf(&Kind::Boolean)),
    may("pathEnv", STRING),
    may("role", NON_EMPTY),
    may("scopes", Kind::ListOf(&NON_EMPTY)),
    may("modelCatalog", Kind::Any),
    may("device", Kind::Closed(DEVICE)),
    may("auth", Kind::Closed(AUTH_V4)),
    may("locale", STRING),
    may("userAgent", STRING),
]);
static CONNECT_V3_FIELDS: [Field; 13] = connect_v3(CLIENT_V3);
static CONNECT_V3: Kind = Kind::Closed(&CONNECT_V3_FIELDS);
static CONNECT_ORIGINAL_FIELDS: [Field; 13] = connect_v3(CLIENT_ORIGINAL);
static CONNECT_ORIGINAL: Kind = Kind::Closed(&CONNECT_ORIGINAL_FIELDS);

const fn connect_v3(client: &'static [Field]) -> [Field; 13] {
    [
        must("minProtocol", Kind::Integer(1)),
        must("maxProtocol", Kind::Integer(1)),
        must("client", Kind::Closed(client)),
        may("caps", Kind::ListOf(&NON_EMPTY)),
        may("commands", Kind::ListOf(&NON_EMPTY)),
        may("permissions", Kind::MapOf(&Kind::Boolean)),
        may("pathEnv", STRING),
        may("role", NON_EMPTY),
        may("scopes", Kind::ListOf(&NON_EMPTY)),
        may("device", Kind::Closed(DEVICE)),
        may("auth", Kind::Closed(AUTH_V3)),
        may("locale", STRING),
        may("userAgent", STRING),
    ]
}

static REQUEST_V4: Kind = Kind::Closed(&[
    must("type", Kind::Const("req")),
    must("id", NON_EMPTY),
    must("method", NON_EMPTY),
    may("params", Kind::Any),
    may("traceparent", Kind::Text(0, 128)),
    may("expectedProfileId", Kind::Text(1, 128)),
]);
static REQUEST_V3: Kind = Kind::Closed(&[
    must("type", Kind::Const("req")),
    must("id", NON_EMPTY),
    must("method", NON_EMPTY),
    may("params", Kind::Any),
]);

/// The shape of a request frame.
pub(crate) fn request(dialect: Dialect) -> &'static Kind {
    if dialect.is_v4() { &REQUEST_V4 } else { &REQUEST_V3 }
}

/// The shape of a connect's params.
pub(crate) fn connect(dialect: Dialect) -> &'static Kind {
    match dialect {
        Dialect::V4 => &CONNECT_V4,
        Dialect::V3 => &CONNECT_V3,
        Dialect::Original => &CONNECT_ORIGINAL,
    }
}

/// The shape of a built-in method's params, as far as the gateway holds clients to it.
pub(crate) fn params(dialect: Dialect, method: &str) -> Option<&'static Kind> {
    static NOTHING: Kind = Kind::Closed(&[]);
    static SEND: Kind = Kind::Closed(&[
        must("sessionKey", NON_EMPTY),
        may("agentId", NON_EMPTY),
        may("sessionId", NON_EMPTY),
        must("message", STRING),
        may("thinking", STRING),
        may("deliver", Kind::Boolean),
        may("attachments", Kind::Any),
        may("timeoutMs", Kind::Integer(0)),
        may("originatingChannel", STRING),
        may("originatingTo", STRING),
        may("originatingAccountId", STRING),
        may("originatingThreadId", STRING),
        may("systemInputProvenance", Kind::Any),
        may("systemProvenanceReceipt", STRING),
        may("mentions", Kind::Any),
        may("workContext", Kind::Any),
        may("intent", Kind::Any),
        may("fastMode", Kind::Any),
        may("fastAutoOnSeconds", Kind::Integer(1)),
        may("queueMode", STRING),
        may("replyToId", NON_EMPTY),
        may("toolBindings", Kind::Any),
        may("suppressCommandInterpretation", Kind::Boolean),
        may("expectedLeafEntryId", Kind::Any),
        may("expectedSessionRoutingContract", NON_EMPTY),
        may("expectedPermissionMode", Kind::Any),
        may("expectedToolOverrides", Kind::Any),
        must("idempotencyKey", NON_EMPTY),
    ]);
    static ABORT: Kind = Kind::Closed(&[
        must("sessionKey", NON_EMPTY),
        may("agentId", NON_EMPTY),
        may("runId", NON_EMPTY),
        may("preserveSideRuns", Kind::Boolean),
    ]);
    static AGENT: Kind = Kind::Open(&[
        must("message", NON_EMPTY),
        may("sessionKey", STRING),
        may("timeout", Kind::Integer(0)),
        must("idempotencyKey", NON_EMPTY),
    ]);
    static WAIT: Kind = Kind::Closed(&[must("runId", NON_EMPTY), may("timeoutMs", Kind::Integer(0))]);
    static MODELS_V4: Kind = Kind::Closed(&[
        may("agentId", NON_EMPTY),
        may("sessionKey", NON_EMPTY),
        may("authProfileId", NON_EMPTY),
        may("provider", NON_EMPTY),
        may("includeDetails", Kind::Boolean),
        may("includeProviderCapabilities", Kind::Boolean),
        may("includeDefaultModels", Kind::Boolean),
        may("preparedOnly", Kind::Boolean),
        may("refresh", Kind::Boolean),
        may("view", STRING),
    ]);
    static SESSIONS_V4: Kind = Kind::Closed(&[
        may("limit", Kind::Integer(1)),
        may("offset", Kind::Integer(0)),
        may("activeMinutes", Kind::Integer(1)),
        may("activeOnly", Kind::Boolean),
        may("requireLastInteraction", Kind::Boolean),
        may("sortBy", Kind::Any),
        may("includeGlobal", Kind::Boolean),
        may("includeUnknown", Kind::Boolean),
        may("excludeSubagents", Kind::Boolean),
        may("excludeCron", Kind::Boolean),
        may("excludeSystem", Kind::Boolean),
        may("configuredAgentsOnly", Kind::Boolean),
        may("includeDerivedTitles", Kind::Boolean),
        may("includeLastMessage", Kind::Boolean),
        may("includeActivitySummary", Kind::Boolean),
        may("label", Kind::Text(1, 512)),
        may("projectId", NON_EMPTY),
        may("workspaceDir", NON_EMPTY),
        may("group", STRING),
        may("pinned", Kind::Boolean),
        may("boardFace", Kind::Any),
        may("hasBoard", Kind::Boolean),
        may("creatorId", NON_EMPTY),
        may("ownerId", NON_EMPTY),
        may("ownerFirst", Kind::Boolean),
        may("involvingMe", Kind::Boolean),
        may("profileRelation", Kind::Any),
        may("involvingProfileId", NON_EMPTY),
        may("includePeople", Kind::Boolean),
        may("spawnedBy", NON_EMPTY),
        may("agentId", NON_EMPTY),
        may("search", STRING),
        may("archived", Kind::Any),
    ]);
    static SESSIONS_V3: Kind = Kind::Closed(&[
        may("limit", Kind::Integer(1)),
        may("activeMinutes", Kind::Integer(1)),
        may("includeGlobal", Kind::Boolean),
        may("includeUnknown", Kind::Boolean),
        may("includeDerivedTitles", Kind::Boolean),
        may("includeLastMessage", Kind::Boolean),
        may("label", Kind::Text(1, 512)),
        may("spawnedBy", NON_EMPTY),
        may("agentId", NON_EMPTY),
        may("search", STRING),
    ]);
    static SESSION_ACTION: Kind = Kind::Closed(&[
        must("pluginId", NON_EMPTY),
        must("actionId", NON_EMPTY),
        may("sessionKey", NON_EMPTY),
        may("agentId", NON_EMPTY),
        may("payload", Kind::Any),
    ]);
    static REQUEST: Kind = Kind::Closed(&[must("requestId", NON_EMPTY)]);
    static DEVICE: Kind = Kind::Closed(&[must("deviceId", NON_EMPTY)]);
    static RENAME: Kind = Kind::Closed(&[must("deviceId", NON_EMPTY), must("label", Kind::Text(1, 64))]);
    static ROTATE: Kind =
        Kind::Closed(&[must("deviceId", NON_EMPTY), must("role", NON_EMPTY), may("scopes", Kind::ListOf(&NON_EMPTY))]);
    static REVOKE: Kind = Kind::Closed(&[must("deviceId", NON_EMPTY), must("role", NON_EMPTY)]);
    static UPGRADE: Kind = Kind::Closed(&[must("scopes", Kind::SetOf(&NON_EMPTY, 1, 8))]);
    static MODELS_V3: Kind = Kind::Closed(&[may("view", STRING)]);
    Some(match method {
        "agents.list" | "device.pair.list" => &NOTHING,
        "device.pair.approve" | "device.pair.reject" | "device.scopes.waitUpgrade" => &REQUEST,
        "device.pair.remove" => &DEVICE,
        "device.pair.rename" => &RENAME,
        "device.token.rotate" => &ROTATE,
        "device.token.revoke" => &REVOKE,
        "device.scopes.requestUpgrade" => &UPGRADE,
        "models.list" if dialect.is_v4() => &MODELS_V4,
        "models.list" => &MODELS_V3,
        "plugins.sessionAction" => &SESSION_ACTION,
        "sessions.list" if dialect.is_v4() => &SESSIONS_V4,
        "sessions.list" => &SESSIONS_V3,
        "chat.send" => &SEND,
        "chat.abort" => &ABORT,
        "agent" => &AGENT,
        "agent.wait" => &WAIT,
        _ => return None,
    })
}
