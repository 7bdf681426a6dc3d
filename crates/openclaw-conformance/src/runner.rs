//! Runs scenarios: starts the gateways they need, gives each scenario its turn, and ends the gateways.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use openclaw_tests::lane::Lane;
use serde_json::Value;
use xtask::signals;

use crate::cell::{Cell, Outcome};
use crate::host::Host;
use crate::provider::Provider;
use crate::recording::Recording;
use crate::release::Release;
use crate::report::{earlier, progress};
use crate::scenario::{Scenario, Seen};
use crate::schema::Inspector;
use crate::stage::{Options, Site, Stage};

/// What is run, and how.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) releases: Vec<Release>,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) scenarios: Vec<&'static Scenario>,
    pub(crate) options: Options,
    /// How many gateways run at a time.
    pub(crate) jobs: usize,
    /// Where recordings are written, if anywhere.
    pub(crate) recordings: Option<PathBuf>,
}

/// A gateway, and the scenarios that share it.
#[derive(Debug, Clone)]
struct Job {
    release: Release,
    scenarios: Vec<&'static Scenario>,
}

/// What came of a plan.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) cells: Vec<Cell>,
    pub(crate) inspector: Inspector,
    /// How many frames earlier runs have checked.
    pub(crate) earlier: Option<Value>,
}

impl Results {
    /// How many frames were checked, of which kind, against which schema.
    pub(crate) fn frames(&self) -> Value {
        let own = self.inspector.report();
        self.earlier.as_ref().map_or_else(|| own.clone(), |earlier| earlier::sum(earlier, &own))
    }
}

/// Runs everything.
pub(crate) fn run(plan: &Plan) -> Result<Results> {
    let jobs = Mutex::new(jobs(plan).into_iter());
    let results = Mutex::new(Results::default());
    let work = || {
        loop {
            let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
            match job {
                Some(job) if signals::count() == 0 => Work { plan, results: &results }.job(&job),
                _ => return,
            }
        }
    };
    thread::scope(|scope| (0..plan.jobs).for_each(|_| drop(scope.spawn(work))));
    signals::check()?;
    Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The jobs, those that take long first.
fn jobs(plan: &Plan) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    for release in &plan.releases {
        for scenario in &plan.scenarios {
            let shares = |job: &&mut Job| {
                !scenario.alone
                    && job.release == *release
                    && job.scenarios.iter().all(|other| !other.alone && other.setup.name == scenario.setup.name)
            };
            match jobs.iter_mut().find(shares) {
                Some(job) => job.scenarios.push(scenario),
                None => jobs.push(Job { release: *release, scenarios: vec![scenario] }),
            }
        }
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.scenarios.len()));
    jobs
}

struct Work<'a> {
    plan: &'a Plan,
    results: &'a Mutex<Results>,
}

