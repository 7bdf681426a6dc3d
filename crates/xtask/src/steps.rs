//! Steps that all run, whatever becomes of the others, and the table of their results.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use xtask::signals::Interrupted;

const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const BOLD: Style = Style::new().bold();

/// What was run so far.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    passed: bool,
    took: Duration,
    detail: String,
}

impl Steps {
    /// Runs a step and notes how it ended. The text it returns is shown in the table.
    ///
    /// # Errors
    ///
    /// Only when a signal came: then the steps that follow make no sense.
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> Result<String>) -> Result<bool> {
        anstream::eprintln!("\n{BOLD}==> {name}{BOLD:#}");
        let started = Instant::now();
        let result = step();
        let took = started.elapsed();
        let (passed, detail) = match result {
            Ok(detail) => (true, detail),
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => {
                anstream::eprintln!("{RED}error:{RED:#} {error:#}");
                let first = error.to_string().lines().next().unwrap_or_default().to_owned();
                (false, first)
            }
        };
        self.rows.push(Row { name: name.to_owned(), passed, took, detail });
        Ok(passed)
    }

    /// Prints the table; whether everything passed.
    pub(crate) fn finish(&self) -> bool {
        anstream::println!("\n{}", self.table().trim_end());
        self.rows.iter().all(|row| row.passed)
    }

    fn table(&self) -> String {
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
        let mut table = String::new();
        for row in &self.rows {
            let (style, word) = if row.passed { (GREEN, "ok    ") } else { (RED, "FAILED") };
            let _ = writeln!(
                table,
                "{:width$}  {style}{word}{style:#}  {:7.1} s  {}",
                row.name,
                row.took.as_secs_f64(),
                row.detail
            );
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn all_steps_run_and_one_failure_fails_the_whole() {
        let mut steps = Steps::default();
        assert!(!steps.run("first", || bail!("broken\nmore")).unwrap());
        assert!(steps.run("second one", || Ok("fine".to_owned())).unwrap());
        let table = anstream::adapter::strip_str(&steps.table()).to_string();
        let lines: Vec<_> = table.lines().map(str::trim_end).collect();
        assert_eq!(lines, ["first       FAILED      0.0 s  broken", "second one  ok          0.0 s  fine"]);
        assert!(!steps.finish());
    }

    #[test]
    fn a_signal_ends_the_steps() {
        let mut steps = Steps::default();
        assert!(steps.run("first", || Err(Interrupted(15).into())).is_err());
    }
}
