//! One socket's life: a client that makes no second attempt.

use super::host::{Host, SOCKET, config};
use super::script::Script;

/// Reads `data` as a configuration of eight numbers and a script of steps (see the host's letters), from the first dial to
/// the end.
///
/// After every step the simulator's invariants hold that hold whatever a gateway says: each accepted request ends exactly
/// once and not after its deadline, no request leaves before hello or twice, timers move, what is kept is within the limits,
/// the counters are the sums of what happened. Each event comes out once and rightly numbered, each answer goes to its
/// request. In the end everything has completed, and after the shutdown nothing comes out whatever comes in.
pub fn connection(data: &[u8]) {
    let mut script = Script::new(data);
    let mut config = config(&mut script);
    config.backoff.max_attempts = Some(0);
    let mut host = Host::new(config);
    host.start();
    while host.play(&mut script, SOCKET) {}
    host.end();
}
