//! Many requests at once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use openclaw_client::connect::Scope;
use openclaw_client::{CallError, Request};
use openclaw_tests::lane::Call;
use serde_json::{Value, json};

use crate::raw::{Ended, Raw};
use crate::scenario::Seen;
use crate::stage::{PATIENCE, Stage};

/// Requests made at once.
const CROWD: usize = 1000;
/// Requests made at once, so that a gateway has enough of them.
const FLOOD: usize = 2000;
/// How often a request that is refused because of the crowd is made again.
const TRIES: usize = 50;
/// A gateway that notices a slow reader does so in seconds.
const SLOW: Duration = Duration::from_secs(240);

fn ask(id: impl std::fmt::Display, method: &str) -> String {
    json!({"type": "req", "id": id.to_string(), "method": method, "params": {}}).to_string()
}

pub(super) fn pipelined(stage: &Stage) -> Result<Seen> {
    let mut raw = stage.raw()?;
    let connect = raw.connect_frame().to_string();
    raw.send_together(std::iter::once(connect).chain((0..10).map(|id| ask(id, "health"))))?;
    let first = raw.next_answer(PATIENCE).ok();
    if !stage.release().is_newest() {
        let early = first.as_ref().and_then(|answer| answer.pointer("/error/message")).and_then(Value::as_str);
        ensure!(early.is_some_and(|message| message.contains("first request must be connect")), "{first:?}");
        return Seen::holds("refused: before its hello has left, it takes whatever comes for a first frame");
    }
    ensure!(first.as_ref().is_some_and(|answer| answer.get("id") == Some(&json!("c"))), "{first:?}");
    for id in 0..10 {
        let answer = raw.answer(&id.to_string())?;
        ensure!(answer.get("ok") == Some(&json!(true)), "{answer}");
    }
    Seen::holds("10 requests behind connect are answered after hello")
}

/// Our client: every call has its own answer, however many there are.
pub(super) fn concurrent(stage: &Stage) -> Result<Seen> {
    let client = stage.client()?;
    // Both cost a gateway little.
    let kinds = [("agents.list", "/agents"), ("system-presence", "")];
    let make = |(method, key): (&'static str, &'static str)| -> Result<(&'static str, &'static str, Call)> {
        Ok((method, key, client.call(Request::with_raw_params(method, "{}")?.timeout(Duration::from_secs(60)))))
    };
    let mut waiting: Vec<_> = kinds.iter().cycle().take(CROWD).copied().collect();
    let (mut answered, mut refused, mut tries) = (0, 0, 0);
    while !waiting.is_empty() {
        tries += 1;
        ensure!(tries <= TRIES, "{} calls are refused again and again", waiting.len());
        let calls: Vec<_> = waiting.drain(..).map(make).collect::<Result<_>>()?;
        for (method, key, call) in calls {
            match call.wait() {
                Ok(Some(payload)) => {
                    let payload: Value = payload.deserialize()?;
                    ensure!(
                        payload.pointer(key).is_some_and(Value::is_array),
                        "{method} got another's answer: {payload}"
                    );
                    answered += 1;
                }
                Ok(None) => anyhow::bail!("{method} has no payload"),
                Err(CallError::Rejected(rejected)) if rejected.error.code.as_str() == "UNAVAILABLE" => {
                    refused += 1;
                    waiting.push((method, key));
                }
                Err(other) => return Err(other.into()),
            }
        }
    }
    let stats = client.stats();
    ensure!(stats.foreign_responses + stats.duplicate_responses + stats.malformed == 0, "{stats:?}");
    client.shutdown();
    ensure!(answered == CROWD, "{answered}");
    Seen::holds(format!("{answered} calls have their own answers; {refused} refusals on the way, {tries} rounds"))
}

/// Answers by id, in the order they came, until there are `count`.
fn answers(raw: &mut Raw, count: usize) -> Result<Vec<(usize, String)>> {
    let begin = Instant::now();
    let mut answers = Vec::new();
    while answers.len() < count {
        ensure!(begin.elapsed() < SLOW, "{} of {count} answers", answers.len());
        match raw.next_answer(PATIENCE) {
            Ok(frame) => {
                let id = frame.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok()).unwrap_or(usize::MAX);
                let ok = frame.get("ok") == Some(&json!(true));
                let code = frame.pointer("/error/code").and_then(Value::as_str).unwrap_or("no code");
                answers.push((id, if ok { "ok".to_owned() } else { code.to_owned() }));
            }
            Err(ended) => anyhow::bail!("{} of {count} answers, then {ended:?}", answers.len()),
        }
    }
    Ok(answers)
}

