//! Gateways that go on for long, that end, that are killed, and that hang.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use openclaw_client::{CallError, Request, State};
use openclaw_tests::lane::{Client, Stream};
use serde_json::json;
use xtask::process::Signal;

use crate::raw::Ended;
use crate::scenario::Seen;
use crate::stage::{PATIENCE, Stage};

/// A start takes ten seconds; the client's next attempt may be seconds away too.
const BACK: Duration = Duration::from_secs(120);
/// Longer than any gateway is away, so that no call ends because of its deadline.
const DEADLINE: Duration = Duration::from_secs(400);
/// Every call ends by then, whatever happens.
const LAST_WORD: Duration = Duration::from_secs(420);
/// Threads that call.
const CALLERS: usize = 4;

pub(super) fn ticks(stage: &Stage) -> Result<Seen> {
    let client = stage.build(stage.builder())?;
    let mut ticks = client.events("tick");
    let hello = client.connect()?;
    let interval = hello.policy.tick_interval;
    // A busy gateway is late, and never early.
    let limit = interval * 6;
    stage.next(&mut ticks, limit, "the first tick", |_| true)?;
    let begin = Instant::now();
    stage.next(&mut ticks, limit, "the second tick", |_| true)?;
    stage.next(&mut ticks, limit, "the third tick", |_| true)?;
    let two = begin.elapsed();
    ensure!(two + Duration::from_secs(5) > interval * 2, "two intervals took {two:?}, stated are {interval:?}");
    ensure!(client.stats().hellos == 1, "{:?}", client.stats());
    client.shutdown();
    Seen::holds(format!("two intervals in {:.1} s", two.as_secs_f64()))
}

pub(super) fn pings(stage: &Stage) -> Result<Seen> {
    let mut raw = stage.raw()?;
    raw.greet()?;
    let begin = Instant::now();
    while raw.pings.len() < 3 && begin.elapsed() < Duration::from_secs(180) {
        if let Err(ended @ (Ended::Closed(..) | Ended::Cut)) = raw.next(Duration::from_secs(1)) {
            anyhow::bail!("ended after {} pings: {ended:?}", raw.pings.len());
        }
    }
    let between: Vec<Duration> =
        raw.pings.windows(2).filter_map(|pair| Some(pair.last()?.duration_since(*pair.first()?))).collect();
    ensure!(between.len() == 2, "{} pings in {:?}", raw.pings.len(), begin.elapsed());
    // A busy gateway is late with one, never early.
    let shortest = between.iter().min().context("no pings")?;
    ensure!(shortest.abs_diff(Duration::from_secs(25)) < Duration::from_secs(5), "{between:?}");
    Seen::holds("a ping every 25 s; answered, the connection lives on")
}

/// Calls without pause until told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    callers: Vec<JoinHandle<Result<Counts>>>,
}

type Counts = BTreeMap<&'static str, usize>;

impl Load {
    fn start(client: &Client) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let caller = |_| {
            let (client, stop) = (client.clone(), Arc::clone(&stop));
            std::thread::spawn(move || call_for_ever(&client, &stop))
        };
        let callers = (0..CALLERS).map(caller).collect();
        Self { stop, callers }
    }

    /// How the calls ended. Each is counted once, when it has; one that does not end is an error.
    fn end(self) -> Result<Counts> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Counts::new();
        for caller in self.callers {
            let counts = caller.join().ok().context("a caller panicked")??;
            counts.into_iter().for_each(|(kind, count)| *all.entry(kind).or_insert(0) += count);
        }
        Ok(all)
    }
}

