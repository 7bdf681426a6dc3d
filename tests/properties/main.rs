//! What holds for all inputs, tried on many.
//!
//! Runs are the same every time: the seed is fixed. `PROPTEST_CASES=100000` tries more cases of each property,
//! `PROPTEST_RNG_SEED=7` others. A failure prints its smallest case; it becomes a unit test beside what it shows.

mod credentials;
mod device_payload;
mod frames;
mod handshake;
mod javascript;
mod json;
mod payloads;
mod recovery;
mod timers;
mod urls;

use proptest::test_runner::{Config, RngSeed};

/// As many cases as a property is worth, unless the environment says otherwise.
fn config(cases: u32) -> Config {
    let asked = Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { cases };
    let rng_seed = match asked.rng_seed {
        RngSeed::Random => RngSeed::Fixed(0x0c1a),
        fixed @ RngSeed::Fixed(_) => fixed,
    };
    Config { cases, rng_seed, failure_persistence: None, ..asked }
}
