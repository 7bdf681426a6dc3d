//! How the demo tells what happens: a line for each thing, with the time since the beginning.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anstyle::Style;
use serde_json::json;

use crate::output::look::{LABEL, Look, NAME};

/// Shared by everyone who has something to tell.
#[derive(Clone)]
pub(crate) struct Story {
    begun: Instant,
    look: Look,
    /// Whether the cursor stands behind a countdown that the next line replaces.
    counting: Arc<Mutex<bool>>,
}

/// Clears the line the cursor is in.
const ERASE: &str = "\r\x1b[2K";

impl Story {
    pub(crate) fn new(look: Look) -> Self {
        Self { begun: Instant::now(), look, counting: Arc::new(Mutex::new(false)) }
    }

    /// Something happened.
    pub(crate) fn tell(&self, what: &str, style: Style, text: &str) {
        let at = self.begun.elapsed();
        let line = if self.look.json {
            json!({"atMs": u64::try_from(at.as_millis()).unwrap_or(u64::MAX), "what": what, "text": text}).to_string()
        } else {
            let out = self.look.out;
            let time = out.paint(LABEL, &format!("{:5.1} s", at.as_secs_f64()));
            format!("{time}  {}  {text}", out.paint(style, &format!("{what:<11}")))
        };
        self.write(&line, false);
    }

    /// A heading between the chapters; programs do not need it.
    pub(crate) fn chapter(&self, text: &str) {
        if !self.look.json {
            self.write(&format!("\n{}", self.look.out.paint(NAME, text)), false);
        }
    }

    /// Free text, as it is.
    pub(crate) fn plain(&self, text: &str) {
        self.write(text, false);
    }

    /// Shows the time left until the next attempt. Only a terminal can take a line back.
    pub(crate) async fn count_down(&self, delay: Duration) {
        if self.look.json || !self.look.out.terminal {
            return;
        }
        let end = Instant::now() + delay;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let text = format!("{:>21}  next attempt in {:.1} s", "", left.as_secs_f64());
            self.write(&self.look.out.paint(LABEL, &text), true);
            tokio::time::sleep(left.min(Duration::from_millis(100))).await;
        }
    }

    fn write(&self, text: &str, counting: bool) {
        let mut behind = self.counting.lock().unwrap_or_else(PoisonError::into_inner);
        let erase = if std::mem::replace(&mut *behind, counting) { ERASE } else { "" };
        let end = if counting { "" } else { "\n" };
        let mut stdout = std::io::stdout();
        // A reader that has gone has seen enough; the demo goes on to its end all the same.
        let _ = write!(stdout, "{erase}{text}{end}");
        let _ = stdout.flush();
    }
}
