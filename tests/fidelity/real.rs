//! Whether real gateways still do what was recorded of them. Run by `cargo xtask test`, which starts them. To record
//! anew, set `OPENCLAW_UPDATE_GOLDEN=1`:
//!
//! ```text
//! OPENCLAW_UPDATE_GOLDEN=1 cargo xtask gateway exec --version 2026.9.6 --version 2026.5.7 -- \
//!     cargo test -p openclaw-tests --test real_fidelity
//! ```

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

use openclaw_tests::real_gateways;
use probe::Gateway;
use serde_json::Value;

fn gateways() -> impl Iterator<Item = Gateway> {
    real_gateways().into_iter().map(|real| Gateway {
        version: real.version,
        wire: real.wire,
        address: real.url.trim_start_matches("ws://").trim_end_matches('/').to_owned(),
        token: real.token,
    })
}

#[test]
fn real_gateways_answer_as_recorded() {
    let update = std::env::var_os("OPENCLAW_UPDATE_GOLDEN").is_some();
    let mut faults = String::new();
    for gateway in gateways() {
        let seen = golden::observe(&gateway);
        // Nothing is recorded that is not the same twice.
        let golden = if update { golden::observe(&gateway) } else { golden::read(&gateway.version) };
        let differences = golden::differences(&golden, &seen);
        println!("{}: {} probes, {} differ", gateway.version, seen.len(), differences.len());
        for (probe, difference) in &differences {
            faults += &format!("\n{} {probe}: {difference}", gateway.version);
        }
        if update && differences.is_empty() {
            let path = golden::path(&gateway.version);
            std::fs::write(&path, text(&seen)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

/// A behaviour as JSON, an answer a line.
fn text(behaviour: &golden::Behaviour) -> String {
    let probes: Vec<_> = behaviour
        .iter()
        .map(|(name, answers)| {
            let answers: Vec<_> = answers.iter().map(|answer| format!("    {answer}")).collect();
            format!("  {}: [\n{}\n  ]", Value::from(name.as_str()), answers.join(",\n"))
        })
        .collect();
    format!("{{\n{}\n}}\n", probes.join(",\n"))
}
