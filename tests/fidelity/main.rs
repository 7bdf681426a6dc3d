//! Whether the embedded gateway does what real gateways do: the same probes, answer by answer. What real gateways
//! answer was recorded from them (see `real.rs`), so this test needs none.

mod golden;
mod join;
mod labels;
mod line;
mod normal;
mod probe;
mod probes;
mod scene;
mod scenes;
mod wire;

use openclaw_testkit::{GatewayConfig, Server};
use probe::Gateway;

/// Where the embedded gateway is known to differ: probe and reason.
type Known = &'static [(&'static str, &'static str)];

const KNOWN_V4: Known =
    &[("plugins.sessionAction: empty params", "real gateways let the params decide which scope is needed")];

const KNOWN_V3: Known = &[];

/// Where the testkit says how faithful it is.
const CLAIMS: [&str; 2] =
    [include_str!("../../crates/openclaw-testkit/README.md"), include_str!("../../crates/openclaw-testkit/src/lib.rs")];

fn compare(config: GatewayConfig, version: &str, wire: u64, known: Known) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let server = runtime.block_on(Server::start(config)).expect("a port");
    let gateway =
        Gateway { version: version.into(), wire, address: server.address().to_string(), token: server.token().into() };
    let seen = golden::observe(&gateway);
    let mut differences = golden::differences(&golden::read(&gateway.version), &seen);
    let total = seen.len();
    println!("{version}: {total} probes, {} same, {} known to differ", total - differences.len(), known.len());
    let mut faults = String::new();
    for (probe, reason) in known {
        if differences.remove(*probe).is_none() {
            faults += &format!("\n{probe}: is no difference any more ({reason})");
        }
    }
    faults.extend(differences.iter().map(|(probe, difference)| format!("\n{probe}: {difference}")));
    assert!(faults.is_empty(), "{version}:{faults}");
    let claim = format!("{} of {total}", total - known.len());
    assert!(CLAIMS.iter().all(|text| text.contains(&claim)), "the documentation does not say {claim} for {version}");
}

#[test]
fn the_embedded_gateway_answers_as_release_2026_9_6_does() {
    compare(GatewayConfig::v4(), "2026.9.6", 4, KNOWN_V4);
}

#[test]
fn the_embedded_gateway_answers_as_release_2026_5_7_does() {
    compare(GatewayConfig::v3(), "2026.5.7", 3, KNOWN_V3);
}
