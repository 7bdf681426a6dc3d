//! `bench instructions`: what the core's work takes in instructions, beside what is recorded.

mod callgrind;
mod recorded;

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use xtask::paths;

use crate::cargo;
pub(super) use recorded::Recorded;
use recorded::{Count, percent};

/// Count the instructions of the core's work, and compare them with those that are recorded in the repository.
///
/// Runs fixed work under valgrind's callgrind, once and twice as often, and takes the difference. No other program disturbs
/// that, so it can be compared from one change to the next. Fails if an operation takes 5 % more or less than what is
/// recorded, unless another compiler has made that.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Record what is counted now, and why it differs
    #[arg(long, value_name = "WHY", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    bless: Option<String>,
}

/// Where they are recorded.
pub(super) fn file() -> PathBuf {
    paths::workspace_root().join("crates").join("openclaw-bench").join("results").join("instructions.json")
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let compiler = format!("{}, {}", cargo::rustc(&["--version"])?, cargo::host_triple()?);
    let counted = callgrind::count()?;
    let recorded = Recorded::read(&file())?;
    anstream::print!("{}", table(&recorded, &counted));
    if let Some(why) = &args.bless {
        recorded.blessed(&compiler, &counted, why).write(&file())?;
        return Ok(ExitCode::SUCCESS);
    }
    if recorded.compiler != compiler {
        let made = if recorded.compiler.is_empty() { "nothing yet" } else { &recorded.compiler };
        anstream::println!("not compared: what is recorded is of {made}, and this is {compiler}");
        return Ok(ExitCode::SUCCESS);
    }
    let moved = recorded.moved(&counted);
    if !moved.is_empty() {
        bail!("more than 5 % from what is recorded; if that is meant, say why with --bless:\n  {}", moved.join("\n  "));
    }
    Ok(ExitCode::SUCCESS)
}

fn table(recorded: &Recorded, counted: &[Count]) -> String {
    let mut text = format!("{:<32}{:>12}{:>12}{:>10}\n", "instructions of", "recorded", "now", "change");
    for Count { name, instructions } in counted {
        let (old, change) = match recorded.instructions.get(name) {
            Some(old) => (old.to_string(), percent(*old, *instructions)),
            None => (String::new(), "new".into()),
        };
        let _ = writeln!(text, "{name:<32}{old:>12}{instructions:>12}{change:>10}");
    }
    text
}
