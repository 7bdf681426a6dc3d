//! The numbers as Markdown.

use std::fmt::Write;

use super::{Results, Row};

/// The tables.
pub(super) fn table(results: &Results) -> String {
    let mut text = String::new();
    if results.quick {
        text.push_str("Only a look: a tenth of the work.\n\n");
    }
    let _ = write!(
        text,
        "Medians of {} rounds, bare socket and client in turn; the spread is that of the rounds' ratios.\n\n\
         | measure | runtime | bare socket | ours | ratio | spread | must | by wall clock |\n\
         |---|---|--:|--:|--:|--:|--:|--:|\n",
        results.rounds
    );
    for row in &results.clients {
        let must = row.must.map(|must| format!("{must:.2}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {}{:.2} | {:.2} to {:.2} | {must} | {:.2} |",
            row.measure,
            row.runtime,
            amount(row, row.floor),
            amount(row, row.ours),
            if row.must.is_some_and(|must| row.ratio > must) { "**over** " } else { "" },
            row.ratio,
            row.lowest,
            row.highest,
            row.wall_ratio
        );
    }
    if !results.parts.is_empty() {
        text.push_str("\n| part of the core | fastest | median | allocations |\n|---|--:|--:|--:|\n");
        for part in &results.parts {
            let _ = writeln!(text, "| {} | {} | {} | {} |", part.name, part.fastest, part.median, part.allocations);
        }
    }
    text
}

/// Processor time of an operation, or memory of a connection.
fn amount(row: &Row, value: f64) -> String {
    match (row.memory, value) {
        (true, value) => format!("{:.1} KB", value / 1e3),
        (false, value) if value >= 1e5 => format!("{:.0} µs", value / 1e3),
        (false, value) if value >= 1e3 => format!("{:.2} µs", value / 1e3),
        (false, value) => format!("{value:.0} ns"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_its_limit_says_so() {
        let row = |ratio| Row {
            measure: "m".into(),
            runtime: "r".into(),
            floor: 500.0,
            ours: 1_500.0,
            ratio,
            lowest: 2.0,
            highest: 4.0,
            wall_ratio: 1.0,
            must: Some(3.0),
            memory: false,
        };
        let results = Results { quick: false, rounds: 9, clients: vec![row(2.9), row(3.1)], parts: Vec::new() };
        let text = table(&results);
        assert!(text.contains("| m | r | 500 ns | 1.50 µs | 2.90 |") && text.contains("| **over** 3.10 |"), "{text}");
    }
}
