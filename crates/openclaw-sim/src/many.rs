//! Many seeds, on all cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::coverage::Coverage;
use crate::invariants::JITTER_SPREAD;
use crate::run::{Report, run, uneven};
use crate::script::Script;
use crate::watch::Broken;
use crate::world::{Failure, Look};

/// How often progress is told.
const GLANCE: Duration = Duration::from_millis(200);

/// Which runs, and how.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The first seed.
    pub from: u64,
    /// How many.
    pub seeds: u64,
    /// How many threads; zero for as many as there are processors.
    pub threads: usize,
    /// After so many failures no more runs are begun.
    pub most_failures: usize,
    /// Only this invariant counts.
    pub only: Option<&'a str>,
    /// Makes a seed's script.
    pub make: fn(u64) -> Script,
}

/// What came of many runs.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    /// Runs done.
    pub runs: u64,
    /// The failures, by seed.
    pub failures: Vec<(u64, Failure)>,
    /// What does not hold of all runs together.
    pub broken: Option<Broken>,
    /// What was met.
    pub coverage: Coverage,
    /// The runs' time, in their own time.
    pub lasted: Duration,
    /// The clients' lives together.
    pub client_time: Duration,
    /// Sockets asked for.
    pub dials: u64,
    /// Connections that got as far as hello.
    pub hellos: u64,
    /// Frames, both ways.
    pub frames: u64,
    /// Calls of a core that were looked at.
    pub steps: u64,
}

impl Sum {
    /// Whether everything held.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty() && self.broken.is_none()
    }

    fn add(&mut self, seed: u64, report: Report) {
        self.runs += 1;
        self.failures.extend(report.failure.map(|failure| (seed, failure)));
        self.coverage.add(&report.coverage);
        self.lasted += report.lasted;
        self.client_time += report.client_time;
        self.dials += report.dials;
        self.hellos += report.hellos;
        self.frames += report.frames;
        self.steps += report.steps;
    }

    fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        self.failures.extend(other.failures);
        self.coverage.add(&other.coverage);
        self.lasted += other.lasted;
        self.client_time += other.client_time;
        self.dials += other.dials;
        self.hellos += other.hellos;
        self.frames += other.frames;
        self.steps += other.steps;
    }
}

/// Runs many seeds. Calls `progress` from time to time with the runs done and the failures met.
#[must_use]
pub fn run_many(plan: Plan<'_>, mut progress: impl FnMut(u64, usize)) -> Sum {
    let threads = match plan.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        some => some,
    };
    let (next, done, failed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let stop = AtomicBool::new(false);
    let sum = Mutex::new(Sum::default());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut own = Sum::default();
                while !stop.load(Ordering::Relaxed) {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= plan.seeds {
                        break;
                    }
                    let seed = plan.from.wrapping_add(nth);
                    let report = run(&(plan.make)(seed), Look { only: plan.only, trace: false });
                    let failures = failed.fetch_add(u64::from(report.failure.is_some()), Ordering::Relaxed)
                        + u64::from(report.failure.is_some());
                    if usize::try_from(failures).is_ok_and(|failures| failures >= plan.most_failures) {
                        stop.store(true, Ordering::Relaxed);
                    }
                    own.add(seed, report);
                    done.fetch_add(1, Ordering::Relaxed);
                }
                if let Ok(mut sum) = sum.lock() {
                    sum.merge(own);
                }
            });
        }
        let mut told = Instant::now();
        while done.load(Ordering::Relaxed) < plan.seeds && !stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(5));
            if told.elapsed() >= GLANCE {
                told = Instant::now();
                let failures = usize::try_from(failed.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
                progress(done.load(Ordering::Relaxed), failures);
            }
        }
    });
    let mut sum = sum.into_inner().unwrap_or_default();
    if plan.only.is_none_or(|only| only == JITTER_SPREAD) {
        sum.broken = uneven(&sum.coverage);
    }
    sum.failures.sort_by_key(|(seed, _)| *seed);
    sum
}
