//! Requests, and what is known of each before it is made.

use std::time::Duration;

use openclaw_proto::{Request, RequestError, TwoStage, WhenNotReady};
use serde_json::json;

use super::World;
use crate::script::{Ask, Limit};
use crate::watch::Facts;

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

impl World {
    /// A program makes a request.
    pub(super) fn ask(&mut self, client: usize, what: &Ask, limit: Limit, refuse: bool) {
        let gateway = self.hosts.get(client).map_or(0, |host| host.gateway);
        let largest = self.script.gateways.get(gateway).map_or(0, |gateway| gateway.max_payload);
        let at = self.at;
        self.with(client, |host| {
            let unique = host.dice.roll();
            let Ok((request, mut facts)) = build(what, unique, largest) else { return };
            let request = match limit {
                Limit::Default => request,
                Limit::Ms(ms) => request.timeout(Duration::from_millis(ms)),
                Limit::Never => request.no_timeout(),
            };
            let request = if refuse { request.when_not_ready(WhenNotReady::Refuse) } else { request };
            facts.refuse = refuse;
            facts.limit = match limit {
                Limit::Default => host.spec.request_ms.map(Duration::from_millis),
                Limit::Ms(ms) => Some(Duration::from_millis(ms)),
                Limit::Never => None,
            };
            let _ = host.ask(at, request, facts);
        });
    }
}

/// A request and what is known of it, but for its limit.
fn build(what: &Ask, unique: u64, largest: usize) -> Result<(Request, Facts), RequestError> {
    let mut facts = Facts::default();
    let said = |words: u64| json!({"message": words.to_string(), "sessionKey": "agent:main:main", "idempotencyKey": format!("{unique:x}")});
    let request = match what {
        Ask::Health => Request::new("health")?,
        Ask::Echo { bytes } => Request::with_params("echo", &json!({"padding": "x".repeat(*bytes)}))?,
        Ask::Slow { ms } => Request::with_params("slow", &json!({"ms": ms}))?,
        Ask::Blob { bytes } => Request::with_params("blob", &json!({"size": bytes}))?,
        Ask::Flood { count, bytes, droppable } => {
            Request::with_params("flood", &json!({"count": count, "size": bytes, "droppable": droppable}))?
        }
        Ask::Agent { words, final_ms } => {
            facts.two_stage = true;
            facts.final_limit = final_ms.map(Duration::from_millis);
            let request = Request::with_params("agent", &said(*words))?;
            match facts.final_limit {
                Some(limit) => request.final_timeout(limit),
                None => request,
            }
        }
        Ask::AgentOnce => Request::with_params("agent", &said(3))?.two_stage(TwoStage::Never),
        Ask::Chat { words } => Request::with_params("chat.send", &said(*words))?,
        Ask::Approval { two_phase, ms } => {
            facts.two_stage = *two_phase;
            Request::with_params("exec.approval.request", &json!({"twoPhase": two_phase, "ms": ms}))?
        }
        Ask::TwoAnswers { ms, within_ms, fails } => {
            let within = Duration::from_millis(*within_ms);
            facts.two_stage = true;
            facts.final_limit = Some(within);
            let request = Request::with_params("sim.two", &json!({"ms": ms, "fails": fails}))?;
            request.two_stage(TwoStage::Expect { within })
        }
        Ask::Never => Request::new("sim.never")?,
        Ask::Unknown => Request::new("no.such.method")?,
        Ask::Forbidden => Request::new("config.get")?,
        Ask::Close { code } => Request::with_params("sim.close", &json!({"code": code}))?,
        Ask::Cut => Request::new("sim.cut")?,
        Ask::Huge => Request::with_params("echo", &json!({"padding": "x".repeat(largest.min(300_000))}))?,
        Ask::Profile => {
            facts.profile = true;
            Request::new("health")?.expected_profile_id("somebody")?
        }
        Ask::Traced => {
            let request = Request::new("health")?;
            let before = request.frame_len();
            let request = request.traceparent(TRACE)?;
            facts.trace = request.frame_len() - before;
            request
        }
    };
    facts.len = request.frame_len();
    Ok((request, facts))
}
