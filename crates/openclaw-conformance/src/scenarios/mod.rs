//! All scenarios.

mod agent;
mod approvals;
mod chat;
mod cron;
mod handshake;
mod nodes;
mod runs;
mod turns;

use crate::scenario::Scenario;

/// All of them, in the order of the table.
pub(crate) const ALL: &[Scenario] = &[
    Scenario::new("handshake", "a client is let in and told version, protocol and scopes", handshake::hello),
    Scenario::new("handshake", "a wrong token is refused", handshake::wrong_token),
    Scenario::new("chat", "an answer is streamed and kept once", chat::streamed).on(&chat::MODEL),
    Scenario::new("chat", "a tool is called, and only who wants its events has them", chat::tool).on(&chat::MODEL),
    Scenario::new("chat", "a provider's error ends the run", chat::provider_error).on(&chat::MODEL),
    Scenario::new("chat", "a provider that drops is asked again", chat::provider_drops).on(&chat::MODEL),
    Scenario::new("chat", "a repeated message with its key does not run twice", chat::repeated).on(&chat::MODEL),
    Scenario::new("runs", "a run is aborted", runs::abort).on(&chat::MODEL),
    Scenario::new("runs", "a message during a run is answered once", runs::busy).on(&chat::MODEL),
    Scenario::new("runs", "a run is found again after a reconnect", runs::adopted).on(&chat::MODEL),
    Scenario::new("agent", "agent answers twice and agent.wait waits", agent::two_answers).on(&chat::MODEL),
    Scenario::new("approvals", "an approval is asked for, given and told", approvals::asked).on(&chat::MODEL),
    Scenario::new("approvals", "nobody to approve is told at once", approvals::nobody).on(&chat::MODEL),
    Scenario::new("approvals", "a tool waits for its approval", approvals::tool).on(&chat::MODEL),
    Scenario::new("cron", "a job is added, listed, run and removed", cron::job).on(&chat::MODEL),
    Scenario::new("nodes", "a node is approved and invoked", nodes::invoked).on(&nodes::NODES),
    Scenario::new("turns", "killed gateways run no turn twice", turns::killed).on(&chat::MODEL).alone().within(3600),
    Scenario::new("turns", "what is sent again is not run again", turns::sent_again)
        .on(&chat::MODEL)
        .alone()
        .within(3600),
];
