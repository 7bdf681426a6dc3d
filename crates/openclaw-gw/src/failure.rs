//! What went wrong, for people and for programs.

mod divergence;
mod json;

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use openclaw_client::recovery::{PauseReason, Reaction, Situation, reaction};
use openclaw_client::store::StoreError;
use openclaw_client::{
    BuildError, CallError, ConnectError, Down, GatewayError, NotSent, PairingRequest, TrustError, UrlError,
};

use crate::exit::Exit;
use crate::hint;
use crate::output::json::one_line;
use crate::output::look::{ERROR, LABEL, Look};
use crate::output::mask::Mask;
use crate::output::pairing;
use crate::output::sanitise::escape;
use crate::output::time::span;
use crate::settings::Settings;

pub(crate) use divergence::Divergence;

/// What went wrong, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
    gateway: Option<Box<GatewayError>>,
    /// What an operator has to approve first.
    pairing: Option<Box<PairingRequest>>,
    hint: Option<String>,
    /// Whether repeating a call could repeat an effect; none where there was no call.
    may_have_run: Option<bool>,
    /// Whether the gateway had accepted a call before it failed.
    accepted: bool,
    /// What a failed call brought beside its error.
    payload: Option<String>,
    /// Where a replay went another way.
    divergence: Option<Box<Divergence>>,
}

impl Failure {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            gateway: None,
            pairing: None,
            hint: None,
            may_have_run: None,
            accepted: false,
            payload: None,
            divergence: None,
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
    pub(crate) fn diverged(divergence: Divergence) -> Self {
        let mut failure = Self::new(Exit::Refused, format!("line {} differs", divergence.line))
            .hint("was the recording made by another version? its first line says by which".to_owned());
        failure.divergence = Some(Box::new(divergence));
        failure
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
            BuildError::Url(error) => Self::url(error),
            BuildError::Trust(error) => Self::trust(error),
            BuildError::Store(error) => Self::store(error),
            BuildError::Proxy { .. } => Self::usage(error.to_string()).hint(hint::FOR_PROXY_VARIABLE.to_owned()),
            _ => Self::new(Exit::Connection, error.to_string()),
        }
    }

    /// The address cannot be used.
    pub(crate) fn url(error: &UrlError) -> Self {
        let message = match error {
            // The library names an opt-in by another name than this program's.
            UrlError::PlaintextRefused { host } => format!("refusing to send credentials unencrypted to {host:?}"),
            other => other.to_string(),
        };
        Self::usage(message).hint(hint::for_url(error))
    }

    fn trust(error: &TrustError) -> Self {
        Self::usage(error.to_string()).hint(hint::for_trust(error))
    }

    /// The device's identity or its tokens cannot be used. The error says how to mend that.
    pub(crate) fn store(error: &StoreError) -> Self {
        Self::store_alone(error).hint("to connect without the identity of this device: --no-device".to_owned())
    }

    /// The same where there is no way round it.
    pub(crate) fn store_alone(error: &StoreError) -> Self {
        Self::usage(error.to_string())
    }

    /// The same, with advice.
    pub(crate) fn usage_with(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::usage(message).hint(hint.into())
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
        let mut failure = Self::new(exit_of(down), down.to_string()).hint(hint::for_down(down, settings));
        failure.pairing = down.pairing().map(Box::new);
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

    /// The time the user gave ran out before an operator approved.
    pub(crate) fn not_approved_in_time(limit: Duration, request: PairingRequest) -> Self {
        let mut failure = Self::new(Exit::Timeout, format!("not approved within {}", span(limit)))
            .hint("nothing is lost: approve it, then run this again".to_owned());
        failure.pairing = Some(Box::new(request));
        failure
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
                Self::new(exit_of(down), error.to_string()).hint(hint::for_down(down, settings))
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
        for (label, value) in self.pairing.iter().flat_map(|request| pairing::rows(request)) {
            row(label, &value);
        }
        if let Some(payload) = &self.payload {
            row("payload", &one_line(payload));
        }
        for (label, value) in self.divergence.iter().flat_map(|divergence| divergence.rows()) {
            row(label, value);
        }
        if self.may_have_run == Some(true) {
            row("note", "the request may have run at the gateway");
        }
        if let Some(hint) = &self.hint {
            row("hint", hint);
        }
        text
    }
}

/// What a script has to tell apart: whom to ask before the next attempt.
fn exit_of(down: &Down) -> Exit {
    if down.pairing().is_some() {
        return Exit::Pairing;
    }
    match reaction(down, &Situation::default()) {
        Reaction::Pause { reason: PauseReason::Pairing, .. } => Exit::Pairing,
        Reaction::Pause {
            reason: PauseReason::Credentials | PauseReason::DeviceIdentity | PauseReason::Withdrawn | PauseReason::Trust,
            ..
        } => Exit::Authentication,
        _ => Exit::Connection,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::look::Stream;
    use openclaw_client::{Rejected, TransportError};
    use std::sync::Arc;

    const PLAIN: Stream = Stream { terminal: false, colour: false };
    const LOOK: Look = Look { json: false, out: PLAIN, err: PLAIN };

    fn rejected(body: &str) -> CallError {
        CallError::Rejected(Box::new(Rejected { error: GatewayError::parse(body), payload: None, accepted: false }))
    }

    #[test]
    fn each_kind_of_failure_has_its_exit_code() {
        let refused = Arc::new(Down::Transport(TransportError::Connect("refused".into())));
        let exit = |error: CallError| Failure::call(&error, &Settings::example(), true).exit;
        assert_eq!(exit(rejected(r#"{"code":"UNAVAILABLE"}"#)), Exit::Refused);
        assert_eq!(exit(CallError::TimedOut { sent: true }), Exit::Timeout);
        assert_eq!(exit(CallError::OutcomeUnknown(Arc::clone(&refused))), Exit::Connection);
        assert_eq!(exit(CallError::NotSent(NotSent::ConnectionLost(Arc::clone(&refused)))), Exit::Connection);
        assert_eq!(exit(CallError::NotSent(NotSent::FrameTooLarge { size: 2, limit: 1 })), Exit::Usage);
        assert_eq!(exit(CallError::UnreadableAnswer), Exit::Connection);
        assert_eq!(Failure::connect(&ConnectError::Down(refused), &Settings::example()).exit, Exit::Connection);
        assert_eq!(Failure::no_connection_in_time(Duration::from_secs(1)).exit, Exit::Timeout);
    }

    #[test]
    fn a_refusal_tells_all_there_is_to_know() {
        let body = r#"{"code":"UNAVAILABLE","message":"busy\u001b[2J","retryable":true,"retryAfterMs":1500,
            "details":{"reason":"gateway-restarting",
            "recommendedNextStep":"wait_then_retry"}}"#;
        let failure = Failure::call(&rejected(body), &Settings::example(), true);
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
