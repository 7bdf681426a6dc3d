//! Approvals of commands: who is asked, who answers, and what is told.

use anyhow::{Context, Result, ensure};
use openclaw_client::connect::Scope;
use openclaw_client::{Event, Request};
use serde_json::{Value, json};

use super::chat::NO_MODEL;
use crate::scenario::Seen;
use crate::stage::{PATIENCE, Stage};
use crate::talk::{RUN_LIMIT, Talk, fresh, is_early};

/// An approval nobody answers ends by itself.
const OPEN_FOR: u64 = 60_000;

fn field(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn payload(event: &Event) -> Value {
    event.payload().and_then(|payload| serde_json::from_str(payload).ok()).unwrap_or_default()
}

pub(super) fn asked(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply("it knows no approvals");
    }
    // Newer gateways ask only those who say that they can answer; and an approval is only for its own device, or for
    // an admin.
    let approver = stage.build(stage.builder().scopes([Scope::Admin]).cap("approvals"))?;
    let mut events = approver.events(["exec.approval.requested", "exec.approval.resolved"]);
    approver.connect()?;
    let mut detail = Vec::new();
    for decision in ["allow-once", "deny"] {
        let asker = stage.client_with([Scope::Read, Scope::Approvals])?;
        let command = format!("echo {}", fresh("approval"));
        let params = json!({"command": command, "host": "gateway", "timeoutMs": OPEN_FOR, "twoPhase": true});
        let mut call = asker.call(Request::with_params("exec.approval.request", &params)?);
        let accepted: Value = call.accepted().context("not accepted")?.deserialize()?;
        let id = field(&accepted, "id");
        ensure!(field(&accepted, "status") == "accepted" && !id.is_empty(), "accepted: {accepted}");
        let requested = stage.next(&mut events, PATIENCE, "the request", |e| e.name() == "exec.approval.requested")?;
        let requested = payload(&requested);
        ensure!(field(&requested, "id") == id, "requested: {requested}");
        let shown = requested.pointer("/request/command").and_then(Value::as_str).unwrap_or_default();
        ensure!(shown == command, "the command shown is {shown:?}");
        let resolved = approver.request("exec.approval.resolve", &json!({"id": id, "decision": decision}))?;
        let answer: Value = call
            .wait_for(PATIENCE)
            .context("no decision")?
            .context("exec.approval.request")?
            .context("no payload")?
            .deserialize()?;
        ensure!(field(&answer, "decision") == decision && field(&answer, "id") == id, "decided: {answer}");
        let told = stage.next(&mut events, PATIENCE, "the decision", |e| e.name() == "exec.approval.resolved")?;
        let told = payload(&told);
        ensure!(field(&told, "id") == id && field(&told, "decision") == decision, "told: {told}");
        detail.push(format!("{decision}: {resolved}"));
        asker.shutdown();
    }
    Seen::holds(detail.join("; "))
}

pub(super) fn nobody(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply("it knows no approvals");
    }
    // Two that may approve: one does not say it can, which only newer gateways mind; the other is the asker itself.
    let silent = (!is_early(stage.release())).then(|| stage.client_with([Scope::Approvals])).transpose()?;
    let asker = stage.connect(stage.builder().scopes([Scope::Approvals]).cap("approvals"))?;
    let params = json!({"command": "echo nobody", "host": "gateway", "timeoutMs": OPEN_FOR, "twoPhase": true});
    let mut call = asker.call(Request::with_params("exec.approval.request", &params)?);
    let accepted = call.accepted();
    let answer: Value =
        call.wait_for(PATIENCE).context("no answer")?.context("refused")?.context("no payload")?.deserialize()?;
    ensure!(accepted.is_none(), "it was accepted");
    ensure!(answer.get("decision") == Some(&Value::Null), "{answer}");
    drop(silent);
    Seen::holds("no acceptance, decision null")
}

pub(super) fn tool(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply(NO_MODEL);
    }
    let approver = stage.build(stage.builder().scopes([Scope::Admin]).cap("approvals"))?;
    let mut events = approver.events(["exec.approval.requested"]);
    approver.connect()?;
    // The agent asks in the name of whoever talks to it.
    let mut talk = Talk::begin_with(stage, stage.builder().scopes([Scope::Read, Scope::Write, Scope::Approvals]))?;
    let turn = fresh("turn");
    // Releases name this differently.
    let ask = |key: &str, value: &str| {
        let mut params = json!({"key": talk.session});
        if let Some(params) = params.as_object_mut() {
            params.insert(key.to_owned(), value.into());
        }
        approver.request("sessions.patch", &params)
    };
    if ask("permissionMode", "guarded").is_err() {
        ask("execSecurity", "allowlist")?;
        ask("execAsk", "always")?;
    }
    let run = talk.start(&format!("script #{turn}: call exec {{\"command\": \"echo {turn}-done\"}}"))?;
    let requested = stage.next(&mut events, RUN_LIMIT, "the request", |_| true)?;
    let requested = payload(&requested);
    let resolve = json!({"id": field(&requested, "id"), "decision": "allow-once"});
    approver.request("exec.approval.resolve", &resolve)?;
    let mut end = talk.end_of(&run)?;
    // Old gateways end the run at once, empty, and tell the agent what the command said in another run.
    let followed = end.text().is_empty();
    if followed {
        ensure!(is_early(stage.release()), "it ended with {}", end.payload);
        end = talk.next("the run that follows", |heard| heard.is_end() && heard.run() != run)?;
    }
    ensure!(end.text().contains(&format!("{turn}-done")), "the answer is {:?}", end.text());
    let shown = requested.pointer("/request/command").and_then(Value::as_str).unwrap_or_default();
    ensure!(shown == format!("echo {turn}-done"), "the command shown is {shown:?}");
    Seen::holds(if followed { format!("told in {}", end.run()) } else { "told in the run itself".to_owned() })
}
