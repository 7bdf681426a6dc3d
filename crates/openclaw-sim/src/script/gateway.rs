//! How a gateway of a script is configured.

use std::time::Duration;

use openclaw_testkit::{ChatReply, Dialect, ErrorBody, GatewayConfig, Pairing, Reply};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The token every gateway wants unless it has been rotated.
pub const TOKEN: &str = "test-token";

/// A gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GatewaySpec {
    /// The wire it speaks.
    pub wire: Wire,
    /// How often it ticks.
    pub tick_ms: u64,
    /// How often it pings; zero for never.
    pub ping_ms: u64,
    /// How often it sends its health; zero for never.
    pub health_ms: u64,
    /// The largest frame it takes.
    pub max_payload: usize,
    /// What it keeps for a slow reader.
    pub max_buffered: usize,
    /// How long it is starting in the beginning.
    pub boot_ms: u64,
    /// Failed authentications until a lockout; zero for no lockouts.
    pub auth_attempts: usize,
    /// How long a lockout lasts.
    pub lockout_ms: u64,
    /// How long the approval of a pairing takes; zero if devices are paired at once.
    pub approval_ms: u64,
    /// Connections it takes in a tenth of a second before it answers with 503; zero for any number.
    pub accepts: u32,
}

/// [`Dialect`] that can be written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wire {
    /// [`Dialect::V4`].
    #[default]
    V4,
    /// [`Dialect::V3`].
    V3,
    /// [`Dialect::Original`].
    Original,
}

/// A gateway as real ones are.
impl Default for GatewaySpec {
    fn default() -> Self {
        Self {
            wire: Wire::V4,
            tick_ms: 30_000,
            ping_ms: 25_000,
            health_ms: 60_000,
            max_payload: 26_214_400,
            max_buffered: 52_428_800,
            boot_ms: 0,
            auth_attempts: 0,
            lockout_ms: 60_000,
            approval_ms: 0,
            accepts: 0,
        }
    }
}

impl GatewaySpec {
    /// The gateway's configuration, with the methods that scripts call.
    #[must_use]
    pub fn config(&self) -> GatewayConfig {
        let ms = Duration::from_millis;
        let dialect = match self.wire {
            Wire::V4 => Dialect::V4,
            Wire::V3 => Dialect::V3,
            Wire::Original => Dialect::Original,
        };
        GatewayConfig::new()
            .dialect(dialect)
            .token(TOKEN)
            .pairing(if self.approval_ms == 0 { Pairing::Automatic } else { Pairing::Manual })
            .boot_for(ms(self.boot_ms))
            .limits(|limits| {
                limits.tick = ms(self.tick_ms);
                limits.ping = ms(self.ping_ms);
                limits.health = ms(self.health_ms);
                limits.max_payload = self.max_payload;
                limits.max_buffered = self.max_buffered;
                limits.auth_exempt_loopback = self.auth_attempts == 0;
                limits.auth_attempts = self.auth_attempts;
                limits.auth_lockout = ms(self.lockout_ms);
                limits.journal = 0;
            })
            .chat(said)
            .method("sim.two", "operator.read", |_, params| two_answers(params))
            .method("sim.never", "operator.read", |_, _| Reply::never())
            .method("sim.close", "operator.read", |_, params| {
                let code = u16::try_from(number(params, "code")).unwrap_or(1000);
                Reply::close(code, "as asked")
            })
            .method("sim.cut", "operator.read", |_, _| Reply::abort())
            .method("exec.approval.request", "operator.write", |_, params| approval(params))
    }
}

/// A message says how many words it wants to hear: none means that the run never ends.
fn said(message: &str) -> ChatReply {
    let words: usize = message.parse().unwrap_or(1);
    let pieces = ChatReply::pieces((0..words).map(|word| format!("{word} "))).every(Duration::from_millis(40));
    match words {
        0 => pieces.hangs(),
        13 => pieces.fails("the provider hung up"),
        _ => pieces,
    }
}

fn two_answers(params: &Value) -> Reply {
    let wait = Duration::from_millis(number(params, "ms"));
    let last = match params.get("fails").and_then(Value::as_bool) {
        Some(true) => Reply::error(ErrorBody::unavailable("it came to nothing")),
        _ => Reply::ok(json!({"status": "ok"})),
    };
    Reply::accepted().then_after(wait, last)
}

fn approval(params: &Value) -> Reply {
    let wait = Duration::from_millis(number(params, "ms"));
    let decision = Reply::ok(json!({"decision": "allow-once"})).after(wait);
    match params.get("twoPhase").and_then(Value::as_bool) {
        Some(true) => Reply::accepted().then(decision),
        _ => decision,
    }
}

fn number(params: &Value, name: &str) -> u64 {
    params.get(name).and_then(Value::as_u64).unwrap_or_default()
}
