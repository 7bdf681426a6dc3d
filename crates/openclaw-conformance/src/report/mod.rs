//! The results, for whoever wants to know.

mod markdown;
pub(crate) mod progress;
mod table;

use serde_json::{Value, json};

pub(crate) use markdown::markdown;
pub(crate) use table::print;

use crate::cell::{Cell, Outcome};
use crate::release::Release;
use crate::runner::{Plan, Results};
use crate::shape::foreign;

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

/// Fails cells of the embedded gateway where it said something that the release it should be like does not say.
pub(crate) fn compare_embedded(results: &mut Results) {
    let models: Vec<Cell> = results.cells.iter().filter(|cell| !cell.release.is_embedded()).cloned().collect();
    for cell in &mut results.cells {
        let Some(model) = cell.release.model() else { continue };
        let model = models.iter().find(|other| {
            other.release.name() == model.number
                && other.scenario.name() == cell.scenario.name()
                && !other.notes.is_empty()
        });
        let (Some(model), Outcome::Holds(detail)) = (model, &mut cell.outcome) else { continue };
        let (mut compared, mut faults) = (0, Vec::new());
        for (what, shape) in &cell.notes {
            if let Some((_, model)) = model.notes.iter().find(|(other, _)| other == what) {
                compared += 1;
                faults.extend(foreign(model, shape).into_iter().map(|fault| format!("{what}: {fault}")));
            }
        }
        if !faults.is_empty() {
            cell.outcome = Outcome::Failed(format!("is not like {}:\n{}", model.release, faults.join("\n")));
        } else if compared > 0 {
            *detail = format!("{detail}; {compared} answers like those of {}", model.release);
        }
    }
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
