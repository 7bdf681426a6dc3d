//! Ticks, pings, health, and the handshake's deadline.

use openclaw_proto::Instant;
use serde_json::json;

use super::{Action, GatewayCore, GatewayOutput, PeerId, Phase};
use crate::methods;

impl GatewayCore {
    pub(crate) fn tick(&mut self, at: Instant) {
        // Without a period there would be no end of ticks within this moment.
        if self.limits.tick.is_zero() {
            return;
        }
        self.schedule.put(at.after(self.limits.tick), Action::Tick);
        if self.phase != Phase::Down {
            let ts = self.now.unix.0;
            self.send_event("tick", &json!({"ts": ts}), false);
        }
    }

    pub(crate) fn periodic_health(&mut self, at: Instant) {
        if !self.limits.health.is_zero() {
            self.schedule.put(at.after(self.limits.health), Action::Health);
            self.send_health();
        }
    }

    pub(crate) fn send_health(&mut self) {
        if self.phase != Phase::Down {
            self.health_version += 1;
            let health = methods::health(self);
            self.send_event("health", &health, false);
        }
    }

    pub(crate) fn ping(&mut self, at: Instant, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id).filter(|peer| peer.session().is_some()) else { return };
        if peer.awaits_pong {
            self.abort_peer(id);
            return;
        }
        if !peer.muted {
            peer.awaits_pong = true;
            self.outputs.push_back(GatewayOutput::Ping { peer: id });
        }
        self.schedule.put(at.after(self.limits.ping), Action::Ping(id));
    }

    pub(crate) fn handshake_deadline(&mut self, id: PeerId) {
        if self.peers.get(&id).is_some_and(super::Peer::is_unauthenticated) {
            self.close_peer(id, 1000, "");
        }
    }
}
