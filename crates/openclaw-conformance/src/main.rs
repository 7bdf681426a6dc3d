//! `cargo xtask conformance` runs this program.

use std::process::ExitCode;

use clap::Parser;
use openclaw_conformance::{Args, run};
use xtask::signals::Interrupted;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(code) => code,
        Err(error) => match error.downcast_ref::<Interrupted>() {
            Some(interrupted) => {
                anstream::eprintln!("{interrupted}");
                ExitCode::from(interrupted.exit_code())
            }
            None => {
                anstream::eprintln!("error: {error:#}");
                ExitCode::FAILURE
            }
        },
    }
}
