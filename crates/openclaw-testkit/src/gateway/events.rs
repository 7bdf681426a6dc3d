//! Events: to whom they go, their sequence numbers, and what slow readers get.

use serde_json::Value;

use super::guards::guard;
use super::{GatewayCore, PeerId};
use crate::faults::{Effect, Point};
use crate::frames::EventBody;

/// Whether a slow reader misses an event of this name instead of being closed over it.
pub(crate) fn droppable_by_name(name: &str) -> bool {
    !matches!(name, "tick" | "health" | "shutdown" | "agent" | "chat" | "gateway.suspension")
}

impl GatewayCore {
    /// Sends an event to every connection that may see it.
    pub(crate) fn send_event(&mut self, name: &str, payload: &Value, droppable: bool) {
        let guard = guard(self.dialect, name);
        let sees = |session| super::Guard::admits(guard, session);
        let recipients: Vec<PeerId> =
            self.peers.iter().filter(|(_, peer)| peer.session().is_some_and(sees)).map(|(id, _)| *id).collect();
        if recipients.is_empty() {
            return;
        }
        let versions = matches!(name, "presence" | "health").then(|| (self.presence.version(), self.health_version));
        let body = EventBody::new(self.dialect, name, payload, versions);
        for peer in recipients {
            self.send_in_sequence(peer, name, &body, droppable);
        }
    }

    /// Sends an event to one connection as part of its sequence.
    pub(crate) fn send_in_sequence(&mut self, id: PeerId, name: &str, body: &EventBody, droppable: bool) {
        if self.is_slow(id) {
            if droppable {
                self.skip_seq(id, 1);
            } else {
                self.close_peer(id, 1008, "slow consumer");
            }
            return;
        }
        let effects = if self.faults.is_empty() { Vec::new() } else { self.strike(&Point::Event(name.into()), id) };
        for effect in &effects {
            if let Effect::SkipSeq(count) = effect {
                self.skip_seq(id, *count);
            }
        }
        self.skip_seq(id, 1);
        let Some(peer) = self.peers.get(&id) else { return };
        let profile = peer.session().and_then(|session| session.profile.as_deref());
        let text = body.frame(Some(peer.seq), profile);
        let shaped = self.shape(id, effects, text, None);
        self.send_shaped(id, shaped);
    }
}
