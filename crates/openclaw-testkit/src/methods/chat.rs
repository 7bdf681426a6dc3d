//! Methods that make the agent speak.

use std::time::Duration;

use serde_json::{Value, json};

use crate::errors;
use crate::gateway::{GatewayCore, Ticket};
use crate::reply::Reply;

use super::parse;

/// Starts a run and answers at once; what is said comes as events.
pub(super) fn send(gateway: &mut GatewayCore, _: &Ticket, params: &str) -> Reply {
    let params = &parse(params);
    let (run, session, message) = run_params(params);
    if let Some(known) = gateway.runs.message_of(run) {
        // Old gateways look at the key alone.
        if gateway.dialect.is_v4() && known != message {
            return Reply::error(errors::chat_conflict());
        }
        let status = if gateway.runs.is_active(run) { "in_flight" } else { "ok" };
        return Reply::ok(json!({"runId": run, "status": status}));
    }
    gateway.begin_run(run, session, message, None);
    Reply::ok(json!({"runId": run, "status": "started"}))
}

/// Starts a run and answers twice: that it was accepted, and what it came to.
pub(super) fn agent(gateway: &mut GatewayCore, ticket: &Ticket, params: &str) -> Reply {
    let params = &parse(params);
    let (run, session, message) = run_params(params);
    let session = if session.is_empty() || session == "main" { "agent:main:main" } else { session };
    if gateway.runs.is_active(run) {
        return Reply::ok(json!({"runId": run, "status": "in_flight"}));
    }
    if let Some(result) = gateway.runs.result_of(run) {
        return Reply { steps: [result].into() };
    }
    gateway.begin_run(run, session, message, Some(ticket.clone()));
    let mut accepted = json!({"runId": run, "status": "accepted", "acceptedAt": gateway.now.unix.0});
    if gateway.dialect.is_v4() {
        crate::json::merge(&mut accepted, &json!({"sessionKey": session, "agentId": "main"}));
    }
    Reply::ok(accepted)
}

/// Answers when a run has ended, or after `timeoutMs`.
pub(super) fn wait(gateway: &mut GatewayCore, ticket: &Ticket, params: &str) -> Reply {
    let params = &parse(params);
    let run = text(params, "runId");
    let limit = params.get("timeoutMs").and_then(Value::as_u64).unwrap_or(30_000);
    match gateway.runs.ending_of(run) {
        Some(ending) => Reply::ok(ending),
        None => {
            gateway.await_run(run, ticket, Duration::from_millis(limit));
            Reply::never()
        }
    }
}

/// Ends the runs of a session, or one of them.
pub(super) fn abort(gateway: &mut GatewayCore, _: &Ticket, params: &str) -> Reply {
    let params = &parse(params);
    let only = params.get("runId").and_then(Value::as_str);
    let runs: Vec<String> = gateway
        .runs
        .active_in(text(params, "sessionKey"))
        .filter(|run| only.is_none_or(|only| only == *run))
        .map(str::to_owned)
        .collect();
    for run in &runs {
        gateway.abort_run(run);
    }
    Reply::ok(json!({"ok": true, "aborted": !runs.is_empty(), "runIds": runs}))
}

fn run_params(params: &Value) -> (&str, &str, &str) {
    (text(params, "idempotencyKey"), text(params, "sessionKey"), text(params, "message"))
}

fn text<'a>(params: &'a Value, name: &str) -> &'a str {
    params.get(name).and_then(Value::as_str).unwrap_or_default()
}
