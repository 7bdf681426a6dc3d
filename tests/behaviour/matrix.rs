//! Runs scenarios on lanes and prints what came of it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

use openclaw_tests::lane::Lane;

/// Something every adapter does.
#[derive(Debug)]
pub struct Scenario {
    /// The file it stands in.
    pub group: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub run: fn(Lane),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Cell {
    Pass,
    Fail(String),
    NotApplicable(&'static str),
}

type Matrix = BTreeMap<(usize, Lane), Cell>;

/// Where panics leave their words, by thread.
static WORDS: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// Runs the scenarios that the command line wants.
pub fn run(scenarios: &'static [Scenario], not_applicable: &'static [(&str, Lane, &str)]) -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--list") {
        for scenario in scenarios {
            println!("{}::{}: test", scenario.group, scenario.name);
        }
        return ExitCode::SUCCESS;
    }
    for (name, lane, _) in not_applicable {
        assert!(scenarios.iter().any(|scenario| scenario.name == *name), "{name} on {lane} is no scenario");
    }
    let wanted: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let chosen = scenarios.iter().enumerate().filter(|(_, scenario)| {
        let name = format!("{}::{}", scenario.group, scenario.name);
        wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()))
    });
    let chosen: Vec<(usize, &'static Scenario)> = chosen.collect();
    std::panic::set_hook(Box::new(|panic| {
        // Scripts panic when their client goes; whether that is wrong, their scenario knows and says.
        if let Some(thread) = std::thread::current().name() {
            WORDS.lock().expect("whole").insert(thread.to_owned(), panic.to_string());
        }
    }));
    let matrix = Mutex::new(Matrix::new());
    std::thread::scope(|scope| {
        for lane in Lane::ALL {
            let (chosen, matrix) = (&chosen, &matrix);
            let work = move || {
                for (row, scenario) in chosen {
                    let cell = cell(scenario, lane, not_applicable);
                    matrix.lock().expect("whole").insert((*row, lane), cell);
                }
            };
            std::thread::Builder::new().name(lane.name().into()).spawn_scoped(scope, work).expect("a thread");
        }
    });
    report(&chosen, &matrix.into_inner().expect("whole"))
}

fn cell(scenario: &Scenario, lane: Lane, not_applicable: &[(&str, Lane, &'static str)]) -> Cell {
    if let Some((.., why)) = not_applicable.iter().find(|(name, at, _)| *name == scenario.name && *at == lane) {
        return Cell::NotApplicable(why);
    }
    let begin = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| (scenario.run)(lane)));
    let took = begin.elapsed();
    match result {
        Ok(()) => {
            println!("{:>9}  {}::{} ... ok ({took:.0?})", lane.name(), scenario.group, scenario.name);
            Cell::Pass
        }
        Err(_) => {
            let words = WORDS.lock().expect("whole").remove(lane.name()).unwrap_or_default();
            println!("{:>9}  {}::{} ... FAILED ({took:.0?})", lane.name(), scenario.group, scenario.name);
            Cell::Fail(words)
        }
    }
}

fn report(chosen: &[(usize, &'static Scenario)], matrix: &Matrix) -> ExitCode {
    println!("\nadapter × scenario (✓ passes, ✗ fails, – does not apply)\n");
    let head: Vec<String> = Lane::ALL.iter().map(|lane| format!("{:^11}", lane.name())).collect();
    println!("{}", head.concat());
    let (mut passed, mut missing) = (0, 0);
    let (mut failures, mut exempt) = (Vec::new(), Vec::new());
    for (row, scenario) in chosen {
        let mut line = String::new();
        for lane in Lane::ALL {
            let mark = match matrix.get(&(*row, lane)) {
                Some(Cell::Pass) => {
                    passed += 1;
                    "✓"
                }
                Some(Cell::Fail(words)) => {
                    failures.push((scenario, lane, words));
                    "✗"
                }
                Some(Cell::NotApplicable(why)) => {
                    exempt.push((scenario, lane, why));
                    "–"
                }
                None => {
                    missing += 1;
                    "?"
                }
            };
            line.push_str(&format!("{mark:^11}"));
        }
        println!("{line} {}::{}", scenario.group, scenario.name);
    }
    for (scenario, lane, why) in &exempt {
        println!("\n– {lane} {}::{}: {why}", scenario.group, scenario.name);
    }
    for (scenario, lane, words) in &failures {
        println!("\n✗ {lane} {}::{}\n{words}", scenario.group, scenario.name);
    }
    let cells = chosen.len() * Lane::ALL.len();
    println!(
        "\n{} scenarios × {} lanes = {cells} cells: {passed} pass, {} fail, {} do not apply, {missing} missing",
        chosen.len(),
        Lane::ALL.len(),
        failures.len(),
        exempt.len(),
    );
    if passed + exempt.len() == cells { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
