//! `cargo xtask`: the project's checks, and real gateways to test against.

mod cargo;
mod commands;
mod steps;
mod sysroot;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{ending, signals};

use commands::{
    bench, conformance, drift, fuzz, gateway, golden, interop, lint, msrv, mutants, purity, schema, sim, test,
};

/// The project's checks, and real gateways to test against.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, propagate_version = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Bench(bench::Args),
    Conformance(conformance::Args),
    Drift(drift::Args),
    Fuzz(fuzz::Args),
    Gateway(gateway::Args),
    Golden(golden::Args),
    Interop(interop::Args),
    Lint(lint::Args),
    Msrv(msrv::Args),
    Mutants(mutants::Args),
    Purity(purity::Args),
    Schema(schema::Args),
    Sim(sim::Args),
    Test(test::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = signals::install().map_err(anyhow::Error::from).and_then(|()| match &cli.command {
        Command::Bench(args) => bench::run(args),
        Command::Conformance(args) => conformance::run(args),
        Command::Drift(args) => drift::run(args),
        Command::Fuzz(args) => fuzz::run(args),
        Command::Gateway(args) => gateway::run(args),
        Command::Golden(args) => golden::run(args),
        Command::Interop(args) => interop::run(args),
        Command::Lint(args) => lint::run(args),
        Command::Msrv(args) => msrv::run(args),
        Command::Mutants(args) => mutants::run(args),
        Command::Purity(args) => purity::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Sim(args) => sim::run(args),
        Command::Test(args) => test::run(args),
    });
    ending::exit_code(result)
}
