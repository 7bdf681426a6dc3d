//! Any text at all for the envelope scanner.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| openclaw_fuzz::scan(data));
