//! What the gateway says when it refuses: codes, details, retry hints, and whether the work may have run.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::connect::Scope;
use crate::json::{self, RawObject};
use crate::open_enum::open_enum;
use crate::pairing::PairingRequest;

open_enum! {
    /// The top-level error codes of the protocol.
    ErrorCode {
        /// The request is malformed, or the credential in it is wrong (see the detail code).
        InvalidRequest = "INVALID_REQUEST",
        /// The gateway cannot serve the request now.
        Unavailable = "UNAVAILABLE",
        /// The connection lacks the authority; usually a missing scope.
        Forbidden = "FORBIDDEN",
        /// The device is not paired, or a pairing decision is needed.
        NotPaired = "NOT_PAIRED",
        /// The approval asked about does not exist.
        ApprovalNotFound = "APPROVAL_NOT_FOUND",
        /// Declared by the protocol, not sent by known gateways.
        NotLinked = "NOT_LINKED",
        /// Declared by the protocol, not sent by known gateways.
        AgentTimeout = "AGENT_TIMEOUT",
        /// The error body named no code.
        Unspecified = "",
    }
}

open_enum! {
    /// What a gateway advises to do about a refused connect.
    NextStep {
        /// Show the token issued to this device.
        RetryWithDeviceToken = "retry_with_device_token",
        /// Change how the client authenticates.
        UpdateAuthConfiguration = "update_auth_configuration",
        /// Change the credential.
        UpdateAuthCredentials = "update_auth_credentials",
        /// Wait, then try again.
        WaitThenRetry = "wait_then_retry",
        /// Look at the gateway's own configuration.
        ReviewAuthConfiguration = "review_auth_configuration",
    }
}

/// Whether a rejected request may have had an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Execution {
    /// The gateway refused before the method ran: repeating it is safe.
    NotStarted,
    /// The method may have done some or all of its work.
    MayHaveRun,
}

/// An error body of the gateway, kept whole.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct GatewayError {
    /// The top-level code. Integer codes of old gateways are kept as their decimal spelling.
    pub code: ErrorCode,
    /// The message for people; empty when the gateway sent none.
    pub message: String,
    /// `details.code`: the finer code, where there is one.
    pub detail_code: Option<String>,
    /// `details.reason`: some errors put their finer code here.
    pub detail_reason: Option<String>,
    /// `details.recommendedNextStep`.
    pub next_step: Option<String>,
    /// Whether the gateway says that the same request may succeed later.
    pub retryable: Option<bool>,
    /// How long to wait first; fractional milliseconds are rounded up.
    pub retry_after: Option<Duration>,
    /// The scope that is missing, from the details or, on older gateways, from the message.
    pub missing_scope: Option<String>,
    /// The scopes of which the method needs one, where the details list them.
    pub required_scopes: Vec<Scope>,
    /// `details.canRetryWithDeviceToken`: whether the token issued to this device may get it in.
    pub can_retry_with_device_token: Option<bool>,
    /// `details.pauseReconnect`: whether the client should wait for somebody.
    pub pause_reconnect: Option<bool>,
    /// What the details say of the work, where they do.
    pub execution: Option<Execution>,
    /// The whole error body as it came.
    pub body: String,
}

impl GatewayError {
    /// Reads an error body. Never fails: what cannot be understood is in [`body`](Self::body).
    #[must_use]
    pub fn parse(body: &str) -> Self {
        let mut error = Self::empty(body);
        match RawObject::parse(body) {
            Some(object) => error.read(&object),
            // Not an object: some proxies and old gateways send a bare string.
            None => error.message = json::text(body).map_or_else(|| body.into(), Cow::into_owned),
        }
        error
    }

    /// An `ok:false` answer that came without an error body.
    pub(crate) fn without_body() -> Self {
        Self::empty("null")
    }

    fn empty(body: &str) -> Self {
        Self {
            code: ErrorCode::Unspecified,
            message: String::new(),
            detail_code: None,
            detail_reason: None,
            next_step: None,
            retryable: None,
            retry_after: None,
            missing_scope: None,
            required_scopes: Vec::new(),
            can_retry_with_device_token: None,
            pause_reconnect: None,
            execution: None,
            body: body.into(),
        }
    }

    fn read(&mut self, object: &RawObject<'_>) {
        // The original Go client expected integer codes; every recorded gateway sends strings.
        self.code = match object.get("code") {
            Some(raw) => json::text(raw).map_or_else(|| ErrorCode::from(raw), |text| ErrorCode::from(&*text)),
            None => ErrorCode::Unspecified,
        };
        self.message = object.string("message").unwrap_or_default();
        self.retryable = object.boolean("retryable");
        self.retry_after = object.get("retryAfterMs").and_then(json::millis).map(Duration::from_millis);
        if let Some(details) = object.object("details") {
            self.detail_code = details.string("code");
            self.detail_reason = details.string("reason");
            self.next_step = details.string("recommendedNextStep");
            self.missing_scope = details.string("missingScope");
            let required = details.strings("requiredScopes").unwrap_or_default();
            self.required_scopes = required.into_iter().map(Scope::from).collect();
            self.can_retry_with_device_token = details.boolean("canRetryWithDeviceToken");
            self.pause_reconnect = details.boolean("pauseReconnect");
            if self.retry_after.is_none() {
                self.retry_after = details.get("retryAfterMs").and_then(json::millis).map(Duration::from_millis);
            }
            self.execution = match details.text("execution").as_deref() {
                Some("not_started") => Some(Execution::NotStarted),
                Some(_) => Some(Execution::MayHaveRun),
                None => match details.boolean("nodeCommandDispatched") {
                    Some(false) => Some(Execution::NotStarted),
                    Some(true) => Some(Execution::MayHaveRun),
                    None => None,
                },
            };
        }
        if self.missing_scope.is_none() {
            self.missing_scope = self
                .message
                .strip_prefix("missing scope: ")
                .filter(|_| matches!(self.code, ErrorCode::Forbidden | ErrorCode::InvalidRequest))
                .map(Into::into);
        }
    }

