//! `cargo xtask schema` runs this program after the tests.

use std::process::ExitCode;

use clap::Parser;
use openclaw_conformance::schema::{Args, run};

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
