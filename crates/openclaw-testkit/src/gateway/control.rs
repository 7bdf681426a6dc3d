//! What a test does to the gateway, and what it can look at.

use openclaw_proto::{Instant, Now};
use serde_json::Value;

use super::{Action, Asked, ConnectionInfo, GatewayCore, PeerId, Phase, events};
use crate::config::AuthMode;
use crate::faults::{Fault, Point};
use crate::frames::EventBody;

impl GatewayCore {
    /// Sends an event to every connection that may see it, as part of its sequence.
    ///
    /// An event that real gateways do not have goes to every connection.
    pub fn broadcast(&mut self, now: Now, name: &str, payload: &Value) {
        self.now = now;
        self.send_event(name, payload, events::droppable_by_name(name));
    }

    /// Sends an event to one connection, outside of its sequence.
    pub fn event(&mut self, now: Now, peer: PeerId, name: &str, payload: &Value) {
        self.now = now;
        let frame = EventBody::new(self.dialect, name, payload, None).frame(None, None);
        self.send_at(peer, &Point::Event(name.into()), frame, None);
    }

    /// Sends a text message to one connection, whatever it is.
    pub fn inject(&mut self, now: Now, peer: PeerId, text: impl Into<String>) {
        self.now = now;
        self.emit(peer, text.into());
    }

    /// Closes a connection.
    pub fn close(&mut self, now: Now, peer: PeerId, code: u16, reason: &str) {
        self.now = now;
        self.close_peer(peer, code, reason);
    }

    /// Cuts a connection without a close frame.
    pub fn abort(&mut self, now: Now, peer: PeerId) {
        self.now = now;
        self.abort_peer(peer);
    }

    /// Withdraws a connection's authority: it is closed with 4001.
    pub fn invalidate(&mut self, now: Now, peer: PeerId, reason: &str) {
        self.close(now, peer, 4001, &format!("client invalidated: {reason}"));
    }

    /// Adds a fault.
    pub fn fault(&mut self, fault: Fault) {
        if let Point::Time(at) = fault.point {
            self.schedule.put(Instant::ZERO.after(at), Action::FaultTime(at));
        }
        self.faults.add(fault);
    }

    /// Takes all faults back. What they have delayed still comes, what they have stopped stays stopped.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// How often each fault has struck, in the order in which they were given.
    #[must_use]
    pub fn struck(&self) -> Vec<u64> {
        self.faults.struck().collect()
    }

    /// Wants another credential from now on. Who is let in already stays; see [`invalidate`](Self::invalidate).
    pub fn set_auth(&mut self, auth: AuthMode) {
        self.auth = auth;
    }

    /// The open connections.
    #[must_use]
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        let open = self.peers.iter().filter(|(_, peer)| !peer.is_closing());
        open.map(|(id, peer)| ConnectionInfo::of(*id, peer)).collect()
    }

    /// The requests that came after hello, refused ones included, oldest first.
    pub fn requests(&self) -> impl Iterator<Item = &Asked> {
        self.journal.iter()
    }

    pub(crate) fn session(&self, peer: PeerId) -> Option<&super::peer::Session> {
        self.peers.get(&peer).and_then(super::Peer::session)
    }

    /// Where in its life the gateway is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }
}
