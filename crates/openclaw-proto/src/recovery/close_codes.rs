//! Close codes and HTTP statuses.

use core::time::Duration;

use super::rows::{CloseRow, HttpRow};
use super::{PauseReason, Reaction};

const RETRY: Reaction = Reaction::Retry { floor: Duration::ZERO, counts: true };
const fn pause(reason: PauseReason) -> Reaction {
    Reaction::Pause { reason, until: None }
}
/// A gateway that refuses while it boots asks for 500 ms; where the hint got lost with the close code, this stands in.
const BOOTING: Reaction = Reaction::Retry { floor: Duration::from_millis(500), counts: false };

const fn row(code: u16, proven: bool, meaning: &'static str, before_hello: Reaction, next: &'static str) -> CloseRow {
    let after_hello = match before_hello {
        Reaction::Retry { .. } => before_hello,
        _ => RETRY,
    };
    CloseRow { code: Some(code), meaning, before_hello, after_hello, next, proven }
}

/// Every close code with a reaction of its own. Codes that are not here mean retry, before and after hello.
///
/// After hello every code means retry: the next handshake says what has changed, and as a connection has to prove
/// stable before the backoff begins anew, a gateway that accepts and then closes is not asked in a tight loop.
pub const CLOSE_CODES: &[CloseRow] = &[
    CloseRow {
        code: None,
        meaning: "TCP ended without a close frame: a crash, a network fault, a missed pong",
        before_hello: RETRY,
        after_hello: RETRY,
        next: "",
        proven: true,
    },
    row(1000, true, "before hello: handshake timeout or an internal failure of the gateway", RETRY, ""),
    row(1001, false, "going away; proxies send it", RETRY, ""),
    row(
        1002,
        true,
        "no common protocol version",
        pause(PauseReason::Protocol),
        "update the older of the two, client or gateway",
    ),
    row(1005, false, "closed without a code", RETRY, ""),
    row(1006, false, "never on the wire; stands for no close frame", RETRY, ""),
    row(
        1008,
        true,
        "before hello: refused, usually after an error answer; after: slow consumer, repeated unauthorized calls",
        pause(PauseReason::Configuration),
        "read the close reason and the error before it",
    ),
    row(
        1009,
        true,
        "a frame of ours was too large",
        pause(PauseReason::Configuration),
        "shorten the credential, the list of scopes or the request",
    ),
    row(1011, false, "an internal failure of the gateway", RETRY, "look into the gateway's log if it goes on"),
    row(1012, true, "service restart, on every stop too", RETRY, ""),
    row(1013, false, "starting up or draining: try again later", BOOTING, ""),
    row(
        4001,
        true,
        "authority withdrawn: token rotated, device removed, policy changed",
        pause(PauseReason::Withdrawn),
        "ask the gateway's operator what has changed; pair the device again if it was removed",
    ),
    row(
        4008,
        false,
        "stands for 1008 where a browser cannot send it",
        pause(PauseReason::Configuration),
        "read the close reason and the error before it",
    ),
    row(4013, false, "stands for 1013 where a browser cannot send it", BOOTING, ""),
];

/// HTTP statuses with a row of their own. Every other one means retry.
pub const HTTP_STATUSES: &[HttpRow] = &[
    HttpRow {
        status: 401,
        meaning: "a proxy before the gateway wants a login",
        reaction: pause(PauseReason::Http),
        next: "give the proxy what it wants, or go around it",
        proven: false,
    },
    HttpRow {
        status: 403,
        meaning: "a proxy, or the gateway because of one, refuses (proxy_attribution_required)",
        reaction: pause(PauseReason::Http),
        next: "configure gateway.trustedProxies, or let the proxy in",
        proven: false,
    },
    HttpRow {
        status: 404,
        meaning: "nothing is served at this path, or not yet",
        reaction: RETRY,
        next: "check the address and its path",
        proven: false,
    },
    HttpRow {
        status: 429,
        meaning: "too many attempts from this address",
        reaction: RETRY,
        next: "wait; look for another client that loops",
        proven: false,
    },
    HttpRow {
        status: 503,
        meaning: "too many connections without a hello from this address, or the gateway stops",
        reaction: RETRY,
        next: "",
        proven: true,
    },
];
