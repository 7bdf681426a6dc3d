//! The largest frames.

use anyhow::{Result, ensure};
use openclaw_client::connect::Scope;
use openclaw_client::{CallError, NotSent, Request};
use serde_json::{Value, json};

use crate::raw::{Ended, Raw};
use crate::scenario::Seen;
use crate::stage::{PATIENCE, Stage};

/// The largest frame before hello.
const BEFORE: usize = 65_536;
/// The largest frame after hello.
const AFTER: usize = 26_214_400;

/// The frame, brought to that size: JSON may end in blanks.
fn padded(frame: &Value, size: usize) -> String {
    let mut text = frame.to_string();
    text.extend(std::iter::repeat_n(' ', size.saturating_sub(text.len())));
    text
}

fn refused(raw: &mut Raw, frame: String) -> Result<()> {
    // A gateway may close before it has read all of it.
    let _ = raw.send(frame);
    let ended = raw.ended(PATIENCE)?;
    ensure!(matches!(ended, Ended::Closed(1009, _) | Ended::Cut), "{ended:?}");
    Ok(())
}

pub(super) fn before_hello(stage: &Stage) -> Result<Seen> {
    let mut raw = stage.raw()?;
    let connect = padded(&raw.connect_frame(), BEFORE);
    raw.send(connect)?;
    let answer = raw.answer("c")?;
    ensure!(answer.get("ok") == Some(&json!(true)), "{answer}");
    let mut raw = stage.raw()?;
    let connect = padded(&raw.connect_frame(), BEFORE + 1);
    refused(&mut raw, connect)?;
    Seen::holds(format!("{BEFORE} bytes are read, one more ends in close 1009"))
}

pub(super) fn after_hello(stage: &Stage) -> Result<Seen> {
    let mut raw = stage.raw()?;
    raw.greet()?;
    let health = json!({"type": "req", "id": "h", "method": "health"});
    raw.send(padded(&health, AFTER))?;
    let answer = raw.answer("h")?;
    ensure!(answer.get("ok") == Some(&json!(true)), "{answer}");
    refused(&mut raw, padded(&health, AFTER + 1))?;
    Seen::holds(format!("{AFTER} bytes are read, one more ends in close 1009"))
}

pub(super) fn our_largest_request(stage: &Stage) -> Result<Seen> {
    // Not recorded: the log would be several times as large.
    let builder = openclaw_tests::lane::builder(stage.url()).token(stage.token());
    let client = stage.connect(builder)?;
    let limit = client.ready()?.policy.max_payload;
    let overhead = Request::with_params("health", &json!({"x": ""}))?.frame_len();
    let request =
        |size: usize| Request::with_params("health", &json!({"x": "x".repeat(size.saturating_sub(overhead))}));
    let error = client.call(request(limit + 1)?.timeout(PATIENCE)).wait().err();
    let refused = matches!(&error, Some(CallError::NotSent(NotSent::FrameTooLarge { size, .. })) if *size == limit + 1);
    ensure!(refused, "{error:?}");
    client.call(request(limit)?.timeout(PATIENCE)).wait()?;
    client.shutdown();
    Seen::holds(format!("{limit} bytes are served, one more never leaves"))
}

pub(super) fn largest_answer(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        let client = stage.client()?;
        let blob = client.call(Request::with_params("blob", &json!({"size": 3_000_000}))?.timeout(PATIENCE)).wait()?;
        let size = blob.map_or(0, |blob| blob.as_str().len());
        ensure!(size >= 3_000_000, "{size}");
        return Seen::holds(format!("blob: {size} bytes"));
    }
    let client = stage.client_with([Scope::Admin])?;
    let schema = client.call(Request::new("config.schema")?.timeout(PATIENCE)).wait()?;
    let size = schema.as_ref().map_or(0, |schema| schema.as_str().len());
    ensure!(size > 500_000, "{size} bytes");
    let schema: Option<Value> = schema.map(|schema| schema.deserialize()).transpose()?;
    ensure!(schema.is_some_and(|schema| schema.get("schema").is_some()), "config.schema has no schema");
    client.shutdown();
    Seen::holds(format!("config.schema: {size} bytes"))
}
