//! Runs the simulator: many seeds, one of them, a script, or a crowd.

mod herd;
mod seeds;
mod show;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Clients and gateways in virtual time, with everything that can go wrong, and what must hold all the while.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask sim", args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    seeds: seeds::Args,
}

#[derive(Debug, Subcommand)]
enum Command {
    Herd(herd::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Some(Command::Herd(args)) => herd::run(args),
        None => seeds::run(&cli.seeds),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
