//! Methods: which there are, and who may call them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use openclaw_client::connect::Scope;
use openclaw_client::{CallError, Request};
use openclaw_tests::lane::Call;
use serde_json::{Value, json};

use crate::scenario::Seen;
use crate::stage::{Stage, rejection};

/// How many calls wait for their answers. Gateways refuse more than 256 at a time.
const AT_ONCE: usize = 32;
/// Some look at the whole disk.
const SLOW: Duration = Duration::from_secs(150);

/// Calls every advertised method without params by a client of that scope: what it must not call, the gateway refuses,
/// and what needs params too. That leaves the methods that need none.
pub(super) fn all_with_read(stage: &Stage) -> Result<Seen> {
    let client = stage.client()?;
    let hello = client.ready()?;
    let methods = hello.features().methods;
    ensure!(methods.len() >= 15, "{} methods", methods.len());
    let (mut seen, mut waiting) = (Classes::default(), VecDeque::new());
    for method in &methods {
        if waiting.len() == AT_ONCE {
            seen.next(stage, &mut waiting)?;
        }
        let request = Request::with_raw_params(method.as_str(), "{}")?.timeout(SLOW);
        waiting.push_back((method.as_str(), client.call(request)));
    }
    while !waiting.is_empty() {
        seen.next(stage, &mut waiting)?;
    }
    let Classes { counts, wrong } = seen;
    client.shutdown();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    let stats = client.stats();
    ensure!(stats.malformed + stats.odd + stats.foreign_responses == 0, "{stats:?}");
    ensure!(counts.get("ok").is_some_and(|answered| *answered > 3), "{counts:?}");
    let counts: Vec<_> = counts.iter().map(|(class, count)| format!("{count} {class}")).collect();
    Seen::holds(format!("{} methods: {}", methods.len(), counts.join(", ")))
}

/// How methods were answered.
#[derive(Default)]
struct Classes {
    counts: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

impl Classes {
    /// Waits for the oldest call.
    fn next(&mut self, stage: &Stage, waiting: &mut VecDeque<(&str, Call)>) -> Result<()> {
        let Some((method, mut call)) = waiting.pop_front() else { return Ok(()) };
        let class = match call.wait_for(SLOW).with_context(|| format!("{method} hangs"))? {
            Ok(payload) => {
                let payload: Option<Value> = payload.map(|payload| payload.deserialize()).transpose()?;
                stage.note(method, &payload.unwrap_or_default());
                "ok".to_owned()
            }
            Err(CallError::Rejected(rejected)) => {
                let error = &rejected.error;
                if error.message.contains("unknown method") {
                    self.wrong.push(format!("{method} is advertised and unknown"));
                }
                error.missing_scope.as_ref().map_or_else(|| error.code.to_string(), |_| "missing scope".to_owned())
            }
            Err(other) => {
                self.wrong.push(format!("{method}: {other}"));
                return Ok(());
            }
        };
        *self.counts.entry(class).or_insert(0) += 1;
        Ok(())
    }
}

pub(super) fn unknown(stage: &Stage) -> Result<Seen> {
    let reader = stage.client()?;
    let error = rejection(reader.request("no.such.method", &json!({})))?;
    ensure!(error.missing_scope.as_deref() == Some("operator.admin"), "{error:?}");
    let admin = stage.client_with([Scope::Admin])?;
    let error = rejection(admin.request("no.such.method", &json!({})))?;
    ensure!(error.code.as_str() == "INVALID_REQUEST" && error.message.contains("unknown method"), "{error:?}");
    reader.shutdown();
    admin.shutdown();
    Seen::holds("only an admin is told that it does not exist")
}

pub(super) fn missing_scope(stage: &Stage) -> Result<Seen> {
    let client = stage.client()?;
    let params = json!({"sessionKey": "agent:main:main", "message": "no", "idempotencyKey": "no"});
    let result = client.request("chat.send", &params);
    ensure!(result.as_ref().is_err_and(|error| !error.may_have_run()), "{result:?}");
    let error = rejection(result)?;
    ensure!(error.missing_scope.as_deref() == Some("operator.write"), "{error:?}");
    client.shutdown();
    Seen::holds(format!("{}: missing scope operator.write", error.code))
}
