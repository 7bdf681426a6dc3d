//! Real gateways killed and restarted under load, on the same port: every call ends with exactly one outcome, and the
//! client on every adapter and the program come back by themselves. Run by `cargo xtask test`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use openclaw_client::{CallError, Payload, Request, State};
use openclaw_tests::lane::{Client, Lane, Stream, builder};
use serde_json::Value;
use xtask::gateway::{Gateway, StartOptions, versions};
use xtask::process::{Signal, signal};

/// Threads that call, for each adapter.
const CALLERS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(90);

/// Which gateways `cargo xtask test` wants tested.
fn wanted() -> Vec<String> {
    openclaw_tests::real_gateways().into_iter().map(|gateway| gateway.version).collect()
}

fn start(version: &str, port: u16) -> Gateway {
    let mut options = StartOptions::new(versions::find(version).expect("a pinned version"));
    options.port = Some(port);
    Gateway::start(options).expect("the gateway starts")
}

/// Kills and drains to survive: `OPENCLAW_TEST_RESTARTS=5,3`; by default few, as each start of a gateway takes seconds.
fn rounds() -> (usize, usize) {
    let asked = std::env::var("OPENCLAW_TEST_RESTARTS").unwrap_or_else(|_| "2,1".into());
    let (kills, drains) = asked.split_once(',').expect("KILLS,DRAINS");
    (kills.parse().expect("a number"), drains.parse().expect("a number"))
}

/// A port that no outgoing connection takes while the gateway is away.
fn quiet_port() -> u16 {
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (20_000..30_000).step_by(97).find(free).expect("a free port")
}

/// Ends every process of the gateway at once, as a crash of the machine would.
fn kill(gateway: Gateway) {
    for pid in gateway.record().processes() {
        signal(pid, Signal::Kill);
    }
    gateway.stop().expect("nothing is left of it");
}

/// `openclaw-gw watch`, running beside everything.
struct Watch {
    program: Child,
    /// The states it has told so far.
    states: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Watch {
    fn start(gateway: &Gateway) -> Self {
        let mut path: PathBuf = std::env::current_exe().expect("a path");
        path.pop();
        path.pop();
        path.push("openclaw-gw");
        assert!(path.exists(), "{} is missing: cargo build -p openclaw-gw", path.display());
        let mut program = Command::new(path)
            .args(["--no-device", "--url", &gateway.record().url, "watch", "--json"])
            .env("OPENCLAW_GATEWAY_TOKEN", &gateway.record().token)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let out = BufReader::new(program.stdout.take().expect("its output"));
        let states = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&states);
        let reader = std::thread::spawn(move || {
            for line in out.lines() {
                let row: Value = serde_json::from_str(&line.expect("UTF-8")).expect("NDJSON");
                told.lock().unwrap().extend(row["state"].as_str().map(str::to_owned));
            }
        });
        Self { program, states, reader: Some(reader) }
    }

    /// Waits until the last state it told is that it is ready.
    fn until_ready(&self) {
        let begin = Instant::now();
        while self.states.lock().unwrap().last().is_none_or(|state| state != "ready") {
            std::thread::sleep(Duration::from_millis(50));
            let late = begin.elapsed() > PATIENCE;
            assert!(!late, "the program does not come back: {:?}", self.states.lock().unwrap());
        }
    }

