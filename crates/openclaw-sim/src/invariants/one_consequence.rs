//! Every text on the present connection has exactly one consequence, and answers that nobody waits for are called what
//! they are.

use openclaw_proto::{Notice, Outcome, Output, Stray};

use super::Invariant;
use crate::reading::{Answer, Reading, Says};
use crate::watch::{Chronicle, Step};

#[derive(Debug)]
pub(super) struct OneConsequence;

/// What a text leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consequence {
    Event,
    Answered(u32),
    Stray(Stray),
    Unattributed,
    Malformed,
}

fn consequences(step: &Step<'_>) -> Vec<Consequence> {
    let of = |output: &Output<u32, String>| match output {
        Output::Event(_) => Some(Consequence::Event),
        Output::Accepted { waiter, .. }
        | Output::Completed {
            waiter,
            outcome: Outcome::Replied(_) | Outcome::Rejected(_) | Outcome::UnreadableAnswer,
        } => Some(Consequence::Answered(*waiter)),
        Output::Notice(Notice::StrayResponse { stray, .. }) => Some(Consequence::Stray(*stray)),
        Output::Notice(Notice::UnattributedError(_)) => Some(Consequence::Unattributed),
        Output::Notice(Notice::Malformed { .. }) => Some(Consequence::Malformed),
        _ => None,
    };
    step.outputs.iter().filter_map(of).collect()
}

/// Whether an answer after hello led to what it should.
fn answer_fits(answer: &Answer, known: &Chronicle, came: Consequence) -> bool {
    let Some(id) = answer.id.as_deref().filter(|_| !answer.is_nobodys()) else {
        let unattributed = answer.says == Says::No;
        return came == if unattributed { Consequence::Unattributed } else { Consequence::Stray(Stray::Foreign) };
    };
    if let Some((waiter, _)) = known.asked(id) {
        return came == Consequence::Answered(waiter);
    }
    if known.connect.as_deref() == Some(id) {
        // A second answer to connect. The table of requests never knew this id, so what it calls it, foreign or stale,
        // depends on who has had the place that the id seems to name.
        return matches!(came, Consequence::Stray(_));
    }
    match (known.ended.get(id), came) {
        // Which of the two it was is forgotten when its place has been taken by others.
        (Some(true), Consequence::Stray(stray)) => matches!(stray, Stray::Duplicate | Stray::Stale),
        (Some(false), Consequence::Stray(stray)) => matches!(stray, Stray::Late | Stray::Stale),
        (None, came) => came == Consequence::Stray(Stray::Foreign),
        _ => false,
    }
}

impl Invariant for OneConsequence {
    fn name(&self) -> &'static str {
        "one_consequence"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        let came = consequences(step);
        let (Some((conn, _)), Some(reading)) = (step.text(), &step.reading) else {
            return if came.is_empty() { Ok(()) } else { Err(format!("{came:?} of nothing that came")) };
        };
        let fits = match (reading, came.as_slice()) {
            (_, came) if known.conn != Some(conn) => came.is_empty(),
            (Reading::Event { .. }, came) => came == [Consequence::Event],
            (Reading::NoFrame, came) => came == [Consequence::Malformed],
            (Reading::TooLarge | Reading::Challenge { .. }, came) => came.is_empty(),
            (Reading::Answer(answer), [came]) if known.hello => answer_fits(answer, known, *came),
            // Before hello the one answer that counts leads to a state; all others are nobody's.
            (Reading::Answer(_), came) => {
                !known.hello && came.iter().all(|came| *came == Consequence::Stray(Stray::Foreign))
            }
        };
        if fits {
            return Ok(());
        }
        let shown: String = format!("{reading:?}").chars().take(200).collect();
        Err(format!("{shown} led to {came:?}"))
    }
}
