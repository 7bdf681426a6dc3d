//! Recorded logs: whole, damaged, and arbitrary texts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| openclaw_fuzz::replay_log(data));
