//! What time brings: delayed answers, deadlines, pings, ticks, the end of a drain.

use std::time::Duration;

use super::{Dialect, GatewayCore, GatewayOutput, Instant, Life, Now, PeerId, Scheduled, Stage, json};
use crate::wire;

/// No period is shorter, so that a zero in a configuration cannot keep a gateway busy for ever.
const SHORTEST: Duration = Duration::from_millis(1);

impl GatewayCore {
    /// When [`GatewayCore::handle_timeout`] wants to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let peers = self.peers.values().filter_map(|peer| match peer.stage {
            Stage::Handshake { deadline } => Some(deadline),
            Stage::Ready { next_ping, .. } => Some(next_ping),
            Stage::Mute => None,
        });
        let drain = match &self.life {
            Life::Draining { until, .. } => Some(*until),
            _ => None,
        };
        // Nobody hears a tick where nobody is.
        let tick = self.next_tick.filter(|_| self.peers.values().any(super::Peer::ready));
        let scheduled = self.scheduled.keys().next().map(|(at, _)| *at);
        peers.chain(drain).chain(tick).chain(scheduled).min()
    }

    /// Does everything that is due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.at(now);
        while let Some(entry) = self.scheduled.first_entry().filter(|entry| entry.key().0 <= now.mono) {
            match entry.remove() {
                Scheduled::Output(output) => self.outputs.push_back(output),
                Scheduled::Step { call, reply, waits } => {
                    self.waiting = self.waiting.saturating_sub(usize::from(waits));
                    self.step(&call, reply);
                }
            }
        }
        let peers: Vec<PeerId> = self.peers.keys().copied().collect();
        for peer in peers {
            self.time_peer(peer);
        }
        self.tick();
        self.finish_drain();
    }

    fn time_peer(&mut self, peer: PeerId) {
        let (now, ping) = (self.now.mono, self.config.ping.max(SHORTEST));
        match self.peers.get_mut(&peer).map(|state| &mut state.stage) {
            Some(Stage::Handshake { deadline }) if *deadline <= now => self.close(peer, 1000, ""),
            Some(Stage::Ready { next_ping, awaiting_pong }) if *next_ping <= now => {
                if *awaiting_pong {
                    self.abort(peer);
                } else {
                    (*next_ping, *awaiting_pong) = (now.after(ping), true);
                    self.outputs.push_back(GatewayOutput::Ping { peer });
                }
            }
            _ => {}
        }
    }

    /// One clock for everybody, as gateways have: a connection's first tick comes any time within the interval.
    fn tick(&mut self) {
        let (now, interval) = (self.now, self.config.tick.max(SHORTEST));
        let Some(due) = self.next_tick.filter(|due| *due <= now.mono) else { return };
        let next = due.after(interval);
        self.next_tick = Some(if next <= now.mono { now.mono.after(interval) } else { next });
        self.broadcast(now, "tick", &json!({"ts": now.unix.0}));
    }

    /// Ends a drain whose grace is over.
    pub(super) fn finish_drain(&mut self) {
        let Life::Draining { until, reason, restart_expected } = &self.life else { return };
        if *until > self.now.mono {
            return;
        }
        let mut payload = json!({"reason": reason});
        match (restart_expected, self.config.dialect) {
            (Some(delay), _) => wire::merge(&mut payload, &json!({"restartExpectedMs": wire::millis(*delay)})),
            // Older gateways spell out that they do not know.
            (None, Dialect::V3 | Dialect::Original) => {
                payload = json!({"reason": reason, "restartExpectedMs": null});
            }
            (None, Dialect::V4) => {}
        }
        self.life = Life::Stopped;
        self.broadcast(self.now, "shutdown", &payload);
        let peers: Vec<PeerId> = self.peers.keys().copied().collect();
        for peer in peers {
            self.close(peer, 1012, "service restart");
        }
        self.scheduled.retain(|_, later| matches!(later, Scheduled::Output(_)));
        self.waiting = 0;
    }
}
