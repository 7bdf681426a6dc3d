//! Results for people to read.

use std::fmt::Write;
use std::time::Duration;

use openclaw_sim::Sum;

/// What came of many runs.
pub(super) fn sum(sum: &Sum, took: Duration, from: u64) -> String {
    let mut text = String::new();
    let hours = |time: Duration| time.as_secs_f64() / 3_600.0;
    let verdict = match sum.failures.len() {
        0 => "all passed".to_owned(),
        failures => format!("{failures} FAILED"),
    };
    let _ = writeln!(text, "{} seeds from {from} in {:.1} s: {verdict}", sum.runs, took.as_secs_f64());
    let _ = writeln!(text, "{:12.0} virtual hours, {:.0} of clients", hours(sum.lasted), hours(sum.client_time));
    let _ = writeln!(text, "{:12} connections, {} with hello", sum.dials, sum.hellos);
    let _ = writeln!(text, "{:12} calls of cores looked at, {} frames", sum.steps, sum.frames);
    let _ = writeln!(text, "\ntransitions");
    for (row, count) in sum.coverage.rows() {
        let _ = writeln!(text, "{count:12} {row}");
    }
    for (group, names) in sum.coverage.groups() {
        let _ = writeln!(text, "\n{group}");
        for (name, count) in names {
            let _ = writeln!(text, "{count:12} {name}");
        }
    }
    text
}
