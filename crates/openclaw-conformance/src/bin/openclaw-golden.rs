//! `cargo xtask golden` runs this program.

use std::process::ExitCode;

use clap::Parser;
use openclaw_conformance::golden::{Args, run};
use xtask::ending;

fn main() -> ExitCode {
    ending::exit_code(run(&Args::parse()))
}
