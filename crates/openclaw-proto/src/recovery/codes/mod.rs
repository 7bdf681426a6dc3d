//! Error codes, by what they concern.

mod credentials;
mod device;
mod gateway;
mod node;
mod request;

use core::time::Duration;

use super::PauseReason;
use super::rows::{CodeRow, Place, Rule};

/// Every code there is a row for.
pub(super) const GROUPS: &[&[CodeRow]] =
    &[credentials::ROWS, device::ROWS, gateway::ROWS, request::ROWS, node::ROWS, gateway::TOP];

const fn row(
    place: Place,
    code: &'static str,
    proven: bool,
    meaning: &'static str,
    rule: Rule,
    next: &'static str,
) -> CodeRow {
    CodeRow { place, code, meaning, rule, next, proven }
}

const fn pause(reason: PauseReason) -> Rule {
    Rule::Pause(reason)
}

const fn retry(floor_ms: u64) -> Rule {
    Rule::Retry { floor: Duration::from_millis(floor_ms), counts: true }
}
