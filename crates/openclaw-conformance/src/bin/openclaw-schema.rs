//! `cargo xtask schema` runs this program after the tests.

use std::process::ExitCode;

use clap::Parser;
use openclaw_conformance::schema::{Args, run};
use xtask::ending;

fn main() -> ExitCode {
    ending::exit_code(run(&Args::parse()))
}
