//! Installing npm packages of exact versions into folders of their own.
//!
//! A set is installed into a folder beside the final one, which appears only when it is complete: an interrupted
//! installation leaves nothing that looks like a good one. No script of any package runs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{paths, process, signals, supervise};

const NPM_LIMIT: Duration = Duration::from_secs(15 * 60);
/// What npm itself allows for one answer of the registry.
const FETCH_LIMIT: &str = "--fetch-timeout=30000";
const LOCK_LIMIT: Duration = Duration::from_secs(20 * 60);
const PROGRESS_EVERY: Duration = Duration::from_secs(10);
const UNFINISHED: &str = ".unfinished";

/// A package of an exact version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin<'a> {
    /// Its name in the registry.
    pub package: &'a str,
    /// The version.
    pub version: &'a str,
}

/// Packages that are installed together.
#[derive(Debug, Clone, Copy)]
pub struct Set<'a> {
    /// Names the folder in the cache.
    pub name: &'a str,
    /// What is in it.
    pub pins: &'a [Pin<'a>],
    /// How much that is, for whoever waits.
    pub size: &'a str,
}

impl Set<'_> {
    /// Where the set is, if it is there and complete.
    pub fn find(&self) -> Option<PathBuf> {
        let dir = paths::gateway_cache().join(self.name);
        self.is_in(&dir).then_some(dir)
    }

    /// Whether `dir` holds all packages in their pinned versions.
    pub fn is_in(&self, dir: &Path) -> bool {
        let modules = dir.join("node_modules");
        self.pins.iter().all(|pin| version_of(&modules.join(pin.package)).as_deref() == Some(pin.version))
    }

    /// Where the set is; installs it if it is not there. Tells on standard error what it does. Safe to be called by
    /// several processes at once.
    ///
    /// # Errors
    ///
    /// When npm is missing or fails, and [`Interrupted`](signals::Interrupted) when a signal came.
    pub fn ensure_installed(&self) -> Result<PathBuf> {
        if let Some(dir) = self.find() {
            return Ok(dir);
        }
        let cache = paths::gateway_cache();
        fs::create_dir_all(&cache).with_context(|| format!("cannot create {}", cache.display()))?;
        // Held until the function returns; the system releases it even if this process is killed.
        let _lock = lock(&cache.join(format!("{}.lock", self.name)), self.name)?;
        match self.find() {
            Some(dir) => Ok(dir),
            None => self.install(&cache),
        }
    }

    fn install(&self, cache: &Path) -> Result<PathBuf> {
        let npm = npm()?;
        let target = cache.join(self.name);
        let unfinished = cache.join(format!("{}{UNFINISHED}", self.name));
        let log = cache.join(format!("{}.npm.log", self.name));
        remove_dir(&unfinished)?;
        fs::create_dir_all(&unfinished)?;
        fs::write(unfinished.join("package.json"), "{\"private\": true}\n")?;

        let what = self.pins.iter().map(spec).collect::<Vec<_>>().join(", ");
        anstream::eprintln!("installing {what} with npm into {} ({})", target.display(), self.size);
        let started = Instant::now();
        let result = run_npm(&npm, self.pins, &unfinished, &log);
        if result.is_err() {
            let _ = fs::remove_dir_all(&unfinished);
        }
        result?;
        ensure!(self.is_in(&unfinished), "npm succeeded, but {} does not hold {what}", unfinished.display());
        remove_dir(&target)?;
        fs::rename(&unfinished, &target).with_context(|| format!("cannot create {}", target.display()))?;
        let _ = fs::remove_file(&log);
        anstream::eprintln!("installed in {} s", started.elapsed().as_secs());
        Ok(target)
    }
}

/// What the registry says of a package: `npm view PACKAGE FIELD… --json`.
///
/// # Errors
///
/// When npm is missing, or the registry cannot be asked or does not know the package.
pub fn view(package: &str, fields: &[&str]) -> Result<Value> {
    let mut command = Command::new(npm()?);
    command.arg("view").arg(package).args(fields).args(["--json", "--fetch-retries=1", FETCH_LIMIT]);
    let output = command.stdin(Stdio::null()).output().context("cannot start npm")?;
    ensure!(
        output.status.success(),
        "`npm view {package}` failed ({}):\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    serde_json::from_slice(&output.stdout).with_context(|| format!("`npm view {package}` printed no JSON"))
}

fn npm() -> Result<PathBuf> {
    let Some(npm) = paths::find_program("npm") else {
        bail!(
            "npm is not on PATH; install Node.js with npm (Debian: apt-get install npm). \
             Version 7 or newer is enough: what needs a newer Node brings its own"
        );
    };
    Ok(npm)
}

/// The version of the package in that folder, if there is one.
pub fn version_of(package: &Path) -> Option<String> {
    let manifest = fs::read(package.join("package.json")).ok()?;
    let manifest: Value = serde_json::from_slice(&manifest).ok()?;
    Some(manifest.get("version")?.as_str()?.to_owned())
}

fn spec(pin: &Pin<'_>) -> String {
    format!("{}@{}", pin.package, pin.version)
}

fn run_npm(npm: &Path, pins: &[Pin<'_>], dir: &Path, log: &Path) -> Result<()> {
    let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut next = PROGRESS_EVERY;
    let status = supervise::run_with(
        Command::new(npm)
            .args(["install", "--ignore-scripts", "--omit=optional"])
            .args(["--no-audit", "--no-fund", "--save-exact"])
            // The Node on PATH runs npm only; that it is too old for the packages is no error.
            .arg("--engine-strict=false")
            .args(pins.iter().map(spec))
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
        bail!("npm install failed ({status}); its output:\n{}", crate::gateway::log_tail(log));
    }
    Ok(())
}

fn lock(path: &Path, name: &str) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let started = Instant::now();
    let mut told = false;
    while !process::try_lock(&file)? {
        signals::check()?;
        if !told {
            anstream::eprintln!("waiting: another process installs {name}");
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

    #[test]
    fn a_set_is_complete_only_with_every_package_in_its_version() {
        let dir = std::env::temp_dir().join(format!("xtask-npm-{}", std::process::id()));
        let pins = [Pin { package: "a", version: "1.0.0" }, Pin { package: "@b/c", version: "2.0.0" }];
        let set = Set { name: "test", pins: &pins, size: "nothing" };
        let put = |package: &str, version: &str| {
            let package = dir.join("node_modules").join(package);
            fs::create_dir_all(&package).unwrap();
            fs::write(package.join("package.json"), format!(r#"{{"version": "{version}"}}"#)).unwrap();
        };
        assert!(!set.is_in(&dir));
        put("a", "1.0.0");
        assert!(!set.is_in(&dir), "one is missing");
        put("@b/c", "2.0.1");
        assert!(!set.is_in(&dir), "another version");
        put("@b/c", "2.0.0");
        assert!(set.is_in(&dir));
        fs::remove_dir_all(&dir).unwrap();
    }
}
