//! Faults strike, and end.

use std::time::Duration;

use openclaw_proto::{Input, Instant};
use openclaw_testkit::{Drain, RestartPlan};
use serde_json::json;

use super::tricks::played;
use super::{Ended, World};
use crate::net::RoadId;
use crate::script::{Fault, Ways};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

impl World {
    /// A fault strikes.
    pub(super) fn strike(&mut self, fault: &Fault) {
        self.trace.line(self.at, || format!("wrong: {fault:?}"));
        // These are counted where they take hold.
        let later = matches!(
            fault,
            Fault::Trick { .. }
                | Fault::Damaged { .. }
                | Fault::Twice { .. }
                | Fault::DialFails { .. }
                | Fault::DialSlow { .. }
                | Fault::Http { .. }
                | Fault::NoGoodbye { .. }
                | Fault::ResetMidFrame { .. }
        );
        let took_hold = match fault.client() {
            Some(client) => self.strike_client(client, fault),
            None => self.strike_gateway(fault),
        };
        if took_hold && !later {
            self.coverage.struck(&fault.kind());
        }
    }

    fn strike_client(&mut self, client: usize, fault: &Fault) -> bool {
        match fault {
            Fault::SlowReader { for_ms, .. } => {
                let token = self.ends(*for_ms, Ended::SlowReader(client));
                self.with(client, |host| host.not_reading.push(token));
            }
            Fault::Sleep { for_ms, clock_stops, .. } => {
                let (token, at) = (self.ends(*for_ms, Ended::Sleep(client)), self.at);
                self.with(client, |host| host.asleep.push((token, at, *clock_stops)));
            }
            Fault::WallClock { by_ms, .. } => self.with(client, |host| host.clock.set(*by_ms)),
            Fault::Reroute { gateway, .. } => self.with(client, |host| host.gateway = *gateway),
            Fault::HalfOpen { .. } => {
                let Some(road) = self.present(client).and_then(|road| self.roads.get_mut(&road)) else { return false };
                road.severed = true;
            }
            Fault::Reset { .. } => {
                let Some(road) = self.present(client) else { return false };
                self.reset(road);
            }
            Fault::Again { .. } => {
                let Some(road) = self.present(client).and_then(|road| self.roads.get(&road)) else { return false };
                let (conn, Some(text)) = (road.conn, road.first_event.clone()) else { return false };
                self.tell(client, conn, &Input::Text(text));
            }
            other => return self.strike_link(client, other),
        }
        true
    }

    /// The connection that is open between a client that reads and its gateway.
    fn present(&self, client: usize) -> Option<RoadId> {
        let host = self.hosts.get(client).filter(|host| host.reads())?;
        host.sockets.values().rev().find(|socket| socket.open && !socket.closing)?.road
    }

    fn strike_link(&mut self, client: usize, fault: &Fault) -> bool {
        let token = match fault {
            Fault::Latency { for_ms, .. }
            | Fault::Bandwidth { for_ms, .. }
            | Fault::BlackHole { for_ms, .. }
            | Fault::DialFails { for_ms, .. }
            | Fault::DialSlow { for_ms, .. }
            | Fault::NoGoodbye { for_ms, .. }
            | Fault::Http { for_ms, .. } => self.ends(*for_ms, Ended::Link(client)),
            _ => 0,
        };
        let Some(link) = self.links.get_mut(client) else { return false };
        match fault {
            Fault::Latency { latency_ms, jitter_ms, .. } => link.pace.begin(token, (ms(*latency_ms), ms(*jitter_ms))),
            Fault::Bandwidth { bytes_per_s, .. } => link.bandwidth.begin(token, *bytes_per_s),
            Fault::BlackHole { ways, .. } => link.holes.begin(token, *ways),
            Fault::DialFails { how, .. } => link.dial_fails.begin(token, *how),
            Fault::DialSlow { by_ms, .. } => link.dial_slow.begin(token, ms(*by_ms)),
            Fault::Http { status, retry_after, .. } => link.http.begin(token, (*status, *retry_after)),
            Fault::NoGoodbye { .. } => link.no_goodbye.begin(token, ()),
            Fault::ResetMidFrame { .. } => link.down.cut = true,
            Fault::Damaged { way, damage, frames, .. } => link.tamper(*way).damage.push((*damage, *frames)),
            Fault::Twice { frames, .. } => link.down.twice += frames,
            _ => return false,
        }
        true
    }

