//! Turns under load, on gateways that are killed.

use anyhow::Result;

use crate::scenario::Seen;
use crate::stage::Stage;

pub(super) fn killed(_: &Stage) -> Result<Seen> {
    Seen::does_not_apply("later")
}
