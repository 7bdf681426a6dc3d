//! What is known to differ from the schemas. Whatever else differs is an error, and so is what differs no more.

use super::check::Finding;
use super::protocol::PUBLISHED;

/// Something that excuses findings.
pub(crate) trait Known: Copy + 'static {
    /// Whether a finding is of this kind.
    fn covers(&self, finding: &Finding) -> bool;

    /// Whether it could have been met: whether frames were checked against that schema.
    fn was_looked_for(&self, schemas: &[&str]) -> bool;

    /// In words.
    fn told(&self) -> String;
}

/// Every definition.
const ANY: &str = "*";

/// A name as it is in the name of a file.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}

/// A test or a scenario that has a client send something wrong on purpose, or something that only its own peer knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OnPurpose {
    /// The test program and the beginning of the test's name, or the scenario's name.
    pub(crate) who: &'static str,
    /// The definition that does not fit.
    pub(crate) definition: &'static str,
    /// Why it does that.
    pub(crate) why: &'static str,
}

impl Known for OnPurpose {
    fn covers(&self, finding: &Finding) -> bool {
        let definition = self.definition == ANY || self.definition == finding.definition;
        definition && plain(&finding.who).starts_with(&plain(self.who))
    }

    fn was_looked_for(&self, _: &[&str]) -> bool {
        true
    }

    fn told(&self) -> String {
        format!("{} sends a wrong {} ({})", self.who, self.definition, self.why)
    }
}

/// What a gateway sends beside a schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deviation {
    /// The schema's name.
    pub(crate) schema: &'static str,
    /// The definition.
    pub(crate) definition: &'static str,
    /// What is wrong; with a `*` at its end, everything that begins like that.
    pub(crate) fault: &'static str,
    /// What there is to know about it.
    pub(crate) why: &'static str,
    /// Whether it is met in every run; else it depends on load, on time or on the machine.
    pub(crate) always: bool,
}

impl Known for Deviation {
    fn covers(&self, finding: &Finding) -> bool {
        let fault = match self.fault.strip_suffix('*') {
            Some(start) => finding.fault.starts_with(start),
            None => self.fault == finding.fault,
        };
        fault && self.schema == finding.schema && self.definition == finding.definition
    }

    fn was_looked_for(&self, schemas: &[&str]) -> bool {
        self.always && schemas.contains(&self.schema)
    }

    fn told(&self) -> String {
        format!("{} {}: {} ({})", self.schema, self.definition, self.fault, self.why)
    }
}

const fn on_purpose(who: &'static str, definition: &'static str, why: &'static str) -> OnPurpose {
    OnPurpose { who, definition, why }
}

const PARAMS: &str = "it is about how requests are answered, and no client of ours looks into params";
const PROFILE: &str = "the published schema is older than profiles, which are sent only to gateways that know them";
const NUMBER: &str = "its params have a number that no double can hold";

