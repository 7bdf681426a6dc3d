//! Faults end, one by one or all at once.

use serde_json::json;

use super::strike::ms;
use super::{Ended, World};
use crate::net::RoadId;
use crate::script::{Way, Ways};

impl World {
    /// A fault with a duration ends.
    pub(super) fn end(&mut self, token: u64, ended: &Ended) {
        self.trace.line(self.at, || format!("mended: {ended:?}"));
        match ended {
            &Ended::Link(client) => {
                if let Some(link) = self.links.get_mut(client) {
                    link.end(token);
                }
                if !self.has_hole(client, Ways::Both) {
                    self.release(client);
                }
            }
            &Ended::SlowReader(client) => {
                self.with(client, |host| host.not_reading.retain(|known| *known != token));
                self.release(client);
            }
            &Ended::Sleep(client) => self.wakes(client, token),
            &Ended::Absence(gateway, boot_ms) => self.comes_back(gateway, token, boot_ms),
            &Ended::Suspension(gateway) => {
                let now = self.world_clock();
                if let Some(site) = self.sites.get_mut(gateway) {
                    site.core.broadcast(now, "gateway.suspension", &json!({"phase": "accepting"}));
                }
                self.serve(gateway);
            }
            Ended::Pairing(gateway, request) => self.approve(*gateway, request),
            &Ended::Rotation(gateway) => {
                if let Some(site) = self.sites.get_mut(gateway) {
                    site.rotated.retain(|known| *known != token);
                    site.set_token();
                }
            }
        }
    }

    fn wakes(&mut self, client: usize, token: u64) {
        let at = self.at;
        let Some(host) = self.hosts.get_mut(client) else { return };
        let Some(place) = host.asleep.iter().position(|(known, ..)| *known == token) else { return };
        let (_, since, clock_stops) = host.asleep.remove(place);
        // Of two sleeps at once the one that ends last is the whole of it.
        if !host.asleep.is_empty() {
            return;
        }
        if clock_stops {
            host.clock.stood_still(at.as_nanos().saturating_sub(since.as_nanos()));
        }
        let put_off = std::mem::take(&mut host.put_off);
        self.busy.insert(client);
        self.release(client);
        for place in put_off {
            self.event(place);
        }
    }

    /// A gateway that crashed is back.
    fn comes_back(&mut self, gateway: usize, token: u64, boot_ms: u64) {
        let now = self.world_clock();
        let Some(site) = self.sites.get_mut(gateway) else { return };
        site.absences.retain(|known| *known != token);
        if !site.absences.is_empty() {
            return;
        }
        site.vanished = false;
        site.core.revive(now, ms(boot_ms));
        self.serve(gateway);
        // What waits to be repeated to the machine that was away is answered by a reset.
        let orphans: Vec<RoadId> = self
            .roads
            .iter()
            .filter(|(_, road)| road.gateway == gateway && road.severed && !road.gateway_open && !road.up.is_empty())
            .map(|(id, _)| *id)
            .collect();
        for id in orphans {
            if let Some(road) = self.roads.get_mut(&id) {
                road.severed = false;
                road.down.abandon();
            }
            self.pump(id, Way::Down);
        }
    }

    /// Everything is as it should be again, except what is broken for good.
    pub(super) fn mend(&mut self) {
        self.trace.line(self.at, || "everything is mended".into());
        for gateway in 0..self.sites.len() {
            self.count_tricks(gateway);
            if let Some(site) = self.sites.get_mut(gateway) {
                site.core.clear_faults();
                site.tricks.clear();
                site.rotated.clear();
                site.set_token();
            }
            let absences = self.sites.get(gateway).map(|site| site.absences.clone()).unwrap_or_default();
            absences.into_iter().for_each(|token| self.comes_back(gateway, token, 0));
        }
        for client in 0..self.hosts.len() {
            if let Some(link) = self.links.get_mut(client) {
                link.mend();
            }
            let sleeps: Vec<u64> =
                self.hosts.get(client).map(|h| h.asleep.iter().map(|(t, ..)| *t).collect()).unwrap_or_default();
            sleeps.into_iter().for_each(|token| self.wakes(client, token));
            self.with(client, |host| host.not_reading.clear());
            self.release(client);
        }
        self.ask_users();
        self.part_from_the_deaf();
    }

    /// A gateway that reads nothing but goes on ticking looks alive to its clients. Pings find it out, and it cuts them;
    /// without pings, which real gateways send, nobody can.
    fn part_from_the_deaf(&mut self) {
        let pings = |gateway: usize| self.script.gateways.get(gateway).is_some_and(|spec| spec.ping_ms > 0);
        let deaf = self.roads.iter().filter(|(_, road)| road.deaf && !pings(road.gateway));
        let deaf: Vec<RoadId> = deaf.map(|(id, _)| *id).collect();
        deaf.into_iter().for_each(|id| self.reset(id));
    }

    fn count_tricks(&mut self, gateway: usize) {
        let Some(site) = self.sites.get(gateway) else { return };
        for (name, struck) in site.tricks.iter().zip(site.core.struck()) {
            if struck > 0 {
                self.coverage.struck(name);
            }
        }
    }
}
