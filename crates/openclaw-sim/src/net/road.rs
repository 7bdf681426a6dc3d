//! A connection, as the network sees it.

use std::time::Duration;

use openclaw_proto::ConnId;
use openclaw_testkit::PeerId;

use super::link::Link;
use super::pipe::Pipe;
use crate::dice::Dice;
use crate::script::{ClientSpec, Way};

/// Names a connection for the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RoadId(pub(crate) u64);

/// A connection between a client and a gateway.
#[derive(Debug)]
pub(crate) struct Road {
    pub(crate) client: usize,
    pub(crate) conn: ConnId,
    pub(crate) gateway: usize,
    pub(crate) peer: PeerId,
    pub(crate) up: Pipe,
    pub(crate) down: Pipe,
    /// Whether the client's host still has the socket.
    pub(crate) client_open: bool,
    /// Whether the gateway's host still has the socket.
    pub(crate) gateway_open: bool,
    /// The gateway has sent a close frame.
    pub(crate) gateway_closing: bool,
    /// The gateway does not read.
    pub(crate) deaf: bool,
    /// More waits for the client than the gateway is willing to keep.
    pub(crate) slow: bool,
    /// Nothing passes, ever again.
    pub(crate) severed: bool,
    /// What has come to the client, in bytes.
    pub(crate) bytes_in: u64,
    /// The first event of its sequence.
    pub(crate) first_event: Option<String>,
    dice: Dice,
}

impl Road {
    pub(crate) fn new(client: usize, conn: ConnId, gateway: usize, peer: PeerId, dice: Dice) -> Self {
        Self {
            client,
            conn,
            gateway,
            peer,
            up: Pipe::default(),
            down: Pipe::default(),
            client_open: true,
            gateway_open: true,
            gateway_closing: false,
            deaf: false,
            slow: false,
            severed: false,
            bytes_in: 0,
            first_event: None,
            dice,
        }
    }

    /// How long the next piece takes.
    pub(crate) fn delay(&mut self, link: &Link, spec: &ClientSpec) -> Duration {
        let (latency, jitter) = link.pace(spec);
        let jitter = self.dice.below(u64::try_from(jitter.as_nanos()).unwrap_or(u64::MAX));
        latency + Duration::from_nanos(jitter)
    }

    pub(crate) fn pipe(&mut self, way: Way) -> &mut Pipe {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }

    /// Whether nobody has anything to do with it any more.
    pub(crate) fn is_over(&self) -> bool {
        let still = self.severed || self.up.is_empty() && self.down.is_empty();
        !self.client_open && !self.gateway_open && still
    }
}
