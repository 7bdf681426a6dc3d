//! `mutants`: the core, made wrong on purpose, is found out.

mod copy;
mod patch;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use xtask::supervise;

use crate::steps::Steps;
use copy::Copy;
use patch::Patch;

/// No build and no run of so many seeds takes longer.
const LIMIT: Duration = Duration::from_secs(900);

/// Make the core wrong on purpose, in a copy of it, and show that the simulation finds it out.
///
/// There is one patch for each invariant, in crates/xtask/mutants. The simulation then looks at that invariant alone and
/// has to fail. The tree is not touched. A patch that no longer applies is an error.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// One patch for each invariant of the simulator.
    #[arg(long, required = true)]
    invariants: bool,

    /// Only the patches of these invariants.
    #[arg(long)]
    only: Vec<String>,

    /// After so many seeds a patch counts as not found out.
    #[arg(long, default_value_t = 5_000)]
    seeds: u64,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let patches: Vec<Patch> = patch::all()?
        .into_iter()
        .filter(|patch| args.only.is_empty() || args.only.contains(&patch.invariant))
        .collect();
    ensure!(!patches.is_empty(), "there is no such patch");
    for patch in &patches {
        patch.check()?;
    }
    let copy = Copy::make()?;
    let mut steps = Steps::default();
    let sound = steps.run("the core as it is", || {
        let result = simulate(&copy, args.seeds, None)?;
        match first_failure(&result) {
            Some((by, failure)) => bail!("{by}: {failure}"),
            None => Ok(format!("passes {} seeds", args.seeds)),
        }
    })?;
    // What fails without a patch proves nothing with one.
    for patch in patches.iter().filter(|_| sound) {
        steps.run(&patch.invariant, || {
            let _patched = copy.patched(patch)?;
            let result = simulate(&copy, args.seeds, Some(&patch.invariant))?;
            match first_failure(&result) {
                Some((by, _)) => {
                    let runs = result.get("seeds").and_then(Value::as_u64).unwrap_or_default();
                    Ok(format!("found out after {runs} seeds, by {by}: {}", patch.says))
                }
                None => bail!("not found out in {} seeds: {}", args.seeds, patch.says),
            }
        })?;
    }
    Ok(if steps.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the copy and runs seeds in it.
fn simulate(copy: &Copy, seeds: u64, only: Option<&str>) -> Result<Value> {
    let status = supervise::run(&mut copy.build(), Some(LIMIT))?;
    ensure!(status.success(), "the copy does not build");
    let mut command = copy.program();
    command.args(["--json", "--no-shrink", "--failures", "1", "--seeds"]).arg(seeds.to_string());
    if let Some(only) = only {
        command.args(["--only", only]);
    }
    let text = copy.output(&mut command, LIMIT)?;
    serde_json::from_str(&text).with_context(|| format!("the simulator said: {text}"))
}

/// What failed first, one seed or all of them together, and how.
fn first_failure(result: &Value) -> Option<(String, &str)> {
    let first = result.get("failures")?.get(0)?;
    let by = match first.get("seed").and_then(Value::as_u64) {
        Some(seed) => format!("seed {seed}"),
        None => "all of them together".to_owned(),
    };
    Some((by, first.get("failure")?.as_str()?))
}
