//! Every row of the transition table, walked.

use std::collections::BTreeSet;
use std::fmt::Write;

use openclaw_proto::{Input, StateKind, TRANSITIONS, TransportError, Trigger, transition};
use openclaw_tests::{Drive, event, refusal};

use crate::{closed, patient};

/// A client in that state.
fn in_state(state: StateKind, limited: bool) -> Drive {
    let configure = |c: &mut openclaw_proto::ClientConfig| {
        patient(c);
        if limited {
            c.backoff.max_attempts = Some(0);
        }
    };
    match state {
        StateKind::Idle => Drive::new(configure),
        StateKind::Dialing => {
            let mut d = Drive::new(configure);
            d.start();
            d
        }
        StateKind::Handshaking => {
            let mut d = Drive::awaiting_hello(configure);
            d.frames();
            d
        }
        StateKind::Ready => Drive::ready_with(configure),
        StateKind::Draining => {
            let mut d = Drive::ready_with(configure);
            d.text(&event("shutdown", 1, "{}"));
            d
        }
        StateKind::Backoff => {
            let mut d = Drive::ready_with(patient);
            d.input(closed(1012));
            d
        }
        StateKind::Paused => {
            let mut d = Drive::awaiting_hello(patient);
            let connect = d.frames();
            let limit = r#"{"code":"INVALID_REQUEST","retryAfterMs":5000,"details":{"code":"AUTH_RATE_LIMITED"}}"#;
            d.text(&refusal(&connect[0], limit));
            d
        }
        StateKind::Stopping => {
            let mut d = Drive::ready_with(configure);
            d.shutdown();
            d
        }
        _ => {
            let mut d = Drive::new(configure);
            d.shutdown();
            d
        }
    }
}

/// Makes that happen, from outside, as it happens in life.
fn pull(d: &mut Drive, trigger: Trigger) {
    match trigger {
        Trigger::Start => d.start(),
        Trigger::Opened => d.input(Input::Opened),
        Trigger::Hello => {
            // The connect is out already; the client is known to use its seed, so ask a twin for the id.
            let mut twin = Drive::awaiting_hello(patient);
            let connect = twin.frames();
            d.text(&openclaw_tests::hello_response(&connect[0]));
        }
        Trigger::Drain => d.text(&event("gateway.suspension", 2, r#"{"phase":"draining"}"#)),
        Trigger::Resume => d.text(&event("gateway.suspension", 3, r#"{"phase":"accepting"}"#)),
        Trigger::Retry | Trigger::GiveUp => {
            d.input(Input::Failed(TransportError::Io("reset".into())));
        }
        Trigger::Pause => {
            let refusal = openclaw_proto::UpgradeRefused::new(403, Vec::new(), String::new());
            d.input(Input::Failed(TransportError::UpgradeRefused(refusal)));
        }
        Trigger::Due => {
            d.advance(std::time::Duration::from_secs(10));
        }
        Trigger::Nudge => d.nudge(),
        Trigger::Wake => d.sleep(std::time::Duration::from_secs(60)),
        Trigger::Shutdown => d.shutdown(),
        Trigger::Closed => d.input(closed(1000)),
        other => panic!("no way to pull {other:?}"),
    }
}

const STATES: [StateKind; 9] = [
    StateKind::Idle,
    StateKind::Dialing,
    StateKind::Handshaking,
    StateKind::Ready,
    StateKind::Draining,
    StateKind::Backoff,
    StateKind::Paused,
    StateKind::Stopping,
    StateKind::Stopped,
];

#[test]
fn every_row_of_the_transition_table_happens_as_it_says() {
    for (from, trigger, to) in TRANSITIONS {
        let mut d = in_state(*from, *trigger == Trigger::GiveUp);
        assert_eq!(d.client.state(), *from);
        pull(&mut d, *trigger);
        assert_eq!(d.client.state(), *to, "{from:?} --{trigger:?}-->");
    }
    println!("{} rows walked", TRANSITIONS.len());
}

#[test]
fn what_is_not_in_the_table_changes_nothing() {
    // Triggers the outside can pull in any state.
    let mut pairs = 0;
    for from in STATES {
        for trigger in [Trigger::Start, Trigger::Nudge, Trigger::Wake, Trigger::Shutdown, Trigger::Opened] {
            let mut d = in_state(from, false);
            let expected = transition(from, trigger).unwrap_or(from);
            pull(&mut d, trigger);
            assert_eq!(d.client.state(), expected, "{from:?} {trigger:?}");
            pairs += 1;
        }
    }
    println!("{pairs} pairs tried");
}

#[test]
fn the_diagram_in_the_documentation_is_the_table() {
    let mut diagram = String::from("```mermaid\nstateDiagram-v2\n    [*] --> Idle\n");
    let mut seen = BTreeSet::new();
    for (from, _, to) in TRANSITIONS {
        if !seen.insert((from, to)) {
            continue;
        }
        let labels: Vec<String> = TRANSITIONS
            .iter()
            .filter(|(f, _, t)| f == from && t == to)
            .map(|(_, trigger, _)| format!("{trigger:?}").to_lowercase())
            .collect();
        let _ = writeln!(diagram, "    {from:?} --> {to:?}: {}", labels.join(", "));
    }
    diagram.push_str("```\n");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/openclaw-proto/docs/lifecycle.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once("```mermaid").unwrap();
    let (_, tail) = rest.split_once("```\n").unwrap();
    let fresh = format!("{head}{diagram}{tail}");
    if std::env::var_os("OPENCLAW_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    } else {
        assert_eq!(page, fresh, "run OPENCLAW_UPDATE_DOCS=1 cargo test -p openclaw-tests --test lifecycle");
    }
}
