//! Any text at all as a frame.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| openclaw_fuzz::frame(data));
