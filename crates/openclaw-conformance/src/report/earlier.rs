//! Results of earlier runs, to which those of another are added.

use std::time::Duration;

use anyhow::{Context, Result};
use openclaw_tests::lane::Lane;
use serde_json::Value;

use crate::cell::{Cell, Outcome};
use crate::release::Release;
use crate::runner::Results;
use crate::scenario::Scenario;
use crate::scenarios::ALL;

/// Adds what is in the JSON of earlier runs, where this one has nothing of its own. Scenarios and releases that there are no
/// more are left out.
pub(crate) fn add(results: &mut Results, json: &str) -> Result<()> {
    let old: Value = serde_json::from_str(json).context("no results")?;
    let rows = old.get("scenarios").and_then(Value::as_array).context("no scenarios in the results")?;
    for row in rows {
        let Some(scenario) =
            ALL.iter().find(|scenario| text(row, "group") == scenario.group && text(row, "scenario") == scenario.about)
        else {
            continue;
        };
        for cell in row.get("cells").and_then(Value::as_array).into_iter().flatten() {
            let Some(cell) = read(scenario, cell) else { continue };
            let own = |own: &Cell| {
                own.release == cell.release && own.lane == cell.lane && own.scenario.name() == scenario.name()
            };
            // What was not run this time says nothing against what was run before.
            match results.cells.iter_mut().find(|other| own(other)) {
                Some(other) if matches!(other.outcome, Outcome::NotRun(_)) => *other = cell,
                Some(_) => {}
                None => results.cells.push(cell),
            }
        }
    }
    results.earlier = old.get("frames").cloned();
    Ok(())
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn read(scenario: &'static Scenario, cell: &Value) -> Option<Cell> {
    Some(Cell {
        release: Release::find(text(cell, "release")).ok()?,
        lane: Lane::ALL.into_iter().find(|lane| lane.name() == text(cell, "runtime"))?,
        scenario,
        outcome: Outcome::read(text(cell, "outcome"), text(cell, "detail"))?,
        took: Duration::from_millis(cell.get("millis")?.as_u64()?),
        notes: Vec::new(),
    })
}

/// Adds numbers, however deep they are.
pub(crate) fn sum(one: &Value, other: &Value) -> Value {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let mut all = one.clone();
            for (name, value) in other {
                let sum = all.get(name).map_or_else(|| value.clone(), |one| sum(one, value));
                all.insert(name.clone(), sum);
            }
            all.into()
        }
        (one, other) => match (one.as_u64(), other.as_u64()) {
            (Some(one), Some(other)) => (one + other).into(),
            _ => one.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn results(lane: Lane, outcomes: &[Outcome]) -> Results {
        let release = Release::find("embedded").unwrap();
        let cell = |(scenario, outcome): (&'static Scenario, &Outcome)| Cell {
            release,
            lane,
            scenario,
            outcome: outcome.clone(),
            took: Duration::from_millis(7),
            notes: Vec::new(),
        };
        Results { cells: ALL.iter().zip(outcomes).map(cell).collect(), ..Results::default() }
    }

    #[test]
    fn what_was_run_again_replaces_what_was_run_before_and_the_rest_stays() {
        let failed = || Outcome::Failed("no".into());
        let holds = || Outcome::Holds("yes".into());
        let old = super::super::json(&results(Lane::Smol, &[failed(), failed(), holds()]));
        let mut new = results(Lane::Smol, &[holds(), Outcome::NotRun("why".into())]);
        new.cells.extend(results(Lane::Blocking, &[holds()]).cells);
        add(&mut new, &old).unwrap();
        let seen: Vec<_> = new.cells.iter().map(|cell| cell.outcome.clone()).collect();
        assert_eq!(seen, [holds(), failed(), holds(), holds()]);
        assert_eq!(super::super::columns(&new).len(), 2);
        let mut third = Results::default();
        let text = super::super::json(&new);
        add(&mut third, &text).unwrap();
        assert_eq!(super::super::json(&third), text);
    }

    #[test]
    fn numbers_are_added() {
        let sum = sum(&json!({"a": {"b": 1}, "c": 2}), &json!({"a": {"b": 3, "d": 4}}));
        assert_eq!(sum, json!({"a": {"b": 4, "d": 4}, "c": 2}));
    }
}
