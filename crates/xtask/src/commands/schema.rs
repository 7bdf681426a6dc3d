//! `schema`: what the clients of the tests say, against the schemas of real gateways.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use xtask::gateway::{install, versions};
use xtask::{paths, strangers, supervise};

use crate::cargo;

const TEST_PACKAGE: &str = "openclaw-tests";
const PROGRAM: &str = "openclaw-schema";
/// Where the tests write their frames; they read the variable of that name.
pub(crate) const FRAMES_VARIABLE: &str = "OPENCLAW_TEST_FRAMES";

/// Check every frame that the clients of the hermetic tests send against the schemas of real gateways
///
/// Runs the tests of openclaw-tests, which write their frames into a folder, and validates each frame that a client sent:
/// its envelope, and the params of methods that have a definition. The schemas are those in the code of the pinned
/// gateways, and the published one of @openclaw/gateway-protocol; npm fetches what is missing. A fault fails, unless the
/// table in crates/openclaw-conformance/src/schema/known.rs says that a test sends it on purpose; so does a row of that
/// table that no test needs. Faults of received frames are counted: most are what the tests are about.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Show every kind of fault of received frames
    #[arg(long)]
    verbose: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    install_what_it_needs()?;
    let frames = fresh_folder()?;
    let mut tests = cargo::cargo();
    tests.args(["test", "--quiet", "--package", TEST_PACKAGE, "--no-fail-fast"]).env(FRAMES_VARIABLE, &frames);
    if args.json {
        // Standard output is for the JSON.
        tests.stdout(std::io::stderr());
    }
    cargo::run(&mut tests).context("tests failed")?;
    let passed = check(&frames, args)?;
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// An empty folder for frames.
pub(crate) fn fresh_folder() -> Result<PathBuf> {
    let frames = paths::target_dir().join("frames");
    if frames.exists() {
        // Frames of another run are no frames of these tests.
        fs::remove_dir_all(&frames).with_context(|| format!("cannot remove {}", frames.display()))?;
    }
    fs::create_dir_all(&frames).with_context(|| format!("cannot create {}", frames.display()))?;
    Ok(frames)
}

/// Checks the frames in that folder, tells what came of it, and removes them; whether all is well.
pub(crate) fn check(frames: &Path, args: &Args) -> Result<bool> {
    install_what_it_needs()?;
    // For the workspace: so it is built from the crates that its tests were built from.
    let mut check = cargo::built(&["--workspace", "--bin", PROGRAM], "debug", PROGRAM)?;
    check.arg("--frames").arg(frames);
    check.args(args.verbose.then_some("--verbose")).args(args.json.then_some("--json"));
    let status = supervise::run(&mut check, None)?;
    let _ = fs::remove_dir_all(frames);
    Ok(status.success())
}

fn install_what_it_needs() -> Result<()> {
    for version in versions::PINNED {
        install::ensure_installed(version)?;
    }
    strangers::ensure_installed()?;
    Ok(())
}
