//! Dialing, from the wish to the answer.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use openclaw_proto::{ConnId, Input, TransportError, UpgradeRefused};
use openclaw_testkit::PeerInfo;

use super::host::Sock;
use super::{Happening, Moment, World};
use crate::net::{Cargo, Road, RoadId};
use crate::script::{DialFailure, Way, Ways};

/// TCP repeats a SYN that gets no answer.
const SYN_REPEAT: Duration = Duration::from_secs(1);

/// Every client has an address of its own, so that what gateways allow an address, they allow a client.
fn address(client: usize) -> IpAddr {
    let number = u32::try_from(client).unwrap_or(u32::MAX).wrapping_add(0x7f00_0002);
    Ipv4Addr::from(number).into()
}

impl World {
    /// A core wants a socket.
    pub(super) fn dial(&mut self, client: usize, conn: ConnId) {
        let Some(link) = self.links.get(client) else { return };
        let slow = link.dial_slow.now().copied().unwrap_or_default();
        self.with(client, |host| {
            host.sockets.insert(conn, Sock::default());
        });
        if !slow.is_zero() {
            self.coverage.struck("DialSlow");
        }
        // TCP, TLS and the upgrade: two and a half times there and back.
        let delay = self.one_way(client) * 5 + slow;
        self.queue.put(self.at.after(delay), Happening::Knock(client, conn));
    }

    fn one_way(&self, client: usize) -> Duration {
        let (Some(link), Some(host)) = (self.links.get(client), self.hosts.get(client)) else { return Duration::ZERO };
        link.pace(&host.spec).0
    }

    /// A dial reaches its gateway.
    pub(super) fn knock(&mut self, client: usize, conn: ConnId) {
        let (Some(host), Some(link)) = (self.hosts.get(client), self.links.get(client)) else { return };
        if !host.sockets.contains_key(&conn) {
            return;
        }
        let gateway = host.gateway;
        let vanished = self.sites.get(gateway).is_some_and(|site| site.vanished);
        if vanished || !link.is_open(Way::Up) || !link.is_open(Way::Down) {
            self.queue.put(self.at.after(SYN_REPEAT), Happening::Knock(client, conn));
            return;
        }
        match self.admitted(client, gateway) {
            Err(error) => {
                self.remember(Moment::Knock { accepted: false });
                let at = self.at.after(self.one_way(client));
                self.queue.put(at, Happening::Answer(client, conn, Input::Failed(error)));
            }
            Ok(peer) => {
                self.remember(Moment::Knock { accepted: true });
                let id = RoadId(self.next_road);
                self.next_road += 1;
                let dice = self.dice.fork(conn.number()).fork(client as u64);
                self.roads.insert(id, Road::new(client, conn, gateway, peer, dice));
                self.by_peer.insert((gateway, peer), id);
                self.with(client, |host| {
                    if let Some(socket) = host.sockets.get_mut(&conn) {
                        socket.road = Some(id);
                    }
                });
                self.put(id, Way::Down, Cargo::Opened);
            }
        }
        self.serve(gateway);
    }

    /// Whether a dial is let in, by everybody on the way.
    fn admitted(&mut self, client: usize, gateway: usize) -> Result<openclaw_testkit::PeerId, TransportError> {
        let (now, at) = (self.world_clock(), self.at);
        let refused = |what: &str| Err(TransportError::Connect(what.into()));
        let Some(link) = self.links.get(client) else { return refused("no way") };
        if let Some(how) = link.dial_fails.now().copied() {
            self.coverage.struck(&format!("DialFails {how:?}"));
            return Err(match how {
                DialFailure::Refused => TransportError::Connect("connection refused".into()),
                DialFailure::Name => TransportError::Resolve { host: "gateway".into(), message: "no such name".into() },
                DialFailure::Tls => TransportError::Tls("certificate expired".into()),
                DialFailure::Protocol => TransportError::Protocol("this is a printer".into()),
            });
        }
        if let Some((status, after)) = link.http.now().copied() {
            self.coverage.struck("Http");
            let headers = after.map(|after| ("retry-after".to_owned(), after.to_string()));
            return Err(upgrade_refused(status, headers.into_iter().collect()));
        }
        let Some(site) = self.sites.get_mut(gateway) else { return refused("no such gateway") };
        if !site.listening {
            return refused("connection refused");
        }
        if !site.has_room(at) {
            return Err(upgrade_refused(503, Vec::new()));
        }
        site.core.connect(now, PeerInfo::new(address(client))).map_err(|refusal| {
            // Hosts hand on the names of headers in lower case.
            let headers = refusal.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
            upgrade_refused(refusal.status, headers.collect())
        })
    }

    /// Whether nothing passes on a client's way, in one direction at least.
    pub(super) fn has_hole(&self, client: usize, ways: Ways) -> bool {
        let Some(link) = self.links.get(client) else { return false };
        [Way::Up, Way::Down].into_iter().any(|way| ways.has(way) && !link.is_open(way))
    }
}

fn upgrade_refused(status: u16, headers: Vec<(String, String)>) -> TransportError {
    TransportError::UpgradeRefused(UpgradeRefused::new(status, headers, String::new()))
}
