//! Faults on demand, in virtual time.
#![allow(missing_docs, reason = "names of tests say what they show")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::or_fun_call,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests, too"
)]
#![allow(dead_code, unreachable_pub, clippy::needless_pass_by_value, reason = "one bench for several test files")]

mod common;

use std::time::Duration;

use common::{Bench, connect, request};
use openclaw_testkit::{Fault, GatewayConfig, Phase};
use serde_json::json;

/// What a client hears that connects and asks twice, with a second between.
fn heard(fault: Fault) -> Vec<String> {
    let mut bench = Bench::new(GatewayConfig::new().fault_on(0, fault));
    let peer = bench.core.connect(bench.now);
    let mut heard = bench.said();
    for text in [connect(json!({})), request("a", "health", json!({})), request("b", "echo", json!({}))] {
        heard.extend(bench.say(peer, &text));
    }
    bench.core.broadcast(bench.now, "x", &json!({}));
    bench.core.broadcast(bench.now, "x", &json!({}));
    heard.extend(bench.said());
    heard.extend(bench.pass(Duration::from_secs(1)));
    heard
}

#[test]
fn each_fault_does_what_its_name_says_and_nothing_else() {
    let whole = [
        "#0 event connect.challenge seq null",
        r#"#0 yes "c" hello-ok"#,
        r#"#0 yes "a" ok"#,
        r#"#0 yes "b" ok"#,
        "#0 event x seq 1",
        "#0 event x seq 2",
    ];
    let without = |place: usize| whole.iter().enumerate().filter(|(n, _)| *n != place).map(|(_, s)| *s).collect();
    let until = |place: usize, last: &'static str| whole[..place].iter().copied().chain([last]).collect();
    let with = |place: usize, text: &'static str| {
        let mut all = whole.to_vec();
        all.insert(place, text);
        all
    };
    let close = |phase| Fault::CloseAt { phase, code: 1011 };
    let closed = r#"#0 close 1011 """#;
    let table: [(Fault, Vec<&str>); 13] = [
        (Fault::SwallowResponse { method: "none".into() }, whole.to_vec()),
        (Fault::DelayAll(Duration::from_millis(1)), whole.to_vec()),
        (Fault::WithholdChallenge, without(0)),
        (Fault::WithholdHello, whole[..1].to_vec()),
        (close(Phase::Open), vec![closed]),
        (close(Phase::Challenge), until(1, closed)),
        (close(Phase::Connect), until(1, closed)),
        (Fault::AbortAt(Phase::Hello), until(2, "#0 abort")),
        (Fault::AbortAt(Phase::Request(2)), until(3, "#0 abort")),
        (Fault::Malformed { after: 2, text: "{".into() }, with(2, "#0 text {")),
        (Fault::SwallowResponse { method: "echo".into() }, without(3)),
        (Fault::SkipSeq(1), [&whole[..4], &["#0 event x seq 2", "#0 event x seq 3"]].concat()),
        (Fault::DuplicateResponses, [&whole[..3], &[whole[2], whole[3]], &whole[3..]].concat()),
    ];
    for (fault, expected) in table {
        assert_eq!(heard(fault.clone()), expected, "{fault:?}");
    }
}

#[test]
fn a_fault_may_be_meant_for_one_connection() {
    let mut bench = Bench::new(GatewayConfig::new().fault_on(1, Fault::AbortAt(Phase::Open)));
    bench.open();
    bench.core.connect(bench.now);
    assert_eq!(bench.said(), ["#1 abort"]);
    assert!(!bench.open().index().eq(&1));
    assert!(bench.said().is_empty());
}

#[test]
fn delayed_frames_come_late_and_in_order_even_before_a_close() {
    let config = GatewayConfig::new().fault(Fault::DelayAll(Duration::from_secs(1)));
    let mut bench = Bench::new(config);
    let peer = bench.core.connect(bench.now);
    assert!(bench.said().is_empty());
    assert!(bench.say(peer, "nonsense").is_empty());
    let late = ["#0 event connect.challenge seq null", r#"#0 close 1000 """#];
    assert_eq!(bench.pass(Duration::from_secs(1)), late);
}
