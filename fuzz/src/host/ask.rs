//! Requests of every kind, and what their maker knows of them.

use std::time::Duration;

use openclaw_proto::{ClientConfig, Request, TwoStage, WhenNotReady};
use openclaw_sim::watch::Facts;

use super::super::script::Script;

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A request, by three numbers; none where the params are none.
pub fn ask(script: &mut Script<'_>, config: &ClientConfig, raw: bool) -> Option<(Request, Facts)> {
    let (method, params) = script.pick(&[
        ("health", "{}"),
        ("chat.send", r#"{"sessionKey":"agent:main:main","message":"hello"}"#),
        ("agent", r#"{"message":"hello","idempotencyKey":"k-1"}"#),
        ("exec.approval.request", r#"{"twoPhase":true}"#),
        ("exec.approval.request", r#"{"twoPhase":false}"#),
        ("echo", r#""a text that is longer than the smallest frame that any hello allows, and so it is refused""#),
    ]);
    let line = if raw { Some(script.line()) } else { None };
    let mut request = Request::with_raw_params(method, line.as_deref().unwrap_or(params)).ok()?;
    let mut facts = Facts { limit: config.timeouts.request, two_stage: method == "agent", ..Facts::default() };
    facts.two_stage |= method == "exec.approval.request" && !raw && params.contains("true");
    if raw && method == "exec.approval.request" {
        // What the params say is up to the fuzzer, so say it again in words that are not.
        request = request.two_stage(TwoStage::Never);
    }
    let (deadline, extras) = (script.number(), script.number());
    match deadline % 5 {
        0 => {}
        1 => (request, facts.limit) = (request.no_timeout(), None),
        2 => (request, facts.limit) = (request.timeout(Duration::ZERO), Some(Duration::ZERO)),
        3 => {
            let (limit, rest) = (Duration::from_secs(2), Duration::from_millis(1_500));
            request = request.timeout(limit).final_timeout(rest);
            (facts.limit, facts.final_limit) = (Some(limit), Some(rest));
        }
        _ => {
            let within = Duration::from_secs(60);
            request = request.two_stage(TwoStage::Expect { within });
            (facts.two_stage, facts.final_limit) = (true, Some(within));
        }
    }
    if extras & 1 == 1 {
        request = request.when_not_ready(WhenNotReady::Refuse);
        facts.refuse = true;
    }
    if extras & 2 == 2 {
        request = request.expected_profile_id("profile-1").ok()?;
        facts.profile = true;
    }
    if extras & 4 == 4 {
        let without = request.frame_len();
        request = request.traceparent(TRACE).ok()?;
        facts.trace = request.frame_len() - without;
    }
    facts.len = request.frame_len();
    Some((request, facts))
}
