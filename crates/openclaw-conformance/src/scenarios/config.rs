//! The gateway's configuration, over the wire.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use openclaw_client::connect::Scope;
use openclaw_client::{CallError, Request, State};
use serde_json::{Value, json};

use crate::scenario::Seen;
use crate::stage::Stage;

/// A restart takes seconds; on a busy machine, more than a minute.
const RESTART: Duration = Duration::from_secs(240);

/// Changes something that takes a restart; the client comes back and finds it changed.
pub(super) fn patch(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply("the embedded gateway has no configuration");
    }
    let builder = stage.builder().scopes([Scope::Admin]).backoff(|backoff| backoff.max = Duration::from_secs(2));
    let client = stage.build(builder)?;
    client.start();
    client.ready()?;
    let before = client.request("config.get", &json!({}))?;
    let hash = before.get("hash").and_then(Value::as_str).context("config.get has no hash")?;
    // Another one than it was, for every runtime anew.
    let path = |config: &Value| {
        config.pointer("/parsed/gateway/controlUi/basePath").and_then(Value::as_str).map(str::to_owned)
    };
    let wanted = if path(&before).as_deref() == Some("/one") { "/two" } else { "/one" };
    let raw = json!({"gateway": {"controlUi": {"basePath": wanted}}}).to_string();
    let mut states = client.states();
    let request = Request::with_params("config.patch", &json!({"raw": raw, "baseHash": hash}))?.timeout(RESTART);
    let answer = match client.call(request).wait() {
        Ok(_) => "answered",
        // Older gateways restart before they answer.
        Err(CallError::OutcomeUnknown(_)) => "outcome unknown",
        Err(other) => return Err(other.into()),
    };
    let away = |state: &State| matches!(state, State::Backoff { .. });
    stage.next(&mut states, RESTART, "the restart", away)?;
    stage.next(&mut states, RESTART, "the client is back", |state| matches!(state, State::Ready { .. }))?;
    let after = client.request("config.get", &json!({}))?;
    ensure!(path(&after).as_deref() == Some(wanted), "{:?} instead of {wanted}", path(&after));
    client.shutdown();
    stage.wait_ready()?;
    Seen::holds(format!("{answer}; the client is back and finds it changed"))
}