fn call_for_ever(client: &Client, stop: &AtomicBool) -> Result<Counts> {
    let mut counts = Counts::new();
    while !stop.load(Ordering::Relaxed) {
        let request = Request::new("system-presence")?.timeout(DEADLINE);
        let outcome = client.call(request).wait_for(LAST_WORD).context("a call hangs")?;
        let kind = match outcome {
            Ok(_) => "answered",
            Err(CallError::Rejected(_)) => "rejected",
            Err(CallError::NotSent(_)) => "not sent",
            Err(CallError::TimedOut { .. }) => "timed out",
            Err(CallError::OutcomeUnknown(_)) => "unknown",
            Err(other) => return Err(other).context("no outcome that a call may have"),
        };
        *counts.entry(kind).or_insert(0) += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(counts)
}

fn until_ready(stage: &Stage, client: &Client) -> Result<()> {
    stage.until_within(BACK, "the client is back", || matches!(client.state(), State::Ready { .. }))
}

/// Waits until the client has connected once more than before. That it is ready is not enough: it may not have noticed.
fn until_back(stage: &Stage, client: &Client, before: u64) -> Result<()> {
    stage.until_within(BACK, "the client is back", || client.stats().hellos > before)
}

/// How often the states so far were of that kind.
fn times(states: &mut Stream<State>, kind: fn(&State) -> bool) -> usize {
    let mut times = 0;
    while let Ok(Some(Ok(state))) = states.next_within(Duration::ZERO) {
        times += usize::from(kind(&state));
    }
    times
}

/// A client that tries often.
fn eager(stage: &Stage) -> Result<Client> {
    let builder = stage.builder().backoff(|backoff| backoff.max = Duration::from_secs(2));
    let client = stage.build(builder)?;
    client.start();
    until_ready(stage, &client)?;
    Ok(client)
}

pub(super) fn drain(stage: &Stage) -> Result<Seen> {
    // One that only looks on.
    let quiet = eager(stage)?;
    let client = eager(stage)?;
    let mut states = client.states();
    let mut shutdowns = client.events("shutdown");
    let load = Load::start(&client);
    std::thread::sleep(Duration::from_millis(300));
    let hellos = client.stats().hellos;
    stage.terminate()?;
    stage.relaunch()?;
    until_back(stage, &client, hellos)?;
    until_back(stage, &quiet, 1)?;
    quiet.request("health", &json!({}))?;
    quiet.shutdown();
    let counts = load.end()?;
    let announced = matches!(shutdowns.next_within(Duration::ZERO), Ok(Some(Ok(_))));
    let draining = times(&mut states, |state| matches!(state, State::Draining { .. }));
    ensure!(!announced || draining > 0, "a shutdown event came, and the client went on");
    // A busy gateway of wire 3 was seen to go without a word.
    ensure!(announced || stage.wire() == 3, "no shutdown event");
    ensure!(counts.contains_key("answered"), "{counts:?}");
    ensure!(!counts.contains_key("timed out"), "{counts:?}");
    client.shutdown();
    Seen::holds(format!("{counts:?}{}", if announced { ", announced" } else { ", without a word" }))
}

pub(super) fn kill(stage: &Stage) -> Result<Seen> {
    // One that only looks on.
    let quiet = eager(stage)?;
    let client = eager(stage)?;
    let load = Load::start(&client);
    let (kills, begin) = (stage.options().kills, Instant::now());
    for kill in 0..kills {
        std::thread::sleep(Duration::from_millis(300));
        let (hellos, quiet_hellos) = (client.stats().hellos, quiet.stats().hellos);
        stage.kill().with_context(|| format!("kill {kill}"))?;
        stage.relaunch().with_context(|| format!("after kill {kill}"))?;
        until_back(stage, &client, hellos).with_context(|| format!("after kill {kill}"))?;
        until_back(stage, &quiet, quiet_hellos).with_context(|| format!("the one that looks on, after kill {kill}"))?;
    }
    quiet.request("health", &json!({}))?;
    quiet.shutdown();
    let counts = load.end()?;
    ensure!(counts.contains_key("answered") && !counts.contains_key("timed out"), "{counts:?}");
    let stats = client.stats();
    ensure!(stats.hellos > kills as u64 && stats.foreign_responses + stats.duplicate_responses == 0, "{stats:?}");
    client.shutdown();
    let calls: usize = counts.values().sum();
    Seen::holds(format!("{kills} kills in {:.0} s: {calls} calls, {counts:?}", begin.elapsed().as_secs_f64()))
}

pub(super) fn suspend(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply("the embedded gateway has no process to suspend");
    }
    let client = stage.client()?;
    stage.signal(Signal::Suspend)?;
    let mut call = client.call(Request::new("health")?.timeout(PATIENCE));
    let early = call.wait_for(Duration::from_secs(3));
    stage.signal(Signal::Continue)?;
    ensure!(early.is_none(), "answered by a gateway that does nothing: {early:?}");
    call.wait()?;
    client.request("health", &json!({}))?;
    let stats = client.stats();
    ensure!(stats.hellos == 1 && stats.downs == 0, "{stats:?}");
    client.shutdown();
    Seen::holds("a call made meanwhile is answered 3 s later, on the same connection")
}

/// A gateway that does nothing for longer than its ticks allow is given up, and found again.
pub(super) fn suspend_for_long(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply("the embedded gateway has no process to suspend");
    }
    let client = eager(stage)?;
    let mut states = client.states();
    stage.signal(Signal::Suspend)?;
    let begin = Instant::now();
    let mut call = client.call(Request::new("health")?.timeout(Duration::from_secs(150)));
    let limit = Duration::from_secs(100);
    let down = stage.next(&mut states, limit, "the client gives up", |state| matches!(state, State::Backoff { .. }));
    let took = begin.elapsed();
    stage.signal(Signal::Continue)?;
    down?;
    let outcome = call.wait_for(LAST_WORD).context("the call hangs")?;
    ensure!(matches!(outcome, Err(CallError::OutcomeUnknown(_))), "{outcome:?}");
    until_ready(stage, &client)?;
    client.request("health", &json!({}))?;
    client.shutdown();
    Seen::holds(format!("given up after {:.0} s, the call's outcome unknown; connected again", took.as_secs_f64()))
}
