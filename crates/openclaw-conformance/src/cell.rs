//! A cell of the table: one scenario on one gateway with one runtime.

use std::time::Duration;

use openclaw_tests::lane::Lane;
use serde_json::Value;

use crate::release::Release;
use crate::scenario::Scenario;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds; with details.
    Holds(String),
    /// This gateway has no such thing, and why.
    DoesNotApply(String),
    /// It was not run, and why.
    NotRun(String),
    /// It does not hold.
    Failed(String),
}

impl Outcome {
    /// What it is called in results, and its details.
    pub(crate) fn told(&self) -> (&'static str, &str) {
        match self {
            Self::Holds(detail) => ("holds", detail),
            Self::DoesNotApply(reason) => ("does not apply", reason),
            Self::NotRun(reason) => ("not run", reason),
            Self::Failed(error) => ("failed", error),
        }
    }

    /// The one that was told like that.
    pub(crate) fn read(word: &str, detail: &str) -> Option<Self> {
        let all = [Self::Holds, Self::DoesNotApply, Self::NotRun, Self::Failed];
        all.into_iter().map(|outcome| outcome(detail.to_owned())).find(|outcome| outcome.told().0 == word)
    }
}

/// One scenario on one gateway with one runtime.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The gateway.
    pub release: Release,
    /// The runtime of the client.
    pub lane: Lane,
    /// The scenario.
    pub scenario: &'static Scenario,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
    /// Shapes that the scenario noted, to compare gateways by.
    pub notes: Vec<(String, Value)>,
}

impl Cell {
    /// Whether it failed.
    pub fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }
}
