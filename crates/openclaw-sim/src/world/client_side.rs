//! Between a client's core and its sockets.

use openclaw_proto::{ConnId, Input, Outcome, Output, State, TransportError};

use super::host::Proof;
use super::{Moment, World};
use crate::net::{Cargo, RoadId};
use crate::script::Way;

impl World {
    /// Does the next thing a core wants.
    pub(super) fn act(&mut self, client: usize) -> bool {
        let Some(output) = self.hosts.get_mut(client).and_then(|host| host.wants.pop_front()) else { return false };
        self.trace.line(self.at, || format!("c{client} -> {output:?}"));
        match output {
            Output::Dial { conn, .. } => self.dial(client, conn),
            Output::Close { conn, code, reason } => {
                if let Some(road) = self.socket_road(client, conn) {
                    self.with(client, |host| {
                        if let Some(socket) = host.sockets.get_mut(&conn) {
                            socket.closing = true;
                        }
                    });
                    self.put(road, Way::Up, Cargo::Close { code, reason: reason.into() });
                }
            }
            Output::Abort { conn } => {
                let road = self.socket_road(client, conn);
                self.with(client, |host| {
                    host.sockets.remove(&conn);
                });
                if let Some(road) = road {
                    self.client_leaves(road);
                }
            }
            Output::State(State::Ready { .. }) => self.remember(Moment::Ready),
            Output::Completed { waiter, outcome } => self.with(client, |host| {
                if host.proof == Proof::Asked(waiter) {
                    let answered = matches!(outcome, Outcome::Replied(_));
                    host.proof = if answered { Proof::Given } else { Proof::Missing };
                }
            }),
            _ => {}
        }
        true
    }

    fn socket_road(&self, client: usize, conn: ConnId) -> Option<RoadId> {
        self.hosts.get(client)?.sockets.get(&conn)?.road
    }

    /// Takes frames while there is room, and says what has left.
    pub(super) fn transmit(&mut self, client: usize) -> bool {
        let Some(host) = self.hosts.get(client).filter(|host| !host.is_asleep()) else { return false };
        let (buffer, at) = (host.spec.send_buffer, self.at);
        let open = host.sockets.iter().filter(|(_, socket)| socket.open);
        let open: Vec<(ConnId, RoadId)> = open.filter_map(|(conn, socket)| Some((*conn, socket.road?))).collect();
        let mut did = false;
        for (conn, road) in open {
            while self.roads.get(&road).is_some_and(|road| road.up.queued() <= buffer) {
                let Some(host) = self.hosts.get_mut(client) else { break };
                let Some(text) = host.transmit(at, conn) else { break };
                if let Some(socket) = host.sockets.get_mut(&conn) {
                    socket.unflushed = true;
                }
                did = true;
                self.trace.line(at, || format!("c{client} {conn} sends {} bytes", text.len()));
                self.put(road, Way::Up, Cargo::Text(text));
            }
            did |= self.report_leaving(client, conn, road, buffer);
        }
        did
    }

    /// Tells a core how far its frames have come.
    fn report_leaving(&mut self, client: usize, conn: ConnId, road: RoadId, buffer: usize) -> bool {
        let Some(road) = self.roads.get(&road) else { return false };
        let (queued, bytes_in) = (road.up.queued(), road.bytes_in);
        let bytes_out = road.up.given().saturating_sub(queued.saturating_sub(buffer) as u64);
        let Some(socket) = self.hosts.get_mut(client).and_then(|host| host.sockets.get_mut(&conn)) else {
            return false;
        };
        let progress = bytes_out > std::mem::replace(&mut socket.told_out, bytes_out) && socket.unflushed;
        let flushed = socket.unflushed && queued <= buffer;
        socket.unflushed &= !flushed;
        if progress {
            self.tell(client, conn, &Input::Alive { bytes_in, bytes_out });
        }
        if flushed {
            self.tell(client, conn, &Input::Flushed);
        }
        progress || flushed
    }

