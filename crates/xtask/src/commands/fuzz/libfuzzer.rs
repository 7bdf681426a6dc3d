//! Reading what libFuzzer says.

use std::fmt::Write as _;

/// What came of fuzzing a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stats {
    pub(super) executions: u64,
    pub(super) per_second: u64,
    /// Edges of the control flow that some input has taken.
    pub(super) edges: u64,
    /// Inputs that are worth keeping, and their size.
    pub(super) corpus: String,
    /// Inputs that made the target fail.
    pub(super) findings: usize,
}

impl Stats {
    /// Reads a log with final statistics.
    pub(super) fn read(log: &str, findings: usize) -> Self {
        let stat = |name: &str| {
            let found = log.lines().rev().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            found.and_then(|number| number.trim().parse().ok()).unwrap_or_default()
        };
        // `#4096 NEW    cov: 500 ft: 900 corp: 30/1Kb lim: 80 exec/s: 2048 rss: 40Mb …`
        let status = log.lines().rev().find(|line| line.starts_with('#') && line.contains(" cov: "));
        let field = |name: &str| {
            let words = status.unwrap_or_default().split_whitespace();
            words.skip_while(|word| *word != name).nth(1).unwrap_or_default().to_owned()
        };
        Self {
            executions: stat("stat::number_of_executed_units"),
            per_second: stat("stat::average_exec_per_sec"),
            edges: field("cov:").parse().unwrap_or_default(),
            corpus: field("corp:"),
            findings,
        }
    }
}

/// What a log says of a failure: the panic, and the input that brought it about.
pub(super) fn failure(log: &str) -> Vec<&str> {
    let mut lines = log.lines().skip_while(|line| !line.contains("panicked at ") && !line.contains("ERROR: "));
    let said = lines.by_ref().take(2).filter(|line| !line.is_empty());
    let mut failure: Vec<_> = said.collect();
    failure.extend(lines.filter(|line| line.starts_with("SUMMARY: ") || line.starts_with("Base64: ")));
    failure
}

/// The results as a table.
pub(super) fn table(rows: &[(String, Stats)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max("target".len());
    let mut table = format!(
        "\n{:width$}  {:>12}  {:>8}  {:>7}  {:>12}  {:>8}\n",
        "target", "executions", "exec/s", "edges", "corpus", "findings"
    );
    for (name, stats) in rows {
        let Stats { executions, per_second, edges, corpus, findings } = stats;
        let _ = writeln!(
            table,
            "{name:width$}  {executions:>12}  {per_second:>8}  {edges:>7}  {corpus:>12}  {findings:>8}"
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_tells_what_failed_and_on_which_input() {
        let log = "#2\tINITED cov: 10\n\nthread '<unnamed>' (7) panicked at src/frame.rs:43:25:\nindex out of bounds\n\
                   stack backtrace:\n   0: main\nSUMMARY: libFuzzer: deadly signal\nMS: 1 InsertByte-\nBase64: izIw\n";
        assert_eq!(
            failure(log),
            [
                "thread '<unnamed>' (7) panicked at src/frame.rs:43:25:",
                "index out of bounds",
                "SUMMARY: libFuzzer: deadly signal",
                "Base64: izIw"
            ]
        );
        assert!(failure("#2\tINITED cov: 10\nDone 8000 runs in 2 second(s)\n").is_empty());
    }

    #[test]
    fn the_end_of_a_log_is_read() {
        let log = "#2\tINITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 40Mb\n\
                   #4096\tNEW    cov: 500 ft: 900 corp: 30/1024b lim: 80 exec/s: 2048 rss: 40Mb L: 3/40 MS: 1 x-\n\
                   #8000\tDONE   cov: 501 ft: 902 corp: 31/1030b lim: 80 exec/s: 4000 rss: 41Mb\n\
                   Done 8000 runs in 2 second(s)\n\
                   stat::number_of_executed_units: 8000\n\
                   stat::average_exec_per_sec:     4000\n";
        let stats = Stats { executions: 8000, per_second: 4000, edges: 501, corpus: "31/1030b".into(), findings: 2 };
        assert_eq!(Stats::read(log, 2), stats);
        assert_eq!(Stats::read("", 0), Stats::default());
        assert!(
            table(&[("frame".into(), stats)]).lines().any(|line| line.starts_with("frame ") && line.ends_with("2"))
        );
    }
}
