//! The gateway's connections as its host sees them, and what it may say on each.

use std::collections::{BTreeMap, BTreeSet};

use openclaw_proto::frame::{Frame, ResponseId, Verdict, parse};
use openclaw_testkit::{GatewayOutput, PeerId};
use serde_json::Value;

/// A connection that the gateway has admitted.
#[derive(Debug, Default)]
pub struct Peer {
    /// The nonce of its challenge.
    pub nonce: String,
    /// Whether it has had its hello.
    pub hello: bool,
    /// A close frame was sent.
    pub closing: bool,
    /// Ids of well-formed requests that have had no answer.
    pub owed: BTreeSet<String>,
    seq: u64,
    frames: u64,
}

/// All connections that have not ended.
#[derive(Debug, Default)]
pub struct Peers {
    pub open: BTreeMap<PeerId, Peer>,
    /// Texts that are sent because the script wants them sent, whatever they are.
    pub injected: Vec<String>,
    /// A token the gateway has issued last, for connects to show.
    pub credential: String,
}

impl Peers {
    /// Looks at an output. While `faulty`, texts may be anything.
    pub fn said(&mut self, output: &GatewayOutput, faulty: bool) {
        match output {
            GatewayOutput::Send { peer, text } => {
                let known = self.open.get_mut(peer).unwrap_or_else(|| panic!("{text} to {peer}, which is gone"));
                assert!(!known.closing, "{text} to {peer} behind its close");
                if let Some(at) = self.injected.iter().position(|injected| injected == text) {
                    self.injected.swap_remove(at);
                } else if !faulty {
                    known.hear(text, &mut self.credential);
                }
            }
            GatewayOutput::Close { peer, code, reason } => {
                let known = self.open.get_mut(peer).unwrap_or_else(|| panic!("{peer} is closed, which is gone"));
                assert!(!std::mem::replace(&mut known.closing, true), "{peer} is closed twice");
                assert!((1000..5000).contains(code) && reason.len() <= 123, "{code} {reason:?} cannot be sent");
            }
            GatewayOutput::Abort { peer } => {
                assert!(self.open.remove(peer).is_some(), "{peer} is dropped, which is gone");
            }
            GatewayOutput::Ping { peer } | GatewayOutput::StopReading { peer } => {
                assert!(self.open.contains_key(peer), "{output:?}, which is gone");
            }
            _ => {}
        }
    }
}

impl Peer {
    /// A text of the gateway's own.
    fn hear(&mut self, text: &str, credential: &mut String) {
        self.frames += 1;
        match parse(text).unwrap_or_else(|error| panic!("{error}: {text}")) {
            Frame::Event(event) if self.frames == 1 => {
                assert_eq!(event.event, "connect.challenge");
                let payload: Value = serde_json::from_str(event.payload.unwrap_or_default()).expect("JSON");
                self.nonce = payload["nonce"].as_str().expect("a nonce").to_owned();
            }
            Frame::Event(event) => {
                assert!(self.hello, "{text} before hello");
                if let Some(seq) = event.seq {
                    assert!(seq > self.seq, "{seq} after {}", self.seq);
                    self.seq = seq;
                }
            }
            Frame::Response(response) => {
                assert!(self.frames > 1, "{text} before the challenge");
                if let ResponseId::Text(id) = &response.id {
                    self.owed.remove(&**id);
                }
                if response.verdict == Verdict::Ok && !self.hello {
                    let payload: Value = serde_json::from_str(response.payload.unwrap_or("null")).expect("JSON");
                    let is_hello = payload["protocol"].is_number() && payload["policy"].is_object();
                    assert!(is_hello, "{text} before hello");
                    self.hello = true;
                    if let Some(token) = payload["auth"]["deviceToken"].as_str() {
                        token.clone_into(credential);
                    }
                }
            }
            Frame::Request(_) => panic!("a gateway asks nothing: {text}"),
        }
    }
}
