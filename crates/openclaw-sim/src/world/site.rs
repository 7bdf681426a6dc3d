//! A gateway's host.

use std::collections::BTreeSet;
use std::time::Duration;

use openclaw_proto::Instant;
use openclaw_testkit::{AuthMode, GatewayCore};

use super::devices::approval;
use crate::dice::Dice;
use crate::script::{GatewaySpec, TOKEN};

/// How long a count of accepted connections lasts.
const WINDOW_NS: u64 = 100_000_000;

/// A gateway with everything around it.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) core: GatewayCore,
    pub(super) listening: bool,
    /// The machine is gone: it does not even refuse.
    pub(super) vanished: bool,
    /// Tokens of the absences it is in.
    pub(super) absences: Vec<u64>,
    /// Tokens of the rotations it is in.
    pub(super) rotated: Vec<u64>,
    /// The names of its tricks, in the order in which it was given them.
    pub(super) tricks: Vec<String>,
    /// How long the approval of a pairing takes, if it needs one.
    pub(super) approval: Option<Duration>,
    /// The pairings that will be approved.
    pub(super) noticed: BTreeSet<String>,
    accepts: u32,
    accepted: (u64, u32),
}

impl Site {
    pub(super) fn new(spec: &GatewaySpec, dice: &mut Dice) -> Self {
        Self {
            core: GatewayCore::new(spec.config(), dice.roll()),
            listening: true,
            vanished: false,
            absences: Vec::new(),
            rotated: Vec::new(),
            tricks: Vec::new(),
            approval: approval(spec.approval_ms),
            noticed: BTreeSet::new(),
            accepts: spec.accepts,
            accepted: (0, 0),
        }
    }

    /// Whether it can take one more connection now.
    pub(super) fn has_room(&mut self, at: Instant) -> bool {
        let window = at.as_nanos() / WINDOW_NS;
        if self.accepted.0 != window {
            self.accepted = (window, 0);
        }
        self.accepted.1 += 1;
        self.accepts == 0 || self.accepted.1 <= self.accepts
    }

    /// Wants the token that is right now.
    pub(super) fn set_token(&mut self) {
        let token = if self.rotated.is_empty() { TOKEN } else { "another-token" };
        self.core.set_auth(AuthMode::Token(token.into()));
    }
}
