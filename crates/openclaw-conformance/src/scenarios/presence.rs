//! Who else is there.

use anyhow::{Result, ensure};
use openclaw_client::EventFilter;
use openclaw_client::connect::{ClientId, ClientInfo, ClientMode};
use serde_json::{Value, json};

use crate::scenario::Seen;
use crate::stage::{PATIENCE, Stage};

pub(super) fn second_client(stage: &Stage) -> Result<Seen> {
    let client = stage.build(stage.builder())?;
    let mut events = client.events(EventFilter::names(["presence", "health"]));
    client.connect()?;
    // Programs that are backends leave no trace.
    let visitor = ClientInfo::new(ClientId::Test, ClientMode::Test);
    let visitor = stage.connect(stage.builder().client_info(visitor))?;
    // Older ones tell of an arrival by `health` only.
    let name = if stage.release().is_newest() { "presence" } else { "health" };
    let arrival = stage.next(&mut events, PATIENCE, "the arrival", |event| event.name() == name)?;
    let told: Value = arrival.deserialize()?;
    stage.note(name, &told);
    let list = client.request("system-presence", &json!({}))?;
    let rows = list.as_array().or_else(|| list.get("presence").and_then(Value::as_array));
    let there = |row: &Value| row.to_string().contains(r#""test""#);
    ensure!(rows.is_some_and(|rows| rows.iter().any(there)), "the visitor is not there: {list}");
    visitor.shutdown();
    let departure = stage.next(&mut events, PATIENCE, "the departure", |event| event.name() == "presence")?;
    let versions = departure.state_version().is_some();
    client.shutdown();
    Seen::holds(format!("arrival as {name}, departure as presence, state version {versions}"))
}
