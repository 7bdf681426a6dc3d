//! Frames that are almost right: the embedded gateway answers them as a real one does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use openclaw_tests::Lcg;
use serde_json::{Value, json};

use crate::host::Host;
use crate::raw::{Ended, Raw};
use crate::release::Release;
use crate::scenario::Seen;
use crate::setup::PLAIN;
use crate::stage::{PATIENCE, Stage};

/// The same mutants every time.
const SEED: u64 = 7;
/// Stands for the token, which differs from gateway to gateway. It is left alone: guesses are answered ever more slowly.
const TOKEN: &str = "TOKEN-OF-THE-GATEWAY";
/// How long an answer to a frame may take that the gateway has had time to ignore.
const GRACE: Duration = Duration::from_secs(5);

/// A gateway that is sent mutants.
struct Target {
    address: String,
    wire: u8,
    token: String,
    session: Option<Raw>,
    sent: u32,
}

impl Target {
    fn open(&self) -> Result<Raw> {
        Raw::open(&self.address, self.wire, &self.token)
    }

    /// What becomes of a connection that begins with this frame.
    fn first(&self, frame: &str) -> Result<String> {
        let mut raw = self.open()?;
        raw.send(frame.replace(TOKEN, &self.token))?;
        let mut class = Vec::new();
        loop {
            match raw.next_answer(GRACE) {
                Ok(answer) => {
                    class.push(kind(&answer));
                    if answer.get("ok") == Some(&Value::Bool(true)) {
                        break;
                    }
                }
                Err(ended) => {
                    class.push(ended.name());
                    break;
                }
            }
        }
        Ok(class.join(", "))
    }

    /// What becomes of this frame after hello: the answer, or that there is none, or how the connection ends.
    fn later(&mut self, frame: &str) -> Result<String> {
        let mut raw = match self.session.take() {
            Some(raw) => raw,
            None => {
                let mut raw = self.open()?;
                raw.greet()?;
                raw
            }
        };
        self.sent += 1;
        let last = format!("after-{}", self.sent);
        raw.send(frame)?;
        // The connection may have ended meanwhile: that is read below.
        let _ = raw.send(json!({"type": "req", "id": last, "method": "system-presence"}).to_string());
        let owed = serde_json::from_str::<Value>(frame).is_ok();
        let (mut class, mut over) = (Vec::new(), None::<Instant>);
        while over.is_none() || (owed && class.is_empty()) {
            let limit = over.map_or(PATIENCE, |over| GRACE.saturating_sub(over.elapsed()));
            match raw.next_answer(limit) {
                Ok(answer) if answer.get("id") == Some(&json!(last)) => over = Some(Instant::now()),
                Ok(answer) => class.push(kind(&answer)),
                Err(Ended::Silent) if over.is_some() => break,
                Err(ended) => {
                    class.push(ended.name());
                    return Ok(class.join(", "));
                }
            }
        }
        self.session = Some(raw);
        Ok(if class.is_empty() { "ignored".into() } else { class.join(", ") })
    }
}

fn kind(answer: &Value) -> String {
    match answer.get("ok") {
        Some(Value::Bool(true)) => "ok".into(),
        _ => answer.pointer("/error/code").and_then(Value::as_str).unwrap_or("no code").to_owned(),
    }
}

pub(super) fn alike(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply("real gateways are compared with it");
    }
    let Some(embedded) = Host::start(Release::Embedded(stage.wire()), &PLAIN, None)? else {
        anyhow::bail!("no embedded gateway");
    };
    let target = |url: String, token| Target {
        address: url.trim_start_matches("ws://").trim_end_matches('/').to_owned(),
        wire: stage.wire(),
        token,
        session: None,
        sent: 0,
    };
    let mut real = target(stage.url(), stage.token());
    let mut own = target(embedded.url(), embedded.token());
    let mut lcg = Lcg::new(SEED);
    let (mut classes, mut differ) = (BTreeMap::<String, usize>::new(), Vec::new());
    let count = stage.options().mutants;
    for _ in 0..count {
        let (theirs, ours, frame) = if lcg.chance(1, 5) {
            let frame = mutant(&mut lcg, &connect(stage.wire()));
            (real.first(&frame)?, own.first(&frame)?, frame)
        } else {
            let request = requests(&mut lcg);
            let frame = mutant(&mut lcg, &request);
            (real.later(&frame)?, own.later(&frame)?, frame)
        };
        if theirs != ours {
            differ.push(format!("{theirs} — the embedded gateway: {ours} — {frame}"));
        }
        *classes.entry(theirs).or_insert(0) += 1;
    }
    embedded.stop()?;
    let classes: Vec<_> = classes.iter().map(|(class, count)| format!("{count} {class}")).collect();
    let classes = format!("{count} frames: {}", classes.join("; "));
    let models: Vec<_> = [4, 3].into_iter().filter_map(|wire| Release::Embedded(wire).model()).collect();
    if !models.iter().any(|model| model.number == stage.release().name()) {
        let differ = differ.len();
        return Seen::holds(format!(
            "{classes}; {differ} answered otherwise by the embedded gateway, which is like others"
        ));
    }
    let shown: Vec<_> = differ.iter().take(20).cloned().collect();
    ensure!(differ.is_empty(), "{} of {count} frames are answered otherwise:\n{}", differ.len(), shown.join("\n"));
    Seen::holds(format!("{classes}; by the embedded gateway too"))
}

