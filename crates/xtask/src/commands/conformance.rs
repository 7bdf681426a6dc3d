//! `conformance`: what gateways do, scenario by scenario, release by release.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use xtask::supervise;

use crate::cargo;

/// The package of the program that does it.
const PACKAGE: &str = "openclaw-conformance";

/// Check what real gateways do, old and new, scenario by scenario (`conformance --help` tells more).
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// `--version X`, `--runtime Y`, `--only NAME`, `--json FILE`, `--markdown FILE`, ….
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    Ok(if play(&args.arguments)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Fails if a scenario does.
pub(crate) fn check(arguments: &[String]) -> Result<()> {
    ensure!(play(arguments)?, "scenarios failed");
    Ok(())
}

fn play(arguments: &[String]) -> Result<bool> {
    let mut program = cargo::built(&["--package", PACKAGE], "debug", PACKAGE)?;
    Ok(supervise::run(program.args(arguments), None)?.success())
}
