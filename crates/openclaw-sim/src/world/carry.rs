//! Carrying what is sent from one end of a connection to the other.

use std::time::Duration;

use super::host::Host;
use super::{Happening, World};
use crate::net::{Cargo, Road, RoadId, damaged};
use crate::script::Way;

impl World {
    /// Writes into a pipe and lets it flow.
    pub(super) fn put(&mut self, id: RoadId, way: Way, cargo: Cargo) {
        let Some(road) = self.roads.get_mut(&id) else { return };
        road.pipe(way).put(cargo);
        // A machine that is back knows nothing of a connection from before, and says so.
        let vanished = self.sites.get(road.gateway).is_some_and(|site| site.vanished);
        if way == Way::Up && road.severed && !road.gateway_open && !vanished {
            road.severed = false;
            road.down.abandon();
            self.pump(id, Way::Down);
        }
        self.pump(id, way);
    }

    /// Lets leave what may leave.
    pub(super) fn pump(&mut self, id: RoadId, way: Way) {
        while let Some(road) = self.roads.get_mut(&id) {
            let Some(bytes) = road.pipe(way).next_to_leave() else { break };
            let bandwidth = self.links.get(road.client).and_then(|link| link.bandwidth.now().copied());
            if let Some(bandwidth) = bandwidth.filter(|_| bytes > 0) {
                road.pipe(way).occupy();
                let nanos = (bytes as u64).saturating_mul(1_000_000_000) / bandwidth.max(1);
                self.queue.put(self.at.after(Duration::from_nanos(nanos)), Happening::Sent(id, way));
                break;
            }
            self.depart(id, way);
        }
        // Gateways judge by what waits to be written whether a client reads too slowly.
        if let Some(road) = self.roads.get(&id).filter(|_| way == Way::Down) {
            if let Some(site) = self.sites.get_mut(road.gateway) {
                site.core.handle_buffered(road.peer, road.down.queued());
            }
        }
        self.note_slowness(id);
    }

    /// Beyond this bound gateways drop events, or the connection.
    fn note_slowness(&mut self, id: RoadId) {
        let Some(road) = self.roads.get_mut(&id) else { return };
        let bound = self.script.gateways.get(road.gateway).map_or(usize::MAX, |gateway| gateway.max_buffered);
        let is_slow = road.down.queued() > bound;
        if is_slow && !road.slow {
            self.coverage.struck("SlowReader reaches the bound");
        }
        road.slow = is_slow;
    }

    /// A piece has been put on the wire.
    pub(super) fn sent(&mut self, id: RoadId, way: Way) {
        self.depart(id, way);
        self.pump(id, way);
        if let Some(road) = self.roads.get(&id) {
            self.busy.insert(road.client);
        }
    }

    fn depart(&mut self, id: RoadId, way: Way) {
        let Some(road) = self.roads.get_mut(&id) else { return };
        let (Some(link), Some(host)) = (self.links.get(road.client), self.hosts.get(road.client)) else { return };
        let delay = road.delay(link, &host.spec);
        if let Some(arrival) = road.pipe(way).leave(self.at.after(delay)) {
            self.queue.put(arrival, Happening::Land(id, way));
        }
    }

    /// Whether what arrives is let in.
    fn passes(&self, road: &Road, way: Way) -> bool {
        let open = !road.severed && self.links.get(road.client).is_some_and(|link| link.is_open(way));
        let received = match way {
            Way::Up => !road.deaf,
            Way::Down => !road.client_open || self.hosts.get(road.client).is_some_and(Host::reads),
        };
        open && received
    }

    /// What has arrived and was not let in may come in now.
    pub(super) fn release(&mut self, client: usize) {
        let roads: Vec<RoadId> = self.roads.iter().filter(|(_, r)| r.client == client).map(|(id, _)| *id).collect();
        for id in roads {
            for way in [Way::Up, Way::Down] {
                if self.roads.get(&id).is_some_and(|road| self.passes(road, way)) {
                    let landed = self.roads.get_mut(&id).map_or(0, |road| road.pipe(way).release());
                    (0..landed).for_each(|_| self.queue.put(self.at, Happening::Land(id, way)));
                }
            }
        }
    }

    /// A piece has arrived.
    pub(super) fn land(&mut self, id: RoadId, way: Way) {
        let passes = self.roads.get(&id).is_some_and(|road| self.passes(road, way));
        let Some(road) = self.roads.get_mut(&id) else { return };
        if !passes {
            return road.pipe(way).pile_up();
        }
        let Some(piece) = road.pipe(way).take() else { return };
        self.pump(id, way);
        match way {
            Way::Up => self.reaches_gateway(id, piece.cargo),
            Way::Down => self.reaches_client(id, piece.bytes, piece.cargo),
        }
        self.sweep(id);
    }

    /// Forgets a connection that is over.
    pub(super) fn sweep(&mut self, id: RoadId) {
        if self.roads.get(&id).is_some_and(Road::is_over) {
            if let Some(road) = self.roads.remove(&id) {
                self.by_peer.remove(&(road.gateway, road.peer));
            }
        }
    }

    /// What becomes of a text on its way.
    pub(super) fn tampered(&mut self, client: usize, way: Way, text: String) -> Vec<Cargo> {
        let Some(tamper) = self.links.get_mut(client).map(|link| link.tamper(way)) else { return Vec::new() };
        if let Some(damage) = tamper.next_damage() {
            self.coverage.struck(&format!("Damaged {way:?} {damage:?}"));
            return vec![damaged(&text, damage, &mut self.dice)];
        }
        if tamper.twice > 0 {
            tamper.twice -= 1;
            self.coverage.struck("Twice");
            return vec![Cargo::Text(text.clone()), Cargo::Text(text)];
        }
        vec![Cargo::Text(text)]
    }
}
