//! Runs the committed corpora of the named targets, or of all, through their bodies: what coverage is measured of.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let targets: [(&str, fn(&[u8])); 7] = [
        ("client", openclaw_fuzz::client),
        ("connection", openclaw_fuzz::connection),
        ("device_payload", openclaw_fuzz::device_payload),
        ("frame", openclaw_fuzz::frame),
        ("gateway", openclaw_fuzz::gateway),
        ("replay_log", openclaw_fuzz::replay_log),
        ("scan", openclaw_fuzz::scan),
    ];
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = wanted.iter().find(|name| targets.iter().all(|(known, _)| known != name)) {
        return Err(format!("there is no target {unknown}").into());
    }
    for (name, target) in targets {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            for seed in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name))? {
                target(&std::fs::read(seed?.path())?);
            }
        }
    }
    Ok(())
}
