//! What happened, in words.

use std::fmt::Write;

use openclaw_proto::Instant;

/// What happened, in words, if anybody wants to know.
#[derive(Debug, Default)]
pub(super) struct Trace {
    text: Option<String>,
}

impl Trace {
    pub(super) fn new(wanted: bool) -> Self {
        Self { text: wanted.then(String::new) }
    }

    pub(super) fn line(&mut self, at: Instant, what: impl FnOnce() -> String) {
        if let Some(text) = &mut self.text {
            let _ = writeln!(text, "{:12.6} {}", at.elapsed().as_secs_f64(), what());
        }
    }

    pub(super) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}
