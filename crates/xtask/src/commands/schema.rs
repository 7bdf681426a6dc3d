//! `schema`: what the clients of the tests say, against the schemas of real gateways.

use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use xtask::gateway::{install, versions};
use xtask::{paths, strangers, supervise};

use crate::cargo;

const TEST_PACKAGE: &str = "openclaw-tests";
const PACKAGE: &str = "openclaw-conformance";
const PROGRAM: &str = "openclaw-schema";
/// Where the tests write their frames; they read the variable of that name.
const FRAMES_VARIABLE: &str = "OPENCLAW_TEST_FRAMES";

/// Check every frame that the clients of the hermetic tests send against the schemas of real gateways
///
/// Runs the tests of openclaw-tests, which write their frames into a folder, and validates each frame that a client sent:
/// its envelope, and the params of methods that have a definition. The schemas are those in the code of the pinned
/// gateways, and the published one of @openclaw/gateway-protocol; npm fetches what is missing. A fault fails, unless the
/// table in crates/openclaw-conformance/src/schema/known.rs says that a test sends it on purpose; so does a row of that
/// table that no test needs. Faults of received frames are counted: most are what the tests are about.
#[derive(Debug, clap::Args)]
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
    let frames = paths::target_dir().join("frames");
    if frames.exists() {
        // Frames of another run are no frames of these tests.
        fs::remove_dir_all(&frames).with_context(|| format!("cannot remove {}", frames.display()))?;
    }
    fs::create_dir_all(&frames).with_context(|| format!("cannot create {}", frames.display()))?;
    let mut tests = cargo::cargo();
    tests.args(["test", "--quiet", "--package", TEST_PACKAGE, "--no-fail-fast"]).env(FRAMES_VARIABLE, &frames);
    if args.json {
        // Standard output is for the JSON.
        tests.stdout(std::io::stderr());
    }
    cargo::run(&mut tests).context("tests failed")?;
    cargo::run(cargo::cargo().args(["build", "--quiet", "--package", PACKAGE, "--bin", PROGRAM]))?;
    let mut check = Command::new(paths::target_dir().join("debug").join(PROGRAM));
    check.arg("--frames").arg(&frames);
    check.args(args.verbose.then_some("--verbose")).args(args.json.then_some("--json"));
    let status = supervise::run(&mut check, None)?;
    let _ = fs::remove_dir_all(&frames);
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn install_what_it_needs() -> Result<()> {
    let missing = "the schemas cannot be had";
    for version in versions::PINNED {
        if let Err(error) = install::ensure_installed(version) {
            bail!("{missing}: {error:#}");
        }
    }
    strangers::ensure_installed().context(missing)?;
    Ok(())
}
