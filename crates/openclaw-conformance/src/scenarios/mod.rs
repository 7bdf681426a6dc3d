//! All scenarios.

mod agent;
mod approvals;
mod chat;
mod config;
mod cron;
mod handshake;
mod life;
mod limits;
mod methods;
mod mutants;
mod nodes;
mod presence;
mod runs;
mod sessions;
mod traffic;
mod turns;

use crate::scenario::Scenario;
use crate::setup;

/// All of them, in the order of the table.
#[rustfmt::skip]
pub(crate) const ALL: &[Scenario] = &[
    Scenario::new("handshake", "a client is let in and told version, protocol and scopes", handshake::hello),
    Scenario::new("handshake", "a wrong token is refused", handshake::wrong_token),
    Scenario::new("handshake", "no token is refused", handshake::no_token),
    Scenario::new("handshake", "other protocol versions are refused", handshake::protocol),
    Scenario::new("handshake", "an identity that is none is refused", handshake::unknown_identity),
    Scenario::new("handshake", "scopes that are withheld are told", handshake::scopes_withheld),
    Scenario::new("handshake", "a malformed connect is refused", handshake::malformed_connect).once(),
    Scenario::new("handshake", "a first frame that is no connect is refused", handshake::first_frame_is_no_connect).once(),
    Scenario::new("handshake", "a first frame that is no request is refused", handshake::first_frame_is_no_request).once(),
    Scenario::new("handshake", "a first frame that is no JSON is refused", handshake::first_frame_is_no_json).once(),
    Scenario::new("handshake", "a silent connection is closed", handshake::silence).once().beside(),
    Scenario::new("limits", "the largest frame before hello", limits::before_hello).once(),
    Scenario::new("limits", "the largest frame after hello", limits::after_hello).once(),
    Scenario::new("limits", "our largest request", limits::our_largest_request).once(),
    Scenario::new("limits", "an answer of megabytes", limits::largest_answer),
    Scenario::new("methods", "every advertised method, without params, by operator.read", methods::all_with_read),
    Scenario::new("methods", "an unknown method", methods::unknown),
    Scenario::new("methods", "a missing scope", methods::missing_scope),
    Scenario::new("traffic", "requests behind connect, in one write", traffic::pipelined).once(),
    Scenario::new("traffic", "a thousand concurrent calls", traffic::concurrent),
    Scenario::new("traffic", "answers out of order", traffic::out_of_order).once(),
    Scenario::new("traffic", "a flood of requests", traffic::flood).once(),
    Scenario::new("traffic", "a client that stops reading", traffic::slow_consumer).alone().once().long().within(600),
    Scenario::new("mutants", "frames that are almost right, as the embedded gateway answers them", mutants::alike).once().within(600),
    Scenario::new("presence", "a second client comes and goes", presence::second_client),
    Scenario::new("sessions", "a session is created, listed, patched, subscribed to and deleted", sessions::life),
    Scenario::new("config", "a patch that takes a restart", config::patch).on(&setup::MORTAL),
    Scenario::new("life", "ticks for two intervals", life::ticks).beside().long(),
    Scenario::new("life", "the gateway's pings", life::pings).once().beside().long(),
    Scenario::new("life", "a gateway that is suspended for a moment", life::suspend),
    Scenario::new("life", "a gateway that is suspended for longer than its ticks allow", life::suspend_for_long).on(&setup::MORTAL).long().within(600),
    Scenario::new("life", "SIGTERM with calls in flight", life::drain).on(&setup::MORTAL).within(1200),
    Scenario::new("life", "SIGKILL under load, again and again", life::kill).on(&setup::MORTAL).within(6000),
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
    Scenario::new("cron", "a job is added, listed, run and removed", cron::job).on(&chat::MODEL).within(1000),
    Scenario::new("nodes", "a node is approved and invoked", nodes::invoked).on(&nodes::NODES),
    Scenario::new("turns", "killed gateways run no turn twice", turns::killed).on(&turns::MORTAL).within(6000),
    Scenario::new("turns", "what is sent again is not run again", turns::sent_again).on(&turns::MORTAL).within(6000),
];
