//! Jobs.

use std::time::Duration;

use anyhow::{Result, ensure};
use openclaw_client::connect::Scope;
use serde_json::{Value, json};

use crate::scenario::Seen;
use crate::stage::{PATIENCE, Stage};
use crate::talk::fresh;

/// A job has a session of its own, which takes long to make.
const JOB_LIMIT: Duration = Duration::from_secs(300);

/// How often a job is run at most.
const RUNS: usize = 3;
/// Why gateways may give up a job before it begins. One that has just started may take a job that runs for one its former
/// life has left; and a busy one gives a job's session so much time to be made and no more.
const GIVEN_UP: [&str; 2] = ["gateway restart", "timed out before runner start"];

pub(super) fn job(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply("it knows no jobs");
    }
    let client = stage.build(stage.builder().scopes([Scope::Admin, Scope::Read, Scope::Write]))?;
    let mut events = client.events(["cron"]);
    client.connect()?;
    let turn = fresh("turn");
    let name = fresh("job");
    let params = json!({
        "name": name,
        "enabled": true,
        // Once in thirty days: only cron.run runs it.
        "schedule": {"kind": "every", "everyMs": 2_592_000_000_u64},
        "sessionTarget": "isolated",
        "wakeMode": "now",
        "payload": {"kind": "agentTurn", "message": format!("script #{turn}: words 3")},
        "delivery": {"mode": "none"},
    });
    let added = client.request("cron.add", &params)?;
    let id = added.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    ensure!(!id.is_empty(), "the answer to cron.add is {added}");
    let listed = |client: &openclaw_tests::lane::Client| -> Result<bool> {
        let list = client.request("cron.list", &json!({}))?;
        let jobs = list.get("jobs").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(jobs.iter().any(|job| job.get("id").and_then(Value::as_str) == Some(id.as_str())))
    };
    ensure!(listed(&client)?, "it is not in the list");
    let mut actions = Vec::new();
    let mut runs = 0;
    let run = loop {
        let run = client.request("cron.run", &json!({"id": id, "mode": "force"}))?;
        ensure!(run.get("ok") == Some(&Value::Bool(true)), "the answer to cron.run is {run}");
        runs += 1;
        let finished = loop {
            let event = stage.next(&mut events, JOB_LIMIT, "the end of the job", |event| {
                event.payload().is_some_and(|payload| payload.contains(&id))
            })?;
            let payload: Value = serde_json::from_str(event.payload().unwrap_or_default())?;
            let action = payload.get("action").and_then(Value::as_str).unwrap_or_default().to_owned();
            actions.push(action.clone());
            if action == "finished" {
                break payload;
            }
        };
        let error = finished.get("error").and_then(Value::as_str).unwrap_or_default();
        if error.is_empty() {
            break run;
        }
        let given_up = GIVEN_UP.iter().any(|words| error.contains(words));
        ensure!(given_up && runs < RUNS, "the job ended with {error:?}");
    };
    let calls = stage.provider()?.wait(PATIENCE, |calls| {
        calls.iter().any(|call| call.turn.as_deref() == Some(turn.as_str()) && call.end.is_some())
    });
    ensure!(calls.is_some() && stage.provider()?.calls_of(&turn).len() == 1, "the model was not asked once");
    let told = client.request("cron.runs", &json!({"id": id}))?;
    let entries = told.get("entries").and_then(Value::as_array).map_or(0, Vec::len);
    ensure!(entries == runs, "cron.runs says {told}");
    let removed = client.request("cron.remove", &json!({"id": id}))?;
    ensure!(!listed(&client)?, "it is still in the list");
    Seen::holds(format!("events: {}; run: {run}; removed: {removed}", actions.join(", ")))
}