    /// Something has come for a client, or a part of it.
    pub(super) fn reaches_client(&mut self, id: RoadId, bytes: usize, cargo: Option<Cargo>) {
        let Some(road) = self.roads.get_mut(&id) else { return };
        road.bytes_in += bytes as u64;
        let (client, conn, open) = (road.client, road.conn, road.client_open);
        let alive = Input::Alive { bytes_in: road.bytes_in, bytes_out: 0 };
        if !open {
            // Some hosts have threads that did not know yet that the socket is gone.
            let late = self.hosts.get(client).is_some_and(|host| host.spec.late_words);
            if let (true, Some(Cargo::Text(text))) = (late, cargo) {
                self.tell(client, conn, &Input::Text(text));
            }
            return;
        }
        let is_text = matches!(cargo, Some(Cargo::Text(_)));
        let cut = is_text && self.links.get_mut(client).is_some_and(|link| std::mem::take(&mut link.down.cut));
        match cargo {
            _ if cut => {
                self.coverage.struck("ResetMidFrame");
                self.tell(client, conn, &alive);
                self.reset(id);
            }
            None | Some(Cargo::Pong) => self.tell(client, conn, &alive),
            Some(Cargo::Opened) => {
                self.with(client, |host| {
                    if let Some(socket) = host.sockets.get_mut(&conn) {
                        socket.open = true;
                    }
                });
                self.tell(client, conn, &Input::Opened);
            }
            Some(Cargo::Ping) => {
                self.put(id, Way::Up, Cargo::Pong);
                self.tell(client, conn, &alive);
            }
            Some(Cargo::Text(text)) => {
                self.remember_event(id, &text);
                for cargo in self.tampered(client, Way::Down, text) {
                    self.message(id, cargo);
                }
                // Hosts that count bytes do so after they have read.
                if self.dice.chance(1, 4) && self.roads.get(&id).is_some_and(|road| road.client_open) {
                    self.tell(client, conn, &alive);
                }
            }
            Some(Cargo::Close { code, reason }) => self.client_hears_close(id, code, reason),
            Some(Cargo::End { reset: true }) => self.breaks(id, TransportError::Io("connection reset by peer".into())),
            Some(Cargo::End { reset: false }) => {
                self.client_leaves(id);
                self.ended(client, conn, &Input::Closed { code: None, reason: String::new() });
            }
            Some(other) => self.message(id, other),
        }
    }

    /// A message has come over a socket that is still there.
    fn message(&mut self, id: RoadId, cargo: Cargo) {
        let Some(road) = self.roads.get(&id).filter(|road| road.client_open) else { return };
        let (client, conn) = (road.client, road.conn);
        let Some(spec) = self.hosts.get(client).map(|host| &host.spec) else { return };
        match cargo {
            Cargo::Text(text) if spec.strict_frames && text.len() > spec.inbound_frame => {
                self.breaks(id, TransportError::FrameTooLarge(format!("{} bytes", text.len())));
            }
            Cargo::Text(text) => self.tell(client, conn, &Input::Text(text)),
            Cargo::Binary(len) => self.tell(client, conn, &Input::Binary { len }),
            _ => self.breaks(id, TransportError::Protocol("a reserved bit is set".into())),
        }
    }

    fn remember_event(&mut self, id: RoadId, text: &str) {
        if let Some(road) = self.roads.get_mut(&id) {
            if road.first_event.is_none() && text.contains(r#","seq":"#) && text.starts_with(r#"{"type":"event""#) {
                road.first_event = Some(text.to_owned());
            }
        }
    }

    fn client_hears_close(&mut self, id: RoadId, code: u16, reason: String) {
        let Some(road) = self.roads.get_mut(&id) else { return };
        let (client, conn) = (road.client, road.conn);
        road.client_open = false;
        let closing = self.hosts.get(client).and_then(|host| host.sockets.get(&conn)).is_some_and(|s| s.closing);
        if !closing {
            self.put(id, Way::Up, Cargo::Close { code, reason: String::new() });
        }
        self.ended(client, conn, &Input::Closed { code: Some(code), reason });
    }

    /// The connection is cut between the two.
    pub(super) fn reset(&mut self, id: RoadId) {
        self.breaks(id, TransportError::Io("connection reset by peer".into()));
        self.gateway_leaves(id);
        self.sweep(id);
    }

    /// The client's socket fails.
    fn breaks(&mut self, id: RoadId, error: TransportError) {
        let Some(road) = self.roads.get(&id).filter(|road| road.client_open) else { return };
        let (client, conn) = (road.client, road.conn);
        self.client_leaves(id);
        self.ended(client, conn, &Input::Failed(error));
    }

    fn ended(&mut self, client: usize, conn: ConnId, input: &Input<String>) {
        self.with(client, |host| {
            host.sockets.remove(&conn);
        });
        self.tell(client, conn, input);
    }

    /// The client's host lets go of a connection.
    pub(super) fn client_leaves(&mut self, id: RoadId) {
        if let Some(road) = self.roads.get_mut(&id) {
            road.client_open = false;
            road.up.abandon();
        }
        self.pump(id, Way::Up);
        self.sweep(id);
    }
}
