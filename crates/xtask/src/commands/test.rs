//! `test`: everything that is run rather than read.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use xtask::gateway::{Version, install, versions};
use xtask::paths;

use super::gateway::distinct;
use super::{conformance, purity, schema, sim};
use crate::cargo;
use crate::steps::Steps;

const TEST_PACKAGE: &str = "openclaw-tests";
/// Those that need running gateways.
const REAL_GATEWAY_TESTS: [&str; 5] = ["real_device", "real_fidelity", "real_gateway", "real_identity", "real_restart"];
/// A matter of seconds, once the simulator is built.
const SIMULATED_SEEDS: u64 = 600;
/// The groups of conformance that are run each time. The rest takes its time: `cargo xtask conformance` runs everything.
const CONFORMANCE: [&str; 7] = ["handshake:", "limits:", "methods:", "traffic:", "presence:", "sessions:", "config:"];
const PROGRAM_PACKAGE: &str = "openclaw-gw";

/// Run all tests, the purity proof, the simulation, and the tests against real gateways and with clients by others.
///
/// Runs all steps even if one fails, and prints a table at the end. The real gateways of all
/// pinned versions are installed if needed (this needs npm and its registry) and are tested
/// without a network where the system allows that. Every frame that the tests' clients send is checked against the
/// gateways' schemas.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave out the real gateways
    #[arg(long, conflicts_with = "versions")]
    offline: bool,

    /// Test with this pinned version only; may be given several times [default: the newest and the
    /// last of wire 3]
    #[arg(long = "version", value_name = "VERSION", value_parser = versions::find)]
    versions: Vec<&'static Version>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut steps = Steps::default();
    let frames = if args.offline { None } else { Some(schema::fresh_folder()?) };
    steps.run("unit, integration and doc tests", || {
        let mut tests = cargo::cargo();
        tests.args(["test", "--workspace", "--no-fail-fast"]);
        if let Some(frames) = &frames {
            tests.env(schema::FRAMES_VARIABLE, frames);
        }
        cargo::run(&mut tests).context("tests failed")?;
        Ok(String::new())
    })?;
    steps.run("purity", purity::check)?;
    steps.run("simulation", || {
        let seeds = SIMULATED_SEEDS.to_string();
        // So many seeds meet everything there is to meet, at least once.
        cargo::run(sim::simulator().args(["--seeds", &seeds, "--least", "1"])).context("the simulation failed")?;
        Ok(format!("{seeds} seeds"))
    })?;
    // By itself: the tests are built with the features of all packages together.
    steps.run("build of the program", || {
        cargo::run(cargo::cargo().args(["build", "--package", PROGRAM_PACKAGE]))?;
        Ok(String::new())
    })?;
    let outcome = if args.offline {
        "NOT run (--offline)".to_owned()
    } else {
        if let Some(frames) = &frames {
            steps.run("schema of every frame", || {
                ensure!(schema::check(frames, &schema::Args::default())?, "frames that no gateway would take");
                Ok(String::new())
            })?;
        }
        steps.run("clients by others", clients_by_others)?;
        real_gateways(&mut steps, &distinct(&args.versions, versions::TESTED))?
    };

    let passed = steps.finish();
    anstream::println!("real gateways: {outcome}");
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// In a process of its own, which leaves the network behind.
fn clients_by_others() -> Result<String> {
    let own = OwnProgram::keep()?;
    let program = paths::target_dir().join("debug").join(format!("{PROGRAM_PACKAGE}{}", env::consts::EXE_SUFFIX));
    cargo::run(Command::new(&own.path).args(["interop", "--program"]).arg(program))?;
    Ok(String::new())
}

/// Tells in one line what was tested.
fn real_gateways(steps: &mut Steps, chosen: &[&'static Version]) -> Result<String> {
    let mut ready = Vec::new();
    for version in chosen {
        let installed = steps.run(&format!("install gateway {}", version.number), || {
            install::ensure_installed(version)?;
            Ok(String::new())
        })?;
        if installed {
            ready.push(*version);
        }
    }
    let built = steps.run("build of the real gateway tests", || {
        let package = cargo::find_package(TEST_PACKAGE)?;
        for name in REAL_GATEWAY_TESTS {
            if !package.tests.iter().any(|test| test.name == name) {
                bail!("{TEST_PACKAGE} has no test {name}");
            }
        }
        cargo::run(test_command(&mut cargo::cargo()).arg("--no-run"))?;
        Ok(String::new())
    })?;
    if !built || ready.is_empty() {
        return Ok("NOT run (a step before them failed)".to_owned());
    }
    let own = OwnProgram::keep()?;
    let passed = steps.run("real gateways", || {
        let mut command = Command::new(&own.path);
        cargo::in_workspace(&mut command);
        command.args(["gateway", "exec"]);
        for version in &ready {
            command.args(["--version", version.number]);
        }
        let cargo = cargo::cargo();
        command.arg("--").arg(cargo.get_program());
        test_command(&mut command).args(["--offline", "--", "--nocapture"]);
        cargo::run(&mut command).context("tests failed")?;
        Ok(names(&ready))
    })?;
    let conforms = steps.run("conformance", || {
        let chosen = ready.iter().flat_map(|version| ["--version", version.number]);
        let groups = CONFORMANCE.iter().flat_map(|group| ["--only", group]);
        let arguments: Vec<String> = chosen.chain(groups).map(str::to_owned).collect();
        conformance::check(&arguments)?;
        Ok(names(&ready))
    })?;
    let passed = passed && conforms;
    let word = if passed { "tested against" } else { "FAILED with" };
    Ok(format!("{word} {}", names(&ready)))
}

/// For the workspace, though only one package has the test: so it is built with the features, and
/// from the crates, of the tests before it.
fn test_command(command: &mut Command) -> &mut Command {
    command.args(["test", "--workspace"]);
    for name in REAL_GATEWAY_TESTS {
        command.args(["--test", name]);
    }
    command
}

fn names(versions: &[&Version]) -> String {
    let names: Vec<_> = versions.iter().map(|version| format!("{} (wire {})", version.number, version.wire)).collect();
    names.join(", ")
}

/// A second name for this program: testing the workspace builds it anew, and from then on the
/// path it was started by belongs to another file.
struct OwnProgram {
    path: PathBuf,
}

impl OwnProgram {
    fn keep() -> Result<Self> {
        let dir = paths::target_dir().join("xtask");
        fs::create_dir_all(&dir)?;
        let path = dir.join(format!("xtask-{}", std::process::id()));
        let proc = Path::new("/proc/self/exe");
        let own = if proc.exists() { proc.to_path_buf() } else { env::current_exe()? };
        fs::copy(own, &path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path })
    }
}

impl Drop for OwnProgram {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
