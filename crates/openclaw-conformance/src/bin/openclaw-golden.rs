//! `cargo xtask golden` runs this program.

use std::process::ExitCode;

use clap::Parser;
use openclaw_conformance::golden::{Args, run};

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
