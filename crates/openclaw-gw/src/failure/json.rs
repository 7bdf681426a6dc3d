//! A failure for programs.

use openclaw_client::GatewayError;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Divergence, Failure};
use crate::exit::Exit;
use crate::output::json::one_line;
use crate::output::pairing::PairingObject;
use crate::output::sanitise::escape;

impl Failure {
    pub(super) fn json(&self) -> String {
        let gateway = self.gateway.as_deref();
        let raw = |json: Option<&str>| json.and_then(|json| RawValue::from_string(one_line(json).into_owned()).ok());
        let error = ErrorObject {
            kind: match self.exit {
                Exit::Refused => "refused",
                Exit::Timeout => "timeout",
                Exit::Usage => "usage",
                Exit::Output => "output",
                Exit::Pairing => "pairing",
                Exit::Authentication => "authentication",
                _ => "connection",
            },
            message: gateway.map_or(&self.message, |error| &error.message),
            code: gateway.map(|error| error.code.as_str()),
            detail_code: gateway.and_then(|error| error.detail_code.as_deref()),
            reason: gateway.and_then(|error| error.detail_reason.as_deref()),
            details: raw(gateway.and_then(GatewayError::details)),
            retryable: gateway.and_then(|error| error.retryable),
            retry_after_ms: gateway
                .and_then(|error| error.retry_after)
                .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            missing_scope: gateway.and_then(|error| error.missing_scope.as_deref()),
            pairing: self.pairing.as_deref().map(PairingObject::from),
            next_step: gateway.and_then(|error| error.next_step.as_deref()),
            may_have_run: self.may_have_run,
            accepted: self.accepted.then_some(true),
            payload: raw(self.payload.as_deref()),
            divergence: self.divergence.as_deref(),
            hint: self.hint.as_deref(),
            exit_code: self.exit.code(),
        };
        let json = serde_json::to_string(&Envelope { error }).unwrap_or_else(|_| r#"{"error":{}}"#.into());
        escape(&json).into_owned()
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: ErrorObject<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorObject<'a> {
    kind: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retryable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_step: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairing: Option<PairingObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    may_have_run: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    divergence: Option<&'a Divergence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    exit_code: u8,
}
