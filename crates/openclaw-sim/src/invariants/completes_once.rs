//! Each accepted request gets exactly one outcome, or its waiter back by a cancel; a refused one gets its waiter back.

use std::collections::BTreeSet;

use openclaw_proto::Output;

use super::Invariant;
use crate::watch::{Call, Chronicle, Step};

#[derive(Debug, Default)]
pub(super) struct CompletesOnce {
    open: BTreeSet<u32>,
    ended: u64,
}

impl CompletesOnce {
    fn end(&mut self, waiter: u32) -> Result<(), String> {
        self.ended += 1;
        if self.open.remove(&waiter) {
            Ok(())
        } else {
            Err(format!("request {waiter} ends a second time, or never was"))
        }
    }
}

impl Invariant for CompletesOnce {
    fn name(&self) -> &'static str {
        "completes_once"
    }

    fn check(&mut self, step: &Step<'_>, _: &Chronicle) -> Result<(), String> {
        match &step.call {
            Call::Request { waiter, result: Ok(_), .. } => {
                self.open.insert(*waiter);
            }
            Call::Cancel { waiter: Some(waiter), .. } => self.end(*waiter)?,
            _ => {}
        }
        for output in step.outputs {
            match output {
                Output::Completed { waiter, .. } => self.end(*waiter)?,
                Output::Accepted { waiter, .. } if !self.open.contains(waiter) => {
                    return Err(format!("request {waiter} is accepted after its end"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn finish(&mut self, _: &Chronicle) -> Result<(), String> {
        match self.open.first() {
            Some(waiter) => Err(format!("request {waiter} and {} more never end", self.open.len() - 1)),
            None => Ok(()),
        }
    }
}
