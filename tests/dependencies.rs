//! What an adapter does not bring along.

use std::collections::BTreeSet;
use std::process::Command;

/// Asynchronous runtimes and their parts.
const RUNTIMES: &[&str] =
    &["tokio", "async-std", "smol", "async-io", "async-global-executor", "async-executor", "futures-executor"];

/// The names of the packages a package of this workspace is built from, on this machine.
fn tree(package: &str) -> BTreeSet<String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["tree", "--package", package, "--edges", "normal", "--prefix", "none", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let names: BTreeSet<String> = lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert!(names.contains(package) && names.contains("openclaw-proto"), "{names:?}");
    names
}

fn found(package: &str, unwanted: &[&str]) -> Vec<String> {
    let names = tree(package);
    unwanted.iter().filter(|name| names.contains(**name)).map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_blocking_adapter_has_no_asynchronous_runtime() {
    assert_eq!(found("openclaw-blocking", RUNTIMES), Vec::<String>::new());
    assert!(tree("openclaw-blocking").contains("mio"));
}

#[test]
fn the_adapters_for_smol_and_async_std_have_no_tokio() {
    for package in ["openclaw-smol", "openclaw-async-std"] {
        assert_eq!(found(package, &["tokio", "tokio-tungstenite", "tokio-rustls"]), Vec::<String>::new(), "{package}");
    }
    assert_eq!(found("openclaw-smol", &["async-std"]), Vec::<String>::new());
}

#[test]
fn the_client_and_the_core_have_no_runtime_at_all() {
    for package in ["openclaw-client", "openclaw-proto"] {
        assert_eq!(found(package, RUNTIMES), Vec::<String>::new(), "{package}");
    }
    assert_eq!(found("openclaw-proto", &["tungstenite", "mio", "rustls", "getrandom"]), Vec::<String>::new());
    // So that the lists above are known to find something.
    assert_eq!(found("openclaw-tokio", RUNTIMES), ["tokio"]);
}
