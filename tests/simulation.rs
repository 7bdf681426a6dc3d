//! Clients and gateways in virtual time: what must hold holds, and equal seeds give equal runs.

use openclaw_sim::invariants::COMES_BACK;
use openclaw_sim::script::{Ask, ClientSpec, Event, Fault, Limit, Op, Script, What};
use openclaw_sim::{Look, Plan, run, run_many, shrink};

const TRACED: Look<'_> = Look { only: None, trace: true };

fn plan(from: u64, seeds: u64, make: fn(u64) -> Script) -> Plan<'static> {
    Plan { from, seeds, threads: 0, most_failures: 1, only: None, make }
}

#[test]
fn what_must_hold_holds_after_every_call_of_many_runs() {
    let sum = run_many(plan(0, 240, Script::short), |_, _| {});
    if let Some((seed, failure)) = sum.failures.first() {
        let shrunk = shrink(&Script::short(*seed), failure, Look::default());
        panic!("seed {seed}: {failure}\n\n{}\n{}", shrunk.script, shrunk.failure);
    }
    let hours = sum.client_time.as_secs() / 3_600;
    println!("{} runs, {hours} hours of clients, {} connections, {} calls", sum.runs, sum.dials, sum.steps);
    assert_eq!(sum.runs, 240);
    assert_eq!(sum.coverage.unexpected(), Vec::<String>::new());
    let missing: Vec<_> = sum.coverage.gaps(1).into_iter().filter(|gap| gap.group != "faults").collect();
    assert!(missing.len() <= 6, "{missing:?}");
}

#[test]
fn the_same_seed_gives_the_same_run_to_the_byte_and_another_seed_another() {
    for seed in 0..6 {
        let script = Script::short(seed);
        let (one, same) = (run(&script, TRACED), run(&script, TRACED));
        assert!(one.trace.lines().count() > 50, "{}", one.trace);
        assert_eq!(one.trace, same.trace, "seed {seed}");
        assert_eq!(one, same, "seed {seed}");
        let other = Script { seed: seed + 1, ..script };
        assert_ne!(one.trace, run(&other, TRACED).trace);
    }
}

#[test]
fn a_script_survives_being_written_down() {
    for seed in 0..20 {
        let script = Script::of_seed(seed);
        let text = serde_json::to_string(&script).unwrap();
        assert_eq!(serde_json::from_str::<Script>(&text).unwrap(), script);
    }
}

/// A client with a wrong token cannot come back, which is nobody's fault but the script's.
#[test]
fn a_failure_is_shrunk_to_what_it_needs() {
    let mut script = Script::short(3);
    script.clients.push(ClientSpec { token: "wrong".into(), ..ClientSpec::default() });
    let last = script.clients.len() - 1;
    let ask = Op::Ask { what: Ask::Health, limit: Limit::Default, refuse: false, count: 50 };
    script.events.push(Event { at_ms: script.lasts_ms - 1, what: What::Do { client: last, op: ask } });
    script.events.push(Event { at_ms: script.lasts_ms - 1, what: What::Wrong(Fault::Reset { client: last }) });
    let failure = run(&script, Look::default()).failure.unwrap();
    assert_eq!((failure.client, failure.broken[0].invariant), (last, COMES_BACK));

    let shrunk = shrink(&script, &failure, Look::default());
    assert_eq!(shrunk.failure.broken[0].invariant, COMES_BACK);
    assert_eq!(shrunk.script.events, []);
    assert!(shrunk.script.lasts_ms < script.lasts_ms / 4, "{}", shrunk.script);
}