    /// `details` as raw JSON, where there are any.
    #[must_use]
    pub fn details(&self) -> Option<&str> {
        RawObject::parse(&self.body)?.get("details")
    }

    /// Whether repeating the request could repeat an effect.
    ///
    /// Says [`Execution::NotStarted`] only where the gateway refuses before a method runs: validation and
    /// authority errors, the start queue, the rate limit and the drain before a restart.
    #[must_use]
    pub fn execution(&self) -> Execution {
        if let Some(stated) = self.execution {
            return stated;
        }
        match self.code {
            ErrorCode::InvalidRequest | ErrorCode::Forbidden | ErrorCode::NotPaired | ErrorCode::ApprovalNotFound => {
                Execution::NotStarted
            }
            ErrorCode::Unavailable => match self.detail_reason.as_deref() {
                Some("startup-sidecars" | "gateway-restarting" | "gateway-suspending") => Execution::NotStarted,
                // The start queue and the write rate limit answer without details.
                _ if self.retryable == Some(true) && self.details().is_none() => Execution::NotStarted,
                _ => Execution::MayHaveRun,
            },
            _ => Execution::MayHaveRun,
        }
    }

    /// Whether the gateway refuses because it is about to restart, stop or suspend.
    #[must_use]
    pub fn says_gateway_is_going(&self) -> bool {
        self.code == ErrorCode::Unavailable
            && matches!(self.detail_reason.as_deref(), Some("gateway-restarting" | "gateway-suspending"))
    }

    /// Whether the token issued to this device may get it in where the shared one did not.
    pub(crate) fn suggests_device_token(&self) -> bool {
        self.detail_code.as_deref() == Some("AUTH_TOKEN_MISMATCH")
            || self.can_retry_with_device_token == Some(true)
            || self.advises(&NextStep::RetryWithDeviceToken)
    }

    /// Whether a pairing is to be asked after without anybody's doing.
    pub(crate) fn says_wait_for_pairing(&self) -> bool {
        self.pause_reconnect == Some(false) || self.advises(&NextStep::WaitThenRetry)
    }

    fn advises(&self, step: &NextStep) -> bool {
        self.next_step.as_deref() == Some(step.as_str())
    }

    /// The pairing that has to be approved first, if that is why.
    #[must_use]
    pub fn pairing(&self) -> Option<PairingRequest> {
        PairingRequest::of(self)
    }

    /// The finest code the body names: detail code, else reason, else the top-level code.
    #[must_use]
    pub fn finest_code(&self) -> &str {
        self.detail_code.as_deref().or(self.detail_reason.as_deref()).unwrap_or_else(|| self.code.as_str())
    }
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = match self.code.as_str() {
            "" => "error without code",
            code => code,
        };
        f.write_str(code)?;
        if let Some(detail) = self.detail_code.as_deref().or(self.detail_reason.as_deref()) {
            write!(f, "/{detail}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

/// The body may hold anything the gateway chose to say, so only its length is shown.
impl fmt::Debug for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayError")
            .field("code", &self.code)
            .field("message", &self.message)
            .field("detail_code", &self.detail_code)
            .field("detail_reason", &self.detail_reason)
            .field("retryable", &self.retryable)
            .field("retry_after", &self.retry_after)
            .field("missing_scope", &self.missing_scope)
            .field("next_step", &self.next_step)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::GatewayError;

    #[test]
    fn an_error_is_named_by_its_finest_code_and_shown_with_it() {
        for (body, finest, shown) in [
            (
                r#"{"code":"INVALID_REQUEST","message":"no","details":{"code":"AUTH_TOKEN_MISMATCH","reason":"r"}}"#,
                "AUTH_TOKEN_MISMATCH",
                "INVALID_REQUEST/AUTH_TOKEN_MISMATCH: no",
            ),
            (
                r#"{"code":"UNAVAILABLE","details":{"reason":"startup-sidecars"}}"#,
                "startup-sidecars",
                "UNAVAILABLE/startup-sidecars",
            ),
            (r#"{"code":"FORBIDDEN","message":"no"}"#, "FORBIDDEN", "FORBIDDEN: no"),
            ("{}", "", "error without code"),
        ] {
            let error = GatewayError::parse(body);
            assert_eq!(error.finest_code(), finest, "{body}");
            assert_eq!(error.to_string(), shown, "{body}");
        }
    }
}
