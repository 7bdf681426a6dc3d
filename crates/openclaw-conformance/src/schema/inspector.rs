//! What comes of the recordings of conformance runs.

use anyhow::Result;
use serde_json::{Value, json};

use super::check::Conversation;
use super::known;
use super::protocol::Schema;
use super::summary::Summary;
use crate::recording::{Direction, Recording};
use crate::release::Release;

/// Looks at every recording.
#[derive(Debug, Default)]
pub(crate) struct Inspector {
    schemas: Option<Vec<Schema>>,
    sent: Summary,
    received: Summary,
    frames: u64,
}

impl Inspector {
    /// Looks at a recording; gives what is wrong with it. Anything makes the scenario fail.
    pub(crate) fn inspect(&mut self, recording: &Recording) -> Vec<String> {
        self.try_inspect(recording).unwrap_or_else(|error| vec![format!("its frames cannot be checked: {error:#}")])
    }

    fn try_inspect(&mut self, recording: &Recording) -> Result<Vec<String>> {
        // The embedded gateway is compared with real ones elsewhere, structure by structure.
        let Release::Real(version) = recording.release else { return Ok(Vec::new()) };
        if self.schemas.is_none() {
            self.schemas = Some(Schema::all()?);
        }
        let mut faults = Vec::new();
        for schema in self.schemas.iter().flatten().filter(|schema| schema.describes(version)) {
            let mut conversation = Conversation::new(schema, &recording.scenario);
            for (way, text) in recording.frames() {
                let summary = if way == Direction::Sent { &mut self.sent } else { &mut self.received };
                let findings = conversation.look(way, &text, summary.tally(schema.name))?;
                let mut one = Summary::default();
                one.add(findings.clone());
                faults.extend(match way {
                    Direction::Sent => one.unknown(known::SENT_TO_REAL),
                    Direction::Received => one.unknown(known::RECEIVED),
                });
                summary.add(findings);
                self.frames += 1;
            }
        }
        faults.sort();
        faults.dedup();
        Ok(faults)
    }

    /// What is known to differ and was not met; to be asked after all scenarios were run on all releases.
    pub(crate) fn vanished(&self) -> Vec<String> {
        [self.received.vanished(known::RECEIVED), self.sent.vanished(known::SENT_TO_REAL)].concat()
    }

    /// What was seen in all, for the report.
    pub(crate) fn report(&self) -> Value {
        json!({"checks": self.frames, "sent": self.sent.json(), "received": self.received.json()})
    }
}
