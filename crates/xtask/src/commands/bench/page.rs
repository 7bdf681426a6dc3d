//! The numbers as Markdown.

use std::fmt::Write;

use super::goals::{Goal, Unit};
use super::instructions::Recorded;
use super::{Place, Results, Row};

/// The tables: what there are goals for, then what is only reported.
pub(super) fn table(results: &Results, recorded: &Recorded) -> String {
    let mut text = String::new();
    if results.quick {
        text.push_str("Only a look: a tenth of the work.\n\n");
    }
    let _ = writeln!(
        text,
        "Medians of {} rounds, bare socket and client in turn; the spread is that of the rounds' ratios. {}",
        results.rounds,
        cores(&results.clients)
    );
    let (goals, reported): (Vec<_>, Vec<_>) = results.clients.iter().partition(|row| row.must.is_some());
    clients(&mut text, "Goals", &goals);
    core_goals(&mut text, &results.core);
    clients(&mut text, "Reported", &reported);
    if !results.parts.is_empty() {
        text.push_str("\n| part of the core | fastest | median | allocations |\n|---|--:|--:|--:|\n");
        for part in &results.parts {
            let _ = writeln!(text, "| {} | {} | {} | {} |", part.name, part.fastest, part.median, part.allocations);
        }
        instructions(&mut text, recorded);
    }
    text
}

/// Where the processes ran.
fn cores(rows: &[Row]) -> &'static str {
    match (rows.iter().any(|row| row.place == Place::Apart), rows.iter().all(|row| row.place == Place::Apart)) {
        (_, true) => "Gateway and client each had a core of their own.",
        (true, false) => {
            "Gateway and client each had a core of their own, but for tokio-multi, where the scheduler chose, and for the \
             rows that say so."
        }
        (false, false) if rows.iter().any(|row| row.place == Place::Together) => "The rows say which cores there were.",
        (false, false) => "No process was bound to a core.",
    }
}

fn clients(text: &mut String, title: &str, rows: &[&Row]) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(
        text,
        "\n**{title}**\n\n\
         | measure | runtime | bare socket | ours | ratio | spread | must | aim | by wall clock |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|\n"
    );
    for row in rows {
        let limit = |limit: Option<f64>| match limit {
            Some(limit) if row.memory => amount(row, limit),
            Some(limit) => format!("{limit:.2}"),
            None => String::new(),
        };
        let over = |compared| if compared { mark(row.is_over()) } else { "" };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {}{} | {}{:.2} | {:.2} to {:.2} | {} | {} | {:.2} |",
            row.measure,
            row.runtime,
            amount(row, row.floor),
            over(row.memory),
            amount(row, row.ours),
            over(!row.memory),
            row.ratio,
            row.lowest,
            row.highest,
            limit(row.must),
            limit(row.aim),
            row.wall_ratio
        );
    }
}

fn core_goals(text: &mut String, goals: &[Goal]) {
    if goals.is_empty() {
        return;
    }
    text.push_str("\n| core | median | by the fastest | must | aim |\n|---|--:|--:|--:|--:|\n");
    for goal in goals {
        let told = |value: f64| match goal.unit {
            Unit::Ratio => format!("{value:.2}"),
            Unit::Nanoseconds => format!("{value:.0} ns"),
            Unit::Allocations => format!("{value}"),
        };
        let limit = |limit: Option<f64>| limit.map(told).unwrap_or_default();
        let (median, fastest) = (told(goal.median), told(goal.fastest));
        let _ = writeln!(
            text,
            "| {} | {}{median} | {fastest} | {} | {} |",
            goal.name,
            mark(goal.is_over()),
            limit(goal.must),
            limit(goal.aim)
        );
    }
}

fn instructions(text: &mut String, recorded: &Recorded) {
    if recorded.instructions.is_empty() {
        return;
    }
    let _ = write!(text, "\n| instructions of ({}) | |\n|---|--:|\n", recorded.compiler);
    for (name, count) in &recorded.instructions {
        let _ = writeln!(text, "| {name} | {count} |");
    }
}

fn mark(over: bool) -> &'static str {
    if over { "**over** " } else { "" }
}

/// Processor time of an operation, or memory of a connection.
fn amount(row: &Row, value: f64) -> String {
    match (row.memory, value) {
        (true, value) if value < 1e4 => format!("{:.2} KB", value / 1e3),
        (true, value) => format!("{:.1} KB", value / 1e3),
        (false, value) if value >= 1e5 => format!("{:.0} µs", value / 1e3),
        (false, value) if value >= 1e3 => format!("{:.2} µs", value / 1e3),
        (false, value) => format!("{value:.0} ns"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(measure: &str) -> Row {
        Row {
            measure: measure.into(),
            runtime: "r".into(),
            floor: 500.0,
            ours: 1_500.0,
            ratio: 3.1,
            lowest: 2.0,
            highest: 4.0,
            wall_ratio: 1.0,
            must: Some(3.0),
            aim: Some(2.0),
            memory: false,
            place: Place::Apart,
        }
    }

    fn page(clients: Vec<Row>) -> String {
        let results = Results { quick: false, rounds: 9, clients, core: Vec::new(), parts: Vec::new() };
        table(&results, &Recorded::default())
    }

    #[test]
    fn what_is_over_its_limit_says_so() {
        let text = page(vec![row("over"), Row { ratio: 2.9, ..row("m") }]);
        assert!(
            text.contains("| over | r | 500 ns | 1.50 µs | **over** 3.10 | 2.00 to 4.00 | 3.00 | 2.00 |"),
            "{text}"
        );
        assert!(text.contains("| m | r | 500 ns | 1.50 µs | 2.90 |"), "{text}");
    }

    #[test]
    fn memory_is_compared_in_bytes_and_not_as_a_ratio() {
        let memory = |ours| Row { memory: true, must: Some(8_030.0), aim: Some(7_300.0), ours, ..row("idle") };
        let text = page(vec![memory(8_000.0), memory(8_031.0)]);
        assert!(text.contains("| 8.00 KB | 3.10 | 2.00 to 4.00 | 8.03 KB | 7.30 KB |"), "{text}");
        assert!(text.contains("| **over** 8.03 KB | 3.10 |"), "{text}");
    }

    #[test]
    fn goals_come_before_what_is_only_reported() {
        let text =
            page(vec![Row { must: None, aim: None, place: Place::Free, ..row("reported row") }, row("goal row")]);
        let place = |part: &str| text.find(part);
        assert!(place("**Goals**") < place("goal row") && place("goal row") < place("**Reported**"), "{text}");
        assert!(place("**Reported**") < place("reported row") && text.contains("the scheduler chose"), "{text}");
    }
}
