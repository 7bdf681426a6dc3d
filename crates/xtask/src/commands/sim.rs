//! `sim`: clients and gateways in virtual time.

use std::process::{Command, ExitCode};

use anyhow::Result;
use xtask::{paths, supervise};

use crate::cargo;

/// Run clients and gateways in virtual time, with everything that can go wrong (`sim --help` tells more).
///
/// The program is built with optimisation: thousands of seeds are a matter of seconds.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// `--seeds N`, `--from S`, `--seed S`, `--json`, `herd`, ….
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// What builds the simulator and runs it; arguments for it may follow.
pub(super) fn simulator() -> Command {
    let mut command = cargo::cargo();
    command.args(["run", "--quiet", "--release", "--package", "openclaw-sim", "--"]);
    command.env("OPENCLAW_SIM_DIR", paths::target_dir());
    command
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let status = supervise::run(simulator().args(&args.arguments), None)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
