//! The fuzz targets' corpora, replayed without a fuzzer, and some of what a fuzzer would make of them.

extern crate alloc;

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::path::{Path, PathBuf};

use openclaw_proto::record::replay as replay_recording;
use openclaw_tests::scene::bare;
use openclaw_tests::{Lcg, Walk};

type Target = fn(&[u8]);
type Seeds = Vec<(String, Vec<u8>)>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// The seeds of a target, by name.
fn corpus(target: &str) -> Seeds {
    let mut seeds: Seeds = std::fs::read_dir(folder().join("corpus").join(target))
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap())
        })
        .collect();
    seeds.sort();
    seeds
}

/// The words of a dictionary, as libFuzzer reads it.
fn dictionary(target: &str) -> Vec<Vec<u8>> {
    let lines = std::fs::read_to_string(folder().join(target).with_extension("dict")).unwrap();
    let quoted = lines.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    quoted.map(unescaped).collect()
}

fn unescaped(word: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = word.bytes();
    while let Some(byte) = bytes.next() {
        match (byte, byte == b'\\') {
            (_, true) => match bytes.next() {
                Some(b'x') => {
                    let hex: String = bytes.by_ref().take(2).map(char::from).collect();
                    out.push(u8::from_str_radix(&hex, 16).unwrap());
                }
                Some(escaped) => out.push(escaped),
                None => panic!("{word} ends in an escape"),
            },
            (byte, false) => out.push(byte),
        }
    }
    out
}

/// Changes a text a little: a byte, a range, a word, the end, or half of another text.
fn mutate(text: &mut Vec<u8>, words: &[Vec<u8>], others: &Seeds, lcg: &mut Lcg) {
    let at = lcg.below(text.len() + 1);
    match lcg.below(6) {
        0 => {
            if let Some(byte) = text.get_mut(at) {
                *byte ^= 1 << lcg.below(8);
            }
        }
        1 => text.truncate(at),
        2 => {
            let end = (at + lcg.below(12)).min(text.len());
            text.drain(at..end);
        }
        3 => {
            let end = (at + lcg.below(40)).min(text.len());
            let copy: Vec<u8> = text[at..end].to_vec();
            text.splice(at..at, copy);
        }
        4 => {
            let other = &lcg.pick(others).unwrap().1;
            let from = lcg.below(other.len());
            text.truncate(at);
            text.extend_from_slice(&other[from..]);
        }
        _ => {
            let word = lcg.pick(words).unwrap().clone();
            let end = if lcg.chance(1, 2) { (at + word.len()).min(text.len()) } else { at };
            text.splice(at..end, word);
        }
    }
}

/// Every seed, of which there are at least so many, passes.
fn replay(name: &str, target: Target, least: usize) -> Seeds {
    let seeds = corpus(name);
    assert!(seeds.len() >= least, "{} seeds", seeds.len());
    for (name, seed) in &seeds {
        println!("{name}");
        target(seed);
    }
    seeds
}

/// So many mutations of the seeds pass.
fn mutations(name: &str, target: Target, seeds: &Seeds, rounds: usize) {
    let (words, mut lcg) = (dictionary(name), Lcg::new(1));
    assert!(!words.is_empty());
    for round in 0..rounds {
        let (name, seed) = lcg.pick(seeds).unwrap();
        let mut text = seed.clone();
        for _ in 0..=lcg.below(4) {
            mutate(&mut text, &words, seeds, &mut lcg);
        }
        let outcome = std::panic::catch_unwind(|| target(&text));
        assert!(outcome.is_ok(), "round {round}, from {name}: {}", text.escape_ascii());
    }
}

#[test]
fn frame() {
    let seeds = replay("frame", fuzz::frame, 25);
    every_prefix(fuzz::frame, &seeds);
    mutations("frame", fuzz::frame, &seeds, 30_000);
}

#[test]
fn scan() {
    let seeds = replay("scan", fuzz::scan, 20);
    every_prefix(fuzz::scan, &seeds);
    mutations("scan", fuzz::scan, &seeds, 30_000);
}

fn every_prefix(target: Target, seeds: &Seeds) {
    for (name, seed) in seeds.iter().filter(|(_, seed)| seed.len() < 4_096) {
        println!("{name}");
        for end in 0..=seed.len() {
            target(&seed[..end]);
        }
    }
}

#[test]
fn connection() {
    let seeds = replay("connection", fuzz::connection, 15);
    mutations("connection", fuzz::connection, &seeds, 3_000);
}

#[test]
fn client() {
    let seeds = replay("client", fuzz::client, 15);
    mutations("client", fuzz::client, &seeds, 3_000);
}

#[test]
fn gateway() {
    let seeds = replay("gateway", fuzz::gateway, 15);
    mutations("gateway", fuzz::gateway, &seeds, 500);
}

#[test]
fn device_payload() {
    let seeds = replay("device_payload", fuzz::device_payload, 8);
    mutations("device_payload", fuzz::device_payload, &seeds, 800);
}

#[test]
fn replay_log() {
    let seeds = replay("replay_log", fuzz::replay_log, 10);
    mutations("replay_log", fuzz::replay_log, &seeds, 500);
}

/// Bytes that nobody has chosen are scripts, too.
#[test]
fn noise() {
    let targets = [fuzz::connection as Target, fuzz::client, fuzz::gateway, fuzz::device_payload, fuzz::replay_log];
    let mut lcg = Lcg::new(3);
    for round in 0..400 {
        let length = lcg.below(200);
        let noise: Vec<u8> = (0..length).map(|_| u8::try_from(lcg.below(256)).unwrap()).collect();
        for (index, target) in targets.iter().enumerate() {
            let outcome = std::panic::catch_unwind(|| target(&noise));
            assert!(outcome.is_ok(), "round {round}, target {index}: {}", noise.escape_ascii());
        }
    }
}

/// The recordings among the seeds: short walks, as the core of that day recorded them. They need not replay to the end
/// today.
#[test]
#[ignore = "writes to fuzz/corpus"]
fn write_recordings() {
    for (name, mut walk) in [
        ("walk", Walk::new([3; 32], 1)),
        ("another_walk", Walk::new([8; 32], 2)),
        ("walk_with_a_device", Walk::configured([9; 32], 8, bare)),
    ] {
        walk = walk.recorded();
        walk.run(60);
        let log = walk.log();
        assert!(replay_recording(&log).is_ok_and(|told| told.complete));
        std::fs::write(folder().join("corpus/replay_log").join(name).with_extension("ndjson"), log).unwrap();
    }
}
