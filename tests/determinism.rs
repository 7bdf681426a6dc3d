//! Equal seeds and equal inputs give equal runs.

use std::collections::BTreeSet;

use openclaw_proto::RequestId;
use openclaw_tests::{Drive, Walk};

const STEPS: usize = 10_000;

fn walk(seed: u8, script: u64) -> Walk {
    let mut walk = Walk::new([seed; 32], script);
    walk.run(STEPS);
    walk
}

#[test]
fn the_same_seed_and_the_same_inputs_give_the_same_outputs_and_the_same_frames() {
    for script in [1, 2, 3] {
        let (first, second) = (walk(7, script), walk(7, script));
        assert!(first.transcript.len() > STEPS / 4, "{} lines say nothing", first.transcript.len());
        for (line, (a, b)) in first.transcript.iter().zip(&second.transcript).enumerate() {
            assert_eq!(a, b, "line {line}");
        }
        assert_eq!(first.transcript.len(), second.transcript.len());
    }
}

#[test]
fn another_seed_gives_other_ids_and_nothing_else() {
    let (first, second) = (walk(7, 1), walk(8, 1));
    assert_ne!(first.transcript, second.transcript);
    assert_eq!(first.tally, second.tally);
    for (a, b) in first.transcript.iter().zip(&second.transcript) {
        assert_eq!(without_ids(a), without_ids(b));
    }
}

/// Cuts every UUID out of a line.
fn without_ids(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let hyphens = [8, 13, 18, 23];
        let uuid = rest.get(..36).filter(|part| {
            part.chars().enumerate().all(|(i, c)| if hyphens.contains(&i) { c == '-' } else { c.is_ascii_hexdigit() })
        });
        if uuid.is_some() {
            out.push_str("ID");
            rest = &rest[36..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

#[test]
fn ids_of_clients_with_different_seeds_never_meet() {
    let mut seen = BTreeSet::new();
    for seed in 0..=20 {
        let mut d = Drive::seeded([seed; 32], |_| {});
        d.connect();
        for waiter in 0..500 {
            let id: RequestId = d.request("health", waiter).unwrap();
            assert!(seen.insert(id.to_string()), "seed {seed} repeats {id}");
            // Half of them end at once, so that slots are used again.
            if waiter % 2 == 0 {
                d.client.cancel(id);
            }
        }
    }
    assert_eq!(seen.len(), 21 * 500);
}

#[test]
fn the_wall_clock_leaves_no_trace_in_what_is_sent() {
    let run = |unix: u64| {
        let mut d = Drive::default();
        d.now.unix.0 = unix;
        d.start();
        d.input(openclaw_proto::Input::Opened);
        d.text(&openclaw_tests::challenge("n"));
        d.frames()
    };
    assert_eq!(run(0), run(u64::MAX));
}
