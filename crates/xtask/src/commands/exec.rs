//! `gateway exec`: run a command while gateways run, and leave nothing behind.

use std::ffi::OsString;
use std::os::raw::c_int;
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use xtask::gateway::{self, Gateway, StartOptions, Version, install, versions};
use xtask::supervise;

use super::gateway::{Common, distinct};
use super::isolated::{INSIDE_VARIABLE, Network};

/// What the command finds its gateways in.
pub(crate) const GATEWAYS_VARIABLE: &str = "OPENCLAW_TEST_GATEWAYS";

/// Run a command while gateways run
///
/// Starts the gateways, runs the command, stops the gateways, and ends with the command's exit
/// code. The command finds the gateways in the environment variable OPENCLAW_TEST_GATEWAYS:
///
///   [{"version":"2026.9.6","wire":4,"url":"ws://127.0.0.1:PORT","token":"…","pid":123,"log":"…"}]
///
/// The first gateway's address and token are in OPENCLAW_GATEWAY_URL and OPENCLAW_GATEWAY_TOKEN too, where
/// openclaw-gw finds them.
///
/// Where the system allows, gateways and command run in a network namespace of their own: they
/// reach each other over loopback and nothing else.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// A pinned version; may be given several times [default: the newest]
    #[arg(long = "version", value_name = "VERSION", value_parser = versions::find)]
    versions: Vec<&'static Version>,

    #[command(flatten)]
    network: Network,

    #[command(flatten)]
    common: Common,

    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let versions = distinct(&args.versions, &[versions::DEFAULT]);
    let inside = args.network.enter(|| {
        gateway::tidy();
        for version in &versions {
            install::ensure_installed(version)?;
        }
        Ok(())
    })?;
    run_with_gateways(args, &versions, inside)
}

fn run_with_gateways(args: &Args, versions: &[&'static Version], isolated: bool) -> Result<ExitCode> {
    let started = Instant::now();
    let mut gateways = Vec::new();
    for version in versions {
        let mut options = StartOptions::new(version);
        options.token.clone_from(&args.common.token);
        options.config.clone_from(&args.common.config);
        // This is the main thread; it ends with the program.
        options.ends_with_thread = true;
        gateways.push(Gateway::launch(install::ensure_installed(version)?, options)?);
    }
    for gateway in &mut gateways {
        gateway.wait_ready()?;
    }
    anstream::eprintln!(
        "gateways ready in {:.1} s{}: {}",
        started.elapsed().as_secs_f64(),
        if isolated { ", without a network" } else { "" },
        gateways
            .iter()
            .map(|gateway| format!("{} at {}", gateway.record().version, gateway.record().url))
            .collect::<Vec<_>>()
            .join(", ")
    );

    let (program, arguments) = args.command.split_first().context("no command")?;
    let mut command = Command::new(program);
    command.args(arguments).env(GATEWAYS_VARIABLE, describe(&gateways).to_string()).env_remove(INSIDE_VARIABLE);
    if let Some(first) = gateways.first() {
        let record = first.record();
        command.env("OPENCLAW_GATEWAY_URL", &record.url).env("OPENCLAW_GATEWAY_TOKEN", &record.token);
    }
    let status = supervise::run(&mut command, None);
    if !status.as_ref().is_ok_and(ExitStatus::success) {
        for gateway in &mut gateways {
            let ended = gateway.ended()?.map_or_else(String::new, |e| format!(", ended: {e}"));
            let record = gateway.record();
            anstream::eprintln!("log of gateway {}: {}{ended}", record.version, record.log.display());
        }
    }
    for gateway in gateways {
        gateway.stop()?;
    }
    Ok(ExitCode::from(exit_code(status?)))
}

fn describe(gateways: &[Gateway]) -> Value {
    gateways
        .iter()
        .map(|gateway| {
            let record = gateway.record();
            json!({
                "version": record.version,
                "wire": record.wire,
                "url": record.url,
                "token": record.token,
                "pid": record.pid,
                "log": record.log,
            })
        })
        .collect()
}

/// The command's own exit code; as in a shell, 128 and the signal for one that was killed.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| signal_of(status).map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<c_int> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_status: ExitStatus) -> Option<c_int> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    #[test]
    fn exit_codes_are_handed_on() {
        assert_eq!(exit_code(ExitStatus::from_raw(0)), 0);
        assert_eq!(exit_code(ExitStatus::from_raw(7 << 8)), 7);
        assert_eq!(exit_code(ExitStatus::from_raw(15)), 143);
    }
}
