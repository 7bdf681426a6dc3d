//! Results for people to read.

use std::fmt::Write;
use std::time::Duration;

use openclaw_sim::{Gap, Sum};

/// What came of many runs.
pub(super) fn sum(sum: &Sum, took: Duration, from: u64) -> String {
    let mut text = String::new();
    let hours = |time: Duration| time.as_secs_f64() / 3_600.0;
    let verdict = match sum.failures.len() {
        0 if sum.broken.is_some() => "FAILED together".to_owned(),
        0 => "all passed".to_owned(),
        failures => format!("{failures} FAILED"),
    };
    let _ = writeln!(text, "{} seeds from {from} in {:.1} s: {verdict}", sum.runs, took.as_secs_f64());
    let _ = writeln!(text, "{:12.0} virtual hours, {:.0} of clients", hours(sum.lasted), hours(sum.client_time));
    let _ = writeln!(text, "{:12} lifetimes of connections, {} of them with hello", sum.dials, sum.hellos);
    let _ = writeln!(text, "{:12} calls of cores looked at, {} frames", sum.steps, sum.frames);
    let [full, equal] = sum.coverage.draws().counts();
    let _ = writeln!(text, "{full:12} waits drawn by full jitter, {equal} by equal jitter");
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

/// What was met too seldom.
pub(super) fn gaps(gaps: &[Gap], least: u64) -> String {
    let mut text = String::new();
    match (gaps, least) {
        (_, 0) => {}
        ([], _) => drop(writeln!(text, "\neverything was met at least {least} times")),
        (gaps, _) => {
            let _ = writeln!(text, "\nFAILED: to be met at least {least} times are");
            for gap in gaps {
                let _ = writeln!(text, "{:12} {}, {}", gap.count, gap.group, gap.name);
            }
        }
    }
    text
}
