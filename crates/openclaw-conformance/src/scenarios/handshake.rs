//! How connections begin, and why they do not.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use openclaw_client::Notice;
use openclaw_client::connect::{ClientId, ClientInfo, ClientMode, ProtocolRange, Scope};
use serde_json::{Value, json};

use crate::raw::{Ended, Raw};
use crate::scenario::Seen;
use crate::stage::{PATIENCE, Stage, refusal};

/// Much longer than a gateway waits for a first frame: one that is busy looks late.
const SILENCE: Duration = Duration::from_secs(90);

pub(super) fn hello(stage: &Stage) -> Result<Seen> {
    let client = stage.client()?;
    let hello = client.ready()?;
    ensure!(hello.protocol == u32::from(stage.wire()), "protocol {}", hello.protocol);
    ensure!(hello.scopes() == Some([Scope::Read].as_slice()), "scopes {:?}", hello.scopes());
    ensure!(hello.policy.max_payload == 26_214_400, "policy {:?}", hello.policy);
    let version = hello.server().version;
    ensure!(stage.is_embedded() || version.as_deref() == Some(stage.release().name()), "version {version:?}");
    client.shutdown();
    let features = hello.features();
    Seen::holds(format!("{} methods, {} events", features.methods.len(), features.events.len()))
}

pub(super) fn wrong_token(stage: &Stage) -> Result<Seen> {
    let error = refusal(stage.connect(stage.stranger().token("wrong")))?;
    ensure!(error.detail_code.as_deref() == Some("AUTH_TOKEN_MISMATCH"), "{error:?}");
    Seen::holds("AUTH_TOKEN_MISMATCH")
}

pub(super) fn no_token(stage: &Stage) -> Result<Seen> {
    let error = refusal(stage.connect(stage.stranger()))?;
    ensure!(error.detail_code.as_deref() == Some("DEVICE_IDENTITY_REQUIRED"), "{error:?}");
    Seen::holds("DEVICE_IDENTITY_REQUIRED")
}

pub(super) fn protocol(stage: &Stage) -> Result<Seen> {
    let range = ProtocolRange { min: 7, max: 9 };
    let error = refusal(stage.connect(stage.builder().protocol(range)))?;
    ensure!(error.message.contains("protocol mismatch"), "{error:?}");
    let mut raw = stage.raw()?;
    let mut connect = raw.connect_frame();
    if let Some(params) = connect.get_mut("params") {
        (params["minProtocol"], params["maxProtocol"]) = (json!(7), json!(9));
    }
    let (answer, ended) = refused(&mut raw, &connect)?;
    let expected = answer.pointer("/error/details/expectedProtocol").and_then(Value::as_u64);
    ensure!(expected == Some(stage.wire().into()), "{answer}");
    ensure!(matches!(ended, Ended::Closed(1002, _)), "{ended:?}");
    Seen::holds("close 1002")
}

pub(super) fn malformed_connect(stage: &Stage) -> Result<Seen> {
    let mut raw = stage.raw()?;
    let mut connect = raw.connect_frame();
    if let Some(params) = connect.get_mut("params") {
        params["surplus"] = json!(1);
    }
    let (answer, ended) = refused(&mut raw, &connect)?;
    let message = answer.pointer("/error/message").and_then(Value::as_str).unwrap_or_default();
    ensure!(message.contains("invalid connect params"), "{answer}");
    ensure!(matches!(ended, Ended::Closed(1008, _)), "{ended:?}");
    Seen::holds("INVALID_REQUEST, close 1008")
}

pub(super) fn unknown_identity(stage: &Stage) -> Result<Seen> {
    let identity = ClientInfo::new(ClientId::from("control-center"), ClientMode::from("operator"));
    let error = refusal(stage.connect(stage.builder().client_info(identity)))?;
    ensure!(error.message.contains("invalid connect params"), "{error:?}");
    Seen::holds("INVALID_REQUEST")
}

pub(super) fn scopes_withheld(stage: &Stage) -> Result<Seen> {
    let identity = ClientInfo::new(ClientId::Test, ClientMode::Test);
    let client = stage.build(stage.builder().client_info(identity))?;
    let mut notices = client.notices();
    let hello = client.connect()?;
    ensure!(hello.scopes() == Some([].as_slice()), "{:?}", hello.scopes());
    let short = |notice: &Notice| matches!(notice, Notice::ScopeShortfall { missing, .. } if *missing == [Scope::Read]);
    stage.next(&mut notices, PATIENCE, "a notice of the missing scope", short)?;
    Seen::holds("let in without a scope, and told")
}

pub(super) fn first_frame_is_no_connect(stage: &Stage) -> Result<Seen> {
    let mut raw = stage.raw()?;
    let (answer, ended) = refused(&mut raw, &json!({"type": "req", "id": "c", "method": "health"}))?;
    ensure!(answer.pointer("/error/code") == Some(&json!("INVALID_REQUEST")), "{answer}");
    ensure!(matches!(ended, Ended::Closed(1008, _)), "{ended:?}");
    Seen::holds("INVALID_REQUEST, close 1008")
}

pub(super) fn first_frame_is_no_request(stage: &Stage) -> Result<Seen> {
    let mut raw = stage.raw()?;
    raw.send("{}")?;
    let ended = raw.ended(PATIENCE)?;
    ensure!(matches!(ended, Ended::Closed(1008, _)), "{ended:?}");
    Seen::holds(ended.name())
}

pub(super) fn first_frame_is_no_json(stage: &Stage) -> Result<Seen> {
    let mut raw = stage.raw()?;
    raw.send("no JSON")?;
    let ended = raw.ended(PATIENCE)?;
    ensure!(ended == Ended::Closed(1000, String::new()), "{ended:?}");
    Seen::holds("close 1000 without a reason")
}

pub(super) fn silence(stage: &Stage) -> Result<Seen> {
    let mut raw = stage.raw()?;
    let begin = std::time::Instant::now();
    let ended = raw.ended(SILENCE)?;
    let took = begin.elapsed();
    ensure!(matches!(ended, Ended::Closed(1000, _)), "{ended:?}");
    ensure!(took > Duration::from_secs(10), "after {took:?} already");
    Seen::holds(format!("close 1000 after {:.0} s", took.as_secs_f64()))
}

/// What a gateway says to a connect that it refuses, and how it ends the connection.
fn refused(raw: &mut Raw, frame: &Value) -> Result<(Value, Ended)> {
    raw.send(frame.to_string())?;
    let answer = raw.answer("c")?;
    ensure!(answer.get("ok") == Some(&json!(false)), "{answer}");
    let ended = raw.ended(PATIENCE).context("after the refusal")?;
    Ok((answer, ended))
}
