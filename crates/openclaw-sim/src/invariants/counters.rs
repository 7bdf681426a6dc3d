//! The totals are the sums of what happened.

use openclaw_proto::{Input, Notice, Outcome, Output, State, Stats, StopReason, Stray};

use super::Invariant;
use crate::watch::{Call, Chronicle, Socket, Step};

#[derive(Debug, Default)]
pub(super) struct Counters {
    sum: Stats,
}

impl Counters {
    fn output(&mut self, output: &Output<u32, String>, known: &Chronicle) {
        let sum = &mut self.sum;
        let counter = match output {
            Output::Dial { .. } => &mut sum.dials,
            Output::Event(_) => &mut sum.events,
            Output::State(State::Ready { .. }) if !known.hello => &mut sum.hellos,
            Output::State(State::Backoff { .. } | State::Paused { .. }) => &mut sum.downs,
            Output::State(State::Stopped { why: StopReason::Down(_) }) => &mut sum.downs,
            Output::Accepted { .. } => &mut sum.responses,
            Output::Completed {
                outcome: Outcome::Replied(_) | Outcome::Rejected(_) | Outcome::UnreadableAnswer,
                ..
            } => &mut sum.responses,
            Output::Notice(notice) => match notice {
                Notice::Malformed { .. } => &mut sum.malformed,
                Notice::Odd(_) => &mut sum.odd,
                Notice::Binary { .. } => &mut sum.binary,
                Notice::StrayResponse { stray: Stray::Duplicate, .. } => &mut sum.duplicate_responses,
                Notice::StrayResponse { stray: Stray::Late, .. } => &mut sum.late_responses,
                Notice::StrayResponse { stray: Stray::Stale, .. } => &mut sum.stale_responses,
                Notice::StrayResponse { .. } => &mut sum.foreign_responses,
                Notice::UnattributedError(_) => &mut sum.unattributed_errors,
                Notice::SecondChallenge | Notice::ChallengeAfterHello => &mut sum.surplus_challenges,
                _ => return,
            },
            _ => return,
        };
        *counter += 1;
    }
}

impl Invariant for Counters {
    fn name(&self) -> &'static str {
        "counters"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        match &step.call {
            Call::Transmit { frame: Some(_), .. } => self.sum.frames_out += 1,
            Call::Input { conn, input } => {
                let closing = matches!(known.sockets.get(conn), Some(Socket::Closing(_)));
                let stale = known.conn != Some(*conn) && !closing;
                self.sum.stale_inputs += u64::from(stale);
                let text = matches!(input, Input::Text(_));
                self.sum.frames_in += u64::from(text && known.conn == Some(*conn));
            }
            _ => {}
        }
        for output in step.outputs {
            self.output(output, known);
        }
        let told = step.after.stats;
        if told == self.sum { Ok(()) } else { Err(format!("{told:?} are told, {:?} happened", self.sum)) }
    }
}
