//! `msrv`: the published packages compile with the oldest compiler they promise to.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use xtask::paths;

use crate::cargo;

/// Where Debian's package puts its compiler, which is not the one rustup puts on PATH.
const SYSTEM_RUSTC: &str = "/usr/bin/rustc";

/// Check the published packages with the oldest supported compiler.
///
/// The version is `rust-version` in Cargo.toml. Uses the toolchain of that version if rustup has
/// one, else /usr/bin/rustc if it is of that version.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only tell which compiler would be used; fails if there is none.
    #[arg(long)]
    find: bool,

    /// Further arguments for `cargo check`, after `--`.
    #[arg(last = true)]
    cargo: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let packages: Vec<_> = cargo::packages()?.into_iter().filter(|package| package.published).collect();
    let version = packages
        .iter()
        .find_map(|package| package.rust_version.clone())
        .context("no published package has a rust-version")?;
    let compiler = Compiler::find(&version)?;
    anstream::println!("rust-version {version}: {}", compiler.describe());
    if args.find {
        return Ok(ExitCode::SUCCESS);
    }
    let mut command = compiler.cargo();
    command.args(["check", "--lib", "--bins", "--target-dir"]).arg(paths::target_dir().join("msrv"));
    for package in &packages {
        command.args(["--package", &package.name]);
    }
    cargo::run(command.args(&args.cargo))?;
    let names: Vec<_> = packages.iter().map(|package| package.name.as_str()).collect();
    anstream::println!("rust-version {version}: ok ({})", names.join(", "));
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug)]
enum Compiler {
    Toolchain(String),
    Rustc(PathBuf),
}

impl Compiler {
    fn find(version: &str) -> Result<Self> {
        let toolchains = output("rustup", &["toolchain", "list"]).unwrap_or_default();
        if let Some(name) = find_toolchain(&toolchains, version) {
            return Ok(Self::Toolchain(name.to_owned()));
        }
        let system = output(SYSTEM_RUSTC, &["--version"]).unwrap_or_default();
        if is_release(system.split(' ').nth(1).unwrap_or_default(), version) {
            return Ok(Self::Rustc(SYSTEM_RUSTC.into()));
        }
        bail!(
            "there is no Rust {version} here; install it with `rustup toolchain install {version} \
             --profile minimal`, or on Debian with `apt-get install 'rustc-web={version}*' \
             'libstd-rust-web-dev={version}*'`"
        );
    }

    fn describe(&self) -> String {
        match self {
            Self::Toolchain(name) => format!("rustup toolchain {name}"),
            Self::Rustc(path) => path.display().to_string(),
        }
    }

    fn cargo(&self) -> Command {
        match self {
            Self::Toolchain(name) => {
                let mut command = Command::new("rustup");
                cargo::in_workspace(&mut command);
                command.args(["run", name, "cargo"]);
                command
            }
            Self::Rustc(path) => {
                let mut command = cargo::cargo();
                command.env("RUSTC", path);
                command
            }
        }
    }
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}

/// The first toolchain of that version in what `rustup toolchain list` prints.
fn find_toolchain<'a>(list: &'a str, version: &str) -> Option<&'a str> {
    list.lines()
        .filter_map(|line| line.split_whitespace().next())
        .find(|name| is_release(name.split('-').next().unwrap_or_default(), version))
}

/// Whether `full` (`1.85.0`) is a release of `version` (`1.85`).
fn is_release(full: &str, version: &str) -> bool {
    full.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_not_confused_with_a_longer_number() {
        assert!(is_release("1.85.0", "1.85"));
        assert!(is_release("1.85", "1.85"));
        assert!(!is_release("1.8.5", "1.85"));
        assert!(!is_release("1.850.0", "1.85"));
        assert!(!is_release("", "1.85"));
    }

    #[test]
    fn the_toolchain_is_found_in_the_list() {
        let list = "stable-x86_64-unknown-linux-gnu (active, default)\n\
                    1.85.1-x86_64-unknown-linux-gnu\n";
        assert_eq!(find_toolchain(list, "1.85"), Some("1.85.1-x86_64-unknown-linux-gnu"));
        assert_eq!(find_toolchain(list, "1.80"), None);
    }
}
