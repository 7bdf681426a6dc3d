//! The crowd.

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use openclaw_sim::herd::{Crowd, Curve, Going, svg};
use openclaw_sim::script::Spread;

/// Watch a crowd come back whose gateway went away, without jitter, with half of it and with all of it.
///
/// Prints a table and writes a picture of the attempts.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many clients.
    #[arg(long, default_value_t = 10_000)]
    clients: usize,

    /// How many connections a busy gateway takes in a second.
    #[arg(long, default_value_t = 500)]
    accepts: u32,

    /// What decides everything else.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// The folder for the picture, `herd.svg`.
    #[arg(long, env = "OPENCLAW_SIM_DIR", default_value = ".")]
    dir: PathBuf,

    /// A page whose table, from its first line that begins with `|` to the last, is replaced.
    #[arg(long)]
    page: Option<PathBuf>,
}

const SPREADS: [(Spread, &str); 3] = [(Spread::None, "none"), (Spread::Equal, "equal"), (Spread::Full, "full")];

/// What of each curve the picture shows.
const SECONDS: usize = 90;

struct Measured {
    going: Going,
    accepts: Option<u32>,
    jitter: &'static str,
    curve: Curve,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    let mut measured = Vec::new();
    for going in [Going::Restart, Going::Crash] {
        for accepts in [None, Some(args.accepts)] {
            for (spread, jitter) in SPREADS {
                eprintln!("{}, {} jitter", title(going, accepts), jitter);
                let curve = Crowd { clients: args.clients, spread, going, accepts, seed: args.seed }.watch()?;
                measured.push(Measured { going, accepts, jitter, curve });
            }
        }
    }
    let table = table(&measured);
    print!("{table}");
    std::fs::create_dir_all(&args.dir)?;
    let svg = args.dir.join("herd.svg");
    std::fs::write(&svg, picture(&measured))?;
    eprintln!("written: {}", svg.display());
    if let Some(page) = &args.page {
        std::fs::write(page, with_table(&std::fs::read_to_string(page)?, &table))?;
        eprintln!("written: {}", page.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn title(going: Going, accepts: Option<u32>) -> String {
    let going = match going {
        Going::Restart => "restart, announced",
        Going::Crash => "crash, 10 s away",
    };
    match accepts {
        Some(accepts) => format!("{going}; takes {accepts}/s"),
        None => format!("{going}; takes all"),
    }
}

fn table(measured: &[Measured]) -> String {
    let mut text = String::from(
        "| gateway | jitter | peak in 0.1 s | peak in 1 s | attempts | refused | half back | 99 % back | all back |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let seconds =
        |time: Option<Duration>| time.map_or_else(|| "never".into(), |time| format!("{:.1} s", time.as_secs_f64()));
    for Measured { going, accepts, jitter, curve } in measured {
        let _ = writeln!(
            text,
            "| {} | {jitter} | {} | {} | {} | {} | {} | {} | {} |",
            title(*going, *accepts),
            curve.peak(1),
            curve.peak(10),
            curve.total(),
            curve.refused,
            seconds(curve.back(50)),
            seconds(curve.back(99)),
            seconds(curve.all_back()),
        );
    }
    text
}

fn picture(measured: &[Measured]) -> String {
    // In a row what differs is the jitter, so that it can be compared by one scale.
    let rows: Vec<Vec<(String, &Curve)>> = measured
        .chunks(SPREADS.len())
        .filter(|row| row.iter().all(|one| one.going == Going::Crash))
        .map(|row| {
            let title = |one: &Measured| format!("{}, {} jitter", title(one.going, one.accepts), one.jitter);
            row.iter().map(|one| (title(one), &one.curve)).collect()
        })
        .collect();
    svg(&rows, SECONDS)
}

/// The page with another table.
fn with_table(page: &str, table: &str) -> String {
    let is_row = |line: &&str| line.starts_with('|');
    let head = page.lines().take_while(|line| !is_row(line));
    let tail = page.lines().skip_while(|line| !is_row(line)).skip_while(is_row);
    let lines: Vec<&str> = head.chain(table.lines()).chain(tail).collect();
    lines.join("\n") + "\n"
}