/// What the tests send that a real gateway would refuse. Params are an application's, and so the test's; a wrong envelope
/// or connect would be the client's fault, and is excused for single tests only.
pub(crate) const SENT: &[OnPurpose] = &[
    on_purpose(
        "auth signing::property_a_signature_fits_the_frame_it_is_in_whatever_is_configured",
        "ConnectParams",
        "every signed field holds random words",
    ),
    on_purpose("behaviour", "AgentParams", PARAMS),
    on_purpose("behaviour", "ProgressCardRefreshParams", PARAMS),
    on_purpose("determinism", "AgentParams", PARAMS),
    on_purpose("determinism", "ChatSendParams", PARAMS),
    on_purpose("determinism", "ExecApprovalRequestParams", PARAMS),
    on_purpose("lifecycle", "ChatSendParams", PARAMS),
    on_purpose("liveness", "ChatSendParams", PARAMS),
    on_purpose("official_defects", "AgentParams", PARAMS),
    on_purpose("official_defects", "ChatSendParams", PARAMS),
    on_purpose("official_defects", "ProgressCardRefreshParams", PARAMS),
    on_purpose("original_defects", "AgentParams", PARAMS),
    on_purpose("original_defects", "ChatSendParams", PARAMS),
    on_purpose("properties", "AgentParams", PARAMS),
    on_purpose("properties frames::a_request_is_read_as_it_was_built", "RequestFrame", PROFILE),
    on_purpose("properties frames::a_request_is_read_as_it_was_built", "", NUMBER),
    on_purpose("properties payloads::of_a_request", "", NUMBER),
    on_purpose("record", "AgentParams", PARAMS),
    on_purpose("record", "ChatSendParams", PARAMS),
    on_purpose("record", "ConfigSetParams", PARAMS),
    on_purpose("record", "ExecApprovalRequestParams", PARAMS),
    on_purpose("requests", "AgentParams", PARAMS),
    on_purpose("requests", "AgentWaitParams", PARAMS),
    on_purpose("requests", "ChatSendParams", PARAMS),
    on_purpose("requests", "ConfigSetParams", PARAMS),
    on_purpose("requests", "ExecApprovalRequestParams", PARAMS),
    on_purpose("requests", "PluginApprovalRequestParams", PARAMS),
    on_purpose("requests", "ProgressCardRefreshParams", PARAMS),
    on_purpose("secrets", "AgentParams", PARAMS),
    on_purpose("secrets", "ChatSendParams", PARAMS),
    on_purpose("secrets", "ConfigSetParams", PARAMS),
    on_purpose("wire_shapes", "ChatHistoryParams", PARAMS),
    on_purpose(
        "official_defects r22_trace_context_profile_locale_user_agent_and_time_zone_can_be_said",
        "ConnectParams",
        "states a time zone, which early releases refuse",
    ),
    on_purpose(
        "official_defects r22_trace_context_profile_locale_user_agent_and_time_zone_can_be_said",
        "RequestFrame",
        PROFILE,
    ),
    on_purpose(
        "wire_shapes a_profile_id_has_1_to_128_characters_and_leaves_only_where_the_gateway_knows_the_field",
        "RequestFrame",
        PROFILE,
    ),
    on_purpose("wire_shapes a_request_frame_has_exactly_this_text", "RequestFrame", PROFILE),
    on_purpose("wire_shapes a_request_frame_has_exactly_this_text", "", NUMBER),
];

/// What scenarios send to real gateways on purpose.
pub(crate) const SENT_TO_REAL: &[OnPurpose] = &[
    on_purpose("approvals: a tool waits for its approval", "SessionsPatchParams", "it tries the newer way first"),
    on_purpose("handshake: an identity that is none is refused", "ConnectParams", "that is what it is about"),
    on_purpose("methods: every advertised method", ANY, "it calls methods without params, whatever they want"),
];

const NEWER: &str = "newer than the published schema";
const MEASURED: &str = "a time that was measured, and seldom a whole number";

const NOT_BACK: &str = "sent when it does not expect to come back";
const RUNNING: &str = "a task tells more than its definition; there is one if one of the gateway's own jobs was due";
const CONTEXT: &str = "events of a run tell of its session, its agent and its model, the definition does not";

