//! What the clients cost over a bare socket.
//!
//! `openclaw-bench run` measures everything in turn; `serve` and `client` are the two programs it starts, usable by
//! themselves so that other clients can be measured against the same gateway.

mod client;
mod cores;
mod files;
mod gateway;
mod measures;
mod run;
mod serve;

use clap::{Parser, Subcommand};

/// Measures what the clients cost over a bare socket.
#[derive(Parser)]
#[command(name = "openclaw-bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A gateway faster than any client: prints its address and serves until it is killed
    Serve(serve::Args),
    /// One measurement: prints one line of JSON
    Client(client::Args),
    /// All measurements, in turn, over several rounds, as ratios to the floor of the same transport
    Run(run::Args),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Client(args) => client::run(&args),
        Command::Run(args) => run::run(&args),
    }
}