/// Whether every id below `count` is answered once; and what the answers were.
fn tally(answers: &[(usize, String)], count: usize) -> Result<BTreeMap<&str, usize>> {
    let mut ids: Vec<usize> = answers.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    ensure!(ids.into_iter().eq(0..count), "not every request has exactly one answer");
    let mut kinds = BTreeMap::new();
    answers.iter().for_each(|(_, kind)| *kinds.entry(kind.as_str()).or_insert(0) += 1);
    Ok(kinds)
}

pub(super) fn out_of_order(stage: &Stage) -> Result<Seen> {
    let mut raw = stage.raw()?;
    raw.greet()?;
    // One of ten takes long.
    let asks = (0..200).map(|id| ask(id, if id % 10 == 0 { "models.list" } else { "system-presence" }));
    raw.send_together(asks.collect::<Vec<_>>())?;
    let answers = answers(&mut raw, 200)?;
    let kinds = tally(&answers, 200)?;
    ensure!(kinds.len() == 1 && kinds.contains_key("ok"), "{kinds:?}");
    let overtaken = answers.windows(2).filter(|pair| matches!(pair, [a, b] if a.0 > b.0)).count();
    if stage.is_embedded() {
        return Seen::holds("200 answers, in order");
    }
    // Older ones do nearly everything in order.
    ensure!(overtaken > 0 || !stage.release().is_newest(), "all 200 answers came in order");
    Seen::holds(format!("200 answers; {overtaken} times a later request was answered first"))
}

pub(super) fn flood(stage: &Stage) -> Result<Seen> {
    let mut raw = stage.raw()?;
    raw.greet()?;
    raw.send_together((0..FLOOD).map(|id| ask(id, "system-presence")).collect::<Vec<_>>())?;
    let answers = answers(&mut raw, FLOOD)?;
    let kinds = tally(&answers, FLOOD)?;
    ensure!(kinds.keys().all(|kind| matches!(*kind, "ok" | "UNAVAILABLE")), "{kinds:?}");
    raw.send(ask("after", "health"))?;
    let after = raw.answer("after")?;
    ensure!(after.get("ok") == Some(&json!(true)), "{after}");
    match kinds.contains_key("UNAVAILABLE") {
        true => Seen::holds(format!("{kinds:?}, then served again")),
        false if stage.release().is_newest() => anyhow::bail!("all {FLOOD} requests are served"),
        false => Seen::does_not_apply(format!("this release serves all {FLOOD} requests")),
    }
}

/// A reader that asks for much and reads nothing is cut off once too much waits for it.
pub(super) fn slow_consumer(stage: &Stage) -> Result<Seen> {
    let mut raw = stage.raw()?;
    let mut connect = raw.connect_frame();
    if let Some(params) = connect.get_mut("params") {
        params["scopes"] = json!([Scope::Admin.as_str()]);
    }
    raw.send(connect.to_string())?;
    raw.answer("c")?;
    let begin = Instant::now();
    let ask = |id: usize| match stage.is_embedded() {
        true => {
            json!({"type": "req", "id": id.to_string(), "method": "blob", "params": {"size": 2_000_000}}).to_string()
        }
        false => ask(id, "config.schema"),
    };
    let mut asked = 0;
    // Writing fails when the gateway has cut the connection.
    while begin.elapsed() < SLOW && raw.send(if asked < 300 { ask(asked) } else { String::new() }).is_ok() {
        asked += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    let took = begin.elapsed();
    let mut read = 0;
    let ended = loop {
        match raw.next(PATIENCE) {
            Ok(_) => read += 1,
            Err(ended) => break ended,
        }
    };
    ensure!(!matches!(ended, Ended::Silent) && read < 300, "{read} answers of {asked}, then {ended:?}");
    let health = stage.client()?;
    health.request("health", &json!({}))?;
    health.shutdown();
    Seen::holds(format!(
        "cut off after {asked} requests in {:.1} s ({}); others are served",
        took.as_secs_f64(),
        ended.name()
    ))
}
