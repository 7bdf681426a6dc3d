//! Whether the embedded gateway says what the release says that it should be like.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cell::{Cell, Outcome};
use crate::runner::Results;
use crate::shape::foreign;

/// What releases said when they were last asked, for runs without them; `--shapes` writes it.
const KEPT: &str = include_str!("../../results/shapes.json");

/// Shapes by release, scenario and what was said.
type Shapes = BTreeMap<String, BTreeMap<String, BTreeMap<String, Value>>>;

/// Fails cells of the embedded gateway where it said something that the release it should be like does not say.
pub(crate) fn compare(results: &mut Results) -> Result<()> {
    let kept: Shapes = serde_json::from_str(KEPT).context("the kept shapes cannot be read")?;
    let shapes = said(&results.cells);
    for cell in &mut results.cells {
        let Some(model) = cell.release.model() else { continue };
        let said = [&shapes, &kept].into_iter().find_map(|shapes| shapes.get(model.number)?.get(&cell.scenario.name()));
        let (Some(said), Outcome::Holds(detail)) = (said, &mut cell.outcome) else { continue };
        let (mut compared, mut faults) = (0, Vec::new());
        for (what, shape) in &cell.notes {
            if let Some(model) = said.get(what) {
                compared += 1;
                faults.extend(foreign(model, shape).into_iter().map(|fault| format!("{what}: {fault}")));
            }
        }
        if !faults.is_empty() {
            cell.outcome = Outcome::Failed(format!("is not like {}:\n{}", model.number, faults.join("\n")));
        } else if compared > 0 {
            *detail = format!("{detail}; {compared} answers like those of {}", model.number);
        }
    }
    Ok(())
}

/// What real releases said.
fn said(cells: &[Cell]) -> Shapes {
    let mut shapes = Shapes::new();
    for cell in cells.iter().filter(|cell| !cell.release.is_embedded() && !cell.notes.is_empty()) {
        let scenarios = shapes.entry(cell.release.to_string()).or_default();
        scenarios.entry(cell.scenario.name()).or_insert_with(|| cell.notes.iter().cloned().collect());
    }
    shapes
}

/// What is worth keeping of it, as JSON: what the embedded gateway says too.
pub(crate) fn shapes(results: &Results) -> String {
    let mut shapes = said(&results.cells);
    let claims = |release: &str, scenario: &str, what: &str| {
        results.cells.iter().any(|cell| {
            cell.release.model().is_some_and(|model| model.number == release)
                && cell.scenario.name() == scenario
                && cell.notes.iter().any(|(said, _)| said == what)
        })
    };
    for (release, scenarios) in &mut shapes {
        for (scenario, said) in scenarios.iter_mut() {
            said.retain(|what, _| claims(release, scenario, what));
        }
        scenarios.retain(|_, said| !said.is_empty());
    }
    shapes.retain(|_, scenarios| !scenarios.is_empty());
    let text = serde_json::to_string_pretty(&shapes).unwrap_or_default();
    format!("{text}\n")
}
