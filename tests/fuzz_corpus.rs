//! The fuzz targets' corpora, replayed without a fuzzer, and some of what a fuzzer would make of them.

#[path = "../fuzz/src/frame.rs"]
mod frame;

use std::path::Path;

use openclaw_tests::Lcg;

/// The seeds of a target, by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut seeds: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
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
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(target).with_extension("dict");
    let lines = std::fs::read_to_string(file).unwrap();
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
fn mutate(text: &mut Vec<u8>, words: &[Vec<u8>], others: &[(String, Vec<u8>)], lcg: &mut Lcg) {
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

#[test]
fn every_seed_of_the_frame_corpus_passes() {
    let seeds = corpus("frame");
    assert!(seeds.len() >= 25, "{}", seeds.len());
    for (name, seed) in seeds {
        println!("{name}");
        frame::frame(&seed);
    }
}

#[test]
fn every_prefix_of_every_seed_passes() {
    for (name, seed) in corpus("frame") {
        println!("{name}");
        for end in 0..=seed.len() {
            frame::frame(&seed[..end]);
        }
    }
}

#[test]
fn some_tens_of_thousands_of_mutations_pass() {
    let (seeds, words) = (corpus("frame"), dictionary("frame"));
    assert!(words.len() >= 40, "{}", words.len());
    let mut lcg = Lcg::new(1);
    for round in 0..30_000 {
        let (name, seed) = lcg.pick(&seeds).unwrap();
        let mut text = seed.clone();
        for _ in 0..=lcg.below(4) {
            mutate(&mut text, &words, &seeds, &mut lcg);
        }
        let shown = String::from_utf8_lossy(&text).into_owned();
        let outcome = std::panic::catch_unwind(|| frame::frame(&text));
        assert!(outcome.is_ok(), "round {round}, from {name}: {shown:?}");
    }
}
