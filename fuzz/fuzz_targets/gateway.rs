//! The testkit's gateway and its clients, by a script.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| openclaw_fuzz::gateway(data));
