//! `conformance`: what gateways do, scenario by scenario, release by release.

use std::process::ExitCode;

use anyhow::Result;
use xtask::{paths, supervise};

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
    // Not `cargo run`: the program becomes another one, and files are named relative to the caller's folder.
    cargo::run(cargo::cargo().args(["build", "--quiet", "--package", PACKAGE]))?;
    let program = paths::target_dir().join("debug").join(PACKAGE);
    let status = supervise::run(std::process::Command::new(program).args(&args.arguments), None)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
