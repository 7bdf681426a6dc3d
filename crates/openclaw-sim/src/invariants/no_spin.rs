//! A timer that was served is not due again at once: no host spins.

use super::Invariant;
use crate::watch::{Call, Chronicle, Step};

#[derive(Debug, Default)]
pub(super) struct NoSpin {
    /// Timeouts in a row that left a timer due and did nothing.
    idle: u32,
}

impl Invariant for NoSpin {
    fn name(&self) -> &'static str {
        "no_spin"
    }

    fn check(&mut self, step: &Step<'_>, _: &Chronicle) -> Result<(), String> {
        if !matches!(step.call, Call::Timeout) {
            return Ok(());
        }
        let Some((at, why)) = step.after.timeout.filter(|(at, _)| *at <= step.now.mono) else {
            self.idle = 0;
            return Ok(());
        };
        self.idle = if step.outputs.is_empty() { self.idle + 1 } else { 0 };
        if self.idle >= 2 {
            return Err(format!("{why:?} is due at {at:?} and nothing came of it twice, at {:?}", step.now.mono));
        }
        Ok(())
    }
}
