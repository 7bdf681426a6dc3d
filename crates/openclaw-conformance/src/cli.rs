//! The command line.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use openclaw_tests::lane::Lane;
use xtask::gateway::isolation::{self, Isolation};
use xtask::gateway::{self, install};
use xtask::{marks, process, signals, strangers};

use crate::release::Release;
use crate::report;
use crate::runner::{self, Plan};
use crate::scenarios::ALL;
use crate::stage::Options;

/// Set when this program has called itself inside the namespace.
const INSIDE: &str = "OPENCLAW_CONFORMANCE_ISOLATED";

/// Check what gateways do, scenario by scenario, on real releases and on the embedded gateway.
///
/// Installs the releases if needed (this needs npm and its registry), then takes the network away where the system allows
/// it, starts the gateways that the scenarios need, and prints a table. Ends with a failure if a scenario fails.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "cargo xtask conformance", bin_name = "cargo xtask conformance")]
pub struct Args {
    /// A pinned release, `embedded` or `embedded-v3`; may be given several times [default: all]
    #[arg(long = "version", value_name = "VERSION", value_parser = Release::find)]
    versions: Vec<Release>,

    /// A runtime of the client, or `all`; may be given several times [default: tokio-n]
    #[arg(long = "runtime", value_name = "RUNTIME")]
    runtimes: Vec<String>,

    /// Only scenarios whose name contains this; may be given several times
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,

    /// Also scenarios that take a minute or more
    #[arg(long)]
    long: bool,

    /// How often gateways are killed under load
    #[arg(long, value_name = "N", default_value_t = 2)]
    kills: usize,

    /// How many mutated frames gateways are sent
    #[arg(long, value_name = "N", default_value_t = 2000)]
    mutants: usize,

    /// How many gateways run at a time
    #[arg(long, value_name = "N", default_value_t = 2)]
    jobs: usize,

    /// Write the results as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Add the results to those of earlier runs in this file, where they replace what was run again
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    add_to: Option<PathBuf>,

    /// Write the table as Markdown: a file, or the part of a file between the marks `<!-- conformance -->` and
    /// `<!-- /conformance -->`
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,

    /// Write the shapes of what releases said, which the embedded gateway is compared with in runs without them
    #[arg(long, value_name = "FILE")]
    shapes: Option<PathBuf>,

    /// Write what every client recorded into this folder, and that of failures into `failed` in it
    #[arg(long, value_name = "DIR")]
    recordings: Option<PathBuf>,

    /// Keep the network
    #[arg(long)]
    no_isolate: bool,

    /// Show the scenarios and end
    #[arg(long)]
    list: bool,
}

/// Does what the command line says.
///
/// # Errors
/// When gateways cannot be installed or the results not written, and [`Interrupted`](signals::Interrupted) on a signal.
pub fn run(args: &Args) -> Result<ExitCode> {
    let plan = plan(args)?;
    if args.list {
        for scenario in &plan.scenarios {
            anstream::println!("{}{}", scenario.name(), if scenario.long { "  (--long)" } else { "" });
        }
        return Ok(ExitCode::SUCCESS);
    }
    if env::var_os(INSIDE).is_some() {
        isolation::loopback_up()?;
    } else {
        // While there still is a network.
        gateway::tidy();
        for release in &plan.releases {
            if let Release::Real(version) = release {
                install::ensure_installed(version)?;
            }
        }
        // For the published schema.
        strangers::ensure_installed()?;
        if !args.no_isolate {
            match Isolation::find() {
                Some(isolation) => return Err(call_self_in(isolation)),
                None => anstream::eprintln!("isolation is not available here: the gateways keep the network"),
            }
        }
    }
    signals::install()?;
    let mut results = runner::run(&plan)?;
    report::likeness::compare(&mut results)?;
    if let Some(file) = &args.add_to {
        let old = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        report::earlier::add(&mut results, &old).with_context(|| file.display().to_string())?;
    }
    report::print(&results);
    if let Some(file) = args.json.as_ref().or(args.add_to.as_ref()) {
        write(file, &report::json(&results))?;
    }
    if let Some(file) = &args.markdown {
        marks::write(file, "conformance", &report::markdown(&results))?;
    }
    if let Some(file) = &args.shapes {
        write(file, &report::likeness::shapes(&results))?;
    }
    // With some scenarios only, nobody knows what the others would have met.
    let vanished = if args.only.is_empty() { results.inspector.vanished() } else { Vec::new() };
    for vanished in &vanished {
        anstream::println!("✗ a known deviation from the schemas was not met: {vanished}");
    }
    let failed = !vanished.is_empty() || results.cells.iter().any(crate::cell::Cell::failed);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn plan(args: &Args) -> Result<Plan> {
    let mut releases: Vec<Release> = Vec::new();
    for release in if args.versions.is_empty() { Release::all() } else { args.versions.clone() } {
        if !releases.contains(&release) {
            releases.push(release);
        }
    }
    let mut lanes = Vec::new();
    for name in &args.runtimes {
        let found: Vec<_> = Lane::ALL.into_iter().filter(|lane| name == "all" || lane.name() == name).collect();
        ensure!(
            !found.is_empty(),
            "there is no runtime {name}; there are all, {}",
            Lane::ALL.map(Lane::name).join(", ")
        );
        lanes.extend(found);
    }
    if lanes.is_empty() {
        lanes.push(Lane::TokioMulti);
    }
    lanes.dedup();
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|part| name.contains(part.as_str()));
    let scenarios: Vec<_> = ALL.iter().filter(|scenario| wanted(&scenario.name())).collect();
    if scenarios.is_empty() {
        bail!("no scenario has such a name; --list shows all");
    }
    Ok(Plan {
        releases,
        lanes,
        scenarios,
        options: Options { long: args.long, kills: args.kills, mutants: args.mutants },
        jobs: args.jobs.max(1),
        recordings: args.recordings.clone(),
    })
}

/// This process becomes the isolated one: its number stays, so signals reach the right process.
fn call_self_in(isolation: Isolation) -> anyhow::Error {
    let own = match env::current_exe() {
        Ok(own) => own,
        Err(error) => return anyhow::Error::new(error).context("cannot find this program"),
    };
    let mut command = isolation.command(own);
    command.args(env::args_os().skip(1)).env(INSIDE, "1");
    anyhow::Error::new(process::become_command(&mut command)).context("cannot run unshare")
}

fn write(file: &Path, text: &str) -> Result<()> {
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
