//! Everything in turn: each round runs the floor and the client side by side, so that what disturbs the machine disturbs
//! both, and the ratio of each round counts.

use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde::Serialize;

use crate::client::Line;
use crate::cores::{Cores, Place};
use crate::gateway::{Gateway, Gateways, Kind};
use crate::measures::{Limit, MEASURES, Measure, RUNTIMES};

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rounds
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Only the measure of this name or, if none has it, those whose name contains it; may be repeated
    #[arg(long = "only", value_name = "NAME")]
    only: Vec<String>,
    /// Only this runtime or, if there is none of that name, those whose name contains it; may be repeated
    #[arg(long = "runtime", value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// A tenth of the work, to see whether it runs
    #[arg(long)]
    quick: bool,
    /// Bind neither the gateway nor the clients to a core. By default each has one of its own, on Linux with two cores or more
    #[arg(long)]
    free: bool,
    /// One line of JSON a row instead of a table
    #[arg(long)]
    json: bool,
}

/// A row of the table.
#[derive(Serialize)]
struct Row {
    measure: &'static str,
    runtime: &'static str,
    /// Processor nanoseconds (or bytes) an operation: median of the rounds.
    floor: f64,
    ours: f64,
    /// Of the paired ratios: median, lowest, highest.
    ratio: f64,
    lowest: f64,
    highest: f64,
    /// The same by wall clock.
    wall_ratio: f64,
    /// What is not to be exceeded, where that is set: a ratio of processor times, or bytes.
    must: Option<f64>,
    /// What would be good.
    aim: Option<f64>,
    /// Bytes, not nanoseconds.
    memory: bool,
    /// The cores the gateway and the client had.
    place: Place,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if args.rounds == 0 {
        bail!("--rounds must be at least 1");
    }
    let cores = if args.free { Cores::Free("as asked") } else { Cores::choose() };
    let mut rig = Rig { args, cores, gateways: Gateways::default() };
    let rows = chosen(args);
    if rows.is_empty() {
        bail!("no measure and runtime is of that name");
    }
    if args.json {
        anstream::eprintln!("{cores}");
    } else {
        anstream::println!("{cores}\n{}", headline());
    }
    for (index, (measure, runtime)) in rows.iter().enumerate() {
        anstream::eprintln!("{} of {}: {}, {runtime}", index + 1, rows.len(), measure.name);
        let row = rig.row(measure, runtime)?;
        if args.json {
            anstream::println!("{}", serde_json::to_string(&row)?);
        } else {
            anstream::println!("{}", row.line());
        }
    }
    Ok(())
}

fn chosen(args: &Args) -> Vec<(&'static Measure, &'static str)> {
    let names: Vec<_> = MEASURES.iter().map(|measure| measure.name).collect();
    let mut rows = Vec::new();
    for measure in MEASURES.iter().filter(|measure| wanted(&args.only, measure.name, &names)) {
        let runtimes = measure.runtimes().iter().filter(|runtime| wanted(&args.runtimes, runtime, RUNTIMES));
        rows.extend(runtimes.map(|runtime| (measure, *runtime)));
    }
    rows
}

/// Whether a name was asked for: as it is or, where there is none such, by a part of it.
fn wanted(asked: &[String], name: &str, all: &[&str]) -> bool {
    let is = |part: &String| name == part || (!all.contains(&part.as_str()) && name.contains(part.as_str()));
    asked.is_empty() || asked.iter().any(is)
}

struct Rig<'a> {
    args: &'a Args,
    cores: Cores,
    gateways: Gateways,
}

