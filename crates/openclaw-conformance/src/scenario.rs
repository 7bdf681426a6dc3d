//! A scenario: something that gateways do and that a client relies on.

use std::time::Duration;

use anyhow::Result;

use crate::setup::{self, Setup};
use crate::stage::Stage;

/// Much longer than any scenario takes; one that is not over by then hangs.
const LIMIT: Duration = Duration::from_secs(400);

/// What came of a scenario that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Everything is as it should be; with what is worth knowing about it, such as numbers.
    Holds(String),
    /// This gateway has no such thing, and why.
    DoesNotApply(String),
}

impl Seen {
    /// Everything is as it should be.
    ///
    /// # Errors
    /// Never: it is what scenarios end with.
    pub fn holds(detail: impl Into<String>) -> Result<Self> {
        Ok(Self::Holds(detail.into()))
    }

    /// This gateway has no such thing.
    ///
    /// # Errors
    /// Never: it is what scenarios end with.
    pub fn does_not_apply(reason: impl Into<String>) -> Result<Self> {
        Ok(Self::DoesNotApply(reason.into()))
    }
}

/// A scenario, and what it needs.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The file it stands in.
    pub group: &'static str,
    /// What it shows, as a sentence without a full stop.
    pub about: &'static str,
    /// The gateway it needs. Scenarios of one setup share a gateway, one after the other.
    pub setup: &'static Setup,
    /// Needs a gateway that no other scenario sees.
    pub alone: bool,
    /// Mostly waits: runs while the others have their turns on the same gateway.
    pub beside: bool,
    /// Takes so long that it is run only with `--long`.
    pub long: bool,
    /// Does not depend on the client's runtime: runs on the first one only.
    pub once: bool,
    /// When it counts as hanging.
    pub limit: Duration,
    /// The scenario. An error is a failure; so is a panic of what it calls.
    pub run: fn(&Stage) -> Result<Seen>,
}

impl Scenario {
    /// A scenario on a gateway as it is started by default.
    pub const fn new(group: &'static str, about: &'static str, run: fn(&Stage) -> Result<Seen>) -> Self {
        Self {
            group,
            about,
            setup: &setup::PLAIN,
            alone: false,
            beside: false,
            long: false,
            once: false,
            limit: LIMIT,
            run,
        }
    }

    /// Needs such a gateway.
    #[must_use]
    pub const fn on(mut self, setup: &'static Setup) -> Self {
        self.setup = setup;
        self
    }

    /// Needs a gateway that no other scenario sees. It may end it; it should be back in the end, for the next runtime.
    #[must_use]
    pub const fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Mostly waits.
    #[must_use]
    pub const fn beside(mut self) -> Self {
        self.beside = true;
        self
    }

    /// Takes more than about 15 s of waiting.
    #[must_use]
    pub const fn long(mut self) -> Self {
        self.long = true;
        self
    }

    /// Has no client of ours in it, or what it shows is the gateway's alone.
    #[must_use]
    pub const fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Counts as hanging after so many seconds.
    #[must_use]
    pub const fn within(mut self, seconds: u64) -> Self {
        self.limit = Duration::from_secs(seconds);
        self
    }

    /// How it is called in tables and by `--only`.
    pub fn name(&self) -> String {
        format!("{}: {}", self.group, self.about)
    }
}
