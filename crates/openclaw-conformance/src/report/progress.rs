//! What is told while scenarios run.

use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::cell::{Cell, Outcome};
use crate::release::Release;

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// A gateway is ready.
pub(crate) fn started(release: Release, setup: &str, took: Duration) {
    anstream::eprintln!("{DIM}{release:11} {setup} gateway ready in {:.1} s{DIM:#}", took.as_secs_f64());
}

/// A scenario is over.
pub(crate) fn done(cell: &Cell) {
    let (style, word, detail) = match &cell.outcome {
        Outcome::Holds(detail) => (GREEN, "holds", detail),
        Outcome::DoesNotApply(reason) => (DIM, "does not apply", reason),
        Outcome::NotRun(reason) => (DIM, "not run", reason),
        Outcome::Failed(error) => (RED, "FAILED", error),
    };
    anstream::eprintln!(
        "{:11} {:9} {} … {style}{word}{style:#} ({:.1} s) {detail}",
        cell.release,
        cell.lane,
        cell.scenario.name(),
        cell.took.as_secs_f64()
    );
}
