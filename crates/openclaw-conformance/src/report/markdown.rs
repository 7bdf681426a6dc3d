//! The table as Markdown.

use std::fmt::Write as _;

use super::{LEGEND, cell, columns, mark, rows};
use crate::cell::Outcome;
use crate::runner::Results;

/// Scenario by gateway, and why not where it does not apply.
pub(crate) fn markdown(results: &Results) -> String {
    let columns = columns(results);
    let mut text = format!("{LEGEND}\n\n| scenario |");
    for (.., name) in &columns {
        let _ = write!(text, " {name} |");
    }
    let _ = write!(text, "\n|---|{}\n", ":-:|".repeat(columns.len()));
    let mut notes: Vec<String> = Vec::new();
    for scenario in rows(results) {
        let name = scenario.name();
        let _ = write!(text, "| {name} |");
        for (release, lane, _) in &columns {
            let Some(cell) = cell(results, &name, *release, *lane) else {
                text += " ? |";
                continue;
            };
            let note = match &cell.outcome {
                Outcome::DoesNotApply(reason) | Outcome::NotRun(reason) | Outcome::Failed(reason) => Some(reason),
                Outcome::Holds(_) => None,
            };
            let number = note.map(|note| {
                notes.iter().position(|known| known == note).unwrap_or_else(|| {
                    notes.push(note.clone());
                    notes.len() - 1
                }) + 1
            });
            let number = number.map(|number| format!(" {number}")).unwrap_or_default();
            let _ = write!(text, " {}{number} |", mark(&cell.outcome));
        }
        text.push('\n');
    }
    for (index, note) in notes.iter().enumerate() {
        let _ = write!(text, "\n{}. {}", index + 1, note.replace('\n', " "));
    }
    text.push('\n');
    text
}
