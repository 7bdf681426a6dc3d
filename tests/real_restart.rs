//! Real gateways killed and restarted under load, on the same port: every call ends with exactly one outcome, and the
//! client and the program come back by themselves. Run by `cargo xtask test`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use openclaw_tokio::{CallError, Client, Request, State};
use serde_json::Value;
use tokio::time::timeout;
use xtask::gateway::{Gateway, StartOptions, versions};
use xtask::process::{Signal, signal};

const CALLERS: usize = 8;
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
            .args(["--url", &gateway.record().url, "watch", "--json"])
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
    async fn until_ready(&self) {
        let ready = async {
            while self.states.lock().unwrap().last().is_none_or(|state| state != "ready") {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let result = timeout(PATIENCE, ready).await;
        assert!(result.is_ok(), "the program does not come back: {:?}", self.states.lock().unwrap());
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

fn kind(outcome: &Result<Option<openclaw_tokio::Payload>, CallError>) -> &'static str {
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

/// Calls without pause until told to stop; counts how each call ended.
async fn call_for_ever(client: Client, stop: Arc<AtomicBool>, counts: Arc<Mutex<BTreeMap<&'static str, u64>>>) -> u64 {
    let mut made = 0;
    while !stop.load(Ordering::Relaxed) {
        made += 1;
        let request = Request::new("models.list").expect("a method").timeout(Duration::from_secs(60));
        let outcome = timeout(PATIENCE, client.call(request)).await.expect("every call ends");
        *counts.lock().unwrap().entry(kind(&outcome)).or_insert(0) += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_drained_gateways_lose_no_call_and_client_and_program_come_back() {
    let (kills, drains) = rounds();
    for version in wanted() {
        let begun = Instant::now();
        let mut gateway = start(&version, quiet_port());
        let port = gateway.record().port;
        let client = openclaw_tokio::builder(&gateway.record().url)
            .token(gateway.record().token.as_str())
            .backoff(|backoff| backoff.max = Duration::from_secs(2))
            .build()
            .expect("a client");
        let mut states = client.states();
        client.start();
        timeout(PATIENCE, client.ready()).await.expect("in time").expect("ready");
        let watch = Watch::start(&gateway);
        watch.until_ready().await;

        let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(BTreeMap::new())));
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| tokio::spawn(call_for_ever(client.clone(), Arc::clone(&stop), Arc::clone(&counts))))
            .collect();
        for round in 0..kills + drains {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let again = version.clone();
            let restart = tokio::task::spawn_blocking(move || {
                if round < kills {
                    kill(gateway);
                } else {
                    gateway.stop().expect("it stops");
                }
                start(&again, port)
            });
            gateway = restart.await.expect("it restarts");
            // The next attempt may be two seconds away, or be refused while the gateway boots.
            let back = async {
                while !matches!(client.state(), State::Ready { .. }) {
                    tokio::time::sleep(Duration::from_millis(20)).await
                }
            };
            timeout(PATIENCE, back).await.expect("the client comes back");
        }
        // The program's next attempt may be thirty seconds away.
        watch.until_ready().await;
        stop.store(true, Ordering::Relaxed);
        let mut made = 0;
        for caller in callers {
            made += caller.await.expect("no caller panics");
        }

        let mut told: BTreeMap<&str, u64> = BTreeMap::new();
        while let Ok(Some(Ok(state))) = timeout(Duration::from_millis(10), states.next()).await {
            let name = match state {
                State::Ready { .. } => "ready",
                State::Backoff { .. } => "backoff",
                State::Draining { .. } => "draining",
                State::Dialing { .. } => "dialing",
                _ => "other",
            };
            *told.entry(name).or_insert(0) += 1;
        }
        let counts = counts.lock().unwrap().clone();
        println!(
            "{version}: {kills} kills, {drains} drains in {:.0?}; {made} calls {counts:?}; states {told:?}",
            begun.elapsed()
        );
        assert_eq!(counts.values().sum::<u64>(), made, "every call ends exactly once");
        assert!(counts.contains_key("answered") && !counts.contains_key("other"), "{counts:?}");
        assert!(told["ready"] > (kills + drains) as u64, "{told:?}");
        // A busy gateway of wire v3 was seen to go without a word; those of v4 announce it.
        let announces = versions::find(&version).expect("a pinned version").wire >= 4;
        assert!(!announces || told.contains_key("draining"), "{told:?}");

        let shown = watch.end();
        let ready = shown.iter().filter(|state| *state == "ready").count();
        println!("{version}: the program showed {} states, ready {ready} times", shown.len());
        // It may sleep through a short life of the gateway, but not through a long one.
        assert!(ready >= 2 && shown.iter().any(|state| state == "backoff"), "{shown:?}");
        timeout(PATIENCE, client.shutdown()).await.expect("in time");
        gateway.stop().expect("it stops");
    }
}
