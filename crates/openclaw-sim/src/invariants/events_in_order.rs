//! Each event frame of the present connection is surfaced exactly once, at once, and rightly annotated; no other is.

use openclaw_proto::{ConnId, Event, Output, Sequence};

use super::Invariant;
use crate::reading::Reading;
use crate::watch::{Chronicle, Step};

#[derive(Debug, Default)]
pub(super) struct EventsInOrder {
    conn: Option<ConnId>,
    highest: Option<u64>,
}

impl EventsInOrder {
    fn place(&mut self, conn: ConnId, seq: Option<u64>) -> Sequence {
        if self.conn != Some(conn) {
            (self.conn, self.highest) = (Some(conn), None);
        }
        let Some(seq) = seq else { return Sequence::Unsequenced };
        let highest = self.highest;
        self.highest = highest.max(Some(seq));
        match highest {
            None => Sequence::First,
            Some(highest) if seq < highest => Sequence::Regressed,
            Some(highest) if seq == highest => Sequence::Duplicate,
            Some(highest) if seq == highest + 1 => Sequence::Next,
            Some(highest) => Sequence::Gap { missing: seq - highest - 1 },
        }
    }
}

impl Invariant for EventsInOrder {
    fn name(&self) -> &'static str {
        "events_in_order"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        let surfaced: Vec<&Event<String>> = step
            .outputs
            .iter()
            .filter_map(|output| match output {
                Output::Event(event) => Some(event),
                _ => None,
            })
            .collect();
        let came = match (&step.reading, step.text()) {
            (Some(Reading::Event { name, seq, .. }), Some((conn, text))) if known.conn == Some(conn) => {
                Some((conn, name, *seq, text))
            }
            _ => None,
        };
        match (came, surfaced.as_slice()) {
            (None, []) => Ok(()),
            (Some((conn, name, seq, text)), [event]) => {
                let place = self.place(conn, seq);
                let right = event.name() == name && event.seq == seq && event.frame() == text && event.conn == conn;
                if !right {
                    Err(format!("another event than came: {event:?}"))
                } else if event.sequence != place {
                    Err(format!("{:?} instead of {place:?} for number {seq:?}", event.sequence))
                } else {
                    Ok(())
                }
            }
            (came, surfaced) => {
                Err(format!("{} events surfaced, {} came", surfaced.len(), usize::from(came.is_some())))
            }
        }
    }
}
