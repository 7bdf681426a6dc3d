//! Whether the embedded gateway does what real gateways do: the same probes, answer by answer. What real gateways
//! answer was recorded from them (see `real.rs`), so this test needs none.

mod golden;
mod normal;
mod probe;
mod probes;
mod wire;

use openclaw_testkit::{GatewayConfig, Server};
use probe::Gateway;

/// Where the embedded gateway is known to differ: version, probe, reason.
const KNOWN: &[(&str, &str, &str)] = &[];

fn compare(config: GatewayConfig, version: &str, wire: u64) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let server = runtime.block_on(Server::start(config)).expect("a port");
    let gateway =
        Gateway { version: version.into(), wire, address: server.address().to_string(), token: server.token().into() };
    let seen = golden::observe(&gateway);
    let mut differences = golden::differences(&golden::read(&gateway.version), &seen);
    let known: Vec<_> = KNOWN.iter().filter(|(of, ..)| *of == version).collect();
    let total = seen.len();
    println!("{version}: {total} probes, {} same, {} known to differ", total - differences.len(), known.len());
    let mut faults = String::new();
    for (_, probe, reason) in known {
        if differences.remove(*probe).is_none() {
            faults += &format!("\n{probe}: is the same by now, so it is no known difference ({reason})");
        }
    }
    faults.extend(differences.iter().map(|(probe, difference)| format!("\n{probe}: {difference}")));
    assert!(faults.is_empty(), "{version}:{faults}");
}

#[test]
fn the_embedded_gateway_answers_as_release_2026_9_6_does() {
    compare(GatewayConfig::v4(), "2026.9.6", 4);
}

#[test]
fn the_embedded_gateway_answers_as_release_2026_5_7_does() {
    compare(GatewayConfig::v3(), "2026.5.7", 3);
}
