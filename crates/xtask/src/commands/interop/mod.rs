//! `interop`: clients by others against the embedded gateway.

mod driver;
mod server;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde::Serialize;
use xtask::strangers::{self, OFFICIAL_CLIENT, OPENCLAW_NODE};
use xtask::{npm, paths};

use super::isolated::{self, Network};
use crate::cargo;

/// Check the embedded gateway with clients by others
///
/// Installs the official TypeScript client and openclaw-node with npm, in the versions pinned in
/// crates/xtask/src/strangers.rs, and runs them, under the pinned Node, against `openclaw-gw serve`: they connect, with
/// and without a device, call methods, receive events, are answered errors, and come back after the gateway was killed,
/// and after it was stopped. Prints a table client × step; fails if a step fails.
///
/// Where the system allows, all that runs in a network namespace of its own.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these clients; may be given several times [default: all]
    #[arg(long = "client", value_name = "NAME", value_parser = find)]
    clients: Vec<&'static Lane>,

    /// The program to serve with [default: the one of this workspace, which is built]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    network: Network,
}

/// A client, and what it is run as.
#[derive(Debug)]
struct Lane {
    name: &'static str,
    pin: npm::Pin<'static>,
    /// The script that drives it.
    script: &'static str,
    /// What the script shall make of it.
    kind: &'static str,
    /// The wire protocol the gateway speaks.
    wire: u8,
}

const LANES: &[Lane] = &[
    Lane { name: "official", pin: OFFICIAL_CLIENT, script: "official.mjs", kind: "operator", wire: 4 },
    Lane { name: "official-device", pin: OFFICIAL_CLIENT, script: "official.mjs", kind: "device", wire: 4 },
    Lane { name: "official-node", pin: OFFICIAL_CLIENT, script: "official.mjs", kind: "node", wire: 4 },
    Lane { name: "official-node-v3", pin: OFFICIAL_CLIENT, script: "official.mjs", kind: "node", wire: 3 },
    Lane { name: "official-probe-v3", pin: OFFICIAL_CLIENT, script: "official.mjs", kind: "probe", wire: 3 },
    Lane { name: "openclaw-node", pin: OPENCLAW_NODE, script: "openclaw_node.mjs", kind: "operator", wire: 4 },
];

fn find(name: &str) -> Result<&'static Lane, String> {
    let known = || LANES.iter().map(|lane| lane.name).collect::<Vec<_>>().join(", ");
    LANES.iter().find(|lane| lane.name == name).ok_or_else(|| format!("the clients are {}", known()))
}

/// What became of a step.
#[derive(Debug, Serialize)]
struct Step {
    step: String,
    ok: bool,
    detail: String,
}

/// What became of a client.
#[derive(Debug, Serialize)]
struct Run {
    client: &'static str,
    package: &'static str,
    version: &'static str,
    wire: u8,
    seconds: f64,
    steps: Vec<Step>,
}

impl Run {
    fn passed(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.ok)
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let isolated = args.network.enter(|| {
        strangers::ensure_installed()?;
        if args.program.is_none() {
            cargo::run(cargo::cargo().args(["build", "--quiet", "--package", "openclaw-gw"]))?;
        }
        Ok(())
    })?;
    let strangers = strangers::ensure_installed()?;
    let own = || paths::target_dir().join("debug").join(format!("openclaw-gw{}", std::env::consts::EXE_SUFFIX));
    let program = args.program.clone().unwrap_or_else(own);
    let mut runs = Vec::new();
    let chosen =
        LANES.iter().filter(|lane| args.clients.is_empty() || args.clients.iter().any(|c| c.name == lane.name));
    for lane in chosen {
        anstream::eprintln!("{} ({} {}, wire {})", lane.name, lane.pin.package, lane.pin.version, lane.wire);
        runs.push(driver::drive(lane, &strangers, &program).with_context(|| lane.name)?);
    }
    if args.json {
        anstream::println!("{}", serde_json::to_string_pretty(&runs)?);
    } else {
        anstream::println!("{}", table::table(&runs).trim_end());
        anstream::println!("{}", isolated::told(isolated));
    }
    Ok(if runs.iter().all(Run::passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
