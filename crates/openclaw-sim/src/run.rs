//! Running a script.

use std::time::Duration;

use crate::coverage::Coverage;
use crate::invariants::JITTER_SPREAD;
use crate::script::Script;
use crate::watch::Broken;
use crate::world::{Failure, Look, World};

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What did not hold, if anything did not.
    pub failure: Option<Failure>,
    /// What was met.
    pub coverage: Coverage,
    /// How long it lasted, in its own time.
    pub lasted: Duration,
    /// The clients' lives together.
    pub client_time: Duration,
    /// Sockets asked for.
    pub dials: u64,
    /// Connections that got as far as hello.
    pub hellos: u64,
    /// Frames, both ways.
    pub frames: u64,
    /// Calls of a core that were looked at.
    pub steps: u64,
    /// What was written down.
    pub trace: String,
}

/// Lives a script.
#[must_use]
pub fn run(script: &Script, look: Look<'_>) -> Report {
    let mut report = Report::default();
    let Ok(mut world) = World::new(script, look) else { return report };
    report.failure = world.run().err();
    report.lasted = world.now().elapsed();
    for client in 0..script.clients.len() {
        report.client_time += report.lasted;
        let Some(stats) = world.stats(client) else { continue };
        report.dials += stats.dials;
        report.hellos += stats.hellos;
        report.frames += stats.frames_in + stats.frames_out;
        report.steps += world.steps(client);
    }
    report.coverage = world.coverage().clone();
    if report.failure.is_none() && look.wants(JITTER_SPREAD) {
        report.failure =
            uneven(&report.coverage).map(|broken| Failure { client: 0, at: report.lasted, broken: vec![broken] });
    }
    report.trace = world.trace().to_owned();
    report
}

/// How jitter is not spread as it should be, if it is not.
pub(crate) fn uneven(coverage: &Coverage) -> Option<Broken> {
    coverage.draws().check().err().map(|how| Broken { invariant: JITTER_SPREAD, how })
}
