//! `golden`: the recordings that the hermetic tests replay.

use std::process::ExitCode;

use anyhow::Result;
use xtask::supervise;

use crate::cargo;

/// The package of the program that makes them.
const PACKAGE: &str = "openclaw-conformance";
const PROGRAM: &str = "openclaw-golden";

/// Make golden recordings from those of `conformance --recordings` (`golden --help` tells more).
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// The folder with the recordings.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut program = cargo::built(&["--package", PACKAGE, "--bin", PROGRAM], "debug", PROGRAM)?;
    let done = supervise::run(program.args(&args.arguments), None)?.success();
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
