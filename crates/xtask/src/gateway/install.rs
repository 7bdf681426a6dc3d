//! Installing a pinned gateway, with the Node it needs, into a folder of its own.
//!
//! The packages are installed into a folder beside the final one, which appears only when it is
//! complete: an interrupted installation leaves nothing that looks like a good one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::versions::{GATEWAY_PACKAGE, NODE_PACKAGE, NODE_VERSION, Version};
use crate::{paths, process, signals, supervise};

const NPM_LIMIT: Duration = Duration::from_secs(15 * 60);
const LOCK_LIMIT: Duration = Duration::from_secs(20 * 60);
const PROGRESS_EVERY: Duration = Duration::from_secs(10);
const UNFINISHED: &str = ".unfinished";

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
    find_in(&paths::gateway_cache().join(version.number), version)
}

fn find_in(dir: &Path, version: &Version) -> Option<Install> {
    let modules = dir.join("node_modules");
    let gateway = modules.join(GATEWAY_PACKAGE);
    let node = modules.join(NODE_PACKAGE);
    let complete = package_version(&gateway)? == version.number && package_version(&node)? == NODE_VERSION;
    let install = Install {
        node: node.join("bin").join("node"),
        entry: gateway.join("openclaw.mjs"),
        compile_cache: dir.join("compile-cache"),
    };
    (complete && install.node.is_file() && install.entry.is_file()).then_some(install)
}

fn package_version(package: &Path) -> Option<String> {
    let manifest = fs::read(package.join("package.json")).ok()?;
    let manifest: Value = serde_json::from_slice(&manifest).ok()?;
    Some(manifest.get("version")?.as_str()?.to_owned())
}

/// The installation of `version`; installs it with npm if it is not there. Tells on standard
/// error what it does. Safe to be called by several processes at once.
///
/// # Errors
///
/// When this machine cannot run gateways, when npm is missing or fails, and
/// [`Interrupted`](signals::Interrupted) when a signal came.
pub fn ensure_installed(version: &Version) -> Result<Install> {
    supported()?;
    if let Some(install) = find(version) {
        return Ok(install);
    }
    let cache = paths::gateway_cache();
    fs::create_dir_all(&cache).with_context(|| format!("cannot create {}", cache.display()))?;
    // Held until the function returns; the system releases it even if this process is killed.
    let _lock = lock(&cache.join(format!("{}.lock", version.number)), version)?;
    if let Some(install) = find(version) {
        return Ok(install);
    }
    install(&cache, version)
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

fn install(cache: &Path, version: &Version) -> Result<Install> {
    let Some(npm) = paths::find_program("npm") else {
        bail!(
            "npm is not on PATH; install Node.js with npm (Debian: apt-get install npm). \
             Version 7 or newer is enough: the gateway brings its own Node"
        );
    };
    let target = cache.join(version.number);
    let unfinished = cache.join(format!("{}{UNFINISHED}", version.number));
    let log = cache.join(format!("{}.npm.log", version.number));
    remove_dir(&unfinished)?;
    fs::create_dir_all(&unfinished)?;
    fs::write(unfinished.join("package.json"), "{\"private\": true}\n")?;

    anstream::eprintln!(
        "installing {GATEWAY_PACKAGE} {} and Node {NODE_VERSION} with npm into {} \
         (up to 800 MB, usually about a minute)",
        version.number,
        target.display()
    );
    let started = Instant::now();
    let result = run_npm(&npm, version, &unfinished, &log);
    if result.is_err() {
        let _ = fs::remove_dir_all(&unfinished);
    }
    result?;
    if find_in(&unfinished, version).is_none() {
        bail!(
            "npm succeeded, but {} does not hold {GATEWAY_PACKAGE} {} and {NODE_PACKAGE} {NODE_VERSION}",
            unfinished.display(),
            version.number
        );
    }
    remove_dir(&target)?;
    fs::rename(&unfinished, &target).with_context(|| format!("cannot create {}", target.display()))?;
    let _ = fs::remove_file(&log);
    anstream::eprintln!("installed in {} s", started.elapsed().as_secs());
    find(version).context("the installation disappeared")
}

fn run_npm(npm: &Path, version: &Version, dir: &Path, log: &Path) -> Result<()> {
    let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut next = PROGRESS_EVERY;
    let status = supervise::run_with(
        Command::new(npm)
            .args(["install", "--ignore-scripts", "--omit=optional"])
            .args(["--no-audit", "--no-fund", "--save-exact"])
            // The Node on PATH runs npm only; that it is too old for the gateway is no error.
            .arg("--engine-strict=false")
            .arg(format!("{NODE_PACKAGE}@{NODE_VERSION}"))
            .arg(format!("{GATEWAY_PACKAGE}@{}", version.number))
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output),
        Some(NPM_LIMIT),
        |passed| {
            if passed >= next {
                anstream::eprintln!("  still installing ({} s)", passed.as_secs());
                next += PROGRESS_EVERY;
            }
        },
    )?;
    if !status.success() {
        bail!("npm install failed ({status}); its output:\n{}", super::log_tail(log));
    }
    Ok(())
}

fn lock(path: &Path, version: &Version) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let started = Instant::now();
    let mut told = false;
    while !process::try_lock(&file)? {
        signals::check()?;
        if !told {
            anstream::eprintln!("waiting: another process installs gateway {}", version.number);
            told = true;
        }
        ensure!(started.elapsed() < LOCK_LIMIT, "another process holds {} for {LOCK_LIMIT:?}", path.display());
        sleep(Duration::from_millis(200));
    }
    Ok(file)
}

fn remove_dir(dir: &Path) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::versions;

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
        assert!(find_in(&dir, version).is_none());
        package(&dir, GATEWAY_PACKAGE, version.number, "openclaw.mjs");
        assert!(find_in(&dir, version).is_none(), "Node is missing");
        package(&dir, NODE_PACKAGE, "20.0.0", "bin/node");
        assert!(find_in(&dir, version).is_none(), "another Node");
        package(&dir, NODE_PACKAGE, NODE_VERSION, "bin/node");
        assert!(find_in(&dir, version).is_some());
        assert!(find_in(&dir, versions::LAST_WIRE_3).is_none());
        fs::remove_dir_all(&dir).unwrap();
    }
}
