//! What goes out, through the faults.

use openclaw_proto::Instant;
use serde_json::Value;

use super::{GatewayCore, GatewayOutput, MAX_REASON, Scheduled};
use crate::fault::{Fault, Phase};
use crate::reply::{PeerId, Reply};
use crate::wire;

impl GatewayCore {
    pub(super) fn send(&mut self, peer: PeerId, text: String) {
        let Some(state) = self.peers.get_mut(&peer) else { return };
        state.frames += 1;
        let frames = state.frames;
        let garbage: Vec<String> = state
            .faults
            .iter()
            .filter_map(|fault| match fault {
                Fault::Malformed { after, text } if *after == frames => Some(text.clone()),
                _ => None,
            })
            .collect();
        for text in std::iter::once(text).chain(garbage) {
            self.put(GatewayOutput::Send { peer, text });
        }
    }

    pub(super) fn send_event(&mut self, peer: PeerId, name: &str, payload: &Value) {
        let Some(seq) = self.peers.get_mut(&peer).map(super::Peer::next_seq) else { return };
        let version = self.state_version(name);
        self.send(peer, wire::event_with(self.config.dialect, name, payload, Some(seq), version.as_ref()));
    }

    pub(super) fn refuse(&mut self, peer: PeerId, id: &Value, error: &Value) {
        self.send(peer, wire::refusal(self.config.dialect, id, error));
    }

    /// Ends a connection with a close frame.
    pub(super) fn close(&mut self, peer: PeerId, code: u16, reason: &str) {
        if !self.peers.contains_key(&peer) {
            return;
        }
        let mut end = reason.len().min(MAX_REASON);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        let reason = reason.get(..end).unwrap_or_default().to_owned();
        self.put(GatewayOutput::Close { peer, code, reason });
        self.forget(peer);
    }

    /// Ends a connection without one.
    pub(super) fn abort(&mut self, peer: PeerId) {
        if self.forget(peer) {
            self.outputs.push_back(GatewayOutput::Abort { peer });
        }
    }

    /// Drops a connection and the answers it still had to get. Broadcasts it set off are for the others, too.
    pub(super) fn forget(&mut self, gone: PeerId) -> bool {
        let known = self.peers.remove(&gone).is_some();
        self.delist(gone);
        let mut freed = 0;
        self.scheduled.retain(|_, later| match later {
            Scheduled::Step { call, reply, waits } => {
                let keep = call.peer != gone || matches!(reply, Reply::Broadcast { .. });
                freed += usize::from(!keep && *waits);
                keep
            }
            Scheduled::Output(_) => true,
        });
        self.waiting = self.waiting.saturating_sub(freed);
        known
    }

    pub(super) fn schedule(&mut self, at: Instant, what: Scheduled) {
        // The counter keeps the order of what is due at the same instant.
        self.scheduled.insert((at, self.next_scheduled), what);
        self.next_scheduled += 1;
    }

    /// An output, delayed where a fault says so. Close frames wait with the texts before them.
    fn put(&mut self, output: GatewayOutput) {
        let delay = self.peers.get(&output.peer()).and_then(|peer| {
            peer.faults.iter().find_map(|fault| match fault {
                Fault::DelayAll(delay) => Some(*delay),
                _ => None,
            })
        });
        match delay {
            Some(delay) => self.schedule(self.now.mono.after(delay), Scheduled::Output(output)),
            None => self.outputs.push_back(output),
        }
    }

    pub(super) fn has_fault(&self, peer: PeerId, fault: &Fault) -> bool {
        self.peers.get(&peer).is_some_and(|peer| peer.has(fault))
    }

    /// Ends the connection if a fault wants it to end here, and says whether it did.
    pub(super) fn fault_at(&mut self, peer: PeerId, here: Phase) -> bool {
        let Some(state) = self.peers.get(&peer) else { return false };
        let found = state.faults.iter().find_map(|fault| match fault {
            Fault::CloseAt { phase, code } if *phase == here => Some(Some(*code)),
            Fault::AbortAt(phase) if *phase == here => Some(None),
            _ => None,
        });
        match found {
            Some(Some(code)) => self.close(peer, code, ""),
            Some(None) => self.abort(peer),
            None => {}
        }
        found.is_some()
    }
}
