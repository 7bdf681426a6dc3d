//! `drift`: how the wire of the newest release differs from that of the pinned one.

mod compare;
mod shape;
mod tell;

use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use xtask::gateway::install;
use xtask::gateway::versions::{DEFAULT, GATEWAY_PACKAGE};
use xtask::strangers::{OFFICIAL_CLIENT, OPENCLAW_NODE, PROTOCOL};
use xtask::{npm, protocol};

use compare::Drift;

/// Compare the wire of the newest published gateway with that of the pinned one
///
/// Installs both releases with npm and compares what their own code validates and declares: methods and their scopes,
/// events, scopes, error codes, client ids, modes and capabilities, and, definition by definition, members, their types
/// and whether they are required, and the values of enumerations. First what a client like ours has to learn, then the
/// rest. Tells, too, which pinned npm packages have newer releases.
///
/// Differences are no failure, unless --check is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The release to compare from
    #[arg(long, value_name = "VERSION", default_value = DEFAULT.number)]
    from: String,

    /// The release to compare with: a version or a dist-tag
    #[arg(long, value_name = "VERSION", default_value = "latest")]
    to: String,

    /// Fail if there is a difference
    #[arg(long)]
    check: bool,

    /// Show all differences, not just how many there are of those that concern single methods
    #[arg(long)]
    all: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let (from, to) = (resolve(&args.from)?, resolve(&args.to)?);
    let packages = newer_packages()?;
    let wire = |number: &str| {
        let install = install::ensure_number_installed(number)?;
        protocol::of_gateway(&install).with_context(|| format!("gateway {number}"))
    };
    // Not one with itself, which would say nothing about the comparison and cost as much.
    let drift = if from == to { Drift::default() } else { Drift::between(&wire(&from)?, &wire(&to)?) };
    if args.json {
        let told = json!({"from": from, "to": to, "packages": packages, "drift": drift});
        anstream::println!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        anstream::print!("{}", tell::report(&from, &to, &drift, args.all));
        for package in &packages {
            anstream::println!("{package}");
        }
    }
    let differs = !drift.is_empty() || !packages.is_empty();
    Ok(if args.check && differs { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The version that a version or a dist-tag stands for.
fn resolve(name: &str) -> Result<String> {
    let found = npm::view(&format!("{GATEWAY_PACKAGE}@{name}"), &["version"])?;
    let version = found.as_str().map(str::to_owned);
    version.with_context(|| format!("{name} stands for several releases or none: {found}"))
}

/// Which pinned packages of others have newer releases, in words.
fn newer_packages() -> Result<Vec<String>> {
    let mut newer = Vec::new();
    for pin in [OFFICIAL_CLIENT, PROTOCOL, OPENCLAW_NODE] {
        let latest = npm::view(pin.package, &["dist-tags.latest"])?;
        let latest = latest.as_str().map_or_else(|| Value::to_string(&latest), str::to_owned);
        if latest != pin.version {
            newer.push(format!("{}: pinned {}, newest {latest}", pin.package, pin.version));
        }
    }
    Ok(newer)
}
