//! Counting with valgrind.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use xtask::paths;

use super::recorded::Count;
use crate::cargo;
use crate::commands::bench::{PACKAGE, output};

/// Does the work; it needs nothing but the core, so that it is built fast.
const PROGRAM: &str = "core-work";

/// Counts everything the program can do.
pub(super) fn count() -> Result<Vec<Count>> {
    let valgrind = paths::find_program("valgrind").context(
        "there is no valgrind, which counts instructions; install it with `apt-get install valgrind` (Debian, Ubuntu) or \
         your system's package manager",
    )?;
    let arguments = ["--release", "--package", PACKAGE, "--no-default-features", "--bin", PROGRAM];
    let mut list = cargo::built(&arguments, "release", PROGRAM)?;
    let program = Path::new(list.get_program()).to_owned();
    let work = output(&mut list)?;
    work.lines().map(|line| operation(&valgrind, &program, line)).collect()
}

/// What one of it takes: the difference of twice as many.
fn operation(valgrind: &Path, program: &Path, line: &str) -> Result<Count> {
    let (times, name) = line.split_once(' ').with_context(|| format!("no operation: {line}"))?;
    let times: u64 = times.parse().with_context(|| format!("no operation: {line}"))?;
    anstream::eprintln!("{name}");
    let once = instructions(valgrind, program, name, times)?;
    let twice = instructions(valgrind, program, name, 2 * times)?;
    ensure!(times > 0 && twice > once, "{name} did nothing");
    Ok(Count { name: name.into(), instructions: (twice - once).div_ceil(times) })
}

fn instructions(valgrind: &Path, program: &Path, name: &str, times: u64) -> Result<u64> {
    let mut command = Command::new(valgrind);
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).args([name, &times.to_string()]);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} ended with {}:\n{said}", output.status);
    collected(&said).with_context(|| format!("callgrind did not say what it counted:\n{said}"))
}

/// The number in `==123== Collected : 456`.
fn collected(said: &str) -> Option<u64> {
    said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_what_callgrind_says() {
        let said = "==7== Events    : Ir\n==7== Collected : 10259109\n==7== \n==7== I   refs:      10,259,109\n";
        assert_eq!(collected(said), Some(10_259_109));
        assert_eq!(collected("==7== Collected : many"), None);
    }
}
