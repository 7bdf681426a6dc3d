//! All probes.

mod connect;
mod entry;
mod first;
mod methods;
mod pipeline;
mod requests;

use crate::probe::{Gateway, Probe};

/// The probes for a gateway. All gateways get the same ones; only the protocol they offer is the gateway's own.
pub fn all(gateway: &Gateway) -> Vec<Probe> {
    [
        first::probes(gateway),
        connect::probes(gateway),
        entry::probes(gateway),
        pipeline::probes(gateway),
        requests::probes(gateway),
        methods::probes(gateway),
    ]
    .concat()
}
