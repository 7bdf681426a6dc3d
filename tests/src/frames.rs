//! Every frame of every client of the tests, for whoever wants to look at them.
//!
//! With the environment variable [`DIR`], each test program writes what its clients send and receive into a file of its
//! own in that folder, one JSON object a line: `{"client": "test name 1", "sent": TEXT}`, or `"received"`. Of a frame over
//! [`LARGE`] there is only the number of bytes: `"sent_bytes"`, `"received_bytes"`. A client that is not observed has one
//! line, `"unobserved"` and why. That is what `cargo xtask schema` validates and counts.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use openclaw_client::Builder;
use serde_json::{Value, json};

/// The environment variable that names the folder.
pub const DIR: &str = "OPENCLAW_TEST_FRAMES";

/// How long a frame may be, in bytes, to be written down whole.
pub const LARGE: usize = 1 << 20;

/// Writes down the frames of one client, if anybody wants them.
#[derive(Clone, Debug)]
pub struct Scribe(Option<String>);

impl Default for Scribe {
    fn default() -> Self {
        Self::new()
    }
}

impl Scribe {
    /// For the next client of this test.
    #[must_use]
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        if file().is_none() {
            return Self(None);
        }
        let thread = std::thread::current();
        Self(Some(format!("{} {}", thread.name().unwrap_or_default(), COUNT.fetch_add(1, Ordering::Relaxed))))
    }

    /// The client sends that.
    pub fn sent(&self, text: &str) {
        self.frame("sent", text);
    }

    /// The client gets that.
    pub fn received(&self, text: &str) {
        self.frame("received", text);
    }

    fn frame(&self, way: &str, text: &str) {
        if text.len() > LARGE {
            self.write(&format!("{way}_bytes"), &text.len().into());
        } else {
            self.write(way, &text.into());
        }
    }

    fn write(&self, what: &str, value: &Value) {
        let (Some(client), Some(file)) = (&self.0, file()) else { return };
        let mut line = json!({"client": client, what: value}).to_string();
        line.push('\n');
        // A folder that is asked for and cannot be written must not look like one without frames.
        let written = file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
        written.unwrap_or_else(|error| panic!("a frame cannot be written into the folder of {DIR}: {error}"));
    }
}

/// The same client, its frames written down. A test that records by itself should not do that.
#[must_use]
pub fn observed<R>(builder: Builder<R>) -> Builder<R> {
    let scribe = Scribe::new();
    if scribe.0.is_none() || UNOBSERVED.get() { builder } else { builder.record(Log { scribe, line: Vec::new() }) }
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

fn file() -> Option<&'static Mutex<File>> {
    static FILE: OnceLock<Option<Mutex<File>>> = OnceLock::new();
    let open = || {
        let dir = std::env::var_os(DIR).filter(|dir| !dir.is_empty())?;
        let program = std::env::current_exe().ok()?;
        let name = program.file_stem()?.to_string_lossy().into_owned();
        let path = Path::new(&dir).join(format!("{name}-{}.ndjson", std::process::id()));
        let file = File::create(&path).unwrap_or_else(|error| panic!("cannot create {}: {error}", path.display()));
        Some(Mutex::new(file))
    };
    FILE.get_or_init(open).as_ref()
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
