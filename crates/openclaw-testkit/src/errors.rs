//! The error bodies of real gateways.

use std::time::Duration;

use serde_json::{Value, json};

use crate::dialect::Dialect;
use crate::proof::ProofFault;
use crate::reply::ErrorBody;

pub(crate) fn missing_scope(dialect: Dialect, scope: &str) -> ErrorBody {
    let message = format!("missing scope: {scope}");
    if dialect.is_v4() {
        ErrorBody::new("FORBIDDEN", message)
            .details(json!({"code": "MISSING_SCOPE", "missingScope": scope, "requiredScopes": [scope]}))
    } else {
        ErrorBody::invalid(message)
    }
}

pub(crate) fn no_user_profile() -> ErrorBody {
    ErrorBody::new("FORBIDDEN", "Session-scoped access requires a verified user profile.")
}

pub(crate) fn unknown_method(method: &str) -> ErrorBody {
    ErrorBody::invalid(format!("unknown method: {method}"))
}

pub(crate) fn unauthorized_role(role: &str) -> ErrorBody {
    ErrorBody::invalid(format!("unauthorized role: {role}"))
}

pub(crate) fn wrong_profile() -> ErrorBody {
    ErrorBody::invalid("Selected account changed or is unavailable. Select the account again before retrying.")
        .details(json!({"reason": "EXPECTED_PROFILE_MISMATCH", "execution": "not_started"}))
}

pub(crate) fn busy() -> ErrorBody {
    ErrorBody::unavailable("The server is busy. Please try again in a moment.").retryable(None)
}

pub(crate) fn restarting(method: &str) -> ErrorBody {
    ErrorBody::unavailable(format!("{method} unavailable during gateway restart"))
        .retryable(Duration::from_secs(1))
        .details(json!({"method": method, "reason": "gateway-restarting", "phase": "accepting"}))
}

pub(crate) fn starting() -> ErrorBody {
    ErrorBody::unavailable("gateway starting; retry shortly")
        .retryable(Duration::from_millis(500))
        .details(json!({"reason": "startup-sidecars"}))
}

pub(crate) fn protocol_mismatch(dialect: Dialect, min: i64, max: i64) -> ErrorBody {
    let details = if dialect.is_v4() {
        json!({
            "code": "PROTOCOL_MISMATCH",
            "clientMinProtocol": min,
            "clientMaxProtocol": max,
            "expectedProtocol": 4,
            "minimumProbeProtocol": 3,
        })
    } else {
        json!({"expectedProtocol": 3})
    };
    ErrorBody::invalid("protocol mismatch").details(details)
}

pub(crate) fn device_required() -> ErrorBody {
    ErrorBody::new("NOT_PAIRED", "device identity required").details(json!({"code": "DEVICE_IDENTITY_REQUIRED"}))
}

pub(crate) fn device_proof(fault: ProofFault) -> ErrorBody {
    ErrorBody::invalid(fault.message()).details(json!({"code": fault.code(), "reason": fault.reason()}))
}

/// Why a device has to be approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PairingReason {
    NotPaired,
    RoleUpgrade,
    ScopeUpgrade,
    MetadataUpgrade,
}

impl PairingReason {
    fn texts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::NotPaired => {
                ("not-paired", "device is not approved yet", "Approve this device from the pending pairing requests.")
            }
            Self::RoleUpgrade => (
                "role-upgrade",
                "device is asking for a higher role than currently approved",
                "Review the requested role upgrade, then approve the pending request.",
            ),
            Self::ScopeUpgrade => (
                "scope-upgrade",
                "device is asking for more scopes than currently approved",
                "Review the requested scopes, then approve the pending upgrade.",
            ),
            Self::MetadataUpgrade => (
                "metadata-upgrade",
                "device identity changed and must be re-approved",
                "Review the refreshed device details, then approve the pending request.",
            ),
        }
    }
}

/// `facts` are the details; those that are null or an empty list are left out.
pub(crate) fn pairing_required(dialect: Dialect, reason: PairingReason, facts: &Value, retry: bool) -> ErrorBody {
    let (name, requirement, hint) = reason.texts();
    let mut details = json!({"code": "PAIRING_REQUIRED", "reason": name, "remediationHint": hint});
    if retry {
        let patch = json!({"recommendedNextStep": "wait_then_retry", "retryable": true, "pauseReconnect": false});
        crate::json::merge(&mut details, &patch);
    }
    if let (Some(details), Value::Object(facts)) = (details.as_object_mut(), facts) {
        let says_something = |name: &str, value: &Value| {
            let is_empty = value.as_array().is_some_and(Vec::is_empty);
            // v3 says that nothing is asked for.
            !value.is_null() && (!is_empty || name == "requestedScopes" && !dialect.is_v4())
        };
        let stated = facts.iter().filter(|(name, value)| says_something(name, value));
        details.extend(stated.map(|(name, value)| (name.clone(), value.clone())));
    }
    ErrorBody::new("NOT_PAIRED", format!("pairing required: {requirement}")).details(details)
}

pub(crate) fn control_ui_device_required() -> ErrorBody {
    ErrorBody::invalid("control ui requires device identity (use HTTPS or localhost secure context)")
        .details(json!({"code": "CONTROL_UI_DEVICE_IDENTITY_REQUIRED"}))
}

pub(crate) fn origin(reason: &str) -> ErrorBody {
    ErrorBody::invalid(
        "origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)",
    )
    .details(json!({"code": "CONTROL_UI_ORIGIN_NOT_ALLOWED", "reason": reason}))
}

pub(crate) fn session_target(method: &str) -> ErrorBody {
    ErrorBody::invalid("session mutation target is unavailable")
        .details(json!({"code": "SESSION_MUTATION_TARGET_REQUIRED", "method": method}))
}

pub(crate) fn chat_conflict() -> ErrorBody {
    ErrorBody::invalid(
        "This message ID was already used for different input. Check the conversation history and use a new message ID to send again.",
    )
    .details(json!({"reason": "chat-request-conflict"}))
}
