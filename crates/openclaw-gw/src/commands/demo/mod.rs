//! `demo`: the life of a connection, told live against an embedded gateway.

mod story;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use openclaw_client::connect::Scope;
use openclaw_client::{Builder, CallError, Client, EventFilter, Request, State, States};
use openclaw_testkit::{GatewayConfig, Server};
use serde_json::{Value, json};

use self::story::Story;
use crate::adapter::Adapter;
use crate::commands::Halt;
use crate::failure::Failure;
use crate::output::json::one_line;
use crate::output::look::{ERROR, GOOD, KEY, LABEL, Look, WARNING};

/// How long the gateway stays away after it has been killed.
const AWAY: Duration = Duration::from_millis(4_000);
/// Calls in flight when it is killed.
const IN_FLIGHT: usize = 3;
/// The demo gives up on anything that takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the table at the end is made of.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    fn add(&mut self, what: &'static str) {
        *self.0.entry(what).or_insert(0) += 1;
    }
}

pub(crate) async fn run(look: Look, adapter: Adapter) -> Result<(), Halt> {
    let story = Story::new(look);
    let mut tally = Tally::default();
    let begun = Instant::now();

    story.chapter("A gateway, and a client that knows nothing but its address and token");
    let server = Server::start(GatewayConfig::new())
        .await
        .map_err(|error| Failure::system("cannot start the embedded gateway", &error))?;
    story.tell("gateway", KEY, &format!("an embedded gateway listens on {}", server.url()));
    let builder = Builder::new((), server.url())
        .token(server.token())
        .scopes([Scope::Read, Scope::Write])
        .backoff(|backoff| backoff.max = Duration::from_secs(2));
    let client = adapter.build(builder).map_err(|error| Failure::build(&error))?;
    let watcher = tokio::spawn(tell_states(client.states(), story.clone()));
    let mut events = client.events(EventFilter::all());
    client.start();
    ready(&client).await?;

    story.chapter("Calls: answered, and refused with a reason");
    call(&client, &story, &mut tally, "health", json!({})).await;
    call(&client, &story, &mut tally, "echo", json!({"hello": "gateway"})).await;
    call(&client, &story, &mut tally, "config.set", json!({"raw": "{}"})).await;

    story.chapter("Events, each with its place in the connection's sequence");
    for n in 1..=5 {
        server.broadcast("presence", &json!({"presence": [], "n": n}));
        let event = tokio::time::timeout(PATIENCE, events.next()).await.ok().flatten();
        if let Some(Ok(event)) = event {
            tally.add("events");
            let seq = event.seq.map_or_else(String::new, |seq| format!(" #{seq}"));
            let payload = event.payload().map(one_line).unwrap_or_default();
            story.tell("event", KEY, &format!("{}{seq} {payload}", event.name()));
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
    }

    story.chapter("The gateway is killed while calls are in flight");
    let pending: Vec<_> = (0..IN_FLIGHT).map(|_| client.call(slow())).collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    story.tell("gateway", ERROR, &format!("killed with {IN_FLIGHT} calls in flight"));
    server.kill().await;
    for call in pending {
        match call.await {
            Ok(_) => tally.add("calls answered"),
            Err(error) => lost(&story, &mut tally, &error),
        }
    }
    let waiting = client.call(request("echo", &json!({"made": "while the gateway was away"})));
    story.tell("call", LABEL, "echo is made now; it waits for the next connection");
    tokio::time::sleep(AWAY).await;
    story.tell("gateway", GOOD, "started again on the same port");
    server.resume().await.map_err(|error| Failure::system("cannot start the embedded gateway again", &error))?;
    ready(&client).await?;
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(Ok(payload)) => {
            tally.add("calls that waited and were answered");
            let shown = payload.as_ref().map(|p| one_line(p.as_str())).unwrap_or_default();
            story.tell("call", GOOD, &format!("echo, made during the outage → {shown}"));
        }
        Ok(Err(error)) => lost(&story, &mut tally, &error),
        Err(_) => story.tell("call", ERROR, "echo never came back"),
    }

    story.chapter("A proper end");
    client.shutdown().await;
    let stats = client.stats();
    drop(client);
    let _ = watcher.await;
    server.shutdown().await;
    summary(&story, look, &tally, stats.dials, stats.hellos, begun.elapsed());
    Ok(())
}