impl Work<'_> {
    fn job(&self, job: &Job) {
        let mut left: Vec<(Lane, &'static Scenario)> = Vec::new();
        for (index, lane) in self.plan.lanes.iter().enumerate() {
            for scenario in &job.scenarios {
                if scenario.long && !self.plan.options.long {
                    self.skip(job.release, *lane, scenario, Outcome::NotRun("takes long: only with --long".into()));
                } else if scenario.once && index > 0 {
                    let why = "does not depend on the runtime: see the first one".to_owned();
                    self.skip(job.release, *lane, scenario, Outcome::NotRun(why));
                } else {
                    left.push((*lane, scenario));
                }
            }
        }
        // After a scenario that hangs, the others go on with another gateway.
        while !left.is_empty() && signals::count() == 0 {
            if let Err(error) = self.play(job.release, &mut left) {
                for (lane, scenario) in left.drain(..) {
                    self.skip(job.release, lane, scenario, Outcome::Failed(format!("{error:#}")));
                }
            }
        }
    }

    /// Starts a gateway and plays what is left on it, until all is done or something hangs.
    fn play(&self, release: Release, left: &mut Vec<(Lane, &'static Scenario)>) -> Result<()> {
        let Some((_, first)) = left.first() else { return Ok(()) };
        let setup = first.setup;
        let provider =
            if setup.provider { Some(Provider::start().context("the provider does not start")?) } else { None };
        let begin = Instant::now();
        let Some(host) = Host::start(release, setup, provider.as_ref())? else {
            for (lane, scenario) in left.drain(..) {
                let why = "the embedded gateway cannot be set up like that".to_owned();
                self.skip(release, lane, scenario, Outcome::DoesNotApply(why));
            }
            return Ok(());
        };
        progress::started(release, setup.name, begin.elapsed());
        let site = Arc::new(Site { release, host: Mutex::new(host), provider, options: self.plan.options });
        let (beside, turns): (Vec<_>, Vec<_>) = left.drain(..).partition(|(_, scenario)| scenario.beside);
        let mut hangs = false;
        thread::scope(|scope| {
            let beside: Vec<_> = beside
                .into_iter()
                .map(|(lane, scenario)| {
                    let site = Arc::clone(&site);
                    scope.spawn(move || self.turn(&site, lane, scenario))
                })
                .collect();
            for (lane, scenario) in turns {
                if hangs || signals::count() > 0 {
                    left.push((lane, scenario));
                } else {
                    hangs = !self.turn(&site, lane, scenario);
                }
            }
            for beside in beside {
                let _ = beside.join();
            }
        });
        match Arc::try_unwrap(site) {
            Ok(site) => site.host.into_inner().unwrap_or_else(PoisonError::into_inner).stop(),
            // Somebody hangs on it: that is told already. All of it is ended all the same.
            Err(site) => site.host().kill(),
        }
    }

    /// Plays one scenario; false if it hangs.
    fn turn(&self, site: &Arc<Site>, lane: Lane, scenario: &'static Scenario) -> bool {
        let begin = Instant::now();
        let stage = Arc::new(Stage::new(Arc::clone(site), lane, scenario));
        let played = match up(site) {
            Ok(()) => play(&stage, scenario),
            Err(error) => Some(Err(error.context("the gateway is not back from the scenario before"))),
        };
        let took = begin.elapsed();
        let recordings = stage.recordings();
        let mut outcome = match played {
            Some(Ok(Seen::Holds(detail))) => Outcome::Holds(detail),
            Some(Ok(Seen::DoesNotApply(reason))) => Outcome::DoesNotApply(reason),
            Some(Err(error)) => Outcome::Failed(format!("{error:#}")),
            None => Outcome::Failed(format!("hangs: was not over after {:?}", scenario.limit)),
        };
        // Nobody else waits for that: large frames take a while.
        let mut inspector = Inspector::default();
        let faults: Vec<String> = recordings.iter().flat_map(|recording| inspector.inspect(recording)).collect();
        self.results().inspector.merge(inspector);
        if !faults.is_empty() && matches!(outcome, Outcome::Holds(_)) {
            outcome = Outcome::Failed(faults.join("\n"));
        }
        if let Err(error) = self.keep(&recordings, matches!(outcome, Outcome::Failed(_))) {
            outcome = Outcome::Failed(format!("its recordings cannot be written: {error}"));
        }
        if let (Outcome::Failed(words), Some(log)) = (&mut outcome, site.host().log()) {
            *words = format!("{words}\n(the gateway's log: {})", log.display());
        }
        let hangs = Arc::strong_count(&stage) > 1;
        self.done(Cell { release: site.release, lane, scenario, outcome, took, notes: stage.notes() });
        !hangs
    }

    /// Writes recordings, if they are wanted. Those of a failure are kept apart: they show what nothing relies on.
    fn keep(&self, recordings: &[Recording], failed: bool) -> std::io::Result<()> {
        let Some(dir) = &self.plan.recordings else { return Ok(()) };
        let dir = if failed { dir.join("failed") } else { dir.clone() };
        std::fs::create_dir_all(&dir)?;
        recordings.iter().try_for_each(|recording| std::fs::write(dir.join(recording.file_name()), &recording.log))
    }

    fn skip(&self, release: Release, lane: Lane, scenario: &'static Scenario, outcome: Outcome) {
        self.done(Cell { release, lane, scenario, outcome, took: Duration::ZERO, notes: Vec::new() });
    }

    fn done(&self, cell: Cell) {
        progress::done(&cell);
        self.results().cells.push(cell);
    }

    fn results(&self) -> std::sync::MutexGuard<'_, Results> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has the gateway up, whatever the scenario before did to it.
fn up(site: &Site) -> Result<()> {
    let mut host = site.host();
    if host.is_up()? { Ok(()) } else { host.relaunch() }
}

/// Plays a scenario on a thread of its own; none if it hangs.
fn play(stage: &Arc<Stage>, scenario: &'static Scenario) -> Option<Result<Seen>> {
    let (tx, rx) = channel();
    let own = Arc::clone(stage);
    let begin = Instant::now();
    let work = move || {
        let result = catch_unwind(AssertUnwindSafe(|| (scenario.run)(&own)));
        drop(own);
        let _ = tx.send(result.unwrap_or_else(|panic| {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(anyhow!("panicked: {}", words.unwrap_or("without words")))
        }));
    };
    if let Err(error) = thread::Builder::new().name("scenario".into()).spawn(work) {
        return Some(Err(error).context("no thread"));
    }
    loop {
        match rx.recv_timeout(Duration::from_millis(100)) {
            Ok(result) => return Some(result),
            Err(RecvTimeoutError::Disconnected) => return Some(Err(anyhow!("its thread is gone"))),
            Err(RecvTimeoutError::Timeout) if signals::count() > 0 || begin.elapsed() > scenario.limit => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}
