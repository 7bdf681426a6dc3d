//! `purity`: openclaw-proto works without the standard library.
//!
//! The package is built against a sysroot in which the standard library does not exist, so any
//! use of it, however deep in the dependencies, is a compile error. Build scripts and procedural
//! macros run on the host and keep the real sysroot, because a `--target` is given.
//!
//! A guard that cannot fail proves nothing: the same build is repeated with the `std` feature of
//! serde_json switched on, and has to fail for exactly that reason.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use xtask::{paths, supervise};

use crate::cargo;
use crate::sysroot::{self, LIBRARIES, Sysroot};

const PACKAGE: &str = "openclaw-proto";
const MAX_DEPENDENCIES: usize = 8;
const MAX_ERRORS: usize = 20;
/// What rustc says when a crate wants the standard library and there is none.
const NO_STD: &str = "can't find crate for `std`";

/// Prove that openclaw-proto needs no standard library.
///
/// Builds it against a sysroot that holds core, alloc and compiler_builtins only, and checks that
/// the same build fails when serde_json's `std` feature is switched on. Also limits the number of
/// direct dependencies to 8.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args) -> Result<ExitCode> {
    check()?;
    Ok(ExitCode::SUCCESS)
}

/// Builds, prints what was found, and returns a summary.
pub(crate) fn check() -> Result<String> {
    let dependencies = cargo::find_package(PACKAGE)?.dependencies;
    anstream::println!(
        "{PACKAGE}: {} direct dependencies (at most {MAX_DEPENDENCIES}): {}",
        dependencies.len(),
        dependencies.join(", ")
    );
    ensure!(
        dependencies.len() <= MAX_DEPENDENCIES,
        "{PACKAGE} has {} direct dependencies; {MAX_DEPENDENCIES} are allowed",
        dependencies.len()
    );

    let bench = Bench::prepare()?;
    if let Some(failure) = bench.build(&paths::workspace_root(), &["--package", PACKAGE])? {
        bail!("pure: NO, the build without the standard library failed:\n{failure}");
    }
    anstream::println!("pure: ok (built with {} only)", LIBRARIES.join(", "));

    let probe = bench.write_probe()?;
    // First without the feature: what fails next then fails because of the feature.
    if let Some(failure) = bench.build(&probe, &[])? {
        bail!("the probe does not build even without std:\n{failure}");
    }
    let Some(failure) = bench.build(&probe, &["--features", "std"])? else {
        bail!("the guard is broken: serde_json with std builds against a sysroot without it");
    };
    // Some errors have no place in the source; one that has tells more.
    let mut lines = failure.for_want_of_std();
    let located = failure.for_want_of_std().find(|line| line.contains(".rs:"));
    let Some(line) = located.or_else(|| lines.next()) else {
        bail!("the build with std failed, but not for want of std:\n{failure}");
    };
    anstream::println!("with serde_json/std: fails as it must: {line}");
    Ok(format!("{} direct dependencies, builds without std", dependencies.len()))
}

/// The sysroot without std, and the folder for everything built against it.
struct Bench {
    dir: PathBuf,
    sysroot: Sysroot,
}

impl Bench {
    fn prepare() -> Result<Self> {
        let dir = paths::target_dir().join("purity");
        let sysroot = sysroot::make(&dir)?;
        Ok(Self { dir, sysroot })
    }

    /// Builds the package in `dir` against the sysroot; tells how it failed, if it did.
    fn build(&self, dir: &Path, arguments: &[&str]) -> Result<Option<Failure>> {
        let log = self.dir.join("build.log");
        let status = supervise::run(
            cargo::cargo()
                .args(["build", "--color", "never", "--target", &self.sysroot.triple, "--target-dir"])
                .arg(self.dir.join("target"))
                // Without std a crate has thousands of errors: a line for each is enough.
                .args(["--message-format", "short"])
                .args(arguments)
                .current_dir(dir)
                // Unlike RUSTFLAGS it may hold a path with spaces, and it wins over RUSTFLAGS.
                .env("CARGO_ENCODED_RUSTFLAGS", format!("--sysroot={}", self.sysroot.path.display()))
                .stdout(Stdio::null())
                .stderr(File::create(&log)?),
            None,
        )?;
        if status.success() {
            return Ok(None);
        }
        let text = fs::read_to_string(&log)?;
        Ok(Some(Failure { text, log }))
    }

    /// A package outside the workspace that uses openclaw-proto and can switch on a `std` in its
    /// dependencies.
    fn write_probe(&self) -> Result<PathBuf> {
        let dir = self.dir.join("probe");
        let root = paths::workspace_root();
        let package = root.join("crates").join(PACKAGE);
        fs::create_dir_all(dir.join("src"))?;
        fs::write(
            dir.join("Cargo.toml"),
            format!(
                "[package]\nname = \"purity-probe\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
                 publish = false\n\n[workspace]\n\n[features]\nstd = [\"serde_json/std\"]\n\n\
                 [dependencies]\nopenclaw-proto = {{ path = {:?}, default-features = false }}\n\
                 serde_json = {{ version = \"1\", default-features = false, features = [\"alloc\"] }}\n",
                package.display().to_string()
            ),
        )?;
        fs::write(dir.join("src").join("lib.rs"), "#![no_std]\npub use openclaw_proto;\n")?;
        // The same versions as the workspace, so that nothing new is downloaded.
        fs::copy(root.join("Cargo.lock"), dir.join("Cargo.lock")).context("cannot copy Cargo.lock")?;
        Ok(dir)
    }
}

/// What cargo said when a build failed.
struct Failure {
    text: String,
    log: PathBuf,
}

impl Failure {
    /// The errors of crates that want the standard library, from the crate's name on.
    fn for_want_of_std(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter(|line| line.contains("error[") && line.contains(NO_STD)).map(|line| {
            // Nobody needs to know where the registry's sources are.
            let sources = line.split_once("/registry/src/").map(|(_, rest)| rest);
            let in_crate = sources.and_then(|rest| rest.split_once('/'));
            in_crate.map_or(line, |(_, rest)| rest)
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Once std is missing, all other errors follow from that.
        let mut lines: Vec<_> = self.for_want_of_std().collect();
        if lines.is_empty() {
            lines = self.text.lines().filter(|line| line.contains("error")).collect();
        }
        for line in lines.iter().take(MAX_ERRORS) {
            writeln!(f, "  {line}")?;
        }
        write!(f, "in full: {}", self.log.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(text: &str) -> Failure {
        Failure { text: text.to_owned(), log: "build.log".into() }
    }

    #[test]
    fn only_a_missing_std_is_the_expected_failure() {
        let text = "   Compiling a v1\n\
            /home/a/registry/src/b/memchr-2/src/lib.rs:1:1: error[E0463]: can't find crate for `std`: x\n\
            src/lib.rs:2:1: error[E0463]: can't find crate for `std`: x\n\
            src/lib.rs:3:1: error[E0425]: cannot find type\n";
        let failure = failure(text);
        let lines: Vec<_> = failure.for_want_of_std().collect();
        assert_eq!(
            lines,
            [
                "memchr-2/src/lib.rs:1:1: error[E0463]: can't find crate for `std`: x",
                "src/lib.rs:2:1: error[E0463]: can't find crate for `std`: x",
            ]
        );
        assert!(!failure.to_string().contains("E0425"));
    }

    #[test]
    fn any_other_failure_is_shown_as_it_is() {
        let failure = failure("error: no matching package named `x` found\n");
        assert_eq!(failure.for_want_of_std().next(), None);
        assert!(failure.to_string().contains("no matching package"));
    }
}
