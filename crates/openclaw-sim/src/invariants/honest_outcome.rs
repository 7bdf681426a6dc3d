//! An outcome says what is true: what it claims was sent was, an answer is the gateway's, a refusal has its cause.

use openclaw_proto::{NotSent, Outcome, Output, StateKind};

use super::Invariant;
use crate::reading::{Reading, Says};
use crate::watch::{Call, Chronicle, Open, Step};

#[derive(Debug)]
pub(super) struct HonestOutcome;

/// Whether the answer that came in by this step is for that request, and what it says.
fn answered(step: &Step<'_>, open: &Open) -> Option<Says> {
    match &step.reading {
        Some(Reading::Answer(answer)) if answer.id.as_deref() == Some(&open.id.to_string()) => Some(answer.says),
        _ => None,
    }
}

fn fault(step: &Step<'_>, open: &Open, outcome: &Outcome<String>) -> Option<&'static str> {
    let taken = open.taken;
    match outcome {
        Outcome::Replied(_) if answered(step, open) != Some(Says::Yes) => Some("no answer said so"),
        Outcome::Rejected(_) if answered(step, open) != Some(Says::No) => Some("no answer said so"),
        Outcome::Rejected(rejected) if rejected.accepted != open.accepted => Some("of its acceptance it is wrong"),
        Outcome::UnreadableAnswer if answered(step, open) != Some(Says::Unclear) => Some("no such answer came"),
        Outcome::Replied(_) | Outcome::Rejected(_) | Outcome::UnreadableAnswer if !taken => Some("it was never sent"),
        Outcome::TimedOut { sent } if *sent != taken => Some("of its sending it is wrong"),
        Outcome::OutcomeUnknown(_) if !taken => Some("it was never sent"),
        Outcome::NotSent(_) if taken => Some("it was sent"),
        _ => None,
    }
}

/// Whether a refusal is true of the client as it was.
fn has_cause(why: &NotSent, step: &Step<'_>, known: &Chronicle, size: usize) -> bool {
    let (in_flight, waiting, bytes) = step.before.load;
    let limits = known.config.limits;
    match why {
        NotSent::NotReady => step.before.state != StateKind::Ready,
        NotSent::Stopped => matches!(step.before.state, StateKind::Stopped | StateKind::Stopping),
        NotSent::Paused(_) => step.before.state == StateKind::Paused,
        NotSent::TooManyWaiting { .. } => step.before.state != StateKind::Ready && waiting >= limits.waiting,
        NotSent::TooManyInFlight { .. } => step.before.state == StateKind::Ready && in_flight >= limits.in_flight,
        NotSent::OutgoingFull { .. } => bytes + size > limits.outgoing_bytes,
        NotSent::FrameTooLarge { size: told, limit } => *told == size && size > *limit && known.hello,
        NotSent::ProfileBindingUnsupported => known.hello,
        _ => false,
    }
}

impl Invariant for HonestOutcome {
    fn name(&self) -> &'static str {
        "honest_outcome"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        if let Call::Request { waiter, facts, result: Err(why) } = &step.call {
            if !has_cause(why, step, known, facts.len) {
                return Err(format!("request {waiter} is refused for no reason: {why}"));
            }
        }
        for output in step.outputs {
            let (waiter, wrong) = match output {
                Output::Completed { waiter, outcome } => {
                    (waiter, known.open.get(waiter).and_then(|open| fault(step, open, outcome)))
                }
                Output::Accepted { waiter, .. } => {
                    let open = known.open.get(waiter);
                    let right = open.is_some_and(|open| {
                        open.taken && open.facts.two_stage && !open.accepted && answered(step, open) == Some(Says::Yes)
                    });
                    (waiter, (!right).then_some("it is not to be accepted now"))
                }
                _ => continue,
            };
            if let Some(wrong) = wrong {
                return Err(format!("request {waiter}: {output:?}, but {wrong}"));
            }
        }
        Ok(())
    }
}
