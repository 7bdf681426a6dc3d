//! Requests leave in the order in which they were made.

use super::Invariant;
use crate::reading::Reading;
use crate::watch::{Call, Chronicle, Step};

/// Waiters are numbered in the order of their requests.
#[derive(Debug, Default)]
pub(super) struct SentInOrder {
    last: Option<u32>,
}

impl Invariant for SentInOrder {
    fn name(&self) -> &'static str {
        "sent_in_order"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        let Call::Transmit { frame: Some(frame), .. } = &step.call else { return Ok(()) };
        let id = Reading::id_of_request(&frame.text).unwrap_or_default();
        let Some(waiter) = known.waiters.get(&id).copied() else { return Ok(()) };
        match self.last.replace(waiter) {
            Some(last) if last > waiter => Err(format!("request {waiter} leaves after request {last}")),
            _ => Ok(()),
        }
    }
}
