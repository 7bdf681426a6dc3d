//! Turns under load, while connections are cut and gateways killed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use openclaw_client::connect::Hello;
use openclaw_client::{CallError, Request, State};
use openclaw_tests::Lcg;
use openclaw_tests::lane::{self, Client};
use serde_json::{Value, json};

use super::chat::NO_MODEL;
use crate::provider::{Call, End};
use crate::relay::Relay;
use crate::scenario::Seen;
use crate::setup::Setup;
use crate::stage::Stage;
use crate::talk::{RUN_LIMIT, TALKER, fresh, messages};

/// A gateway with a model that may be killed.
pub(super) static MORTAL: Setup = Setup::new("mortal model").provider();

/// Sessions that are talked to at a time.
const TALKERS: usize = 3;
/// How many times the model answers in a gateway's life, at least, before it is killed; and how long after that, in
/// milliseconds, at most.
const ANSWERS: usize = 4;
const THEN: usize = 1500;
/// One message of so many loses its answer.
const LOSS: usize = 3;
/// A gateway that has just started takes long for its first run: on a busy machine, more than a minute for each step.
const LIFE: Duration = Duration::from_secs(400);
const COME_BACK: Duration = Duration::from_secs(180);
/// A run that is lost never ends.
const WAIT_FOR_RUN: Duration = Duration::from_secs(60);

pub(super) fn killed(stage: &Stage) -> Result<Seen> {
    play(stage, false)
}

pub(super) fn sent_again(stage: &Stage) -> Result<Seen> {
    play(stage, true)
}

/// A gateway that is still starting takes long to answer.
const SEND_LIMIT: Duration = Duration::from_secs(50);
/// The outcomes after which there should be a run.
const RUNS: [&str; 4] = ["started", "in_flight", "ok", "unknown"];

/// One message, and what came of it.
#[derive(Debug)]
struct Turn {
    name: String,
    session: String,
    /// How each time it was sent ended.
    outcomes: Vec<String>,
}

fn play(stage: &Stage, again: bool) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply(NO_MODEL);
    }
    let relay = Arc::new(Relay::start(stage.address())?);
    let clients = (0..TALKERS).map(|_| client(stage, &relay)).collect::<Result<Vec<_>>>()?;
    let hello = ready(clients.first().context("no client")?)?;
    if again && hello.server().boot_id.is_none() {
        return Seen::does_not_apply("its hello names no life of it, so whatever is lost may not be sent again");
    }
    let (stop, kills) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let talkers: Vec<_> = clients
        .iter()
        .zip(0..)
        .map(|(client, seed)| {
            let (client, relay, random) = (client.clone(), Arc::clone(&relay), Lcg::new(seed));
            let talker = Talker { client, relay, random, stop: Arc::clone(&stop), kills: Arc::clone(&kills), again };
            thread::spawn(move || talker.talk())
        })
        .collect();
    let mut random = Lcg::new(7);
    // How much the model had been asked at the end of each life.
    let mut lives = Vec::new();
    let result = (0..stage.options().kills).try_for_each(|_| {
        live(stage)?;
        thread::sleep(Duration::from_millis(u64::try_from(random.below(THEN))?));
        stage.kill()?;
        lives.push(stage.provider()?.calls().len());
        kills.fetch_add(1, Ordering::Relaxed);
        // A start that takes long on a busy machine is given its time once more.
        stage.relaunch().or_else(|_| stage.wait_ready())?;
        clients.iter().try_for_each(|client| ready(client).map(drop))
    });
    let result = result.and_then(|()| live(stage));
    stop.store(true, Ordering::Relaxed);
    let mut turns = Vec::new();
    for talker in talkers {
        turns.extend(talker.join().unwrap_or_else(|_| Err(anyhow!("a talker panicked")))?);
    }
    result?;
    settle(stage)?;
    let count = count(stage, &turns, &lives)?;
    clients.iter().for_each(Client::shutdown);
    count.judge(again, stage.options().kills)
}

