//! The error bodies of real gateways.

use std::time::Duration;

use serde_json::json;

use crate::dialect::Dialect;
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

pub(crate) fn device_nonce(code: &str, reason: &str, message: &str) -> ErrorBody {
    ErrorBody::invalid(message).details(json!({"code": code, "reason": reason}))
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
