//! Between a gateway's core and its sockets.

use openclaw_proto::Now;
use openclaw_testkit::{GatewayOutput, PeerId};

use super::World;
use super::clock::Clock;
use crate::net::{Cargo, RoadId};
use crate::script::Way;

impl World {
    /// Gateways live by the world's own time.
    pub(super) fn world_clock(&self) -> Now {
        Clock::default().now(self.at)
    }

    /// Does what a gateway wants, until it wants nothing more.
    pub(super) fn serve(&mut self, gateway: usize) {
        while let Some(output) = self.sites.get_mut(gateway).and_then(|site| site.core.poll_output()) {
            self.trace.line(self.at, || format!("g{gateway} -> {output:?}"));
            let road = |peer: PeerId| self.by_peer.get(&(gateway, peer)).copied();
            match output {
                GatewayOutput::Send { peer, text } => self.send(road(peer), Cargo::Text(text)),
                GatewayOutput::Ping { peer } => self.send(road(peer), Cargo::Ping),
                GatewayOutput::Close { peer, code, reason } => {
                    let road = road(peer);
                    if reason == "slow consumer" {
                        self.coverage.struck("SlowReader is closed");
                    }
                    if let Some(road) = road.and_then(|road| self.roads.get_mut(&road)) {
                        road.gateway_closing = true;
                    }
                    self.send(road, Cargo::Close { code, reason });
                }
                GatewayOutput::Abort { peer } => {
                    if let Some(road) = road(peer) {
                        self.gateway_cuts(gateway, road);
                    }
                }
                GatewayOutput::StopReading { peer } => {
                    if let Some(road) = road(peer).and_then(|road| self.roads.get_mut(&road)) {
                        road.deaf = true;
                    }
                }
                GatewayOutput::Listen => self.set_listening(gateway, true),
                GatewayOutput::StopListening => self.set_listening(gateway, false),
                _ => {}
            }
        }
    }

    fn set_listening(&mut self, gateway: usize, listening: bool) {
        if let Some(site) = self.sites.get_mut(gateway) {
            site.listening = listening;
        }
    }

    fn send(&mut self, road: Option<RoadId>, cargo: Cargo) {
        if let Some(road) = road {
            self.put(road, Way::Down, cargo);
        }
    }

    /// A gateway lets go of a connection without a close frame.
    fn gateway_cuts(&mut self, gateway: usize, id: RoadId) {
        let vanished = self.sites.get(gateway).is_some_and(|site| site.vanished);
        let reset = self.dice.chance(1, 2);
        let Some(road) = self.roads.get_mut(&id) else { return };
        road.gateway_open = false;
        if vanished {
            road.severed = true;
        } else if reset {
            road.down.abandon();
            self.pump(id, Way::Down);
        } else {
            self.put(id, Way::Down, Cargo::End { reset: false });
        }
        self.sweep(id);
    }

    /// Something has come for a gateway.
    pub(super) fn reaches_gateway(&mut self, id: RoadId, cargo: Option<Cargo>) {
        let Some(road) = self.roads.get(&id).filter(|road| road.gateway_open) else { return };
        let (gateway, peer, client) = (road.gateway, road.peer, road.client);
        let cargo = match cargo {
            Some(Cargo::Text(text)) => self.tampered(client, Way::Up, text),
            other => other.into_iter().collect(),
        };
        let now = self.world_clock();
        for cargo in cargo {
            let Some(site) = self.sites.get_mut(gateway) else { return };
            match cargo {
                Cargo::Text(text) => site.core.handle_text(now, peer, &text),
                Cargo::Binary(len) => site.core.handle_binary(now, peer, &vec![b'?'; len]),
                Cargo::Pong => site.core.handle_pong(now, peer),
                Cargo::Close { code, .. } => {
                    let answered = self.roads.get(&id).is_some_and(|road| road.gateway_closing);
                    let silent = self.links.get(client).is_some_and(|link| link.no_goodbye.now().is_some());
                    if !answered && silent {
                        self.coverage.struck("NoGoodbye");
                    } else if !answered {
                        self.put(id, Way::Down, Cargo::Close { code, reason: String::new() });
                    }
                    self.gateway_leaves(id);
                }
                Cargo::End { .. } | Cargo::Nonsense => self.gateway_leaves(id),
                Cargo::Ping | Cargo::Opened => {}
            }
        }
        self.serve(gateway);
        self.notice_pairings(gateway);
    }

    /// The gateway's host has lost a connection.
    pub(super) fn gateway_leaves(&mut self, id: RoadId) {
        let now = self.world_clock();
        let Some(road) = self.roads.get_mut(&id).filter(|road| road.gateway_open) else { return };
        road.gateway_open = false;
        let (gateway, peer) = (road.gateway, road.peer);
        if let Some(site) = self.sites.get_mut(gateway) {
            site.core.handle_closed(now, peer);
        }
        self.serve(gateway);
    }
}
