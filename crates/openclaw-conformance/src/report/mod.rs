//! The results, for whoever wants to know.

pub(crate) mod earlier;
pub(crate) mod likeness;
mod markdown;
pub(crate) mod progress;
mod table;

use openclaw_tests::lane::Lane;
use serde_json::{Value, json};

pub(crate) use markdown::markdown;
pub(crate) use table::print;

use crate::cell::{Cell, Outcome};
use crate::release::Release;
use crate::runner::Results;
use crate::scenario::Scenario;
use crate::scenarios::ALL;

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

/// The columns, by name: of what there are cells.
fn columns(results: &Results) -> Vec<(Release, Lane, String)> {
    let there = |release: &Release, lane: &Lane| {
        results.cells.iter().any(|cell| cell.release == *release && cell.lane == *lane)
    };
    let lanes = |release: Release| Lane::ALL.into_iter().filter(move |lane| there(&release, lane)).collect::<Vec<_>>();
    let columns = Release::all().into_iter().flat_map(|release| {
        let lanes = lanes(release);
        let alone = lanes.len() == 1;
        let name = move |lane| if alone { release.name().to_owned() } else { format!("{release} {lane}") };
        lanes.into_iter().map(move |lane| (release, lane, name(lane)))
    });
    columns.collect()
}

/// The rows: of what there are cells.
fn rows(results: &Results) -> impl Iterator<Item = &'static Scenario> + '_ {
    let there = |scenario: &&Scenario| results.cells.iter().any(|cell| cell.scenario.name() == scenario.name());
    ALL.iter().filter(there)
}

fn cell<'a>(results: &'a Results, name: &str, release: Release, lane: Lane) -> Option<&'a Cell> {
    results.cells.iter().find(|cell| cell.release == release && cell.lane == lane && cell.scenario.name() == name)
}

/// The results as JSON, in the order of the scenarios.
pub(crate) fn json(results: &Results) -> String {
    let columns = columns(results);
    let scenarios: Vec<Value> = rows(results)
        .map(|scenario| {
            let cells: Vec<Value> = columns
                .iter()
                .filter_map(|(release, lane, _)| {
                    let cell = cell(results, &scenario.name(), *release, *lane)?;
                    let (outcome, detail) = cell.outcome.told();
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
    let columns: Vec<_> = columns
        .into_iter()
        .map(|(release, lane, _)| json!({"release": release.name(), "wire": release.wire(), "runtime": lane.name()}))
        .collect();
    format!("{:#}\n", json!({"columns": columns, "frames": results.frames(), "scenarios": scenarios}))
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