    /// Ends it as Ctrl-C does, and gives the states it told.
    fn end(mut self) -> Vec<String> {
        let pid = i32::try_from(self.program.id()).expect("a process number");
        let interrupted = Command::new("kill").args(["-INT", &pid.to_string()]).status().expect("kill runs");
        assert!(interrupted.success());
        assert_eq!(self.program.wait().expect("it ends").code(), Some(0));
        self.reader.take().expect("read once").join().expect("its output is NDJSON");
        let states = self.states.lock().unwrap();
        states.clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn kind(outcome: &Result<Option<Payload>, CallError>) -> &'static str {
    match outcome {
        Ok(_) => "answered",
        Err(CallError::Rejected(rejected)) if rejected.may_have_run() => "rejected, may have run",
        Err(CallError::Rejected(_)) => "rejected, not run",
        Err(CallError::NotSent(_)) => "not sent",
        Err(CallError::TimedOut { sent: true }) => "timed out, sent",
        Err(CallError::TimedOut { .. }) => "timed out, not sent",
        Err(CallError::OutcomeUnknown(_)) => "unknown",
        Err(_) => "other",
    }
}

type Counts = BTreeMap<&'static str, u64>;

/// Calls without pause until told to stop; gives how many calls it made and how they ended.
fn call_for_ever(client: &Client, stop: &AtomicBool) -> (u64, Counts) {
    let (mut made, mut counts) = (0, Counts::new());
    while !stop.load(Ordering::Relaxed) {
        made += 1;
        let request = Request::new("models.list").expect("a method").timeout(Duration::from_secs(60));
        let outcome = client.call(request).wait_for(PATIENCE).expect("every call ends");
        *counts.entry(kind(&outcome)).or_insert(0) += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    (made, counts)
}

fn told(mut states: Stream<State>) -> Counts {
    let mut told = Counts::new();
    while let Ok(Some(Ok(state))) = states.next_within(Duration::ZERO) {
        let name = match state {
            State::Ready { .. } => "ready",
            State::Backoff { .. } => "backoff",
            State::Draining { .. } => "draining",
            State::Dialing { .. } => "dialing",
            _ => "other",
        };
        *told.entry(name).or_insert(0) += 1;
    }
    told
}

fn until_ready(lane: Lane, client: &Client) {
    let begin = Instant::now();
    while !matches!(client.state(), State::Ready { .. }) {
        std::thread::sleep(Duration::from_millis(20));
        assert!(begin.elapsed() < PATIENCE, "{lane}: the client does not come back: {:?}", client.state());
    }
}

#[test]
fn killed_and_drained_gateways_lose_no_call_and_client_and_program_come_back() {
    let (kills, drains) = rounds();
    for version in wanted() {
        let begun = Instant::now();
        let mut gateway = start(&version, quiet_port());
        let port = gateway.record().port;
        let clients = Lane::ALL.map(|lane| {
            let builder = builder(&gateway.record().url)
                .token(gateway.record().token.as_str())
                .backoff(|backoff| backoff.max = Duration::from_secs(2));
            let client = lane.build(builder).expect("a client");
            let states = client.states();
            client.start();
            until_ready(lane, &client);
            (lane, client, states)
        });
        let watch = Watch::start(&gateway);
        watch.until_ready();

        let stop = Arc::new(AtomicBool::new(false));
        let callers = clients.each_ref().map(|(_, client, _)| {
            [(); CALLERS].map(|()| {
                let (client, stop) = (client.clone(), Arc::clone(&stop));
                std::thread::spawn(move || call_for_ever(&client, &stop))
            })
        });
        for round in 0..kills + drains {
            std::thread::sleep(Duration::from_millis(500));
            if round < kills {
                kill(gateway);
            } else {
                gateway.stop().expect("it stops");
            }
            gateway = start(&version, port);
            // The next attempt may be two seconds away, or be refused while the gateway boots.
            clients.iter().for_each(|(lane, client, _)| until_ready(*lane, client));
        }
        // The program's next attempt may be thirty seconds away.
        watch.until_ready();
        stop.store(true, Ordering::Relaxed);

        // A busy gateway of wire v3 was seen to go without a word; those of v4 announce it.
        let announces = versions::find(&version).expect("a pinned version").wire >= 4;
        println!("{version}: {kills} kills, {drains} drains in {:.0?}", begun.elapsed());
        for ((lane, client, states), callers) in clients.into_iter().zip(callers) {
            let (mut made, mut counts) = (0, Counts::new());
            for caller in callers {
                let (calls, ends) = caller.join().expect("no caller panics");
                made += calls;
                ends.into_iter().for_each(|(kind, count)| *counts.entry(kind).or_insert(0) += count);
            }
            let told = told(states);
            println!("{version}: {lane}: {made} calls {counts:?}; states {told:?}");
            assert_eq!(counts.values().sum::<u64>(), made, "{lane}: every call ends exactly once");
            assert!(counts.contains_key("answered") && !counts.contains_key("other"), "{lane}: {counts:?}");
            assert!(told["ready"] > (kills + drains) as u64, "{lane}: {told:?}");
            assert!(!announces || told.contains_key("draining"), "{lane}: {told:?}");
            client.shutdown();
        }

        let shown = watch.end();
        let ready = shown.iter().filter(|state| *state == "ready").count();
        println!("{version}: the program showed {} states, ready {ready} times", shown.len());
        // It may sleep through a short life of the gateway, but not through a long one.
        assert!(ready >= 2 && shown.iter().any(|state| state == "backoff"), "{shown:?}");
        gateway.stop().expect("it stops");
    }
}
