//! The programs that fuzzing needs, and how to get them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use xtask::paths;

use crate::cargo;

/// The version of cargo-fuzz that is known to work.
const CARGO_FUZZ: &str = "0.13.2";

/// A compiler that takes the options fuzzing needs.
#[derive(Debug)]
pub(super) enum Nightly {
    Toolchain,
    /// The compiler of this program, which is told by `RUSTC_BOOTSTRAP=1` to take them.
    Bootstrapped,
}

impl Nightly {
    /// Finds it, and cargo-fuzz with it.
    pub(super) fn find() -> Result<Self> {
        let nightly = if output("rustup", &["run", "nightly", "rustc", "--version"]).is_some() {
            Self::Toolchain
        } else if env::var_os("RUSTC_BOOTSTRAP").is_some_and(|value| value == "1") {
            Self::Bootstrapped
        } else {
            bail!(
                "there is no nightly toolchain; install it with `rustup toolchain install nightly --profile minimal`, \
                 or set RUSTC_BOOTSTRAP=1 to have this compiler take nightly's options"
            );
        };
        let version = nightly.cargo().args(["fuzz", "--version"]).stderr(Stdio::null()).output();
        ensure!(
            version.is_ok_and(|output| output.status.success()),
            "there is no cargo-fuzz; install it with `cargo install cargo-fuzz --locked --version {CARGO_FUZZ}`"
        );
        Ok(nightly)
    }

    fn cargo(&self) -> Command {
        match self {
            Self::Toolchain => {
                let mut command = Command::new("rustup");
                cargo::in_workspace(&mut command);
                command.args(["run", "nightly", "cargo"]);
                command
            }
            Self::Bootstrapped => cargo::cargo(),
        }
    }

    /// `cargo fuzz SUBCOMMAND` in the root of the workspace.
    pub(super) fn cargo_fuzz(&self, subcommand: &str) -> Command {
        let mut command = self.cargo();
        command.args(["fuzz", subcommand]);
        command
    }
}

/// Reads profiles and tells coverage.
#[derive(Debug)]
pub(super) struct Llvm {
    pub(super) profdata: PathBuf,
    pub(super) cov: PathBuf,
}

impl Llvm {
    /// Finds the tools of the LLVM that this program's compiler has: others do not read its profiles.
    pub(super) fn find() -> Result<Self> {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let rustc = rustc.to_string_lossy();
        let about = output(&rustc, &["-vV"]).context("cannot ask rustc for its version")?;
        let field = |name: &str| about.lines().find_map(|line| line.strip_prefix(name));
        let major = field("LLVM version: ").and_then(|version| version.split('.').next()).unwrap_or_default();
        let sysroot = output(&rustc, &["--print", "sysroot"]).unwrap_or_default();
        let own = Path::new(sysroot.trim()).join("lib/rustlib").join(field("host: ").unwrap_or_default()).join("bin");
        let find = |tool: &str| {
            let named = format!("{tool}-{major}");
            let candidates = [Some(own.join(tool)), paths::find_program(&named), paths::find_program(tool)];
            candidates.into_iter().flatten().find(|path| speaks(path, major)).with_context(|| {
                format!(
                    "there is no {tool} of LLVM {major}; install it with `rustup component add llvm-tools`, or on \
                     Debian with `apt-get install llvm-{major}`"
                )
            })
        };
        Ok(Self { profdata: find("llvm-profdata")?, cov: find("llvm-cov")? })
    }
}

/// Whether a tool is of that version of LLVM.
fn speaks(tool: &Path, major: &str) -> bool {
    let version = output(&tool.to_string_lossy(), &["--version"]).unwrap_or_default();
    version.contains(&format!("LLVM version {major}."))
}

/// What a command prints, if it succeeds.
pub(super) fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_that_is_told_is_the_one_that_checks_install() {
        let checks = std::fs::read_to_string(paths::workspace_root().join(".ci").join("run")).unwrap();
        assert!(checks.contains(&format!("cargo install cargo-fuzz --locked --version {CARGO_FUZZ}")));
    }
}
