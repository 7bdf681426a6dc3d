//! No request frame is sent twice, and none but those of open requests.

use std::collections::BTreeSet;

use super::Invariant;
use crate::reading::Reading;
use crate::watch::{Call, Chronicle, Step};

#[derive(Debug, Default)]
pub(super) struct SentOnce {
    sent: BTreeSet<String>,
}

impl Invariant for SentOnce {
    fn name(&self) -> &'static str {
        "sent_once"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        let Call::Transmit { frame: Some(frame), .. } = &step.call else { return Ok(()) };
        let Some(id) = Reading::id_of_request(&frame.text) else { return Err("a frame without id".into()) };
        if known.hello {
            match known.waiters.get(&id).and_then(|waiter| known.open.get(waiter)) {
                None => return Err(format!("the frame of {id} is sent, which nobody waits for")),
                Some(open) if open.len != frame.text.len() => {
                    return Err(format!("the frame of {id} has {} bytes, not {}", frame.text.len(), open.len));
                }
                Some(_) => {}
            }
        }
        if self.sent.insert(id.clone()) { Ok(()) } else { Err(format!("the frame of {id} is sent twice")) }
    }
}