fn connect(wire: u8) -> Value {
    json!({"type": "req", "id": "c", "method": "connect", "params": {
        "minProtocol": wire,
        "maxProtocol": wire,
        "client": {"id": "gateway-client", "version": "0.1.0", "platform": "linux", "mode": "backend"},
        "role": "operator",
        "scopes": ["operator.read"],
        "caps": [],
        "locale": "en",
        "auth": {"token": TOKEN},
    }})
}

/// Methods that the embedded gateway has too.
fn requests(lcg: &mut Lcg) -> Value {
    let requests = [
        ("health", json!({})),
        ("agents.list", json!({})),
        ("system-presence", json!({})),
        ("sessions.list", json!({"limit": 3, "includeGlobal": true})),
        ("status", json!({})),
        ("chat.send", json!({"sessionKey": "main", "message": "x", "idempotencyKey": "k"})),
        ("no.such.method", json!({"a": [1, {"b": null}]})),
    ];
    let Some((method, params)) = lcg.pick(&requests) else { return Value::Null };
    json!({"type": "req", "id": "r", "method": method, "params": params, "traceparent": "00-1-1-01"})
}

/// The frame with one or two faults in it, and the token whole.
fn mutant(lcg: &mut Lcg, frame: &Value) -> String {
    loop {
        let mut changed = frame.clone();
        let mut text = String::new();
        for _ in 0..1 + lcg.below(4) / 3 {
            if text.is_empty() && lcg.chance(4, 5) {
                change(lcg, &mut changed);
            } else {
                let whole = if text.is_empty() { changed.to_string() } else { text };
                text = damaged(lcg, &whole);
            }
        }
        let text = if text.is_empty() { changed.to_string() } else { text };
        if text.contains(TOKEN) == frame.to_string().contains(TOKEN) {
            return text;
        }
    }
}

/// Changes something somewhere in a value.
fn change(lcg: &mut Lcg, value: &mut Value) {
    match value {
        Value::Object(members) if !members.is_empty() && lcg.chance(5, 6) => {
            let names: Vec<String> = members.keys().cloned().collect();
            let Some(name) = lcg.pick(&names) else { return };
            match lcg.below(6) {
                0 => drop(members.remove(name)),
                1 => drop(members.insert(format!("{name}x"), json!(1))),
                2 => {
                    if let Some(value) = members.remove(name) {
                        members.insert(name.to_uppercase(), value);
                    }
                }
                _ => {
                    if let Some(value) = members.get_mut(name) {
                        change(lcg, value);
                    }
                }
            }
        }
        Value::Array(items) if !items.is_empty() && lcg.chance(1, 2) => {
            let index = lcg.below(items.len());
            if let Some(item) = items.get_mut(index) {
                change(lcg, item);
            }
        }
        other => *other = odd(lcg),
    }
}

fn odd(lcg: &mut Lcg) -> Value {
    let odd = [
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(4),
        json!(""),
        json!(" "),
        json!("operator.admin"),
        json!("é💥\u{0}"),
        json!("x".repeat(300)),
        json!([]),
        json!({}),
        json!([null, [], "x"]),
        json!({"type": "req"}),
    ];
    lcg.pick(&odd).cloned().unwrap_or_default()
}

/// The text with a fault in it. It is ASCII, or becomes so.
fn damaged(lcg: &mut Lcg, text: &str) -> String {
    let mut bytes: Vec<u8> = text.bytes().filter(u8::is_ascii).collect();
    let at = lcg.below(bytes.len());
    let any = |lcg: &mut Lcg| u8::try_from(32 + lcg.below(95)).unwrap_or(b'?');
    match lcg.below(5) {
        0 => bytes.truncate(at),
        1 if !bytes.is_empty() => drop(bytes.remove(at)),
        2 => bytes.insert(at, any(lcg)),
        3 => bytes.extend_from_within(at..),
        _ => {
            let new = any(lcg);
            bytes.get_mut(at).into_iter().for_each(|byte| *byte = new);
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}
