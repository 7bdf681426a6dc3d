//! Sending, closing, and the faults that strike on the way.

use std::time::Duration;

use super::peer::{Peer, Stage};
use super::{Action, GatewayCore, GatewayOutput, PeerId};
use crate::faults::{Effect, Point};
use crate::frames;

/// What faults have made of something that was about to happen.
#[derive(Debug, Default)]
pub(crate) struct Shaped {
    /// The texts to send; empty when they are withheld.
    pub(crate) texts: Vec<String>,
    pub(crate) delay: Duration,
    /// It shall not happen: withheld, or the connection has ended over it.
    pub(crate) prevented: bool,
}

impl GatewayCore {
    /// The effects that strike `peer` at `point`.
    pub(crate) fn strike(&mut self, point: &Point, peer: PeerId) -> Vec<Effect> {
        if self.faults.is_empty() { Vec::new() } else { self.faults.strike(point, peer.number()) }
    }

    /// Sends a frame unless a fault wants otherwise.
    pub(crate) fn send_at(&mut self, peer: PeerId, point: &Point, text: String, id: Option<&str>) {
        let effects = self.strike(point, peer);
        let shaped = self.shape(peer, effects, text, id);
        self.send_shaped(peer, shaped);
    }

    pub(crate) fn send_shaped(&mut self, peer: PeerId, shaped: Shaped) {
        for text in shaped.texts {
            if shaped.delay.is_zero() {
                self.emit(peer, text);
            } else {
                self.schedule.put(self.now.mono.after(shaped.delay), Action::Emit(peer, text));
            }
        }
    }

    /// Lets effects work on a frame that is about to be sent. The stopping ones come last, after the frame.
    pub(crate) fn shape(&mut self, peer: PeerId, effects: Vec<Effect>, text: String, id: Option<&str>) -> Shaped {
        let mut shaped = Shaped { texts: vec![text], ..Shaped::default() };
        let mut stops = Vec::new();
        for effect in effects {
            match effect {
                Effect::Withhold => shaped.prevented = true,
                Effect::Delay(delay) => shaped.delay += delay,
                Effect::Inject(text) => self.emit(peer, with_id(&text, id)),
                Effect::Replace(text) => shaped.texts = vec![with_id(&text, id)],
                Effect::Duplicate => shaped.texts.extend(shaped.texts.clone()),
                Effect::Close { code, reason } => {
                    self.close_peer(peer, code, &reason);
                    shaped.prevented = true;
                }
                Effect::Abort => {
                    self.abort_peer(peer);
                    shaped.prevented = true;
                }
                stop @ (Effect::StopReading | Effect::StopWriting) => stops.push(stop),
                Effect::SkipSeq(_) | Effect::MergeHello(_) | Effect::Refuse(_) => {}
            }
        }
        if shaped.prevented {
            shaped.texts.clear();
        }
        // What is sent before the stop shall still arrive.
        if !stops.is_empty() {
            self.send_shaped(peer, std::mem::take(&mut shaped));
            shaped.prevented = true;
        }
        stops.into_iter().for_each(|stop| self.stop(peer, &stop));
        shaped
    }

    /// Lets effects work where nothing is about to be sent.
    pub(crate) fn control(&mut self, peer: PeerId, point: &Point, id: Option<&str>) -> Shaped {
        let mut shaped = Shaped::default();
        for effect in self.strike(point, peer) {
            match effect {
                Effect::Withhold => shaped.prevented = true,
                Effect::Delay(delay) => shaped.delay += delay,
                Effect::Inject(text) => self.emit(peer, with_id(&text, id)),
                Effect::Close { code, reason } => {
                    self.close_peer(peer, code, &reason);
                    shaped.prevented = true;
                }
                Effect::Abort => {
                    self.abort_peer(peer);
                    shaped.prevented = true;
                }
                Effect::SkipSeq(count) => self.skip_seq(peer, count),
                stop @ (Effect::StopReading | Effect::StopWriting) => self.stop(peer, &stop),
                Effect::Replace(_) | Effect::Duplicate | Effect::MergeHello(_) | Effect::Refuse(_) => {}
            }
        }
        shaped
    }

    pub(crate) fn skip_seq(&mut self, peer: PeerId, count: u64) {
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.seq = peer.seq.saturating_add(count);
        }
    }

    fn stop(&mut self, id: PeerId, effect: &Effect) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if *effect == Effect::StopWriting {
            peer.muted = true;
        } else if !peer.deaf {
            peer.deaf = true;
            self.outputs.push_back(GatewayOutput::StopReading { peer: id });
        }
    }

    /// A fault that strikes by the clock.
    pub(crate) fn fault_time(&mut self, at: Duration) {
        let open: Vec<PeerId> = self.peers.iter().filter(|(_, peer)| !peer.is_closing()).map(|(id, _)| *id).collect();
        for peer in open {
            self.control(peer, &Point::Time(at), None);
        }
    }

    /// Hands a message over to the host.
    pub(crate) fn emit(&mut self, id: PeerId, text: String) {
        let Some(peer) = self.peers.get_mut(&id).filter(|peer| !peer.is_closing() && !peer.muted) else { return };
        peer.unfetched += text.len();
        self.outputs.push_back(GatewayOutput::Send { peer: id, text });
    }

    /// Whether more waits for `peer` than the gateway is willing to keep.
    pub(crate) fn is_slow(&self, peer: PeerId) -> bool {
        self.peers.get(&peer).is_some_and(|peer| peer.buffered() > self.limits.max_buffered)
    }

    pub(crate) fn close_peer(&mut self, id: PeerId, code: u16, reason: &str) {
        let Some(muted) = self.peers.get(&id).filter(|peer| !peer.is_closing()).map(|peer| peer.muted) else { return };
        if !muted {
            self.outputs.push_back(GatewayOutput::Close { peer: id, code, reason: frames::reason(reason) });
        }
        self.schedule.put(self.now.mono.after(self.limits.close_grace), Action::Cut(id));
        self.retire(id);
    }

    pub(crate) fn abort_peer(&mut self, id: PeerId) {
        if self.peers.contains_key(&id) {
            self.outputs.push_back(GatewayOutput::Abort { peer: id });
            self.retire(id);
            self.peers.remove(&id);
        }
    }

    /// The grace of a closed connection is over.
    pub(crate) fn cut(&mut self, id: PeerId) {
        if self.peers.get(&id).is_some_and(Peer::is_closing) {
            self.abort_peer(id);
        }
    }

    /// Ends the session of a connection, whatever becomes of its socket.
    pub(crate) fn retire(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let stage = std::mem::replace(&mut peer.stage, Stage::Closing);
        if let Stage::Open { session, .. } = stage {
            self.left(id, &session);
        }
    }
}

/// Puts a request's id into a scripted text.
fn with_id(text: &str, id: Option<&str>) -> String {
    id.map_or_else(|| text.to_owned(), |id| text.replace("$id", id))
}