/// Waits until the model has given some more answers.
fn live(stage: &Stage) -> Result<()> {
    let finished = |calls: &[Call]| calls.iter().filter(|call| call.end == Some(End::Finished)).count();
    let before = finished(&stage.provider()?.calls());
    let lived = stage.provider()?.wait(LIFE, |calls| finished(calls) >= before + ANSWERS);
    lived.map(drop).context("the model is hardly asked")
}

fn client(stage: &Stage, relay: &Relay) -> Result<Client> {
    let builder = lane::builder(relay.url()).token(stage.token()).scopes(TALKER);
    let client = stage.build(builder.backoff(|backoff| backoff.max = Duration::from_secs(2)))?;
    client.connect().context("whoever talks is not let in")?;
    Ok(client)
}

/// Waits for a connection; a gateway that starts again on a busy machine takes its time.
fn ready(client: &Client) -> Result<Arc<Hello>> {
    let begun = Instant::now();
    loop {
        match client.state() {
            State::Ready { hello, .. } => return Ok(hello),
            other => ensure!(begun.elapsed() < COME_BACK, "the client does not come back: {other:?}"),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Somebody who says one thing after another in one session.
struct Talker {
    client: Client,
    relay: Arc<Relay>,
    random: Lcg,
    stop: Arc<AtomicBool>,
    kills: Arc<AtomicUsize>,
    /// Whether what is lost is sent again in the same life of the gateway.
    again: bool,
}

impl Talker {
    fn talk(mut self) -> Result<Vec<Turn>> {
        let session = format!("agent:main:{}", fresh("load"));
        let mut turns = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            let mut turn = Turn { name: fresh("turn"), session: session.clone(), outcomes: Vec::new() };
            let kills = self.kills.load(Ordering::Relaxed);
            self.say(&mut turn)?;
            let run = turn.name.clone();
            let runs = turn.outcomes.last().is_some_and(|outcome| RUNS.contains(&outcome.as_str()));
            turns.push(turn);
            if !runs {
                continue;
            }
            let begun = Instant::now();
            while self.kills.load(Ordering::Relaxed) == kills && begun.elapsed() < WAIT_FOR_RUN {
                // An answer may be lost together with its connection, so it is looked for.
                let wait = Request::with_params("agent.wait", &json!({"runId": run, "timeoutMs": 500}))?;
                let over = match self.client.call(wait.timeout(Duration::from_secs(5))).wait_for(RUN_LIMIT) {
                    Some(Ok(Some(answer))) => !answer.as_str().contains(r#""status":"timeout""#),
                    Some(_) => false,
                    None => bail!("agent.wait hangs"),
                };
                if over {
                    break;
                }
            }
        }
        Ok(turns)
    }

    /// Says it; again if that is lost within one life of the gateway and may be said again.
    fn say(&mut self, turn: &mut Turn) -> Result<()> {
        let name = &turn.name;
        let message = format!("script #{name}: say answer to {name}; words 3 every 30");
        let params = json!({"sessionKey": turn.session, "message": message, "idempotencyKey": name});
        loop {
            // Of this life or one before; if before, it is taken for another life and nothing is sent again.
            let life = ready(&self.client)?.server().boot_id;
            if turn.outcomes.is_empty() && self.random.chance(1, LOSS) {
                self.relay.cut_next();
            }
            let request = Request::with_params("chat.send", &params)?.timeout(SEND_LIMIT);
            let outcome = self.client.call(request).wait_for(RUN_LIMIT).context("chat.send hangs")?;
            turn.outcomes.push(kind(&outcome));
            let lost = matches!(outcome, Err(CallError::OutcomeUnknown(_)));
            if !(lost && self.again && life.is_some() && ready(&self.client)?.server().boot_id == life) {
                return Ok(());
            }
        }
    }
}

fn kind(outcome: &Result<Option<openclaw_client::Payload>, CallError>) -> String {
    match outcome {
        Ok(payload) => {
            let answer: Value = payload.as_ref().and_then(|payload| payload.deserialize().ok()).unwrap_or_default();
            answer.get("status").and_then(Value::as_str).unwrap_or("answered").to_owned()
        }
        Err(CallError::Rejected(rejected)) => format!("rejected ({})", rejected.error),
        Err(CallError::NotSent(_)) => "not sent".into(),
        Err(CallError::OutcomeUnknown(_)) => "unknown".into(),
        Err(CallError::TimedOut { .. }) => "timed out".into(),
        Err(other) => format!("other: {other}"),
    }
}

/// Waits until the model has nothing more to do.
fn settle(stage: &Stage) -> Result<()> {
    let provider = stage.provider()?;
    let mut calls = usize::MAX;
    let begun = Instant::now();
    while begun.elapsed() < RUN_LIMIT {
        let now = provider.calls();
        if now.len() == calls && now.iter().all(|call| call.end.is_some()) {
            return Ok(());
        }
        calls = now.len();
        thread::sleep(Duration::from_secs(3));
    }
    bail!("the model is still being asked")
}

/// What came of all turns.
#[derive(Debug, Default)]
struct Count {
    turns: usize,
    /// How often each outcome occurred: of the first sending, and of those after.
    first: BTreeMap<String, usize>,
    later: BTreeMap<String, usize>,
    /// In how many turns the model was asked in so many lives. What a killed gateway has not finished, its next life may go
    /// on with by itself.
    lives: BTreeMap<usize, usize>,
    /// How many turns have so many answers in the history, and were said so often.
    answers: BTreeMap<usize, usize>,
    said: BTreeMap<usize, usize>,
    /// Turns the model was asked for twice in one life, or that are in the history twice.
    twice: Vec<String>,
}

fn count(stage: &Stage, turns: &[Turn], lives: &[usize]) -> Result<Count> {
    let mut count = Count { turns: turns.len(), ..Count::default() };
    let strange = stage.provider()?.strange();
    ensure!(strange.is_empty(), "the model was asked strange things: {strange:?}");
    let reader = stage.client()?;
    // By turn and life.
    let mut calls: BTreeMap<String, BTreeMap<usize, usize>> = BTreeMap::new();
    for (place, call) in stage.provider()?.calls().into_iter().enumerate() {
        let life = lives.iter().filter(|end| **end <= place).count();
        let Some(turn) = call.turn else { continue };
        *calls.entry(turn).or_default().entry(life).or_insert(0) += 1;
    }
    let mut histories: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    for turn in turns {
        let history = match histories.get(turn.session.as_str()) {
            Some(history) => history,
            None => {
                let history = reader.request("chat.history", &json!({"sessionKey": turn.session, "limit": 1000}))?;
                histories.entry(&turn.session).or_insert_with(|| messages(&history))
            }
        };
        let rows =
            |who: &str, what: &str| history.iter().filter(|(role, text)| role == who && text.contains(what)).count();
        let said = rows("user", &format!("#{}:", turn.name));
        let answers = rows("assistant", &format!("answer to {} ", turn.name));
        let asked = calls.remove(&turn.name).unwrap_or_default();
        *count.said.entry(said).or_insert(0) += 1;
        *count.answers.entry(answers).or_insert(0) += 1;
        *count.lives.entry(asked.len()).or_insert(0) += 1;
        if said > 1 || answers > 1 || asked.values().any(|calls| *calls > 1) {
            let Turn { name, outcomes, .. } = turn;
            count.twice.push(format!("{name}: asked {asked:?} by life, said {said}, answered {answers}: {outcomes:?}"));
        }
        for (index, outcome) in turn.outcomes.iter().enumerate() {
            let counts = if index == 0 { &mut count.first } else { &mut count.later };
            *counts.entry(outcome.clone()).or_insert(0) += 1;
        }
    }
    Ok(count)
}

impl Count {
    fn judge(&self, again: bool, kills: usize) -> Result<Seen> {
        let detail = format!("{kills} kills: {self:?}");
        ensure!(self.twice.is_empty(), "turns ran twice: {detail}");
        ensure!(self.first.values().sum::<usize>() == self.turns, "{detail}");
        ensure!(self.first.contains_key("started") && self.first.contains_key("unknown"), "too quiet: {detail}");
        ensure!(self.later.is_empty() != again, "{detail}");
        Seen::holds(detail)
    }
}
