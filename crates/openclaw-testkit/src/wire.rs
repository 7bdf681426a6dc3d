//! Frames and errors as the dialects spell them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::config::Dialect;

/// An `ok:true` response. `id` is any JSON value: gateways echo what they were given.
pub(crate) fn response(dialect: Dialect, id: &Value, payload: &Value) -> String {
    match dialect {
        Dialect::Original => format!(r#"{{"type":"res","id":{id},"result":{payload}}}"#),
        _ => format!(r#"{{"type":"res","id":{id},"ok":true,"payload":{payload}}}"#),
    }
}

/// An `ok:false` response.
pub(crate) fn refusal(dialect: Dialect, id: &Value, error: &Value) -> String {
    match dialect {
        Dialect::Original => {
            let mut error = error.clone();
            if let Some(code) = error.get_mut("code") {
                *code = integer_code(code);
            }
            format!(r#"{{"type":"res","id":{id},"error":{error}}}"#)
        }
        _ => format!(r#"{{"type":"res","id":{id},"ok":false,"error":{error}}}"#),
    }
}

/// The original client reads `error.code` into an integer; the numbers are those of HTTP that mean the same.
fn integer_code(code: &Value) -> Value {
    match code.as_str() {
        Some("INVALID_REQUEST") => json!(400),
        Some("NOT_PAIRED") => json!(401),
        Some("FORBIDDEN") => json!(403),
        Some("UNAVAILABLE") => json!(503),
        Some(_) => json!(500),
        None => code.clone(),
    }
}

/// An event. Handshake events have no number.
pub(crate) fn event(dialect: Dialect, name: &str, payload: &Value, seq: Option<u64>) -> String {
    event_with(dialect, name, payload, seq, None)
}

/// An event, perhaps with a state version.
pub(crate) fn event_with(
    dialect: Dialect,
    name: &str,
    payload: &Value,
    seq: Option<u64>,
    state_version: Option<&Value>,
) -> String {
    let name = Value::from(name);
    let field = if dialect == Dialect::Original { "params" } else { "payload" };
    let seq = seq.map_or_else(String::new, |seq| format!(r#","seq":{seq}"#));
    let version = state_version.map_or_else(String::new, |version| format!(r#","stateVersion":{version}"#));
    format!(r#"{{"type":"event","event":{name},"{field}":{payload}{seq}{version}}}"#)
}

/// `INVALID_REQUEST` with a message.
pub(crate) fn invalid(message: &str) -> Value {
    json!({"code": "INVALID_REQUEST", "message": message})
}

/// The same with details.
pub(crate) fn invalid_with(message: &str, details: &Value) -> Value {
    json!({"code": "INVALID_REQUEST", "message": message, "details": details})
}

/// A connection lacks a scope.
pub(crate) fn missing_scope(dialect: Dialect, scope: &str) -> Value {
    let message = format!("missing scope: {scope}");
    match dialect {
        Dialect::V4 => {
            let details = json!({"code": "MISSING_SCOPE", "missingScope": scope, "requiredScopes": [scope]});
            json!({"code": "FORBIDDEN", "message": message, "details": details})
        }
        Dialect::V3 | Dialect::Original => invalid(&message),
    }
}

/// Something that will work later.
fn unavailable(message: &str, details: Option<Value>, retry_after: Option<Duration>) -> Value {
    let mut error = Map::new();
    error.insert("code".into(), json!("UNAVAILABLE"));
    error.insert("message".into(), json!(message));
    error.insert("retryable".into(), json!(true));
    if let Some(delay) = retry_after {
        error.insert("retryAfterMs".into(), millis(delay));
    }
    if let Some(details) = details {
        error.insert("details".into(), details);
    }
    Value::Object(error)
}

/// Too many requests wait.
pub(crate) fn busy() -> Value {
    unavailable("The server is busy. Please try again in a moment.", None, None)
}

/// The gateway has begun but is not there yet.
pub(crate) fn starting() -> Value {
    let details = json!({"reason": "startup-sidecars"});
    unavailable("gateway starting; retry shortly", Some(details), Some(Duration::from_millis(500)))
}

/// The gateway is about to go.
pub(crate) fn restarting(method: &str) -> Value {
    let details = json!({"reason": "gateway-restarting", "method": method, "phase": "draining"});
    unavailable("gateway is restarting", Some(details), Some(Duration::from_secs(1)))
}

/// A duration in milliseconds, as the wire counts.
pub(crate) fn millis(duration: Duration) -> Value {
    json!(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// Merges `patch` into `value`: objects field by field, null removes, anything else replaces.
pub(crate) fn merge(value: &mut Value, patch: &Value) {
    match (value, patch) {
        (Value::Object(object), Value::Object(patch)) => {
            for (key, patch) in patch {
                if patch.is_null() {
                    object.remove(key);
                } else {
                    merge(object.entry(key.clone()).or_insert(Value::Null), patch);
                }
            }
        }
        (value, patch) => *value = patch.clone(),
    }
}
