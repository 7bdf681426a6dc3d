//! What the gateway answers: `connect`, `echo`, `blob`, `flood`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::frames::{push_head, push_text};

/// The first frame of every connection.
pub(super) const CHALLENGE: &str =
    r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"00000000-0000-4000-8000-000000000000","ts":1}}"#;

const HELLO: &str = r#"{"type":"hello-ok","protocol":4,"server":{"version":"0.0.0","connId":"c"},"features":{"methods":["echo","blob","flood"],"events":["chat"]},"snapshot":{"presence":[],"health":{},"stateVersion":{"presence":1,"health":1},"uptimeMs":1},"auth":{"role":"operator","scopes":["operator.read"]},"policy":{"maxPayload":26214400,"maxBufferedBytes":52428800,"tickIntervalMs":3600000}}"#;

#[derive(Deserialize)]
struct Request<'a> {
    id: &'a str,
    method: &'a str,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Size {
    #[serde(default)]
    count: u64,
    size: usize,
    #[serde(default)]
    kind: Kind,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// Messages as a history has them: many small objects.
    #[default]
    History,
    /// One long text.
    String,
}

/// A connection's methods, with what they have made already.
#[derive(Default)]
pub(super) struct Methods {
    blobs: BTreeMap<(usize, Kind), String>,
    seq: u64,
}

impl Methods {
    pub(super) fn handle(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let Ok(request) = serde_json::from_slice::<Request<'_>>(text) else { return };
        let params = request.params.map_or("null", RawValue::get);
        match request.method {
            "connect" => answer(out, request.id, HELLO),
            "blob" => {
                let Ok(size) = serde_json::from_str::<Size>(params) else { return };
                let blob = self.blobs.entry((size.size, size.kind)).or_insert_with(|| blob(size.size, size.kind));
                answer(out, request.id, blob);
            }
            "flood" => {
                let Ok(size) = serde_json::from_str::<Size>(params) else { return };
                self.flood(out, size.count, size.size);
                answer(out, request.id, "{}");
            }
            _ => answer(out, request.id, params),
        }
    }

    /// Events whose frames have about `size` bytes.
    fn flood(&mut self, out: &mut Vec<u8>, count: u64, size: usize) {
        let shell = event(0, "").len();
        let fill = "x".repeat(size.saturating_sub(shell));
        for _ in 0..count {
            self.seq += 1;
            push_text(out, event(self.seq, &fill).as_bytes());
        }
    }
}

fn event(seq: u64, fill: &str) -> String {
    format!(
        r#"{{"type":"event","event":"chat","payload":{{"runId":"r","sessionKey":"agent:main:main","state":"delta","deltaText":"{fill}"}},"seq":{seq}}}"#
    )
}

fn blob(size: usize, kind: Kind) -> String {
    if kind == Kind::String {
        return format!(r#""{}""#, "x".repeat(size.saturating_sub(2)));
    }
    let mut text = String::from(r#"{"messages":["#);
    let mut number = 0_u64;
    while text.len() + 2 < size {
        if number > 0 {
            text.push(',');
        }
        number += 1;
        text.push_str(&format!(
            r#"{{"id":"m{number:08}","role":"assistant","timestamp":{},"content":[{{"type":"text","text":"A line of what was said, with \"quotes\" and a line\nbreak, number {number}."}}],"usage":{{"input":{number},"output":17}}}}"#,
            1_700_000_000_000_u64 + number
        ));
    }
    text.push_str("]}");
    text
}

fn answer(out: &mut Vec<u8>, id: &str, payload: &str) {
    const HEAD: &str = r#"{"type":"res","id":""#;
    const MIDDLE: &str = r#"","ok":true,"payload":"#;
    push_head(out, 0x81, HEAD.len() + id.len() + MIDDLE.len() + payload.len() + 1);
    for part in [HEAD, id, MIDDLE, payload, "}"] {
        out.extend_from_slice(part.as_bytes());
    }
}
