//! `demo` and `serve`: the commands that bring their own gateway.

use serde_json::Value;

use crate::program::{Program, command};

/// A served gateway, and the environment to reach it.
struct Served {
    program: Program,
    url: String,
    token: String,
}

impl Served {
    fn start(args: &[&str]) -> Self {
        let mut all = vec!["serve", "--port", "0", "--json"];
        all.extend(args);
        let mut program = Program::start(&mut command(&all));
        let line: Value = serde_json::from_str(&program.line()).unwrap();
        let text = |key: &str| line[key].as_str().unwrap().to_owned();
        Self { url: text("url"), token: text("token"), program }
    }

    fn start_on(&self, args: &[&str]) -> Program {
        let mut command = command(args);
        command.env("OPENCLAW_GATEWAY_URL", &self.url).env("OPENCLAW_GATEWAY_TOKEN", &self.token);
        Program::start(&mut command)
    }

    fn run(&self, args: &[&str]) -> crate::program::Ended {
        self.start_on(args).end()
    }

    fn stop(self) {
        self.program.signal("-INT");
        assert_eq!(self.program.end().code, Some(0));
    }
}

#[test]
fn the_demo_tells_its_story_to_the_end_and_plainly_when_piped() {
    let ended = Program::start(&mut command(&["demo"])).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    for part in [
        "listens on ws://127.0.0.1:",
        "ready",
        "health →",
        "MISSING_SCOPE",
        "presence #5",
        "killed with 3 calls in flight",
        "it may have run",
        "backoff",
        "started again on the same port",
        "made during the outage →",
        "Summary",
    ] {
        assert!(ended.stdout.contains(part), "{part} is missing in:\n{}", ended.stdout);
    }
    assert!(!ended.stdout.contains(['\x1b', '\r']), "{}", ended.stdout);
}

#[test]
fn the_demo_for_programs_is_ndjson_with_a_summary_at_the_end() {
    let ended = Program::start(&mut command(&["--json", "demo"])).end();
    assert_eq!(ended.code, Some(0));
    let rows = ended.rows();
    let summary = &rows.last().unwrap()["summary"];
    assert_eq!(summary["handshakes completed"], 2);
    assert_eq!(summary["calls of unknown outcome"], 3);
    assert_eq!(summary["calls that waited and were answered"], 1);
}

/// The adapters of the library, as `--runtime` names them.
const RUNTIMES: [&str; 4] = ["tokio", "async-std", "smol", "blocking"];

#[test]
fn every_runtime_tells_the_same_story() {
    let demos = RUNTIMES.map(|runtime| Program::start(&mut command(&["--json", "--runtime", runtime, "demo"])));
    for (runtime, demo) in RUNTIMES.into_iter().zip(demos) {
        let ended = demo.end();
        assert_eq!(ended.code, Some(0), "{runtime}: {}", ended.stderr);
        let rows = ended.rows();
        let summary = &rows.last().unwrap()["summary"];
        assert_eq!(summary["handshakes completed"], 2, "{runtime}");
        assert_eq!(summary["calls of unknown outcome"], 3, "{runtime}");
        assert_eq!(summary["calls that waited and were answered"], 1, "{runtime}");
    }
}

#[test]
fn every_runtime_carries_every_command() {
    let served = Served::start(&["--event", "presence=50ms"]);
    for runtime in RUNTIMES {
        let status = served.run(&["--runtime", runtime, "status", "--json"]);
        assert_eq!(status.code, Some(0), "{runtime}: {}", status.stderr);
        let call = served.run(&["--runtime", runtime, "call", "echo", "--params", "[1]"]);
        assert_eq!(call.stdout.trim(), "[1]", "{runtime}: {}", call.stderr);
        let watch = served.run(&["--runtime", runtime, "watch", "--json", "--event", "presence", "--count", "2"]);
        assert_eq!((watch.code, watch.rows().len() > 1), (Some(0), true), "{runtime}: {}", watch.stderr);
        let mut endless = served.start_on(&["--runtime", runtime, "-v", "watch", "--json"]);
        endless.until_state("ready");
        endless.signal("-INT");
        let ended = endless.end();
        assert_eq!(ended.code, Some(0), "{runtime}: {}", ended.stderr);
        assert!(ended.stderr.contains("dialing"), "{runtime} is heard with -v: {}", ended.stderr);
    }
}

#[test]
fn a_served_gateway_answers_every_command_in_every_dialect() {
    for (protocol, number) in [("v4", 4), ("v3", 3), ("original", 3)] {
        let served = Served::start(&["--protocol", protocol, "--event", "presence=50ms"]);
        let status = served.run(&["status", "--json"]);
        assert_eq!(status.code, Some(0), "{protocol}: {}", status.stderr);
        assert_eq!(status.json()["protocol"], number);
        let call = served.run(&["call", "echo", "--params", r#"{"n":1}"#]);
        assert_eq!(call.stdout.trim(), r#"{"n":1}"#, "{protocol}: {}", call.stderr);
        let refused = served.run(&["call", "nope"]);
        assert_eq!(refused.code, Some(1), "{protocol}: {}", refused.stderr);
        let watch = served.run(&["watch", "--json", "--event", "presence", "--count", "3"]);
        assert_eq!(watch.rows().iter().filter(|row| row["event"] == "presence").count(), 3, "{protocol}");
        let wrong = served.run(&["--token", "wrong", "status"]);
        // The first client's gateway has one code for everything it refuses.
        let exit = if protocol == "original" { 2 } else { 5 };
        assert_eq!(wrong.code, Some(exit), "{protocol}: {}", wrong.stderr);
        served.stop();
    }
}

#[test]
fn a_served_gateway_says_goodbye() {
    let served = Served::start(&["--event", "presence=50ms"]);
    let mut watch = served.start_on(&["watch", "--json"]);
    let mut row = || serde_json::from_str::<Value>(&watch.line()).unwrap();
    while row()["event"] != "presence" {}
    served.stop();
    let mut rows = std::iter::from_fn(|| Some(row()));
    let lost = rows.find(|row| row["state"] == "backoff").unwrap();
    assert_eq!(lost["reason"], "closed by the gateway (1012: service restart)");
}

#[test]
fn a_token_of_the_users_own_is_taken_and_not_shown() {
    let mut serve = command(&["serve", "--port", "0", "--json"]);
    let mut program = Program::start(serve.env("OPENCLAW_GATEWAY_TOKEN", "a-token-of-my-own"));
    let line = program.line();
    assert!(!line.contains("a-token-of-my-own"), "{line}");
    let url = serde_json::from_str::<Value>(&line).unwrap()["url"].as_str().unwrap().to_owned();
    let mut status = command(&["status"]);
    status.env("OPENCLAW_GATEWAY_URL", url).env("OPENCLAW_GATEWAY_TOKEN", "a-token-of-my-own");
    assert_eq!(Program::start(&mut status).end().code, Some(0));
    program.signal("-TERM");
    assert_eq!(program.end().code, Some(0));
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = Program::start(&mut command(&["serve", "--port", &port])).end();
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("cannot listen"), "{}", ended.stderr);
}
