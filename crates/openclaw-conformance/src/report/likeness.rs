//! Whether the embedded gateway says what the release says that it should be like.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cell::{Cell, Outcome};
use crate::runner::Results;
use crate::shape::foreign;

/// What releases said when they were last asked, for runs without them; `--shapes` writes it.
const KEPT: &str = include_str!("../../results/shapes.json");

/// Shapes by release, scenario and what was said, each only once.
type Shapes = BTreeMap<String, BTreeMap<String, BTreeMap<String, Vec<Value>>>>;

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
            // Like one of those is like all of them.
            let differences = said.get(what).into_iter().flatten().map(|model| foreign(model, shape));
            if let Some(least) = differences.min_by_key(Vec::len) {
                compared += 1;
                faults.extend(least.into_iter().map(|fault| format!("{what}: {fault}")));
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
        let said = shapes.entry(cell.release.to_string()).or_default().entry(cell.scenario.name()).or_default();
        for (what, shape) in &cell.notes {
            let known = said.entry(what.clone()).or_default();
            if !known.contains(shape) {
                known.push(shape.clone());
            }
        }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use openclaw_tests::lane::Lane;
    use serde_json::json;

    use super::*;
    use crate::release::Release;
    use crate::scenarios::ALL;
    use crate::shape::shape;

    fn cell(release: &str, notes: &[(&str, Value)]) -> Cell {
        Cell {
            release: Release::find(release).unwrap(),
            lane: Lane::TokioMulti,
            scenario: &ALL[0],
            outcome: Outcome::Holds("fine".into()),
            took: Duration::ZERO,
            notes: notes.iter().map(|(what, said)| ((*what).to_owned(), shape(said))).collect(),
        }
    }

    #[test]
    fn the_embedded_gateway_has_to_be_like_one_of_what_was_said() {
        let real = cell("2026.9.6", &[("error", json!({"id": 1, "agent": "a"})), ("error", json!({"id": 2}))]);
        let like = cell("embedded", &[("error", json!({"agent": "b"}))]);
        let other = cell("embedded", &[("error", json!({"agent": 3}))]);
        let mut results = Results { cells: vec![real, like, other], ..Results::default() };
        compare(&mut results).unwrap();
        let told: Vec<_> = results.cells.iter().map(|cell| cell.outcome.told()).collect();
        assert_eq!(told[1], ("holds", "fine; 1 answers like those of 2026.9.6"));
        assert_eq!(told[2].0, "failed");
        let kept: Shapes = serde_json::from_str(&shapes(&results)).unwrap();
        assert_eq!(kept["2026.9.6"][&ALL[0].name()]["error"].len(), 2);
    }
}
