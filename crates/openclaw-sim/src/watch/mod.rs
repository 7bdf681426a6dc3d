//! Looking at every step of a client.

mod chronicle;
mod step;
mod wallet;

use std::fmt;

use openclaw_proto::ClientConfig;

pub use chronicle::{Chronicle, Open, Socket};
pub use step::{Call, Facts, Step, View};
pub use wallet::{Shown, Wallet};

use crate::invariants::{self, Invariant};
use crate::model::Row;

/// What did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The invariant's name.
    pub invariant: &'static str,
    /// How.
    pub how: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.how)
    }
}

/// Looks at every step of a client.
pub struct Watch {
    known: Chronicle,
    invariants: Vec<Box<dyn Invariant>>,
    states: Option<invariants::StateStream>,
    /// Whether the model's verdict counts, too.
    with_states: bool,
    only: Option<String>,
}

impl Watch {
    /// Of a client that has done nothing yet. If `only` names an invariant, it is the only one looked at.
    #[must_use]
    pub fn new(config: &ClientConfig, only: Option<&str>) -> Self {
        let wanted = |name: &str| only.is_none_or(|only| only == name);
        // The transitions are told in any case.
        let states = Some(invariants::StateStream::new(config.clone()));
        Self { states, only: only.map(str::to_owned), ..Self::at(config, wanted) }
    }

    /// Of a client that has done nothing yet, looking at those invariants that are wanted. Without
    /// [`STATE_STREAM`](invariants::STATE_STREAM), whose model knows what the simulator's gateways say and nothing else,
    /// no transitions are told.
    #[must_use]
    pub fn at(config: &ClientConfig, wanted: impl Fn(&str) -> bool) -> Self {
        let with_states = wanted(invariants::STATE_STREAM);
        Self {
            known: Chronicle::new(config.clone()),
            invariants: invariants::all(config).into_iter().filter(|one| wanted(one.name())).collect(),
            states: with_states.then(|| invariants::StateStream::new(config.clone())),
            with_states,
            only: None,
        }
    }

    /// Whether an invariant of that name is looked at.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name)
    }

    /// What is known of the client.
    #[must_use]
    pub fn known(&self) -> &Chronicle {
        &self.known
    }

    /// The client was given a token of its device, or none.
    pub(crate) fn give(&mut self, token: Option<&openclaw_proto::credentials::StoredToken>) {
        self.known.wallet.give(token);
    }

    /// The client was given other credentials: what has been tried with the old ones says nothing of them.
    pub(crate) fn other_auth(&mut self) {
        self.known.wallet.tried = false;
    }

    /// Looks at a step. Gives the transitions it made.
    ///
    /// # Errors
    /// With everything that does not hold.
    pub fn step(&mut self, step: &Step<'_>) -> Result<Vec<Row>, Vec<Broken>> {
        let mut broken = Vec::new();
        let rows = self.states.as_mut().map(|states| states.check(step, &self.known));
        let rows = rows.unwrap_or_else(|| Ok(Vec::new())).unwrap_or_else(|how| {
            if self.with_states {
                broken.push(Broken { invariant: invariants::STATE_STREAM, how });
            }
            Vec::new()
        });
        for invariant in &mut self.invariants {
            if let Err(how) = invariant.check(step, &self.known) {
                broken.push(Broken { invariant: invariant.name(), how });
            }
        }
        self.known.take(step);
        if broken.is_empty() { Ok(rows) } else { Err(broken) }
    }

    /// What jitter has drawn by the last step, if it has drawn anything.
    pub(crate) fn take_draw(&mut self) -> Option<invariants::Draw> {
        self.states.as_mut()?.take_draw()
    }

    /// Looks at what is left after the client's end.
    ///
    /// # Errors
    /// With everything that does not hold.
    pub fn finish(&mut self) -> Result<(), Vec<Broken>> {
        let mut broken = Vec::new();
        for invariant in &mut self.invariants {
            if let Err(how) = invariant.finish(&self.known) {
                broken.push(Broken { invariant: invariant.name(), how });
            }
        }
        if broken.is_empty() { Ok(()) } else { Err(broken) }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("known", &self.known).finish_non_exhaustive()
    }
}
