//! Every frame of every recording is looked at here.

use serde_json::{Value, json};

use crate::recording::{Direction, Recording};

/// Counts frames.
#[derive(Debug, Default)]
pub(crate) struct Inspector {
    sent: u64,
    received: u64,
}

impl Inspector {
    /// Looks at a recording; gives what is wrong with it. Anything makes the scenario fail.
    pub(crate) fn inspect(&mut self, recording: &Recording) -> Vec<String> {
        for (direction, _) in recording.frames() {
            match direction {
                Direction::Sent => self.sent += 1,
                Direction::Received => self.received += 1,
            }
        }
        Vec::new()
    }

    /// What was seen in all, for the report.
    pub(crate) fn report(&self) -> Value {
        json!({"sent": self.sent, "received": self.received})
    }
}
