//! The gateway itself: its protocol, its state, its rules for clients. And the top-level codes.

use core::time::Duration;

use super::super::PauseReason::{Configuration, Pairing, Protocol, Withdrawn};
use super::super::rows::{CodeRow, Place, Rule};
use super::{pause, retry, row};

const UPDATE: &str = "update the older of the two, client or gateway";

pub(super) const ROWS: &[CodeRow] = &[
    row(
        Place::Detail,
        "PROTOCOL_MISMATCH",
        true,
        "client and gateway share no protocol version",
        pause(Protocol),
        UPDATE,
    ),
    row(
        Place::Detail,
        "CLIENT_VERSION_MISMATCH",
        false,
        "the gateway refuses this client's version",
        pause(Protocol),
        UPDATE,
    ),
    row(
        Place::Detail,
        "CONTROL_UI_BUILD_MISMATCH",
        false,
        "the client is of another build than the gateway",
        pause(Protocol),
        "load the client again from the gateway",
    ),
    row(
        Place::Detail,
        "CONTROL_UI_ORIGIN_NOT_ALLOWED",
        true,
        "this kind of client must come from an allowed origin",
        pause(Configuration),
        "present yourself as another kind of client, or allow the origin (gateway.controlUi.allowedOrigins)",
    ),
    row(
        Place::Detail,
        "AUTHENTICATED_PROFILE_UNAVAILABLE",
        false,
        "the gateway cannot verify the user's profile now",
        retry(0),
        "",
    ),
    row(Place::Detail, "PAIRING_CHANGED", true, "a pairing changed while the request was under way", retry(0), ""),
    row(
        Place::Reason,
        "startup-sidecars",
        false,
        "the gateway is still starting",
        Rule::Retry { floor: Duration::from_millis(500), counts: false },
        "",
    ),
    row(Place::Reason, "gateway-restarting", true, "the gateway is about to restart or stop", retry(1_000), ""),
    row(Place::Reason, "gateway-suspending", false, "the gateway is about to be suspended", retry(1_000), ""),
];

/// Looked at when nothing finer is known.
pub(super) const TOP: &[CodeRow] = &[
    row(
        Place::Top,
        "INVALID_REQUEST",
        true,
        "the request, or what the client says of itself in connect, does not fit the gateway's schema",
        pause(Configuration),
        "the message names the field; a connect that is refused so will be refused again",
    ),
    row(
        Place::Top,
        "UNAVAILABLE",
        true,
        "the gateway cannot serve the request now",
        retry(0),
        "try again after the delay it names, if the request may run twice",
    ),
    row(
        Place::Top,
        "FORBIDDEN",
        true,
        "the connection lacks the authority, or the gateway denies this client access",
        pause(Withdrawn),
        "ask for the missing scope, or the gateway's operator for access",
    ),
    row(
        Place::Top,
        "NOT_PAIRED",
        true,
        "a device identity or a pairing is needed",
        Rule::Poll(Pairing),
        "on the gateway: openclaw devices list",
    ),
    row(
        Place::Top,
        "APPROVAL_NOT_FOUND",
        false,
        "the approval asked about does not exist (any more)",
        Rule::Request,
        "list the pending approvals again",
    ),
    row(Place::Top, "NOT_LINKED", false, "declared by the protocol, sent by no known gateway", Rule::Request, ""),
    row(Place::Top, "AGENT_TIMEOUT", false, "declared by the protocol, sent by no known gateway", Rule::Request, ""),
];
