//! All scenarios.

mod handshake;

use crate::scenario::Scenario;

/// All of them, in the order of the table.
pub(crate) const ALL: &[Scenario] = &[
    Scenario::new("handshake", "a client is let in and told version, protocol and scopes", handshake::hello),
    Scenario::new("handshake", "a wrong token is refused", handshake::wrong_token),
];
