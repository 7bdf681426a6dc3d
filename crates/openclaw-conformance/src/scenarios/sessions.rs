//! A session's life.

use anyhow::{Context, Result, ensure};
use openclaw_client::connect::Scope;
use openclaw_tests::lane::Client;
use serde_json::{Value, json};

use crate::scenario::Seen;
use crate::stage::{PATIENCE, Stage};

fn labels(client: &Client, key: &str) -> Result<Option<Value>> {
    let list = client.request("sessions.list", &json!({}))?;
    let rows = list.get("sessions").and_then(Value::as_array).context("sessions.list has no sessions")?;
    let row = rows.iter().find(|row| row.get("key").is_some_and(|found| found == key));
    Ok(row.map(|row| row.get("label").cloned().unwrap_or_default()))
}

pub(super) fn life(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply("the embedded gateway has sessions.list only");
    }
    let client = stage.client_with([Scope::Admin])?;
    let mut changes = client.events("sessions.changed");
    let subscribed = client.request("sessions.subscribe", &json!({}))?;
    ensure!(subscribed.get("subscribed") == Some(&json!(true)), "{subscribed}");
    let name = format!("conformance-{}", stage.lane());
    let created = client.request("sessions.create", &json!({"key": name, "label": format!("{name} one")}))?;
    let key = created.get("key").and_then(Value::as_str).context("no key")?.to_owned();
    ensure!(labels(&client, &key)? == Some(json!(format!("{name} one"))), "not listed");
    let said = client.request("sessions.messages.subscribe", &json!({"key": key}))?;
    ensure!(said.get("subscribed") == Some(&json!(true)), "{said}");
    client.request("sessions.patch", &json!({"key": key, "label": format!("{name} two")}))?;
    ensure!(labels(&client, &key)? == Some(json!(format!("{name} two"))), "not patched");
    let about = |event: &openclaw_client::Event| event.payload().is_some_and(|payload| payload.contains(&key));
    stage.next(&mut changes, PATIENCE, "sessions.changed of the session", about)?;
    let deleted = client.request("sessions.delete", &json!({"key": key}))?;
    ensure!(deleted.get("deleted") == Some(&json!(true)), "{deleted}");
    ensure!(labels(&client, &key)?.is_none(), "still listed");
    client.shutdown();
    Seen::holds("created, listed, subscribed, patched, told of, deleted")
}
