//! The method `agent`, which answers twice, and `agent.wait`.

use anyhow::{Context, Result, ensure};
use openclaw_client::Request;
use serde_json::{Value, json};

use super::chat::{release, slowly};
use crate::scenario::Seen;
use crate::stage::Stage;
use crate::talk::{RUN_LIMIT, Talk, fresh, words};

pub(super) fn two_answers(stage: &Stage) -> Result<Seen> {
    let talk = Talk::begin(stage)?;
    let (turn, key) = (fresh("turn"), fresh("key"));
    let message = format!("script #{turn}: {}", slowly(stage));
    let params = json!({"message": message, "sessionKey": talk.session, "idempotencyKey": key});
    let request = || Request::with_params("agent", &params).map(|request| request.timeout(RUN_LIMIT));
    let mut call = talk.client.call(request()?);
    let accepted: Value = call.accepted().context("no acceptance")?.deserialize()?;
    stage.note("agent accepted", &accepted);
    let field = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    ensure!(field(&accepted, "status") == "accepted" && field(&accepted, "runId") == key, "accepted: {accepted}");

    let early = talk.call("agent.wait", &json!({"runId": key, "timeoutMs": 300}))?;
    ensure!(field(&early, "status") == "timeout", "agent.wait during the run: {early}");
    release(stage, &turn)?;
    let result: Value =
        call.wait_for(RUN_LIMIT).context("no result")?.context("agent")?.context("no payload")?.deserialize()?;
    stage.note("agent result", &result);
    ensure!(field(&result, "status") == "ok" && field(&result, "runId") == key, "the result: {result}");
    let text = result.pointer("/result/payloads/0/text").and_then(Value::as_str).unwrap_or_default();
    ensure!(text == words(6), "the text of the result is {text:?}");
    let late = talk.call("agent.wait", &json!({"runId": key, "timeoutMs": 2000}))?;
    ensure!(field(&late, "status") == "ok", "agent.wait after the run: {late}");

    // The same key again: one answer, the result, and no other run.
    let mut again = talk.client.call(request()?);
    let accepted = again.accepted();
    let repeated: Value =
        again.wait_for(RUN_LIMIT).context("no answer")?.context("agent")?.context("no payload")?.deserialize()?;
    ensure!(accepted.is_none(), "a repetition is accepted anew");
    ensure!(field(&repeated, "status") == "ok" && field(&repeated, "runId") == key, "repeated: {repeated}");
    if !stage.is_embedded() {
        let calls = stage.provider()?.calls_of(&turn).len();
        ensure!(calls == 1, "the model was asked {calls} times");
    }
    Seen::holds(format!("the result has {} bytes", result.to_string().len()))
}
