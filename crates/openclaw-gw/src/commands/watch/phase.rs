//! What is shown of a state of the connection.

use std::time::Duration;

use anstyle::Style;
use openclaw_client::connect::Scope;
use openclaw_client::{State, StopReason};

use crate::output::look::{ERROR, GOOD, LABEL, WARNING};

pub(super) fn names(scopes: &[Scope]) -> Vec<&str> {
    scopes.iter().map(Scope::as_str).collect()
}

pub(super) fn state_name(state: &State) -> &'static str {
    match state {
        State::Idle => "idle",
        State::Dialing { .. } => "connecting",
        State::Handshaking { .. } => "handshaking",
        State::Ready { .. } => "ready",
        State::Draining { .. } => "draining",
        State::Backoff { .. } => "backoff",
        State::Paused { .. } => "paused",
        State::Stopping => "stopping",
        State::Stopped { .. } => "stopped",
        _ => "unknown",
    }
}

pub(super) fn state_style(state: &State) -> Style {
    match state {
        State::Ready { .. } => GOOD,
        State::Stopped { .. } | State::Paused { .. } => ERROR,
        State::Backoff { .. } | State::Draining { .. } => WARNING,
        _ => LABEL,
    }
}

pub(super) fn reason(state: &State) -> Option<String> {
    match state {
        State::Stopped { why: StopReason::Down(down) } => Some(down.to_string()),
        State::Backoff { why, .. } | State::Paused { why, .. } => Some(why.to_string()),
        _ => None,
    }
}

/// How long the client, or the gateway, means to wait.
pub(super) fn wait(state: &State) -> Option<Duration> {
    match state {
        State::Backoff { delay, .. } => Some(*delay),
        State::Draining { hint, .. } => *hint,
        _ => None,
    }
}

pub(super) fn particulars(state: &State, missing: &[Scope]) -> String {
    match state {
        State::Ready { hello, .. } => {
            let server = hello.server();
            let version = server.version.as_deref().unwrap_or("of unknown version");
            let mut text = format!("  gateway {version}, protocol {}", hello.protocol);
            if let Some(id) = &server.conn_id {
                text.push_str(&format!(", connection {id}"));
            }
            if !missing.is_empty() {
                text.push_str(&format!(", not granted: {}", names(missing).join(", ")));
            }
            text
        }
        State::Backoff { why, attempt, delay, .. } => {
            format!("  {why}; attempt {attempt} in {:.1} s{}", delay.as_secs_f64(), approve(state))
        }
        State::Draining { hint, .. } => match hint {
            Some(hint) => format!("  the gateway is about to go, back in about {:.1} s", hint.as_secs_f64()),
            None => "  the gateway is about to go".into(),
        },
        _ => reason(state).map(|reason| format!("  {reason}")).unwrap_or_default(),
    }
}

/// How an operator lets the client in, if that is what it waits for.
fn approve(state: &State) -> String {
    state.pairing().map(|request| format!("; approve with: {}", request.approve_command())).unwrap_or_default()
}
