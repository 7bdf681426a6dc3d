//! Every frame of every client of the tests, for whoever wants to look at them.
//!
//! With the environment variable [`DIR`], each test program writes what its clients send and receive into a file of its
//! own in that folder, one JSON object a line: `{"client": "test name 1", "sent": TEXT}`, or `"received"`. Of a frame over
//! [`LARGE`] there is only the number of bytes: `"sent_bytes"`, `"received_bytes"`. A client that is not observed has one
//! line, `"unobserved"` and why. That is what `cargo xtask schema` validates and counts.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

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

    /// Whether anybody wants them.
    #[cfg(feature = "adapters")]
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn write(&self, what: &str, value: &Value) {
        let (Some(client), Some(file)) = (&self.0, file()) else { return };
        let mut line = json!({"client": client, what: value}).to_string();
        line.push('\n');
        // A folder that is asked for and cannot be written must not look like one without frames.
        let written = file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
        written.unwrap_or_else(|error| panic!("a frame cannot be written into the folder of {DIR}: {error}"));
    }
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
