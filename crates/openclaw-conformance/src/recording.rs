//! What clients and gateways said to each other during a scenario: the flight recording of every client.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_tests::lane::Lane;
use serde_json::Value;
use xtask::supervise;

use crate::release::Release;

/// How long a recorder that is ending is waited for.
const ENDING: Duration = Duration::from_secs(5);

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the gateway.
    Sent,
    /// From the gateway to the client.
    Received,
}

/// The recording of one client; see [`openclaw_client::record`] for the format and for what is masked.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The gateway.
    pub release: Release,
    /// The client's runtime.
    pub lane: Lane,
    /// The scenario's name.
    pub scenario: String,
    /// Which client of the scenario it is, from 1 on.
    pub client: usize,
    /// The log, one JSON object a line.
    pub log: String,
}

impl Recording {
    /// The frames in the order they went, as text. What the recorder masked has its length and no meaning.
    pub fn frames(&self) -> impl Iterator<Item = (Direction, String)> + '_ {
        self.log.lines().filter_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            let text = |value: &Value| value.get("text")?.as_str().map(str::to_owned);
            match line.get("tx") {
                Some(sent) => Some((Direction::Sent, text(sent)?)),
                None if line.get("in")? == "text" => Some((Direction::Received, text(&line)?)),
                None => None,
            }
        })
    }

    /// A name for a file.
    pub fn file_name(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        let scenario: String = self.scenario.chars().map(plain).collect();
        format!("{}_{}_{scenario}_{}.ndjson", self.release, self.lane, self.client)
    }
}

/// Where a client's recorder writes, and where it is read from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape(Arc<Mutex<Written>>);

#[derive(Debug, Default)]
struct Written {
    bytes: Vec<u8>,
    ended: bool,
}

impl Tape {
    /// The recorder's end.
    pub(crate) fn writer(&self) -> impl Write + Send + 'static {
        Writer(self.clone())
    }

    /// What was written, once the client has ended. One that goes on is not waited for long.
    pub(crate) fn take(&self) -> String {
        supervise::wait_until(ENDING, || self.with(|written| written.ended || written.bytes.is_empty()));
        let bytes = self.with(|written| std::mem::take(&mut written.bytes));
        let text = String::from_utf8_lossy(&bytes);
        // The last line may be half written.
        text.rfind('\n').and_then(|end| text.get(..=end)).unwrap_or_default().to_owned()
    }

    fn with<R>(&self, act: impl FnOnce(&mut Written) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Writer(Tape);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.with(|written| written.bytes.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.with(|written| written.ended = true);
    }
}
