//! Never faster than the recovery table allows: after the end of a connection the next attempt comes at the time that
//! was told and not before; after what only somebody else can mend there is none.

use openclaw_proto::recovery::{Reaction, Situation, reaction};
use openclaw_proto::{Input, Instant, Notice, Output, State, StateKind};

use super::Invariant;
use crate::model::{Cause, Plan, Standing, plan};
use crate::reading::{Reading, Says};
use crate::watch::{Call, Chronicle, Step};

/// When the next attempt may be made.
#[derive(Debug, Default)]
enum Next {
    /// Somebody has to act first.
    #[default]
    Never,
    /// At this time.
    At(Instant),
}

#[derive(Debug, Default)]
pub(super) struct RecoveryPace {
    next: Next,
}

/// What ended the connection by this step, where the wire says so.
fn cause(step: &Step<'_>, known: &Chronicle) -> Option<Cause> {
    let Call::Input { conn, input } = &step.call else { return None };
    if known.conn != Some(*conn) {
        return None;
    }
    match (input, &step.reading) {
        (Input::Closed { code, reason }, _) => {
            Some(Cause::Closed { code: *code, reason: reason.clone(), after_hello: known.hello })
        }
        (_, Some(Reading::Answer(answer))) if !known.hello && known.connect.is_some() && answer.says == Says::No => {
            Some(Cause::Refused(answer.error.clone().unwrap_or_default()))
        }
        _ => None,
    }
}

impl RecoveryPace {
    fn ended(&mut self, step: &Step<'_>, known: &Chronicle, state: &State) -> Result<(), String> {
        let (why, paused) = match state {
            State::Backoff { why, until, .. } => {
                self.next = Next::At(*until);
                (why, false)
            }
            State::Paused { why, until, .. } => {
                self.next = until.map_or(Next::Never, Next::At);
                (why, true)
            }
            State::Stopping | State::Stopped { .. } => {
                self.next = Next::Never;
                return Ok(());
            }
            _ => return Ok(()),
        };
        let standing = Standing::of(known);
        let mut situation = Situation::default();
        (situation.device_token_retry, situation.pairing_poll) = (standing.may_try_both, standing.poll);
        if paused != matches!(reaction(why, &situation), Reaction::Pause { .. }) {
            return Err(format!("the table says {:?} of {why}", reaction(why, &situation)));
        }
        match cause(step, known) {
            Some(cause) if paused != matches!(plan(&cause, standing), Plan::Pause { .. }) => {
                Err(format!("{cause:?} leads to {:?}, not to {state:?}", plan(&cause, standing)))
            }
            _ => Ok(()),
        }
    }

    fn dialed(&mut self, step: &Step<'_>) -> Result<(), String> {
        let woke = step.outputs.iter().any(|output| matches!(output, Output::Notice(Notice::ClockJump { .. })));
        let asked_for = match step.call {
            Call::Start => matches!(step.before.state, StateKind::Idle | StateKind::Paused | StateKind::Stopped),
            Call::Nudge => matches!(step.before.state, StateKind::Backoff | StateKind::Paused),
            _ => false,
        };
        if asked_for || woke && step.before.state == StateKind::Backoff {
            return Ok(());
        }
        match self.next {
            Next::At(at) if at <= step.now.mono => Ok(()),
            Next::At(at) => Err(format!("an attempt at {:?}, the next was to be at {at:?}", step.now.mono)),
            Next::Never => Err("an attempt nobody asked for".into()),
        }
    }
}

impl Invariant for RecoveryPace {
    fn name(&self) -> &'static str {
        "recovery_pace"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        for output in step.outputs {
            match output {
                Output::Dial { .. } => {
                    self.dialed(step)?;
                    self.next = Next::Never;
                }
                Output::State(state) => self.ended(step, known, state)?,
                _ => {}
            }
        }
        Ok(())
    }
}
