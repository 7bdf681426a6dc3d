//! What comes of the recordings of conformance runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use serde_json::{Value, json};
use xtask::gateway::Version;

use super::check::Conversation;
use super::known;
use super::protocol::Schema;
use super::summary::Summary;
use crate::recording::{Direction, Recording};
use crate::release::Release;

/// Looks at every recording.
#[derive(Debug, Default)]
pub(crate) struct Inspector {
    sent: Summary,
    received: Summary,
}

impl Inspector {
    /// Looks at a recording; gives what is wrong with it. Anything makes the scenario fail.
    pub(crate) fn inspect(&mut self, recording: &Recording) -> Vec<String> {
        self.try_inspect(recording).unwrap_or_else(|error| vec![format!("its frames cannot be checked: {error:#}")])
    }

    fn try_inspect(&mut self, recording: &Recording) -> Result<Vec<String>> {
        // The embedded gateway is compared with real ones elsewhere, structure by structure.
        let Release::Real(version) = recording.release else { return Ok(Vec::new()) };
        let (mut sent, mut received) = (Summary::default(), Summary::default());
        for schema in schemas(version)? {
            let mut conversation = Conversation::new(&schema, &recording.scenario);
            for (way, text) in recording.frames() {
                let summary = if way == Direction::Sent { &mut sent } else { &mut received };
                let findings = conversation.look(way, &text, summary.tally(schema.name))?;
                summary.add(findings);
            }
        }
        let faults = [sent.unknown(known::SENT_TO_REAL), received.unknown(known::RECEIVED)].concat();
        self.merge(Self { sent, received });
        Ok(faults)
    }

    /// Takes what another one has seen.
    pub(crate) fn merge(&mut self, other: Self) {
        self.sent.merge(other.sent);
        self.received.merge(other.received);
    }

    /// What is known to differ and was not met; to be asked after all scenarios were run.
    pub(crate) fn vanished(&self) -> Vec<String> {
        [self.received.vanished(known::RECEIVED), self.sent.vanished(known::SENT_TO_REAL)].concat()
    }

    /// What was received beside the schemas, in the form of the table, by schema and definition.
    pub(crate) fn deviations(&self) -> Value {
        self.received.json()
    }

    /// What was seen in all, for the report.
    pub(crate) fn report(&self) -> Value {
        json!({"sent": self.sent.counts(), "received": self.received.counts()})
    }
}

/// The schemas that frames of that release are checked against, made when they are first needed.
fn schemas(version: &'static Version) -> Result<Vec<Arc<Schema>>> {
    static MADE: Mutex<BTreeMap<&'static str, Vec<Arc<Schema>>>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(schemas) = made.get(version.number) {
        return Ok(schemas.clone());
    }
    let schemas: Vec<_> = Schema::of_release(version)?.into_iter().map(Arc::new).collect();
    made.insert(version.number, schemas.clone());
    Ok(schemas)
}
