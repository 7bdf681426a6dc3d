//! Everything in turn: each round runs the floor and the client side by side, so that what disturbs the machine disturbs
//! both, and the ratio of each round counts.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};
use serde::Serialize;

use crate::client::Line;

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rounds
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Only measures whose name contains this; may be repeated
    #[arg(long = "only", value_name = "NAME")]
    only: Vec<String>,
    /// Only these runtimes; may be repeated
    #[arg(long = "runtime", value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// A tenth of the work, to see whether it runs
    #[arg(long)]
    quick: bool,
    /// One line of JSON a row instead of a table
    #[arg(long)]
    json: bool,
}

/// A measure: its name and the arguments of `client`.
struct Measure {
    name: &'static str,
    args: &'static [&'static str],
    n: u64,
    /// Memory is compared, not processor time.
    memory: bool,
    /// The ratio not to exceed: of an asynchronous handle, and of the core driven inline or by the blocking adapter.
    must: Option<[f64; 2]>,
    /// The connections are the point: `--quick` leaves their number.
    whole: bool,
}

const fn time(name: &'static str, n: u64, must: [f64; 2], args: &'static [&'static str]) -> Measure {
    Measure { name, args, n, memory: false, must: Some(must), whole: false }
}

const fn idle(name: &'static str, n: u64, args: &'static [&'static str]) -> Measure {
    Measure { name, args, n, memory: true, must: None, whole: n >= 10_000 }
}

const MEASURES: &[Measure] = &[
    time("sequential call", 20_000, [1.25, 1.15], &["--mode", "rtt"]),
    time("64 in flight", 200_000, [1.8, 1.7], &["--mode", "pipeline", "--window", "64"]),
    time("1024 in flight", 400_000, [3.0, 2.8], &["--mode", "pipeline", "--window", "1024"]),
    time("200 B events", 500_000, [4.5, 3.0], &["--mode", "flood", "--window", "1000", "--size", "200"]),
    time("4 KiB events", 100_000, [4.5, 3.0], &["--mode", "flood", "--window", "500", "--size", "4096"]),
    time("1 MiB replies", 300, [4.2, 3.4], &["--mode", "blob", "--size", "1048576"]),
    idle("idle, 4 KiB buffer", 2_000, &["--mode", "idle", "--buffer", "4096"]),
    idle("idle, default buffer", 2_000, &["--mode", "idle"]),
    idle("10 000 idle, 4 KiB buffer", 10_000, &["--mode", "idle", "--buffer", "4096"]),
];

const RUNTIMES: &[&str] = &["tokio", "async-std", "smol", "blocking", "inline"];

/// A row of the table.
#[derive(Serialize)]
struct Row {
    measure: &'static str,
    runtime: String,
    /// Processor nanoseconds (or bytes) an operation: median of the rounds.
    floor: f64,
    ours: f64,
    /// Of the paired ratios: median, lowest, highest.
    ratio: f64,
    lowest: f64,
    highest: f64,
    /// The same by wall clock.
    wall_ratio: f64,
    /// The ratio not to exceed, where one is set.
    must: Option<f64>,
    /// Bytes, not nanoseconds.
    memory: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if args.rounds == 0 {
        bail!("--rounds must be at least 1");
    }
    let gateway = Gateway::start()?;
    let wanted = |list: &[String], name: &str| list.is_empty() || list.iter().any(|part| name.contains(part.as_str()));
    if !args.json {
        anstream::println!(
            "{:<27}{:<11}{:>12}{:>12}{:>8}{:>16}{:>8}{:>7}",
            "measure",
            "runtime",
            "floor",
            "ours",
            "ratio",
            "spread",
            "wall",
            "must"
        );
    }
    for measure in MEASURES.iter().filter(|measure| wanted(&args.only, measure.name)) {
        for runtime in RUNTIMES.iter().filter(|runtime| wanted(&args.runtimes, runtime)) {
            // What it costs differs by the runtime as it does for fewer connections; a thread each is not made for it.
            if measure.whole && *runtime != "tokio" {
                continue;
            }
            let row = row(&gateway, args, measure, runtime)?;
            if args.json {
                anstream::println!("{}", serde_json::to_string(&row)?);
            } else {
                let unit = if measure.memory { "B" } else { "ns" };
                anstream::println!(
                    "{:<27}{:<11}{:>12}{:>12}{:>8.2}{:>16}{:>8.2}{:>7}",
                    row.measure,
                    row.runtime,
                    format!("{:.0} {unit}", row.floor),
                    format!("{:.0} {unit}", row.ours),
                    row.ratio,
                    format!("{:.2} to {:.2}", row.lowest, row.highest),
                    row.wall_ratio,
                    row.must.map(|must| format!("{must:.2}")).unwrap_or_default()
                );
            }
        }
    }
    Ok(())
}

fn row(gateway: &Gateway, args: &Args, measure: &Measure, runtime: &str) -> anyhow::Result<Row> {
    let n = if args.quick && !measure.whole { (measure.n / 10).max(10) } else { measure.n };
    let cost = |line: &Line| if measure.memory { line.per_conn_bytes as f64 } else { line.cpu_ns_per_op };
    let (mut floors, mut ours, mut ratios, mut walls) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        let floor = client(gateway, "raw", runtime, measure.args, n)?;
        let own = client(gateway, "openclaw", runtime, measure.args, n)?;
        ratios.push(cost(&own) / cost(&floor).max(1.0));
        walls.push(own.wall_ns as f64 / floor.wall_ns.max(1) as f64);
        floors.push(cost(&floor));
        ours.push(cost(&own));
    }
    ratios.sort_by(f64::total_cmp);
    Ok(Row {
        measure: measure.name,
        runtime: runtime.into(),
        floor: median(&mut floors),
        ours: median(&mut ours),
        lowest: ratios.first().copied().unwrap_or_default(),
        highest: ratios.last().copied().unwrap_or_default(),
        ratio: median(&mut ratios),
        wall_ratio: median(&mut walls),
        must: measure
            .must
            .map(|[handle, inline]| if matches!(runtime, "inline" | "blocking") { inline } else { handle }),
        memory: measure.memory,
    })
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn client(gateway: &Gateway, who: &str, runtime: &str, args: &[&str], n: u64) -> anyhow::Result<Line> {
    let output = Command::new(std::env::current_exe()?)
        .args(["client", "--client", who, "--runtime", runtime, "--url", &gateway.url, "--n", &n.to_string()])
        .args(args)
        // One thread for everything, as the other floors have: crossing threads would be measured otherwise.
        .env("ASYNC_STD_THREAD_COUNT", "1")
        .env("SMOL_THREADS", "1")
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("{who} on {runtime} with {args:?} ended with {}", output.status);
    }
    serde_json::from_slice(&output.stdout).context("a line of JSON")
}

/// The gateway, in a process of its own.
struct Gateway {
    process: Child,
    url: String,
}

impl Gateway {
    fn start() -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?).arg("serve").stdout(Stdio::piped()).spawn()?;
        let out = process.stdout.take().context("the gateway's output")?;
        let mut url = String::new();
        BufReader::new(out).read_line(&mut url)?;
        Ok(Self { process, url: url.trim().into() })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
