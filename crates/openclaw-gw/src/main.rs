//! `openclaw-gw`: an OpenClaw gateway from the command line.

mod adapter;
mod cli;
mod commands;
mod connect;
mod device;
mod exit;
mod failure;
mod hint;
mod interrupt;
mod logging;
mod output;
mod recording;
mod run;
mod settings;

fn main() -> std::process::ExitCode {
    run::run().into()
}
