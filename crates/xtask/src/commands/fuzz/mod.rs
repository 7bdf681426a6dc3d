//! `fuzz`: the fuzz targets, for a while.

mod coverage;
mod libfuzzer;
mod tools;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use xtask::{paths, supervise};

use crate::cargo;
use libfuzzer::Stats;
use tools::Nightly;

/// The longest input, in bytes. Longer ones find nothing that shorter ones do not, only later.
const LONGEST: u32 = 1024;
/// The same for logs, which are longer by nature.
const LONGEST_LOG: u32 = 8192;
/// An input that takes longer, in seconds, hangs. It is wall time, and the machine may be busy.
const HANG: u32 = 100;
/// Of a failure's lines so many characters are shown.
const LONGEST_LINE: usize = 4_000;
/// A run of libFuzzer ends that long after its time at the latest.
const GRACE: Duration = Duration::from_secs(300);

/// Fuzz all targets, or some, and tell what came of it; or tell what the committed corpora cover.
///
/// Needs a nightly toolchain and cargo-fuzz. New inputs that cover something are kept in the target folder from run to run,
/// beside the log of each target; the committed corpora in fuzz/corpus are only read. What makes a target fail is kept in
/// fuzz/artifacts, and the command fails as long as anything is in there: `cargo +nightly fuzz run TARGET FILE` shows it again.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which targets [default: all]
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,

    /// How long each is fuzzed
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,

    /// How many are fuzzed at a time
    #[arg(long, value_name = "J", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    jobs: u32,

    /// The seed of the fuzzer's choices, the same for every target [default: another one each time]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    seed: Option<u32>,

    /// Then add to the committed corpora what covers code that they do not
    #[arg(long)]
    merge: bool,

    /// Fuzz nothing; run the committed corpora and tell how much of the core they cover, file by file
    #[arg(long, conflicts_with_all = ["seconds", "seed", "jobs", "merge"])]
    coverage: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let all = all_targets()?;
    let targets = chosen(&args.targets, all)?;
    if args.coverage {
        coverage::run(&targets)?;
        return Ok(ExitCode::SUCCESS);
    }
    let nightly = Nightly::find()?;
    let mut build = nightly.cargo_fuzz("build");
    if let [only] = targets.as_slice() {
        build.arg(only);
    }
    cargo::run(&mut build)?;
    let rows = fuzz_all(&nightly, &targets, args)?;
    anstream::println!("{}", libfuzzer::table(&rows));
    if args.merge {
        for target in &targets {
            merge(&nightly, target)?;
        }
    }
    let found = rows.iter().any(|(_, stats)| stats.findings > 0);
    Ok(if found { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn folder() -> PathBuf {
    paths::workspace_root().join("fuzz")
}

fn committed(target: &str) -> PathBuf {
    folder().join("corpus").join(target)
}

/// Where inputs are kept from run to run, and logs.
fn working() -> PathBuf {
    paths::target_dir().join("fuzz")
}

/// The names of all targets, in order.
fn all_targets() -> Result<Vec<String>> {
    let folder = folder().join("fuzz_targets");
    let files = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names: Vec<String> =
        files.flatten().filter_map(|file| Some(file.path().file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

fn chosen(wanted: &[String], all: Vec<String>) -> Result<Vec<String>> {
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        bail!("there is no target {unknown}; there are {}", all.join(", "));
    }
    Ok(all.into_iter().filter(|name| wanted.is_empty() || wanted.contains(name)).collect())
}

/// Fuzzes the targets, so many at a time.
fn fuzz_all(nightly: &Nightly, targets: &[String], args: &Args) -> Result<Vec<(String, Stats)>> {
    let left = Mutex::new(targets.iter());
    let done = Mutex::new(Vec::new());
    let work = || -> Result<()> {
        loop {
            let Some(target) = left.lock().ok().and_then(|mut left| left.next()) else { return Ok(()) };
            let stats = fuzz(nightly, target, args).with_context(|| format!("cannot fuzz {target}"))?;
            if let Ok(mut done) = done.lock() {
                done.push((target.clone(), stats));
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..args.jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| bail!("a worker panicked")))
    })?;
    let mut rows = done.into_inner().unwrap_or_default();
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(rows)
}

fn fuzz(nightly: &Nightly, target: &str, args: &Args) -> Result<Stats> {
    let seconds = args.seconds;
    anstream::println!("{target}: {seconds} s");
    let (corpus, logs) = (working().join("corpus").join(target), working().join("logs"));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&logs)?;
    let log = logs.join(target).with_extension("log");
    let dictionary = folder().join(target).with_extension("dict");
    let mut command = nightly.cargo_fuzz("run");
    command.arg(target).arg(&corpus).arg(committed(target)).arg("--");
    command.arg(format!("-max_total_time={seconds}")).arg(max_len(target));
    command.arg(format!("-dict={}", dictionary.display())).arg("-print_final_stats=1");
    command.args(args.seed.map(|seed| format!("-seed={seed}")));
    // An input that is merely slow is no finding.
    command.arg(format!("-timeout={HANG}")).arg(format!("-report_slow_units={HANG}"));
    let status = run_logged(&mut command, &log, Duration::from_secs(u64::from(seconds)) + GRACE)?;
    let text = fs::read(&log)?;
    let text = String::from_utf8_lossy(&text);
    let findings = findings(target)?;
    for finding in &findings {
        anstream::eprintln!("{target}: {} (see {})", finding.display(), log.display());
    }
    for line in libfuzzer::failure(&text) {
        anstream::eprintln!("{target}: {}", line.chars().take(LONGEST_LINE).collect::<String>());
    }
    let stats = Stats::read(&text, findings.len());
    // A target that fails without leaving anything behind has not been fuzzed.
    ensure!(status.success() || stats.findings > 0, "it ended with {status}; the log is {}", log.display());
    ensure!(stats.executions > 0, "it executed nothing; the log is {}", log.display());
    Ok(stats)
}

fn max_len(target: &str) -> String {
    format!("-max_len={}", if target == "replay_log" { LONGEST_LOG } else { LONGEST })
}

fn run_logged(command: &mut Command, log: &Path, limit: Duration) -> Result<std::process::ExitStatus> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdout(file.try_clone()?).stderr(file);
    supervise::run(command, Some(limit))
}

/// Inputs that made a target fail, now or in an earlier run.
fn findings(target: &str) -> Result<Vec<PathBuf>> {
    let folder = folder().join("artifacts").join(target);
    match fs::read_dir(&folder) {
        Ok(files) => Ok(files.flatten().map(|file| file.path()).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", folder.display())),
    }
}

/// Adds the shortest inputs that cover what the committed ones do not.
fn merge(nightly: &Nightly, target: &str) -> Result<()> {
    let before = size(&committed(target))?;
    let log = working().join("logs").join(format!("{target}-merge.log"));
    let mut command = nightly.cargo_fuzz("run");
    command.arg(target).arg(committed(target)).arg(working().join("corpus").join(target)).arg("--");
    // Only new code counts; how often it runs would add an input for every number.
    command.args(["-merge=1", "-use_counters=0"]).arg(max_len(target));
    let status = run_logged(&mut command, &log, Duration::from_secs(1_800))?;
    ensure!(status.success(), "merging the corpus of {target} ended with {status}; the log is {}", log.display());
    let after = size(&committed(target))?;
    anstream::println!("{target}: {} -> {} seeds, {} -> {} bytes", before.0, after.0, before.1, after.1);
    Ok(())
}

/// How many files a folder has, and their bytes.
fn size(folder: &Path) -> Result<(usize, u64)> {
    let files = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let sizes: Vec<u64> = files.flatten().filter_map(|file| Some(file.metadata().ok()?.len())).collect();
    Ok((sizes.len(), sizes.iter().sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_seeds_and_a_dictionary() {
        let targets = all_targets().unwrap();
        assert!(targets.len() >= 7, "{targets:?}");
        for target in targets {
            assert!(size(&committed(&target)).unwrap().0 > 0, "{target}");
            assert!(folder().join(&target).with_extension("dict").is_file(), "{target}");
        }
    }

    #[test]
    fn an_unknown_target_is_an_error_and_none_means_all() {
        let all = || vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(chosen(&[], all()).unwrap(), all());
        assert_eq!(chosen(&["b".to_owned()], all()).unwrap(), ["b"]);
        assert!(chosen(&["c".to_owned()], all()).is_err());
    }
}
