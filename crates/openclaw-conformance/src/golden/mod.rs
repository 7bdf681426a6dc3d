//! Golden recordings: a small, sanitised choice of what clients recorded of real gateways.

mod sanitise;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use openclaw_client::proto::record::{replay, retake};
use openclaw_tests::golden::{LARGEST, folder, remains};
use serde_json::Value;

use crate::recording::Recording;
use sanitise::Machine;

/// As much is kept of a log that is not kept whole, in bytes.
const BEGINNING: usize = 32 << 10;
/// A log ends like this when its client has not ended; what it had left to say is put in when it is taken again.
const END: &str = "{\"end\":\"done\",\"left\":0}\n";

/// Scenarios whose recordings show nothing but size, or nothing but the end.
const LEFT_OUT: [&str; 4] = ["a-thousand-concurrent-calls", "an-answer-of-megabytes", "largest", "turns--"];

/// Make the golden recordings of the hermetic tests.
///
/// Takes the folder into which `cargo xtask conformance --recordings` wrote what clients recorded of real gateways. Of each
/// scenario, release and role it keeps one log: the largest that is not too large, or else the beginning of one. Names of folders,
/// hosts and systems are replaced, and the client is run again over the inputs, so that the log replays. What could still
/// tell of the machine is an error, and nothing is written.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "cargo xtask golden", bin_name = "cargo xtask golden")]
pub struct Args {
    /// The folder with the recordings
    #[arg(value_name = "DIR")]
    recordings: PathBuf,
}

/// Does what the command line says.
///
/// # Errors
/// When a recording cannot be read, does not replay, or has something in it that must not be seen.
pub fn run(args: &Args) -> Result<ExitCode> {
    let machine = Machine::this()?;
    let (mut kept, mut faults) = (BTreeMap::new(), Vec::new());
    for ((release, scenario), recording) in choose(&args.recordings)? {
        let place = Path::new(&release).join(format!("{scenario}.ndjson"));
        match clean(&machine, &recording.log) {
            Ok(log) => drop(kept.insert(place, log)),
            Err(error) => faults.push(format!("{}: {error:#}", place.display())),
        }
    }
    if !faults.is_empty() {
        bail!("nothing is written:\n{}", faults.join("\n"));
    }
    ensure!(!kept.is_empty(), "there are no recordings of real gateways in {}", args.recordings.display());
    let releases: Vec<_> = kept.keys().filter_map(|place| place.parent()).collect();
    for release in releases {
        let dir = folder().join(release);
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
        }
    }
    for (place, log) in &kept {
        let file = folder().join(place);
        let write = || fs::create_dir_all(file.parent().unwrap_or(&file)).and_then(|()| fs::write(&file, log));
        write().with_context(|| format!("cannot write {}", file.display()))?;
    }
    let bytes: usize = kept.values().map(String::len).sum();
    anstream::println!("{} logs, {} KB, in {}", kept.len(), bytes >> 10, folder().display());
    Ok(ExitCode::SUCCESS)
}

/// One recording of each scenario, role and release: the largest that is not too large, or else the smallest.
fn choose(dir: &Path) -> Result<BTreeMap<(String, String), Recording>> {
    let mut chosen: BTreeMap<(String, String), Recording> = BTreeMap::new();
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "ndjson"));
    files.sort();
    for file in files {
        let recording = Recording::read(&file).with_context(|| file.display().to_string())?;
        let wanted = !recording.release.is_embedded() && !LEFT_OUT.iter().any(|part| recording.scenario.contains(part));
        // A client that was never connected to anything says nothing of gateways.
        if !wanted || !recording.log.contains(r#""in":"opened""#) {
            continue;
        }
        let rank = |recording: &Recording| match recording.log.len() {
            len if len <= LARGEST => (true, len),
            len => (false, usize::MAX - len),
        };
        let role = role(&recording.log).with_context(|| format!("{} has no header", file.display()))?;
        let role = if role == "operator" { String::new() } else { format!("-{role}") };
        let place = (recording.release.to_string(), slug(&recording.scenario) + &role);
        match chosen.get(&place) {
            Some(other) if rank(other) >= rank(&recording) => {}
            _ => drop(chosen.insert(place, recording)),
        }
    }
    Ok(chosen)
}

/// The role that the client wanted.
fn role(log: &str) -> Option<String> {
    let header: Value = serde_json::from_str(log.lines().next()?).ok()?;
    header.pointer("/config/connect/role")?.as_str().map(str::to_owned)
}

/// The name of a scenario as the name of a file.
fn slug(scenario: &str) -> String {
    let words = scenario.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// A log that anybody may see, and that replays.
fn clean(machine: &Machine, log: &str) -> Result<String> {
    let log = retake(&machine.sanitise(&beginning(log)))?;
    let told = replay(&log)?;
    ensure!(told.complete, "it has no end");
    let found = [remains(&log), machine.remains(&log)].concat();
    ensure!(found.is_empty(), "there is still something in it:\n  {}", found.join("\n  "));
    Ok(log)
}

/// As many lines as are not too much, and an end.
fn beginning(log: &str) -> String {
    if log.len() <= LARGEST {
        return log.to_owned();
    }
    let mut kept = String::new();
    for line in log.split_inclusive('\n').take_while(|line| !line.starts_with("{\"end\"")) {
        if kept.len() + line.len() + END.len() > BEGINNING {
            break;
        }
        kept += line;
    }
    kept + END
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_large_log_the_beginning_is_kept_in_whole_lines() {
        let line = format!("{{\"in\":\"{}\"}}\n", "a".repeat(1000));
        let log = line.repeat(100) + END;
        let kept = beginning(&log);
        assert!(kept.len() <= BEGINNING && kept.len() > BEGINNING - 2 * line.len(), "{}", kept.len());
        assert!(kept.ends_with(END) && kept.trim_end_matches(END).len() % line.len() == 0);
        assert_eq!(beginning(&line), line);
    }

    #[test]
    fn a_scenario_has_a_file_name() {
        assert_eq!(slug("life--SIGTERM with calls-in--flight"), "life-SIGTERM-with-calls-in-flight");
    }
}
