//! A client's whole life, over as many connections as the script makes of it.

use super::host::{Host, LIFE, config};
use super::script::Script;

/// Reads `data` as a configuration of eight numbers and a script of steps.
///
/// As in the `connection` target, and the client comes back: it backs off, pauses and is nudged, is stopped and started
/// again, its credentials change, its stored token comes, goes and brings other scopes, the wall clock jumps, late words of
/// dead sockets come in. Here the invariants also say that a pause is silence, that sockets are let go in time and that
/// never more than one is wanted.
pub fn client(data: &[u8]) {
    let mut script = Script::new(data);
    let mut host = Host::new(config(&mut script));
    while host.play(&mut script, LIFE) {}
    host.end();
}