    fn strike_gateway(&mut self, fault: &Fault) -> bool {
        let now = self.world_clock();
        let (gateway, end) = match fault {
            Fault::Crash { gateway, down_ms, boot_ms, .. } => {
                (*gateway, Some((*down_ms, Ended::Absence(*gateway, *boot_ms))))
            }
            Fault::Suspend { gateway, for_ms } => (*gateway, Some((*for_ms, Ended::Suspension(*gateway)))),
            Fault::Rotate { gateway, for_ms } => (*gateway, Some((*for_ms, Ended::Rotation(*gateway)))),
            Fault::Restart { gateway, .. }
            | Fault::CloseAll { gateway, .. }
            | Fault::CutAll { gateway }
            | Fault::Trick { gateway, .. } => (*gateway, None),
            _ => return false,
        };
        let token = end.map_or(0, |(ms, ended)| self.ends(ms, ended));
        let Some(site) = self.sites.get_mut(gateway) else { return false };
        let peers: Vec<_> = site.core.connections().into_iter().map(|info| info.peer).collect();
        match fault {
            Fault::Crash { with_machine, .. } => {
                site.absences.push(token);
                site.vanished |= *with_machine;
                site.core.kill(now);
            }
            Fault::Restart { drain_ms, expected_ms, down_ms, boot_ms, .. } => {
                let mut drain = Drain::default().reason("gateway restarting").lasting(ms(*drain_ms));
                drain.restart_expected = expected_ms.map(ms);
                let mut plan = RestartPlan::default().down_for(ms(*down_ms)).boot_for(ms(*boot_ms));
                plan.drain = drain;
                site.core.restart(now, plan);
            }
            Fault::Suspend { .. } => {
                site.core.broadcast(now, "gateway.suspension", &json!({"phase": "draining"}));
            }
            Fault::Rotate { .. } => {
                site.rotated.push(token);
                site.set_token();
                for peer in peers {
                    site.core.invalidate(now, peer, "token rotated");
                }
            }
            Fault::CloseAll { code, .. } => {
                for peer in peers {
                    site.core.close(now, peer, *code, "as it pleases");
                }
            }
            Fault::CutAll { .. } => {
                for peer in peers {
                    site.core.abort(now, peer);
                }
            }
            Fault::Trick { trick, times, .. } => {
                let name = fault.kind();
                for fault in played(trick, *times) {
                    site.core.fault(fault);
                    site.tricks.push(name.clone());
                }
            }
            _ => {}
        }
        self.serve(gateway);
        true
    }

    /// A fault with a duration ends.
    pub(super) fn end(&mut self, token: u64, ended: &Ended) {
        self.trace.line(self.at, || format!("mended: {ended:?}"));
        match *ended {
            Ended::Link(client) => {
                if let Some(link) = self.links.get_mut(client) {
                    link.end(token);
                }
                if !self.has_hole(client, Ways::Both) {
                    self.release(client);
                }
            }
            Ended::SlowReader(client) => {
                self.with(client, |host| host.not_reading.retain(|known| *known != token));
                self.release(client);
            }
            Ended::Sleep(client) => self.wakes(client, token),
            Ended::Absence(gateway, boot_ms) => self.comes_back(gateway, token, boot_ms),
            Ended::Suspension(gateway) => {
                let now = self.world_clock();
                if let Some(site) = self.sites.get_mut(gateway) {
                    site.core.broadcast(now, "gateway.suspension", &json!({"phase": "accepting"}));
                }
                self.serve(gateway);
            }
            Ended::Rotation(gateway) => {
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
            self.pump(id, crate::script::Way::Down);
        }
    }

    /// Everything is as it should be again, except what is broken for good.
    pub(super) fn mend(&mut self) {
        let at: Instant = self.at;
        self.trace.line(at, || "everything is mended".into());
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
        self.part_from_the_deaf();
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
