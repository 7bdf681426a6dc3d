//! Clients that do not wait for their hello. Everything leaves in one write: what a gateway makes of it depends on
//! what it finds when it reads.

use crate::probe::{Gateway, Probe, ask, with_id};

pub fn probes(gateway: &Gateway) -> Vec<Probe> {
    let behind = |requests: usize| {
        let name = format!("pipeline: {requests} requests behind connect");
        (1..=requests).fold(Probe::first(name, gateway.connect()), |probe, number| {
            probe.then(with_id(ask("health"), &format!("p{number}")))
        })
    };
    let connect = |id| with_id(gateway.connect(), id);
    vec![
        behind(2),
        behind(15),
        behind(16),
        Probe::first("pipeline: two connects", connect("a")).then(connect("b")),
        Probe::first("pipeline: connect behind a request", ask("health")).then(connect("c")),
    ]
}
