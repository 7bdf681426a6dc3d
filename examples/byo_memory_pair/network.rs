//! The network between the two: everything arrives, in order, a little later.

use std::collections::VecDeque;
use std::time::Duration;

use openclaw_proto::{ConnId, Input, Instant};
use openclaw_testkit::PeerId;

/// From one end to the other.
pub(crate) const LATENCY: Duration = Duration::from_millis(4);

/// What is under way.
pub(crate) enum Parcel {
    Dial(ConnId),
    Text(PeerId, String),
    Pong(PeerId),
    Gone(PeerId),
    ToClient(ConnId, Input<String>),
}

/// A connection as both ends call it.
struct Road {
    conn: ConnId,
    peer: PeerId,
    /// What has come over it to the client.
    bytes: u64,
}

#[derive(Default)]
pub(crate) struct Network {
    now: Instant,
    roads: Vec<Road>,
    /// In the order of arrival, since everything takes the same time.
    wire: VecDeque<(Instant, Parcel)>,
}

impl Network {
    pub(crate) fn post(&mut self, parcel: Parcel) {
        self.wire.push_back((self.now.after(LATENCY), parcel));
    }

    /// When the next parcel is there.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.wire.front().map(|(at, _)| *at)
    }

    pub(crate) fn advance(&mut self, now: Instant) {
        self.now = now;
    }

    /// A parcel that is there.
    pub(crate) fn take(&mut self) -> Option<Parcel> {
        let (at, _) = self.wire.front()?;
        if *at > self.now { None } else { self.wire.pop_front().map(|(_, parcel)| parcel) }
    }

    pub(crate) fn join(&mut self, conn: ConnId, peer: PeerId) {
        self.roads.push(Road { conn, peer, bytes: 0 });
    }

    /// The client says something.
    pub(crate) fn up(&mut self, conn: ConnId, text: String) {
        if let Some(road) = self.roads.iter().find(|road| road.conn == conn) {
            let peer = road.peer;
            self.post(Parcel::Text(peer, text));
        }
    }

    /// The gateway says something.
    pub(crate) fn down(&mut self, peer: PeerId, text: String) {
        if let Some(road) = self.roads.iter_mut().find(|road| road.peer == peer) {
            road.bytes += text.len() as u64;
            let conn = road.conn;
            self.post(Parcel::ToClient(conn, Input::Text(text)));
        }
    }

    /// The gateway pings. A WebSocket answers by itself; the client's core sees only that bytes have come.
    pub(crate) fn ping(&mut self, peer: PeerId) {
        if let Some(road) = self.roads.iter_mut().find(|road| road.peer == peer) {
            road.bytes += 2;
            let (conn, bytes_in) = (road.conn, road.bytes);
            self.post(Parcel::ToClient(conn, Input::Alive { bytes_in, bytes_out: 0 }));
            self.post(Parcel::Pong(peer));
        }
    }

    /// The client is done with a connection. What is under way still comes: the core knows by its id that it is late.
    pub(crate) fn cut(&mut self, conn: ConnId) {
        if let Some(index) = self.roads.iter().position(|road| road.conn == conn) {
            let peer = self.roads.swap_remove(index).peer;
            self.post(Parcel::Gone(peer));
        }
    }

    /// The gateway is done with a connection.
    pub(crate) fn end(&mut self, peer: PeerId, code: Option<u16>, reason: String) {
        if let Some(conn) = self.roads.iter().find(|road| road.peer == peer).map(|road| road.conn) {
            self.cut(conn);
            self.post(Parcel::ToClient(conn, Input::Closed { code, reason }));
        }
    }
}
