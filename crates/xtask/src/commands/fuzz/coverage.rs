//! How much of the core the committed corpora cover.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::tools::Llvm;
use super::{folder, working};
use crate::cargo;

/// The core.
const CORE: &str = "crates/openclaw-proto/src/";

/// Builds the targets' bodies with instruments, runs the corpora through them and prints a table.
pub(super) fn run(targets: &[String]) -> Result<()> {
    let llvm = Llvm::find()?;
    let build = working().join("coverage");
    let profile = build.join("corpora.profraw");
    let mut replay = cargo::cargo();
    replay.args(["run", "--quiet", "--example", "replay", "--manifest-path"]).arg(folder().join("Cargo.toml"));
    replay.arg("--target-dir").arg(&build).arg("--").args(targets);
    // A name without a process number: the programs that building runs would leave theirs everywhere.
    replay.env("RUSTFLAGS", "-C instrument-coverage").env("LLVM_PROFILE_FILE", &profile);
    cargo::run(&mut replay)?;
    let merged = build.join("corpora.profdata");
    cargo::run(Command::new(&llvm.profdata).args(["merge", "--sparse", "--output"]).arg(&merged).arg(&profile))?;
    let program = build.join("debug").join("examples").join("replay");
    let report = Command::new(&llvm.cov)
        .args(["export", "--summary-only", "--instr-profile"])
        .arg(&merged)
        .arg(&program)
        .stdin(Stdio::null())
        .output()
        .context("cannot start llvm-cov")?;
    ensure!(report.status.success(), "llvm-cov failed: {}", String::from_utf8_lossy(&report.stderr));
    let files = files(&serde_json::from_slice(&report.stdout).context("llvm-cov gave no JSON")?);
    ensure!(!files.is_empty(), "llvm-cov knows nothing of {CORE}");
    anstream::println!("{}", table(&files));
    Ok(())
}

/// A file of the core, with lines, regions and functions: how many there are, and how many were run.
#[derive(Debug, PartialEq, Eq)]
struct File {
    name: String,
    counts: [(u64, u64); 3],
}

fn files(report: &Value) -> Vec<File> {
    let files = report.pointer("/data/0/files").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut files: Vec<File> = files.iter().filter_map(file).collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

fn file(json: &Value) -> Option<File> {
    let path = json.get("filename")?.as_str()?;
    // The scanner is compiled a second time, into the targets; what counts is the core's own.
    let (_, name) = path.split_once(CORE).filter(|_| !path.contains("/../"))?;
    let count = |kind: &str, what: &str| json.pointer(&format!("/summary/{kind}/{what}")).and_then(Value::as_u64);
    let counts = ["lines", "regions", "functions"]
        .map(|kind| (count(kind, "count").unwrap_or_default(), count(kind, "covered").unwrap_or_default()));
    Some(File { name: name.to_owned(), counts })
}

fn table(files: &[File]) -> String {
    let width = files.iter().map(|file| file.name.len()).max().unwrap_or(0);
    let mut table =
        format!("\n{:width$}  {:>18}  {:>18}  {:>18}\n", CORE.trim_end_matches('/'), "lines", "regions", "functions");
    let mut line = |name: &str, counts: &[(u64, u64); 3]| {
        let [lines, regions, functions] = counts.map(share);
        let _ = writeln!(table, "{name:width$}  {lines:>18}  {regions:>18}  {functions:>18}");
    };
    let mut sum = [(0, 0); 3];
    for file in files {
        line(&file.name, &file.counts);
        for (sum, count) in sum.iter_mut().zip(file.counts) {
            *sum = (sum.0 + count.0, sum.1 + count.1);
        }
    }
    line("all", &sum);
    table
}

fn share((count, covered): (u64, u64)) -> String {
    let percent = (covered * 1000).checked_div(count).unwrap_or(1000);
    format!("{covered}/{count} {:>3}.{} %", percent / 10, percent % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_becomes_a_table_of_the_core_alone() {
        let summary = |count, covered| json!({"count": count, "covered": covered});
        let file = |name: &str| {
            let (lines, regions, functions) = (summary(3, 2), summary(10, 5), summary(0, 0));
            json!({"filename": name, "summary": {"lines": lines, "regions": regions, "functions": functions}})
        };
        let report = json!({"data": [{"files": [
            file("/x/crates/openclaw-proto/src/scan.rs"),
            file("/x/crates/openclaw-testkit/src/json.rs"),
        ]}]});
        let files = files(&report);
        assert_eq!(files, [File { name: "scan.rs".into(), counts: [(3, 2), (10, 5), (0, 0)] }]);
        let table = table(&files);
        let line = table.lines().find(|line| line.starts_with("scan.rs")).unwrap();
        assert!(
            line.contains("2/3  66.6 %") && line.contains("5/10  50.0 %") && line.contains("0/0 100.0 %"),
            "{line}"
        );
    }
}
