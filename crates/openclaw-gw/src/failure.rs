//! What went wrong, for people and for programs.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use openclaw_client::{BuildError, CallError, ConnectError, Down, GatewayError, NotSent, UrlError};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::exit::Exit;
use crate::hint;
use crate::output::json::one_line;
use crate::output::look::{ERROR, LABEL, Look};
use crate::output::mask::Mask;
use crate::output::sanitise::escape;
use crate::output::time::span;
use crate::settings::Settings;

/// What went wrong, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
    gateway: Option<Box<GatewayError>>,
    hint: Option<String>,
    /// Whether repeating a call could repeat an effect; none where there was no call.
    may_have_run: Option<bool>,
    /// Whether the gateway had accepted a call before it failed.
    accepted: bool,
    /// What a failed call brought beside its error.
    payload: Option<String>,
}

impl Failure {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            gateway: None,
            hint: None,
            may_have_run: None,
            accepted: false,
            payload: None,
        }
    }

    fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The command line, or a file it names, cannot be used.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A replay did something else than what was recorded.
    pub(crate) fn diverged(line: u64, expected: &str, got: Option<&str>) -> Self {
        let got = got.unwrap_or("nothing");
        Self::new(Exit::Refused, format!("line {line} differs\nrecorded: {expected}\nreplayed: {got}"))
            .hint("was the recording made by another version? its first line says by which".to_owned())
    }

    /// Standard output cannot be written.
    pub(crate) fn output(error: &std::io::Error) -> Self {
        Self::new(Exit::Output, format!("cannot write to standard output: {error}"))
    }

    /// The operating system refused something the program cannot do without.
    pub(crate) fn system(what: &str, error: &std::io::Error) -> Self {
        Self::new(Exit::Connection, format!("{what}: {error}"))
    }

    /// No client could be made.
    pub(crate) fn build(error: &BuildError) -> Self {
        match error {
            BuildError::Url(url) => {
                let message = match url {
                    // The library speaks of an opt-in that this program does not have.
                    UrlError::PlaintextRefused { host } => {
                        format!("refusing to send credentials unencrypted to {host:?}")
                    }
                    other => other.to_string(),
                };
                Self::usage(message).hint(hint::for_url(url))
            }
            BuildError::Proxy { .. } => Self::usage(error.to_string()).hint(hint::FOR_PROXY_VARIABLE.to_owned()),
            _ => Self::new(Exit::Connection, error.to_string()),
        }
    }

    /// No connection.
    pub(crate) fn connect(error: &ConnectError, settings: &Settings) -> Self {
        match error {
            ConnectError::Down(down) => Self::down(down, settings),
            _ => Self::new(Exit::Connection, error.to_string()),
        }
    }

    /// The connection did not come about, or ended.
    pub(crate) fn down(down: &Down, settings: &Settings) -> Self {
        let mut failure = Self::new(Exit::Connection, down.to_string()).hint(hint::for_down(down, settings));
        if let Down::Refused(error) = down {
            failure.gateway = Some(Box::new(error.clone()));
        }
        failure
    }

    /// The time the user gave ran out before there was a connection.
    pub(crate) fn no_connection_in_time(limit: Duration) -> Self {
        Self::new(Exit::Timeout, format!("no connection within {}", span(limit)))
            .hint("is the address right? Give more time with --timeout".to_owned())
    }

    /// A call without a result. `listed` says whether the gateway advertises the method.
    pub(crate) fn call(error: &CallError, settings: &Settings, listed: bool) -> Self {
        let mut failure = match error {
            CallError::Rejected(rejected) => {
                let mut failure =
                    Self::new(Exit::Refused, error.to_string()).hint(hint::for_call(&rejected.error, settings, listed));
                failure.gateway = Some(Box::new(rejected.error.clone()));
                failure.accepted = rejected.accepted;
                failure.payload = rejected.payload.as_ref().map(|payload| payload.as_str().into());
                failure
            }
            CallError::TimedOut { .. } => {
                Self::new(Exit::Timeout, error.to_string()).hint("give more time with --timeout".to_owned())
            }
            CallError::Build(_) | CallError::NotSent(NotSent::FrameTooLarge { .. } | NotSent::OutgoingFull { .. }) => {
                Self::usage(error.to_string())
            }
            CallError::OutcomeUnknown(down) | CallError::NotSent(NotSent::ConnectionLost(down)) => {
                Self::new(Exit::Connection, error.to_string()).hint(hint::for_down(down, settings))
            }
            _ => Self::new(Exit::Connection, error.to_string()),
        };
        failure.may_have_run = Some(error.may_have_run());
        failure
    }

    /// Tells it on standard error.
    pub(crate) fn print(&self, look: Look, mask: &Mask) {
        let text = if look.json { self.json() } else { self.text(look) };
        // Where standard error is gone there is nobody to tell; the exit code says the rest.
        let _ = writeln!(std::io::stderr(), "{}", mask.hide(&text));
    }

    fn text(&self, look: Look) -> String {
        let mut text = format!("{} {}", look.err.paint(ERROR, "error:"), escape(&self.message));
        let mut row = |label: &str, value: &str| {
            let label = look.err.paint(LABEL, &format!("{label}:"));
            // Writing to a string cannot fail.
            let _ = write!(text, "\n  {label} {}", escape(value));
        };
        if let Some(error) = &self.gateway {
            if let Some(details) = error.details() {
                row("details", &one_line(details));
            }
            if let Some(scope) = &error.missing_scope {
                row("missing scope", scope);
            }
            match (error.retryable, error.retry_after) {
                (_, Some(wait)) => row("retryable", &format!("yes, after {}", span(wait))),
                (Some(true), None) => row("retryable", "yes"),
                (Some(false), None) => row("retryable", "no"),
                (None, None) => {}
            }
            if let Some(step) = &error.next_step {
                row("next step", step);
            }
        }
        if let Some(payload) = &self.payload {
            row("payload", &one_line(payload));
        }
        if self.may_have_run == Some(true) {
            row("note", "the request may have run at the gateway");
        }
        if let Some(hint) = &self.hint {
            row("hint", hint);
        }
        text
    }

    fn json(&self) -> String {
        let gateway = self.gateway.as_deref();
        let raw = |json: Option<&str>| json.and_then(|json| RawValue::from_string(one_line(json).into_owned()).ok());
        let error = ErrorObject {
            kind: match self.exit {
                Exit::Refused => "refused",
                Exit::Timeout => "timeout",
                Exit::Usage => "usage",
                Exit::Output => "output",
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
            next_step: gateway.and_then(|error| error.next_step.as_deref()),
            may_have_run: self.may_have_run,
            accepted: self.accepted.then_some(true),
            payload: raw(self.payload.as_deref()),
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
    may_have_run: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    exit_code: u8,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::Adapter;
    use crate::output::look::Stream;
    use openclaw_client::connect::{Auth, Role};
    use openclaw_client::{Rejected, TransportError};
    use std::sync::Arc;

    const PLAIN: Stream = Stream { terminal: false, colour: false };
    const LOOK: Look = Look { json: false, out: PLAIN, err: PLAIN };

    fn settings() -> Settings {
        Settings {
            url: String::new(),
            auth: Auth::default(),
            role: Role::Operator,
            scopes: Vec::new(),
            adapter: Adapter::default(),
        }
    }

    fn rejected(body: &str) -> CallError {
        CallError::Rejected(Box::new(Rejected { error: GatewayError::parse(body), payload: None, accepted: false }))
    }

    #[test]
    fn each_kind_of_failure_has_its_exit_code() {
        let refused = Arc::new(Down::Transport(TransportError::Connect("refused".into())));
        let exit = |error: CallError| Failure::call(&error, &settings(), true).exit;
        assert_eq!(exit(rejected(r#"{"code":"UNAVAILABLE"}"#)), Exit::Refused);
        assert_eq!(exit(CallError::TimedOut { sent: true }), Exit::Timeout);
        assert_eq!(exit(CallError::OutcomeUnknown(Arc::clone(&refused))), Exit::Connection);
        assert_eq!(exit(CallError::NotSent(NotSent::ConnectionLost(Arc::clone(&refused)))), Exit::Connection);
        assert_eq!(exit(CallError::NotSent(NotSent::FrameTooLarge { size: 2, limit: 1 })), Exit::Usage);
        assert_eq!(exit(CallError::UnreadableAnswer), Exit::Connection);
        assert_eq!(Failure::connect(&ConnectError::Down(refused), &settings()).exit, Exit::Connection);
        assert_eq!(Failure::no_connection_in_time(Duration::from_secs(1)).exit, Exit::Timeout);
    }

    #[test]
    fn a_refusal_tells_all_there_is_to_know() {
        let body = r#"{"code":"UNAVAILABLE","message":"busy\u001b[2J","retryable":true,"retryAfterMs":1500,
            "details":{"reason":"gateway-restarting",
            "recommendedNextStep":"wait_then_retry"}}"#;
        let failure = Failure::call(&rejected(body), &settings(), true);
        let text = failure.text(LOOK);
        for part in [
            "error: UNAVAILABLE/gateway-restarting: busy\\u001b[2J",
            r#"details: {"reason":"gateway-restarting","recommendedNextStep":"wait_then_retry"}"#,
            "retryable: yes, after 1s 500ms",
            "next step: wait_then_retry",
            "hint: try again in 1s 500ms",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let json: serde_json::Value = serde_json::from_str(&failure.json()).unwrap();
        assert_eq!(json["error"]["code"], "UNAVAILABLE");
        assert_eq!(json["error"]["retryAfterMs"], 1500);
        assert_eq!(json["error"]["mayHaveRun"], false);
        assert_eq!(json["error"]["details"]["reason"], "gateway-restarting");
        assert_eq!(json["error"]["exitCode"], 1);
        assert!(!failure.json().contains('\n'));
    }
}
