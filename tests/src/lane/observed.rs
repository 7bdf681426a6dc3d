//! Clients whose frames are written down.

use std::cell::Cell;
use std::io::{self, Write};

use openclaw_client::Builder;
use serde_json::Value;

use crate::frames::Scribe;

/// The same client, its frames written down. A test that records by itself should not do that.
#[must_use]
pub fn observed<R>(builder: Builder<R>) -> Builder<R> {
    let scribe = Scribe::new();
    if !scribe.is_wanted() || UNOBSERVED.get() { builder } else { builder.record(Log { scribe, line: Vec::new() }) }
}

/// Makes a client that is not observed, for a test whose point observing would spoil.
pub fn unobserved<R>(why: &str, make: impl FnOnce() -> R) -> R {
    Scribe::new().write("unobserved", &why.into());
    UNOBSERVED.set(true);
    let made = make();
    UNOBSERVED.set(false);
    made
}

thread_local! {
    static UNOBSERVED: Cell<bool> = const { Cell::new(false) };
}

/// Picks the frames out of a flight recording.
struct Log {
    scribe: Scribe,
    line: Vec<u8>,
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let line: Value = serde_json::from_slice(&self.line).unwrap_or_default();
            self.line.clear();
            let text = |value: &Value| value["text"].as_str().map(str::to_owned);
            if let Some(sent) = text(&line["tx"]) {
                self.scribe.sent(&sent);
            } else if let Some(received) = text(&line).filter(|_| line["in"] == "text") {
                self.scribe.received(&received);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
