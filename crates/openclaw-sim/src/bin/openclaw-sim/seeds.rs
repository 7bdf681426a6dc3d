//! Runs of seeds.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use openclaw_sim::script::Script;
use openclaw_sim::{Look, Plan, Shrunk, Sum, run_many, shrink};
use serde_json::{Value, json};

use super::show;

/// Runs so short are over before anybody wonders.
const PATIENCE: Duration = Duration::from_secs(2);

/// Run seeds, on all cores.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,

    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,

    /// Only this seed; its script is printed.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,

    /// What the seeds' scripts are like.
    #[arg(long, value_enum, default_value_t)]
    workload: Workload,

    /// Only this script, as `--json` prints it.
    #[arg(long, conflicts_with_all = ["seeds", "from", "seed"])]
    script: Option<PathBuf>,

    /// Everything that happens in the one run is printed.
    #[arg(long)]
    trace: bool,

    /// Only this invariant counts.
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(openclaw_sim::invariants::names()))]
    only: Option<String>,

    /// Fails if anything was met less often than that; by default 100 for at least 10 000 seeds of the
    /// mixed workload, else 0.
    #[arg(long)]
    least: Option<u64>,

    /// As many failures end the runs.
    #[arg(long, default_value_t = 3)]
    failures: usize,

    /// Failures are not shrunk.
    #[arg(long)]
    no_shrink: bool,

    /// Threads; as many as there are processors if not given.
    #[arg(long, default_value_t = 0)]
    threads: usize,

    /// The result as JSON.
    #[arg(long)]
    json: bool,
}

/// How a seed becomes a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Workload {
    /// A few clients and gateways, minutes to hours of work, and much that goes wrong.
    #[default]
    Mixed,
    /// Thousands of connections that hardly last, in minutes.
    Churn,
    /// A minute of one or two clients.
    Short,
}

impl Workload {
    fn maker(self) -> fn(u64) -> Script {
        match self {
            Self::Mixed => Script::of_seed,
            Self::Churn => Script::churn,
            Self::Short => Script::short,
        }
    }
}

impl Args {
    /// How often everything has to be met. What counts for one invariant alone proves nothing of the rest.
    fn least(&self) -> u64 {
        let enough = self.seeds >= 10_000 && self.only.is_none() && self.workload == Workload::Mixed;
        self.least.unwrap_or(if enough { 100 } else { 0 })
    }

    fn look(&self, trace: bool) -> Look<'_> {
        Look { only: self.only.as_deref(), trace }
    }
}

fn run_seeds_of(args: &Args) -> Sum {
    let started = Instant::now();
    let wants_progress = std::io::stderr().is_terminal();
    let plan = Plan {
        from: args.from,
        seeds: args.seeds,
        threads: args.threads,
        most_failures: args.failures,
        only: args.only.as_deref(),
        make: args.workload.maker(),
    };
    let mut told = Instant::now();
    let sum = run_many(plan, |done, failures| {
        // A terminal is told often, a log every ten seconds.
        let due = wants_progress || told.elapsed() > Duration::from_secs(10);
        if started.elapsed() > PATIENCE && due {
            told = Instant::now();
            let end = if wants_progress { "\r" } else { "\n" };
            eprint!("{done} of {} seeds, {failures} failed, {:.0?} {end}", args.seeds, started.elapsed());
            let _ = std::io::stderr().flush();
        }
    });
    if wants_progress && started.elapsed() > PATIENCE {
        eprintln!();
    }
    sum
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    if let Some(path) = &args.script {
        let script = serde_json::from_str(&std::fs::read_to_string(path)?)?;
        return Ok(one(args, &script));
    }
    if let Some(seed) = args.seed {
        return Ok(one(args, &args.workload.maker()(seed)));
    }
    let started = Instant::now();
    let sum = run_seeds_of(args);
    let took = started.elapsed();
    let shrunk: Vec<(u64, Shrunk)> = sum
        .failures
        .iter()
        .filter(|_| !args.no_shrink)
        .map(|(seed, failure)| (*seed, shrink(&args.workload.maker()(*seed), failure, args.look(false))))
        .collect();
    let gaps = sum.coverage.gaps(args.least());
    if args.json {
        println!("{:#}", as_json(&sum, took, &shrunk));
    } else {
        print!("{}", show::sum(&sum, took, args.from));
        for (seed, failure) in &sum.failures {
            println!("\nseed {seed} failed: {failure}");
        }
        for (seed, shrunk) in &shrunk {
            println!("\nseed {seed}, shrunk in {} runs to what fails all the same:\n", shrunk.runs);
            println!("{}\n{}", shrunk.script, shrunk.failure);
            println!("\nthe same for --script:\n{}", serde_json::to_string(&shrunk.script)?);
        }
        if let Some(broken) = &sum.broken {
            println!("\nof all seeds together does not hold {broken}");
        }
        print!("{}", show::gaps(&gaps, args.least()));
    }
    let passed = sum.passed() && gaps.is_empty();
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One run, told in full.
fn one(args: &Args, script: &Script) -> ExitCode {
    let report = openclaw_sim::run(script, args.look(args.trace));
    if args.json {
        let failure = report.failure.as_ref().map(ToString::to_string);
        println!("{:#}", json!({"script": script, "failure": failure, "lastedS": report.lasted.as_secs_f64()}));
    } else {
        println!("{script}");
        print!("{}", report.trace);
        match &report.failure {
            Some(failure) => println!("failed: {failure}"),
            None => println!("passed: {:.0?}, {} calls of cores", report.lasted, report.steps),
        }
    }
    if report.failure.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn as_json(sum: &Sum, took: Duration, shrunk: &[(u64, Shrunk)]) -> Value {
    let scripts: Vec<Value> =
        shrunk.iter().map(|(seed, shrunk)| json!({"seed": seed, "script": shrunk.script})).collect();
    let failures = sum.failures.iter().map(|(seed, failure)| json!({"seed": seed, "failure": failure.to_string()}));
    let together = sum.broken.iter().map(|broken| json!({"seed": null, "failure": broken.to_string()}));
    let failures: Vec<Value> = failures.chain(together).collect();
    let rows: serde_json::Map<String, Value> =
        sum.coverage.rows().into_iter().map(|(row, count)| (row, json!(count))).collect();
    json!({
        "seeds": sum.runs,
        "tookS": took.as_secs_f64(),
        "virtualHours": sum.lasted.as_secs_f64() / 3_600.0,
        "clientHours": sum.client_time.as_secs_f64() / 3_600.0,
        "dials": sum.dials,
        "hellos": sum.hellos,
        "frames": sum.frames,
        "calls": sum.steps,
        "draws": sum.coverage.draws().counts(),
        "failures": failures,
        "shrunk": scripts,
        "transitions": rows,
        "met": sum.coverage.groups(),
    })
}
