//! `lint`: everything that can be said about the code without running it.

use std::process::ExitCode;

use anyhow::Result;

use super::{file_length, purity};
use crate::cargo;
use crate::steps::Steps;

/// Check format, lints, documentation, file lengths and purity.
///
/// Runs all of: cargo fmt --check, clippy for all targets with warnings as errors, rustdoc with
/// warnings as errors, no Rust file over 600 lines, and `cargo xtask purity`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args) -> Result<ExitCode> {
    let mut steps = Steps::default();
    steps.run("format", || {
        cargo::run(cargo::cargo().args(["fmt", "--all", "--check"]))?;
        Ok(String::new())
    })?;
    steps.run("clippy", clippy)?;
    steps.run("documentation", || {
        cargo::run(cargo::cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
        Ok(String::new())
    })?;
    steps.run("file lengths", file_length::check)?;
    steps.run("purity", purity::check)?;
    Ok(if steps.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn clippy() -> Result<String> {
    let mut ways = vec![vec!["--all-targets".to_owned()]];
    for test in cargo::packages()?.into_iter().flat_map(|package| package.tests) {
        // Not even `--all-targets` includes these.
        if test.only_by_name {
            ways.push(vec!["--test".to_owned(), test.name]);
        }
    }
    for way in ways {
        cargo::run(cargo::cargo().args(["clippy", "--workspace"]).args(way).args(["--", "-D", "warnings"]))?;
    }
    Ok(String::new())
}
