//! The results, for whoever wants to know.

pub(crate) mod likeness;
mod markdown;
pub(crate) mod progress;
mod table;

use serde_json::{Value, json};

pub(crate) use markdown::markdown;
pub(crate) use table::print;

use crate::cell::{Cell, Outcome};
use crate::release::Release;
use crate::runner::{Plan, Results};

/// The mark of an outcome in tables.
fn mark(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Holds(_) => "✓",
        Outcome::DoesNotApply(_) => "–",
        Outcome::NotRun(_) => "·",
        Outcome::Failed(_) => "✗",
    }
}

/// What the marks mean.
const LEGEND: &str = "✓ holds, ✗ fails, – does not apply, · not run";

/// The columns, by name.
fn columns(plan: &Plan) -> Vec<(Release, openclaw_tests::lane::Lane, String)> {
    let name = |release: Release, lane: openclaw_tests::lane::Lane| match plan.lanes.len() {
        1 => release.name().to_owned(),
        _ => format!("{release} {lane}"),
    };
    let columns = plan.releases.iter().flat_map(|release| plan.lanes.iter().map(move |lane| (*release, *lane)));
    columns.map(|(release, lane)| (release, lane, name(release, lane))).collect()
}

fn cell<'a>(results: &'a Results, name: &str, release: Release, lane: openclaw_tests::lane::Lane) -> Option<&'a Cell> {
    results.cells.iter().find(|cell| cell.release == release && cell.lane == lane && cell.scenario.name() == name)
}

/// The results as JSON, in the order of the scenarios.
pub(crate) fn json(plan: &Plan, results: &Results) -> String {
    let scenarios: Vec<Value> = plan
        .scenarios
        .iter()
        .map(|scenario| {
            let cells: Vec<Value> = columns(plan)
                .into_iter()
                .filter_map(|(release, lane, _)| {
                    let cell = cell(results, &scenario.name(), release, lane)?;
                    let (outcome, detail) = match &cell.outcome {
                        Outcome::Holds(detail) => ("holds", detail),
                        Outcome::DoesNotApply(reason) => ("does not apply", reason),
                        Outcome::NotRun(reason) => ("not run", reason),
                        Outcome::Failed(error) => ("failed", error),
                    };
                    let millis = u64::try_from(cell.took.as_millis()).unwrap_or(u64::MAX);
                    Some(json!({
                        "release": release.name(), "runtime": lane.name(), "outcome": outcome, "detail": detail,
                        "millis": millis,
                    }))
                })
                .collect();
            json!({"group": scenario.group, "scenario": scenario.about, "cells": cells})
        })
        .collect();
    let releases: Vec<_> =
        plan.releases.iter().map(|release| json!({"name": release.name(), "wire": release.wire()})).collect();
    let lanes: Vec<_> = plan.lanes.iter().map(|lane| lane.name()).collect();
    let all = json!({
        "releases": releases, "runtimes": lanes, "frames": results.inspector.report(), "scenarios": scenarios,
    });
    format!("{all:#}\n")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use openclaw_tests::golden::remains;

    #[test]
    fn nothing_in_the_kept_results_tells_of_a_machine() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let kept = std::fs::read_dir(own.join("results")).unwrap().map(|entry| entry.unwrap().path());
        let files: Vec<_> = kept.chain([own.join("README.md")]).collect();
        assert!(files.len() > 1, "{files:?}");
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            assert_eq!(remains(&text), Vec::<String>::new(), "{}", file.display());
        }
    }
}
