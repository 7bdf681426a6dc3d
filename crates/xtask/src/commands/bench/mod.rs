//! `bench`: what the clients and the core's parts cost.

mod goals;
mod instructions;
mod micro;
mod page;

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use xtask::marks;

use crate::cargo;
use goals::Goal;
use instructions::Recorded;
use micro::Part;

/// The package of the program that does it.
const PACKAGE: &str = "openclaw-bench";

/// Measure what the clients cost over a bare socket, and what the core's parts cost; about half an hour, or some minutes with
/// `--quick`.
///
/// Processor time of two programs is compared, run in turn, so other work on the machine disturbs both; but it does disturb.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Only>,

    /// Few rounds and a tenth of the work, to see that it runs
    #[arg(long)]
    quick: bool,
    /// Rounds of each measure [default: 9, or 3 with --quick]
    #[arg(long)]
    rounds: Option<usize>,
    /// Only the measure of this name or, if none has it, those whose name contains it; may be repeated
    #[arg(long = "only", value_name = "NAME")]
    only: Vec<String>,
    /// Only this runtime or, if there is none of that name, those whose name contains it; may be repeated
    #[arg(long = "runtime", value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// Bind neither the gateway nor the clients to a core. By default each has one of its own, on Linux with two cores or more
    #[arg(long)]
    free: bool,
    /// Leave out the core's parts
    #[arg(long)]
    no_parts: bool,
    /// Write the numbers as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the tables as Markdown: a file, or the part of a file between the marks `<!-- bench -->` and `<!-- /bench -->`
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Only {
    Instructions(instructions::Args),
}

/// All that was measured.
#[derive(Debug, Serialize)]
struct Results {
    /// Whether it was only a look.
    quick: bool,
    rounds: usize,
    clients: Vec<Row>,
    /// What there are goals for, from the parts.
    core: Vec<Goal>,
    parts: Vec<Part>,
}

/// A client beside the bare socket of its runtime, as the program prints it.
#[derive(Debug, Deserialize, Serialize)]
struct Row {
    measure: String,
    runtime: String,
    floor: f64,
    ours: f64,
    ratio: f64,
    lowest: f64,
    highest: f64,
    wall_ratio: f64,
    /// A ratio, or bytes.
    must: Option<f64>,
    aim: Option<f64>,
    memory: bool,
    place: Place,
}

/// The cores the gateway and the client had.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Place {
    Apart,
    Together,
    Free,
}

impl Row {
    fn is_over(&self) -> bool {
        let compared = if self.memory { self.ours } else { self.ratio };
        self.must.is_some_and(|must| compared > must)
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if let Some(Only::Instructions(args)) = &args.command {
        return instructions::run(args);
    }
    let rounds = args.rounds.unwrap_or(if args.quick { 3 } else { 9 });
    let clients = clients(args, rounds)?;
    let parts = if args.no_parts { Vec::new() } else { parts()? };
    let results = Results { quick: args.quick, rounds, clients, core: goals::of(&parts), parts };
    let table = page::table(&results, &Recorded::read(&instructions::file())?);
    anstream::println!("{table}");
    if let Some(file) = &args.json {
        let text = format!("{}\n", serde_json::to_string_pretty(&results)?);
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if let Some(file) = &args.markdown {
        marks::write(file, "bench", &table)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn clients(args: &Args, rounds: usize) -> Result<Vec<Row>> {
    let mut command = cargo::built(&["--release", "--package", PACKAGE], "release", PACKAGE)?;
    command.args(["run", "--json", "--rounds", &rounds.to_string()]);
    command.args(args.quick.then_some("--quick")).args(args.free.then_some("--free"));
    command.args(args.only.iter().flat_map(|name| ["--only", name]));
    command.args(args.runtimes.iter().flat_map(|runtime| ["--runtime", runtime]));
    output(&mut command)?.lines().map(|line| serde_json::from_str(line).context("a row of the bench")).collect()
}

fn parts() -> Result<Vec<Part>> {
    anstream::eprintln!("the core's parts");
    let text = output(cargo::cargo().args(["bench", "--quiet", "--package", PACKAGE, "--bench", "core"]))?;
    let parts = micro::parse(&text);
    ensure!(!parts.is_empty(), "the benchmarks of the core printed nothing that can be read:\n{text}");
    Ok(parts)
}

/// What a program prints; what it says of errors is shown.
fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(output.status.success(), "{command:?} ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}
