//! Nodes: connected, approved, invoked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::{Context, Result, bail, ensure};
use openclaw_client::Request;
use openclaw_client::connect::{ClientId, ClientInfo, ClientMode, Role, Scope};
use openclaw_client::proto::device::{DeviceIdentity, Ed25519Signer};
use openclaw_tests::lane::Client;
use serde_json::{Value, json};

use crate::scenario::Seen;
use crate::setup::Setup;
use crate::stage::{PATIENCE, Stage, rejection};
use crate::talk::is_early;

/// A gateway that lets nodes offer a command of ours.
pub(super) static NODES: Setup = Setup::new("nodes")
    .config(|release| {
        if is_early(*release) {
            json!({"gateway": {"nodes": {"allowCommands": ["acme.echo"]}}})
        } else {
            json!({"gateway": {"nodes": {"commands": {"allow": ["acme.echo"]}}}})
        }
    })
    .embedded(|_| None);

/// A device nobody has seen before.
fn device() -> DeviceIdentity {
    static COUNT: AtomicU8 = AtomicU8::new(0);
    let mut seed = *b"seed of a node in a conformance.";
    let own = [COUNT.fetch_add(1, Ordering::Relaxed)].into_iter().chain(std::process::id().to_le_bytes());
    seed.iter_mut().zip(own).for_each(|(byte, own)| *byte = own);
    DeviceIdentity::new(Arc::new(Ed25519Signer::from_seed(&seed)))
}

pub(super) fn invoked(stage: &Stage) -> Result<Seen> {
    let scopes = [Scope::Admin, Scope::Pairing, Scope::Read, Scope::Write];
    let operator = stage.client_with(scopes)?;
    let device = device();
    let id = device.id().as_str().to_owned();
    let node = stage.builder().role(Role::Node).scopes([]).device(device);
    let node = node.client_info(ClientInfo::new(ClientId::NodeHost, ClientMode::Node)).connect_params(|params| {
        params.commands = vec!["acme.echo".into(), "acme.other".into()];
        params.caps = vec!["acme".into()];
    });
    let node = stage.build(node)?;
    let mut asked = node.events(["node.invoke.request", "node.invoke.cancel"]);
    node.connect().context("the node is not let in")?;

    let invoke = |command: &str, timeout: u64| -> Result<Request> {
        let key = crate::talk::fresh("key");
        let params = json!({
            "nodeId": id, "command": command, "params": {"a": [1, "\u{e9}"]}, "timeoutMs": timeout, "idempotencyKey": key,
        });
        Ok(Request::with_params("node.invoke", &params)?)
    };
    let mut detail = Vec::new();
    let pending = pending(&operator, &id)?;
    if let Some(request) = &pending {
        let early = rejection(operator.call(invoke("acme.echo", 5000)?).wait())?;
        detail.push(format!("before its approval: {}", early.finest_code()));
        operator.request("node.pair.approve", &json!({"requestId": request}))?;
    }

    let mut call = operator.call(invoke("acme.echo", 20_000)?);
    let event = stage.next(&mut asked, PATIENCE, "the invocation", |event| event.name() == "node.invoke.request")?;
    ensure!(event.seq.is_none(), "an event for one node has a number");
    let request: Value = serde_json::from_str(event.payload().unwrap_or_default())?;
    let params: Value = serde_json::from_str(request.get("paramsJSON").and_then(Value::as_str).unwrap_or_default())?;
    ensure!(params == json!({"a": [1, "\u{e9}"]}), "the params are {params}");
    let result = json!({
        "id": request.get("id"), "nodeId": id, "ok": true, "payloadJSON": json!({"echo": params}).to_string(),
    });
    let taken = node.request("node.invoke.result", &result)?;
    let answer: Value =
        call.wait_for(PATIENCE).context("no answer")?.context("node.invoke")?.context("no payload")?.deserialize()?;
    ensure!(answer.get("payload") == Some(&json!({"echo": params})), "the answer is {answer}");
    detail.push(format!("taken: {taken}"));

    // One that nobody answers ends in time, and the node is told.
    let late = rejection(operator.call(invoke("acme.echo", 1000)?).wait())?;
    detail.push(format!("nobody answers: {}", late.message));
    if !is_early(stage.release()) {
        stage.next(&mut asked, PATIENCE, "the cancellation", |event| event.name() == "node.invoke.cancel")?;
    }
    let other = rejection(operator.call(invoke("acme.other", 1000)?).wait())?;
    detail.push(format!("not allowed: {}", other.finest_code()));

    // One whose node goes away.
    let mut lost = operator.call(invoke("acme.echo", 20_000)?);
    stage.next(&mut asked, PATIENCE, "the invocation", |event| event.name() == "node.invoke.request")?;
    node.shutdown();
    let lost = rejection(lost.wait_for(PATIENCE).context("no answer")?)?;
    detail.push(format!("gone: {}", lost.message));
    Seen::holds(detail.join("; "))
}

/// The request of a node for its commands, where there is one: it comes a moment after the node is let in.
fn pending(operator: &Client, id: &str) -> Result<Option<String>> {
    let begun = std::time::Instant::now();
    while begun.elapsed() < PATIENCE {
        let list = operator.request("node.list", &json!({}))?;
        let nodes = list.get("nodes").and_then(Value::as_array).cloned().unwrap_or_default();
        if let Some(node) = nodes.iter().find(|node| node.get("nodeId").and_then(Value::as_str) == Some(id)) {
            let commands = node.get("commands").and_then(Value::as_array).map_or(0, Vec::len);
            // Old gateways ask for an approval too, and do not wait for it.
            if commands > 0 {
                return Ok(None);
            }
            let pairs = operator.request("node.pair.list", &json!({}))?;
            let pairs = pairs.get("pending").and_then(Value::as_array).cloned().unwrap_or_default();
            let own = pairs.iter().find(|pair| pair.get("nodeId").and_then(Value::as_str) == Some(id));
            if let Some(request) = own.and_then(|pair| pair.get("requestId")?.as_str()) {
                return Ok(Some(request.to_owned()));
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    bail!("the node is never listed")
}
