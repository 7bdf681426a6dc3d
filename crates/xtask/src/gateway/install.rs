//! Installing a pinned gateway, with the Node it needs, into a folder of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::versions::{GATEWAY_PACKAGE, NODE_PACKAGE, NODE_VERSION, Version};
use crate::npm::{Pin, Set};
use crate::paths;

/// An installed gateway.
#[derive(Debug, Clone)]
pub struct Install {
    /// The Node program.
    pub node: PathBuf,
    /// The script Node runs.
    pub entry: PathBuf,
    /// Where Node keeps compiled code, which makes every start but the first faster.
    pub compile_cache: PathBuf,
}

/// The installation of `version`, if it is there, complete and of the pinned versions.
pub fn find(version: &Version) -> Option<Install> {
    find_in(&paths::gateway_cache().join(version.number), version.number)
}

fn find_in(dir: &Path, number: &str) -> Option<Install> {
    let modules = dir.join("node_modules");
    let install = Install {
        node: node_in(dir),
        entry: modules.join(GATEWAY_PACKAGE).join("openclaw.mjs"),
        compile_cache: dir.join("compile-cache"),
    };
    let pins = pins(number);
    let complete = set(number, &pins).is_in(dir);
    (complete && install.node.is_file() && install.entry.is_file()).then_some(install)
}

/// The Node program in a folder that has it installed.
pub fn node_in(dir: &Path) -> PathBuf {
    dir.join("node_modules").join(NODE_PACKAGE).join("bin").join("node")
}

fn pins(number: &str) -> [Pin<'_>; 2] {
    [Pin { package: NODE_PACKAGE, version: NODE_VERSION }, Pin { package: GATEWAY_PACKAGE, version: number }]
}

fn set<'a>(number: &'a str, pins: &'a [Pin<'a>]) -> Set<'a> {
    Set { name: number, pins, size: "up to 800 MB, usually about a minute" }
}

/// The installation of `version`; installs it with npm if it is not there. Tells on standard
/// error what it does. Safe to be called by several processes at once.
///
/// # Errors
///
/// When this machine cannot run gateways, when npm is missing or fails, and
/// [`Interrupted`](crate::signals::Interrupted) when a signal came.
pub fn ensure_installed(version: &Version) -> Result<Install> {
    ensure_number_installed(version.number)
}

/// The same for a release that need not be pinned.
///
/// # Errors
///
/// As [`ensure_installed`], and when there is no such release.
pub fn ensure_number_installed(number: &str) -> Result<Install> {
    supported()?;
    let pins = pins(number);
    let dir = set(number, &pins).ensure_installed()?;
    find_in(&dir, number).context("npm succeeded, but the gateway's program or its Node is missing")
}

/// # Errors
///
/// When gateways cannot run on this kind of machine.
pub fn supported() -> Result<()> {
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "real gateways are only supported on Linux x86-64 (the Node package is {NODE_PACKAGE})"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::versions;
    use std::fs;

    fn package(dir: &Path, name: &str, version: &str, file: &str) {
        let package = dir.join("node_modules").join(name);
        let file = package.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(package.join("package.json"), format!(r#"{{"version": "{version}"}}"#)).unwrap();
        fs::write(file, "").unwrap();
    }

    #[test]
    fn only_a_complete_installation_of_the_pinned_versions_is_found() {
        let dir = std::env::temp_dir().join(format!("xtask-install-{}", std::process::id()));
        let version = versions::DEFAULT;
        assert!(find_in(&dir, version.number).is_none());
        package(&dir, GATEWAY_PACKAGE, version.number, "openclaw.mjs");
        assert!(find_in(&dir, version.number).is_none(), "Node is missing");
        package(&dir, NODE_PACKAGE, "20.0.0", "bin/node");
        assert!(find_in(&dir, version.number).is_none(), "another Node");
        package(&dir, NODE_PACKAGE, NODE_VERSION, "bin/node");
        assert!(find_in(&dir, version.number).is_some());
        assert!(find_in(&dir, versions::LAST_WIRE_3.number).is_none());
        fs::remove_dir_all(&dir).unwrap();
    }
}