fn request(method: &str, params: &Value) -> Request {
    // Neither name nor params of the demo can be at fault.
    Request::with_params(method, params).unwrap_or_else(|_| unreachable!("a method name and plain JSON"))
}

fn slow() -> Request {
    request("slow", &json!({"ms": 10_000}))
}

async fn ready(client: &Client) -> Result<(), Halt> {
    match tokio::time::timeout(PATIENCE, client.ready()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(Failure::usage(format!("the demo's own gateway: {error}")).into()),
        Err(_) => Err(Failure::no_connection_in_time(PATIENCE).into()),
    }
}

async fn call(client: &Client, story: &Story, tally: &mut Tally, method: &str, params: Value) {
    let begun = Instant::now();
    let outcome = client.call(request(method, &params)).await;
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    match outcome {
        Ok(payload) => {
            tally.add("calls answered");
            let whole = payload.map(|p| one_line(p.as_str()).into_owned()).unwrap_or_default();
            let mut shown: String = whole.chars().take(60).collect();
            if shown.len() < whole.len() {
                shown.push('…');
            }
            story.tell("call", GOOD, &format!("{method} → {shown}  ({took:.1} ms)"));
        }
        Err(CallError::Rejected(rejected)) => {
            tally.add("calls refused, typed");
            let ran = if rejected.may_have_run() { "it may have run" } else { "it has not run" };
            story.tell("call", WARNING, &format!("{method} → {}; {ran}  ({took:.1} ms)", rejected.error));
        }
        Err(error) => lost(story, tally, &error),
    }
}

fn lost(story: &Story, tally: &mut Tally, error: &CallError) {
    let ran = if error.may_have_run() {
        tally.add("calls of unknown outcome");
        "it may have run, so nobody repeats it unasked"
    } else {
        tally.add("calls not sent");
        "it was not sent"
    };
    story.tell("call", WARNING, &format!("{error}; {ran}"));
}

async fn tell_states(mut states: States, story: Story) {
    let mut next = states.next().await;
    while let Some(Ok(state)) = next {
        let mut pause = None;
        match &state {
            State::Dialing { conn } => story.tell("connecting", LABEL, &format!("connection {conn}")),
            State::Handshaking { .. } => {
                story.tell("handshake", LABEL, "the socket is open; challenge, connect, hello");
            }
            State::Ready { hello, .. } => {
                let version = hello.server().version.unwrap_or_else(|| "unknown".into());
                let scopes: Vec<&str> = hello.scopes().unwrap_or_default().iter().map(Scope::as_str).collect();
                let text = format!("gateway {version}, protocol {}, granted {}", hello.protocol, scopes.join(", "));
                story.tell("ready", GOOD, &text);
            }
            State::Backoff { why, attempt, delay, .. } => {
                let text = format!("{why}; attempt {attempt} in {:.1} s", delay.as_secs_f64());
                story.tell("backoff", WARNING, &text);
                pause = Some(*delay);
            }
            State::Stopping => story.tell("closing", LABEL, "with a close frame"),
            State::Stopped { .. } => story.tell("stopped", LABEL, "nothing is left open"),
            _ => {}
        }
        next = match pause {
            None => states.next().await,
            Some(delay) => {
                let count_down = async {
                    story.count_down(delay).await;
                    std::future::pending::<()>().await;
                };
                tokio::select! {
                    next = states.next() => next,
                    () = count_down => None,
                }
            }
        };
    }
}

fn summary(story: &Story, look: Look, tally: &Tally, dials: u64, hellos: u64, took: Duration) {
    let mut rows: Vec<(&str, u64)> = vec![("connections tried", dials), ("handshakes completed", hellos)];
    rows.extend(tally.0.iter().map(|(what, count)| (*what, *count)));
    if look.json {
        let rows: serde_json::Map<String, Value> = rows.into_iter().map(|(k, v)| (k.to_owned(), json!(v))).collect();
        story.plain(&json!({"summary": rows}).to_string());
        return;
    }
    story.chapter("Summary");
    for (what, count) in rows {
        story.plain(&format!("  {what:<36} {count:>4}"));
    }
    story.plain(&format!("  {:<36} {:>4.1} s", "from beginning to end", took.as_secs_f64()));
}