/// What real gateways send beside the schemas.
pub(crate) const RECEIVED: &[Deviation] = &[
    always("2026.5.7", "AgentEvent", "unknown member *", CONTEXT),
    always("2026.5.12", "AgentEvent", "unknown member *", CONTEXT),
    sometimes("2026.5.12", "ShutdownEvent", "/restartExpectedMs: is null", NOT_BACK),
    sometimes("2026.5.7", "ShutdownEvent", "/restartExpectedMs: is null", NOT_BACK),
    always("2026.9.6", "AgentEvent", "unknown member *", CONTEXT),
    always(PUBLISHED, "AgentEvent", "unknown member *", CONTEXT),
    sometimes("2026.9.6", "TasksListResult", "/tasks/*: unknown member *", RUNNING),
    sometimes(PUBLISHED, "TasksListResult", "/tasks/*: unknown member *", RUNNING),
    sometimes("2026.9.6", "ChannelsStatusResult", "/eventLoop/intervalMs: is a number", MEASURED),
    sometimes(PUBLISHED, "ChannelsStatusResult", "/eventLoop/intervalMs: is a number", MEASURED),
    sometimes(PUBLISHED, "ChannelsStatusResult", "/eventLoop: unknown member cpuBreakdown", NEWER),
    always(PUBLISHED, "ChannelsStatusResult", "unknown member statusIssues", NEWER),
    sometimes(PUBLISHED, "EventFrame", "unknown member recipientProfileId", NEWER),
    always(PUBLISHED, "HelloOk", "/auth: unknown member method", NEWER),
    sometimes(PUBLISHED, "HelloOk", "/snapshot/health/eventLoop: unknown member cpuBreakdown", NEWER),
    always(PUBLISHED, "HelloOk", "/snapshot/presence/*: unknown member clientId", NEWER),
    always(PUBLISHED, "HelloOk", "unknown member controlUiLinkReaders", NEWER),
    always(PUBLISHED, "PluginsListResult", "/plugins/*: unknown member activityIconTools", NEWER),
    always(PUBLISHED, "PluginsListResult", "/plugins/*: unknown member catalogId", NEWER),
    always(PUBLISHED, "PluginsListResult", "/plugins/*: unknown member categories", NEWER),
    always(PUBLISHED, "PluginsListResult", "/plugins/*: unknown member channelIds", NEWER),
    always(PUBLISHED, "PluginsListResult", "/plugins/*: unknown member clawhubPackage", NEWER),
    always(PUBLISHED, "PluginsListResult", "/plugins/*: unknown member hasActivityIcon", NEWER),
    always(PUBLISHED, "PluginsListResult", "/plugins/*: unknown member runtime", NEWER),
    always(PUBLISHED, "PluginsListResult", "unknown member generation", NEWER),
    always(
        PUBLISHED,
        "PluginsUiDescriptorsResult",
        "/descriptors/*/surface: is no known value: \"link-reader\"",
        NEWER,
    ),
    always(PUBLISHED, "PluginsUiDescriptorsResult", "/descriptors/*: unknown member icon", NEWER),
    always(PUBLISHED, "PluginsUiDescriptorsResult", "/descriptors/*: unknown member linkReader", NEWER),
    always(PUBLISHED, "PluginsUiDescriptorsResult", "unknown member controlUiLinkReaders", NEWER),
    always(PUBLISHED, "PluginsUiDescriptorsResult", "unknown member controlUiTabs", NEWER),
    always(PUBLISHED, "PluginsUiDescriptorsResult", "unknown member controlUiWidgetKinds", NEWER),
    always(PUBLISHED, "PluginsUiDescriptorsResult", "unknown member generation", NEWER),
    always(PUBLISHED, "PluginsUiDescriptorsResult", "unknown member methods", NEWER),
    always(PUBLISHED, "PluginsUiDescriptorsResult", "unknown member pluginSurfaceUrls", NEWER),
    always(PUBLISHED, "SkillsProposalsListResult", "unknown member installedSkills", NEWER),
    always(PUBLISHED, "SystemInfoResult", "unknown member disks", NEWER),
    always(PUBLISHED, "SystemInfoResult", "unknown member eventLoop", NEWER),
    always(PUBLISHED, "SystemInfoResult", "unknown member processMemory", NEWER),
    always(PUBLISHED, "TalkCatalogResult", "/realtime/providers/*: unknown member activeVoiceSelectionPolicy", NEWER),
    always(PUBLISHED, "TalkCatalogResult", "/realtime/providers/*: unknown member activeVoices", NEWER),
    always(PUBLISHED, "ToolsCatalogResult", "/groups/*/tools/*: unknown member fullDescription", NEWER),
];

const fn always(schema: &'static str, definition: &'static str, fault: &'static str, why: &'static str) -> Deviation {
    Deviation { schema, definition, fault, why, always: true }
}

const fn sometimes(
    schema: &'static str,
    definition: &'static str,
    fault: &'static str,
    why: &'static str,
) -> Deviation {
    Deviation { always: false, ..always(schema, definition, fault, why) }
}
