//! Faults strike.

use std::time::Duration;

use openclaw_proto::Input;
use openclaw_testkit::{Drain, RestartPlan};
use serde_json::json;

use super::tricks::played;
use super::{Ended, World};
use crate::net::RoadId;
use crate::script::Fault;

pub(super) fn ms(ms: u64) -> Duration {
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
            Fault::Device { loss, .. } => return self.bereave(client, *loss),
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
}