impl Rig<'_> {
    fn row(&mut self, measure: &Measure, runtime: &'static str) -> anyhow::Result<Row> {
        let rounds = self.args.rounds;
        let n = if self.args.quick && !measure.whole { (measure.n / 10).max(10) } else { measure.n };
        let (place, [gateway_core, client_core]) = self.cores.settle(measure.place(runtime));
        let gateway = self.gateways.get(Kind { core: gateway_core, tls: measure.tls })?;
        let run = |who| client(gateway, client_core, who, runtime, measure.args, n);
        let cost = |line: &Line| if measure.memory { line.per_conn_bytes as f64 } else { line.cpu_ns_per_op };
        let (mut floors, mut ours, mut ratios, mut walls) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let (floor, own) = (run("raw")?, run("openclaw")?);
            ratios.push(cost(&own) / cost(&floor).max(1.0));
            walls.push(own.wall_ns as f64 / floor.wall_ns.max(1) as f64);
            floors.push(cost(&floor));
            ours.push(cost(&own));
        }
        let limit = measure.limit(runtime);
        ratios.sort_by(f64::total_cmp);
        Ok(Row {
            measure: measure.name,
            runtime,
            floor: median(&mut floors),
            ours: median(&mut ours),
            lowest: ratios.first().copied().unwrap_or_default(),
            highest: ratios.last().copied().unwrap_or_default(),
            ratio: median(&mut ratios),
            wall_ratio: median(&mut walls),
            must: limit.map(|Limit { must, .. }| must),
            aim: limit.map(|Limit { aim, .. }| aim),
            memory: measure.memory,
            place,
        })
    }
}

fn headline() -> String {
    format!(
        "{:<34}{:<12}{:>12}{:>12}{:>8}{:>16}{:>8}{:>9}{:>9}",
        "measure", "runtime", "floor", "ours", "ratio", "spread", "wall", "must", "aim"
    )
}

impl Row {
    fn line(&self) -> String {
        let unit = if self.memory { "B" } else { "ns" };
        let limit = |limit: Option<f64>| match limit {
            Some(limit) if self.memory => format!("{limit:.0} B"),
            Some(limit) => format!("{limit:.2}"),
            None => String::new(),
        };
        format!(
            "{:<34}{:<12}{:>12}{:>12}{:>8.2}{:>16}{:>8.2}{:>9}{:>9}",
            self.measure,
            self.runtime,
            format!("{:.0} {unit}", self.floor),
            format!("{:.0} {unit}", self.ours),
            self.ratio,
            format!("{:.2} to {:.2}", self.lowest, self.highest),
            self.wall_ratio,
            limit(self.must),
            limit(self.aim)
        )
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn client(
    gateway: &Gateway,
    core: Option<usize>,
    who: &str,
    runtime: &str,
    args: &[&str],
    n: u64,
) -> anyhow::Result<Line> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("client");
    if let Some(file) = &gateway.certificate {
        command.arg("--ca").arg(file);
    }
    let output = command
        .args(["--client", who, "--runtime", runtime, "--url", &gateway.url, "--n", &n.to_string()])
        .args(core.map(|core| format!("--core={core}")))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_name_means_only_that_one_and_a_part_all_that_have_it() {
        let asked = |text: &str| {
            let asked = [text.to_owned()];
            RUNTIMES.iter().copied().filter(|name| wanted(&asked, name, RUNTIMES)).collect::<Vec<_>>()
        };
        assert_eq!(asked("tokio"), ["tokio"]);
        assert_eq!(asked("toki"), ["tokio", "tokio-multi"]);
        assert!(asked("glommio").is_empty());
        assert!(wanted(&[], "anything", RUNTIMES));
    }

    #[test]
    fn goals_are_for_the_kind_of_client_they_were_set_for() {
        let of = |name, runtime| {
            let measure = MEASURES.iter().find(|measure| measure.name == name);
            measure.and_then(|measure| measure.limit(runtime)).map(|limit| (limit.must, limit.aim))
        };
        assert_eq!(of("sequential call", "async-std"), Some((1.25, 1.10)));
        assert_eq!(of("sequential call", "blocking"), Some((1.15, 1.05)));
        assert_eq!(of("sequential call", "tokio-multi"), None);
        assert_eq!(of("idle, default buffer", "tokio"), Some((20_000.0, 12_000.0)));
        assert_eq!(of("idle, default buffer", "inline"), None);
        assert_eq!(of("64 in flight, both cores free", "tokio"), None);
    }
}
