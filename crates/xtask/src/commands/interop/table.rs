//! The table client × step.

use std::fmt::Write as _;

use super::Run;

/// A row for each step, a column for each client, and below it what failed.
pub(super) fn table(runs: &[Run]) -> String {
    let mut steps: Vec<&str> = Vec::new();
    for step in runs.iter().flat_map(|run| &run.steps) {
        if !steps.contains(&step.step.as_str()) {
            steps.push(&step.step);
        }
    }
    let width = steps.iter().map(|step| step.len()).max().unwrap_or(0);
    let mut table = format!("{:width$}", "");
    for run in runs {
        let _ = write!(table, "  {}", run.client);
    }
    table.push('\n');
    for step in steps {
        let _ = write!(table, "{step:width$}");
        for run in runs {
            let word = match run.steps.iter().find(|row| row.step == step) {
                None => "-",
                Some(row) if row.ok => "ok",
                Some(_) => "FAILED",
            };
            let _ = write!(table, "  {word:w$}", w = run.client.len());
        }
        table.truncate(table.trim_end().len());
        table.push('\n');
    }
    for run in runs {
        for step in run.steps.iter().filter(|step| !step.ok) {
            let _ = writeln!(table, "FAILED {}, {}: {}", run.client, step.step, step.detail);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::Step;
    use super::*;

    #[test]
    fn a_step_that_a_client_does_not_take_is_no_failure() {
        let step = |name: &str, ok| Step { step: name.into(), ok, detail: "why".into() };
        let run = |client, steps| Run { client, package: "p", version: "1", wire: 4, seconds: 0.0, steps };
        let runs =
            [run("first", vec![step("connect", true), step("chat", false)]), run("b", vec![step("connect", true)])];
        let table = table(&runs);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines, ["         first  b", "connect  ok     ok", "chat     FAILED  -", "FAILED first, chat: why"]);
        assert!(!runs[0].passed() && runs[1].passed());
        assert!(!run("none", vec![]).passed());
    }
}
