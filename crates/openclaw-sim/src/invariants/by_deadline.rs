//! No request outlives its deadline, none is timed out before it, and the timer is armed for the first of them.

use openclaw_proto::{Instant, Outcome, Output};

use super::Invariant;
use crate::watch::{Call, Chronicle, Step};

#[derive(Debug)]
pub(super) struct ByDeadline;

/// When the open requests end at the latest, after the step.
fn deadlines<'a>(step: &'a Step<'_>, known: &'a Chronicle) -> impl Iterator<Item = (u32, Instant)> + 'a {
    let fresh = match &step.call {
        Call::Request { waiter, facts, result: Ok(_) } => {
            facts.limit.map(|limit| (*waiter, step.now.mono.after(limit)))
        }
        _ => None,
    };
    let cancelled = match step.call {
        Call::Cancel { waiter, .. } => waiter,
        _ => None,
    };
    let touched = |waiter: u32| {
        step.outputs.iter().any(|output| match output {
            Output::Completed { waiter: ended, .. } => *ended == waiter,
            Output::Accepted { waiter: accepted, .. } => *accepted == waiter,
            _ => false,
        })
    };
    known
        .open
        .iter()
        .filter(move |(waiter, _)| !touched(**waiter) && Some(**waiter) != cancelled)
        .filter_map(|(waiter, open)| Some((*waiter, open.deadline?)))
        .chain(fresh)
}

impl Invariant for ByDeadline {
    fn name(&self) -> &'static str {
        "by_deadline"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        for output in step.outputs {
            let Output::Completed { waiter, outcome: Outcome::TimedOut { .. } } = output else { continue };
            match known.open.get(waiter).and_then(|open| open.deadline) {
                Some(deadline) if deadline <= step.now.mono => {}
                other => {
                    return Err(format!(
                        "request {waiter} timed out at {:?}, its deadline is {other:?}",
                        step.now.mono
                    ));
                }
            }
        }
        let Some((waiter, first)) = deadlines(step, known).min_by_key(|(_, at)| *at) else { return Ok(()) };
        if matches!(step.call, Call::Timeout) && first <= step.now.mono {
            return Err(format!("request {waiter} outlives its deadline {first:?} at {:?}", step.now.mono));
        }
        match step.after.timeout {
            Some((armed, _)) if armed <= first => Ok(()),
            armed => Err(format!("the deadline {first:?} of request {waiter} is not armed: {armed:?}")),
        }
    }
}
