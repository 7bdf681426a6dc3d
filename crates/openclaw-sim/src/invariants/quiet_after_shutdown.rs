//! After a shutdown every request ends at once and nothing comes out but the goodbye; after the end nothing at all.

use openclaw_proto::{Output, State, StateKind, TimerKind};

use super::Invariant;
use crate::watch::{Call, Chronicle, Step};

#[derive(Debug, Default)]
pub(super) struct QuietAfterShutdown {
    down: bool,
}

impl Invariant for QuietAfterShutdown {
    fn name(&self) -> &'static str {
        "quiet_after_shutdown"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        if let Call::Shutdown = step.call {
            let ended = step.outputs.iter().filter(|output| matches!(output, Output::Completed { .. })).count();
            if ended != known.open.len() {
                return Err(format!("of {} requests {ended} end with the shutdown", known.open.len()));
            }
            self.down = true;
            return Ok(());
        }
        if step.after.state == StateKind::Dialing {
            self.down = false;
        }
        if !self.down {
            return Ok(());
        }
        for output in step.outputs {
            let allowed = match output {
                Output::State(State::Stopped { .. }) => step.before.state == StateKind::Stopping,
                Output::Abort { .. } | Output::Notice(_) => true,
                _ => false,
            };
            if !allowed {
                return Err(format!("{output:?} after the shutdown"));
            }
        }
        if matches!(step.call, Call::Transmit { frame: Some(_), .. } | Call::Request { result: Ok(_), .. }) {
            return Err(format!("{:?} after the shutdown", step.call));
        }
        match step.after.timeout {
            None | Some((_, TimerKind::CloseGrace)) => Ok(()),
            other => Err(format!("{other:?} is armed after the shutdown")),
        }
    }
}
