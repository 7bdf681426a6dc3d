//! The table on the terminal.

use super::{LEGEND, cell, columns, mark, rows};
use crate::cell::Outcome;
use crate::runner::Results;

/// Prints scenario by gateway, what does not apply and why, and what fails.
pub(crate) fn print(results: &Results) {
    let columns = columns(results);
    anstream::println!("\nscenario × gateway ({LEGEND})\n");
    for (number, (.., name)) in columns.iter().enumerate() {
        anstream::println!("{}{} {name}", "  │ ".repeat(number), "  ┌");
    }
    for scenario in rows(results) {
        let name = scenario.name();
        let marks: String = columns
            .iter()
            .map(|(release, lane, _)| cell(results, &name, *release, *lane).map_or("?", |cell| mark(&cell.outcome)))
            .map(|mark| format!("  {mark} "))
            .collect();
        anstream::println!("{marks}  {name}");
    }
    let (mut holds, mut fails, mut others) = (0, 0, 0);
    for cell in &results.cells {
        let place = format!("{} {}: {}", cell.release, cell.lane, cell.scenario.name());
        match &cell.outcome {
            Outcome::Holds(_) => holds += 1,
            Outcome::Failed(error) => {
                fails += 1;
                anstream::println!("\n✗ {place}\n{error}");
            }
            Outcome::DoesNotApply(reason) => {
                others += 1;
                anstream::println!("\n– {place}: {reason}");
            }
            Outcome::NotRun(_) => others += 1,
        }
    }
    anstream::println!(
        "\n{} scenarios × {} columns: {holds} hold, {fails} fail, {others} do not apply or were not run",
        rows(results).count(),
        columns.len()
    );
    anstream::println!("frames: {}", results.frames());
}
