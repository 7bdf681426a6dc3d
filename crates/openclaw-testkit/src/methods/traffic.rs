//! Methods that real gateways do not have, for tests of traffic: `echo`, `blob`, `flood`, `slow`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::frames::EventBody;
use crate::gateway::{Action, Flood, GatewayCore, Ticket};
use crate::reply::{Answer, ErrorBody, Reply};

use super::parse;

/// How many events of a flood are sent before the host gets to write.
const FLOOD_STEP: u64 = 256;

/// What a client may ask for in one call, in bytes: more than any real gateway sends.
const MOST: u64 = 1 << 30;

pub(super) fn connect(_: &mut GatewayCore, _: &Ticket, _: &str) -> Reply {
    Reply::error(ErrorBody::invalid("connect is only valid as the first request"))
}

/// Gives the params back.
pub(super) fn echo(_: &mut GatewayCore, _: &Ticket, params: &str) -> Reply {
    Reply::raw(params)
}

/// Answers after `ms` milliseconds.
pub(super) fn slow(_: &mut GatewayCore, _: &Ticket, params: &str) -> Reply {
    let params = &parse(params);
    let ms = number(params, "ms", 1000);
    Reply::ok(json!({"waitedMs": ms})).after(Duration::from_millis(ms))
}

/// Answers `data` of about `size` bytes; `kind` is `ascii`, `unicode`, `escaped` or `nested`.
pub(super) fn blob(_: &mut GatewayCore, _: &Ticket, params: &str) -> Reply {
    let params = &parse(params);
    let kind = params.get("kind").and_then(Value::as_str).unwrap_or("ascii");
    let size = usize::try_from(number(params, "size", 1024).min(MOST)).unwrap_or_default();
    let data = match kind {
        "ascii" => quoted(&"x".repeat(size)),
        "unicode" => quoted(&"é€😀".repeat(size / "é€😀".len())),
        "escaped" => quoted(&"\"\\\n\u{1}".repeat(size / 4)),
        "nested" => format!("{}{}", "[".repeat(size / 2), "]".repeat(size / 2)),
        other => return Reply::error(ErrorBody::invalid(format!("invalid blob params: unknown kind {other}"))),
    };
    let data = if data.is_empty() { "[]".into() } else { data };
    Reply::raw(format!(r#"{{"kind":{},"size":{size},"data":{data}}}"#, quoted(kind)))
}

/// Sends the caller `count` events of about `size` bytes, then answers. They are of the kind that slow readers miss
/// if `droppable` is true.
pub(super) fn flood(gateway: &mut GatewayCore, ticket: &Ticket, params: &str) -> Reply {
    let params = &parse(params);
    let size = usize::try_from(number(params, "size", 100).min(MOST)).unwrap_or_default();
    let flood = Flood {
        next: 1,
        count: number(params, "count", 1000),
        fill: "x".repeat(size),
        droppable: params.get("droppable").and_then(Value::as_bool).unwrap_or(false),
    };
    gateway.schedule.put(gateway.now.mono, Action::Flood(ticket.clone(), flood));
    Reply::never()
}

impl GatewayCore {
    /// Sends some more of a flood.
    pub(crate) fn flood(&mut self, ticket: Ticket, mut flood: Flood) {
        for _ in 0..FLOOD_STEP {
            if flood.next > flood.count {
                let payload = json!({"count": flood.count}).to_string();
                return self.respond(&ticket, &Answer::Ok(Some(payload)));
            }
            let payload = json!({
                "runId": "flood",
                "sessionKey": "agent:main:main",
                "seq": flood.next,
                "state": "delta",
                "deltaText": flood.fill,
            });
            let body = EventBody::new(self.dialect, "chat", &payload, None);
            self.send_in_sequence(ticket.peer, "chat", &body, flood.droppable);
            flood.next += 1;
        }
        self.schedule.put(self.now.mono, Action::Flood(ticket, flood));
    }
}

fn number(params: &Value, name: &str, default: u64) -> u64 {
    params.get(name).and_then(Value::as_u64).unwrap_or(default)
}

fn quoted(text: &str) -> String {
    crate::json::text_of(text)
}
