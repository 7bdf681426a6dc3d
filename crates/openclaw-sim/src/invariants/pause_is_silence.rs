//! While paused nothing is dialed, nothing sent, nothing waits and no timer runs, until somebody acts or the time has
//! come that the gateway named.

use openclaw_proto::{Instant, Output, State, StateKind, TimerKind};

use super::Invariant;
use crate::watch::{Call, Chronicle, Step};

#[derive(Debug, Default)]
pub(super) struct PauseIsSilence {
    until: Option<Instant>,
}

impl Invariant for PauseIsSilence {
    fn name(&self) -> &'static str {
        "pause_is_silence"
    }

    fn check(&mut self, step: &Step<'_>, _: &Chronicle) -> Result<(), String> {
        if step.before.state == StateKind::Paused {
            let allowed = match step.call {
                Call::Start | Call::Nudge | Call::Shutdown => true,
                Call::Timeout => self.until.is_some_and(|until| until <= step.now.mono),
                _ => false,
            };
            for output in step.outputs {
                // A connection that was being closed may still be let go, and clocks jump.
                let harmless = matches!(output, Output::Abort { .. } | Output::Notice(_));
                if !allowed && !harmless {
                    return Err(format!("{output:?} while paused"));
                }
            }
            if let Call::Transmit { frame: Some(_), .. } = step.call {
                return Err("a frame while paused".into());
            }
        }
        for output in step.outputs {
            if let Output::State(State::Paused { until, .. }) = output {
                self.until = *until;
            }
        }
        if step.after.state != StateKind::Paused {
            return Ok(());
        }
        if step.after.load != (0, 0, 0) || step.after.wants_transmit {
            return Err(format!("{:?} are kept while paused", step.after.load));
        }
        match step.after.timeout {
            None | Some((_, TimerKind::CloseGrace)) => Ok(()),
            Some((at, TimerKind::Backoff)) if Some(at) == self.until => Ok(()),
            other => Err(format!("{other:?} is armed while paused until {:?}", self.until)),
        }
    }
}
