//! A node did not run a command; `details.nodeCommandDispatched` says whether it got it.

use super::super::rows::{CodeRow, Place, Rule};

const fn row(code: &'static str, proven: bool, meaning: &'static str, next: &'static str) -> CodeRow {
    super::row(Place::Node, code, proven, meaning, Rule::Request, next)
}

const LOOK: &str = "look whether it ran before trying again";

pub(super) const ROWS: &[CodeRow] = &[
    row("NOT_CONNECTED", false, "the node is not connected", "wait for it, or wake it"),
    row("TIMEOUT", true, "the node gave no result in time", LOOK),
    row("IDLE_TIMEOUT", false, "the node made no progress in time", LOOK),
    row("ABORTED", false, "the command was aborted", LOOK),
    row("PAIRING_CHANGED", false, "the node's pairing changed meanwhile", LOOK),
    row("ROUTE_CHANGED", false, "the node is reached another way now", LOOK),
    row("POLICY_CHANGED", false, "what the node may do has changed meanwhile", "look what is allowed now"),
    row("APPROVAL_AUTHORITY_CLOSED", false, "whoever approved the command has gone", "ask for approval again"),
    row("UNAVAILABLE", false, "the node cannot do it now", "try again later"),
    row("INVALID_REQUEST", false, "the node does not understand the command", "check its parameters"),
    row("NODE_NOT_READY", false, "the node is not ready; nothing has run", "try again in a moment"),
    row("NODE_BACKGROUND_UNAVAILABLE", false, "the node's app is in the background", "bring it to the front"),
];
