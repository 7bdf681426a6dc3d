//! Checking what one client and its gateway say to each other against one schema.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use super::mapping::{params_of, payload_of, result_of};
use super::protocol::Schema;
use super::validate::faults;
use crate::recording::Direction;

/// Something in a frame that the schema does not allow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Whose client met it: a test or a scenario.
    pub(crate) who: String,
    /// The name of the schema.
    pub(crate) schema: &'static str,
    /// The definition.
    pub(crate) definition: String,
    /// Of which method or event it is.
    pub(crate) of: String,
    /// What is wrong, and where.
    pub(crate) fault: String,
}

/// How much was looked at. A frame whose content has no definition is validated all the same: its envelope has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) frames: u64,
    /// Params, results and payloads that were validated against a definition of their own.
    pub(crate) contents: u64,
    /// Those that have none.
    pub(crate) raw: u64,
    /// Frames with a fault.
    pub(crate) faulty: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.frames += other.frames;
        self.contents += other.contents;
        self.raw += other.raw;
        self.faulty += other.faulty;
    }
}

/// A conversation.
#[derive(Debug)]
pub(crate) struct Conversation<'a> {
    pub(crate) schema: &'a Schema,
    who: String,
    /// The methods of the requests that were sent.
    asked: BTreeMap<String, String>,
}

impl<'a> Conversation<'a> {
    pub(crate) fn new(schema: &'a Schema, who: &str) -> Self {
        Self { schema, who: who.to_owned(), asked: BTreeMap::new() }
    }

    /// Looks at the next frame; gives what is wrong with it.
    ///
    /// # Errors
    /// When a definition is no schema.
    pub(crate) fn look(&mut self, way: Direction, text: &str, tally: &mut Tally) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        tally.frames += 1;
        match serde_json::from_str::<Value>(text) {
            Ok(frame) => match way {
                Direction::Sent => self.sent(&frame, tally, &mut findings)?,
                Direction::Received => self.received(&frame, tally, &mut findings)?,
            },
            Err(_) => findings.push(self.finding("", "frame", "no JSON that can be read")),
        }
        tally.faulty += u64::from(!findings.is_empty());
        Ok(findings)
    }

    fn sent(&mut self, frame: &Value, tally: &mut Tally, findings: &mut Vec<Finding>) -> Result<()> {
        let method = text(frame, "method");
        self.envelope("RequestFrame", "a request", frame, findings)?;
        self.asked.insert(text(frame, "id").to_owned(), method.to_owned());
        let none = json!({});
        // That is how gateways read it.
        let params = frame.get("params").filter(|params| !params.is_null()).unwrap_or(&none);
        self.content(&params_of(method), method, params, tally, findings)
    }

    fn received(&mut self, frame: &Value, tally: &mut Tally, findings: &mut Vec<Finding>) -> Result<()> {
        match text(frame, "type") {
            "res" => {
                self.envelope("ResponseFrame", "a response", frame, findings)?;
                // What comes with an error has no definition.
                let ok = frame.get("ok").and_then(Value::as_bool) == Some(true);
                let method = self.asked.get(text(frame, "id")).filter(|_| ok).cloned();
                match (method, frame.get("payload")) {
                    (Some(method), Some(payload)) => {
                        self.content(&result_of(&method), &method, payload, tally, findings)
                    }
                    _ => Ok(()),
                }
            }
            "event" => {
                let event = text(frame, "event");
                self.envelope("EventFrame", "an event", frame, findings)?;
                match frame.get("payload") {
                    Some(payload) => self.content(&payload_of(event), event, payload, tally, findings),
                    None => Ok(()),
                }
            }
            _ => {
                findings.push(self.finding("", "frame", "neither response nor event"));
                Ok(())
            }
        }
    }

    fn envelope(&self, definition: &str, of: &str, frame: &Value, findings: &mut Vec<Finding>) -> Result<()> {
        if let Some((name, validator)) = self.schema.definition(&[definition.to_owned()])? {
            findings.extend(faults(&validator, frame).iter().map(|fault| self.finding(name, of, fault)));
        }
        Ok(())
    }

    fn content(
        &self,
        candidates: &[String],
        of: &str,
        value: &Value,
        tally: &mut Tally,
        findings: &mut Vec<Finding>,
    ) -> Result<()> {
        let Some((name, validator)) = self.schema.definition(candidates)? else {
            tally.raw += 1;
            return Ok(());
        };
        tally.contents += 1;
        findings.extend(faults(&validator, value).iter().map(|fault| self.finding(name, of, fault)));
        Ok(())
    }

    fn finding(&self, definition: &str, of: &str, fault: &str) -> Finding {
        let (definition, of, fault) = (definition.to_owned(), of.to_owned(), fault.to_owned());
        Finding { who: self.who.clone(), schema: self.schema.name, definition, of, fault }
    }
}

fn text<'a>(frame: &'a Value, name: &str) -> &'a str {
    frame.get(name).and_then(Value::as_str).unwrap_or_default()
}
