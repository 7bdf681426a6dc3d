//! Nothing grows without bound: what is kept is within the limits, and is what is open.

use openclaw_proto::StateKind;

use super::Invariant;
use crate::watch::{Call, Chronicle, Step};

#[derive(Debug)]
pub(super) struct NeverTooMuch;

impl Invariant for NeverTooMuch {
    fn name(&self) -> &'static str {
        "never_too_much"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        let (in_flight, waiting, bytes) = step.after.load;
        let limits = known.config.limits;
        if waiting > limits.waiting || bytes > limits.outgoing_bytes || in_flight > limits.in_flight {
            return Err(format!("{:?} are kept, {limits:?} are the limits", step.after.load));
        }
        if step.after.state == StateKind::Stopped && step.after.load != (0, 0, 0) {
            return Err(format!("{:?} are kept after the end", step.after.load));
        }
        // What was open before this step is counted when nothing else has changed it.
        let quiet = step.outputs.is_empty() && !matches!(step.call, Call::Request { .. } | Call::Cancel { .. });
        let sends = matches!(step.call, Call::Transmit { frame: Some(_), .. });
        if quiet && !sends {
            let queued: usize = known.open.values().filter(|open| !open.taken).map(|open| open.len).sum();
            let open = known.open.len();
            if in_flight + waiting != open || bytes != queued {
                return Err(format!("{:?} are kept, but {open} requests are open, of {queued} bytes", step.after.load));
            }
        }
        Ok(())
    }
}
