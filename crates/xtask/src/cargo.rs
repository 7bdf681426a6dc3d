//! Calling cargo, and asking it about the workspace.

use std::env;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use xtask::{paths, supervise};

/// Cargo, in the root of the workspace. The one that runs this program, so that a chosen
/// toolchain stays chosen.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    in_workspace(&mut command);
    command
}

/// Lets `command` run in the root of the workspace with the target folder of this program.
pub(crate) fn in_workspace(command: &mut Command) {
    command.current_dir(paths::workspace_root()).stdin(Stdio::null());
    if env::var_os("CARGO_TARGET_DIR").is_some() {
        // It may be relative to the folder this program was called in.
        command.env("CARGO_TARGET_DIR", paths::target_dir());
    }
}

/// Runs a command that shows its output itself.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = supervise::run(command, None)?;
    if !status.success() {
        bail!("{} ended with {status}", describe(command));
    }
    Ok(())
}

/// Builds a program with these arguments and gives it as a command. Not `cargo run`: files are named relative to the folder
/// this program was called in, and the program may become another one.
pub(crate) fn built(arguments: &[&str], profile: &str, program: &str) -> Result<Command> {
    run(cargo().args(["build", "--quiet"]).args(arguments))?;
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    Ok(Command::new(paths::target_dir().join(profile).join(file)))
}

/// What the compiler answers that builds this workspace.
pub(crate) fn rustc(arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    in_workspace(&mut command);
    let output = command.args(arguments).output().context("cannot start rustc")?;
    ensure!(output.status.success(), "rustc {arguments:?} failed");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// What the compiler builds for, unless told otherwise.
pub(crate) fn host_triple() -> Result<String> {
    let version = rustc(&["-vV"])?;
    version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("rustc does not tell its host")
}

fn describe(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let mut text = name.to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    format!("`{text}`")
}

/// A package of this workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Whether it may be published; the promise about the oldest compiler covers these.
    pub(crate) published: bool,
    pub(crate) rust_version: Option<String>,
    /// The names of what it needs itself, without what only its tests and build script need.
    pub(crate) dependencies: Vec<String>,
    /// The integration tests it has.
    pub(crate) tests: Vec<TestTarget>,
}

/// An integration test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestTarget {
    pub(crate) name: String,
    /// `test = false` keeps it out of everything but commands that name it.
    pub(crate) only_by_name: bool,
}

/// The packages of this workspace.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let output =
        cargo().args(["metadata", "--no-deps", "--format-version", "1"]).output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!("cargo metadata failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    Ok(array(&metadata, "packages").iter().filter_map(package).collect())
}

/// The package of that name.
pub(crate) fn find_package(name: &str) -> Result<Package> {
    packages()?
        .into_iter()
        .find(|package| package.name == name)
        .with_context(|| format!("there is no package {name} in the workspace"))
}

fn package(json: &Value) -> Option<Package> {
    Some(Package {
        name: text(json, "name")?,
        // Absent or null is "anywhere", an empty list is `publish = false`.
        published: json.get("publish").and_then(Value::as_array).is_none_or(|registries| !registries.is_empty()),
        rust_version: text(json, "rust_version"),
        dependencies: array(json, "dependencies")
            .iter()
            .filter(|dependency| dependency.get("kind").is_none_or(Value::is_null))
            .filter_map(|dependency| text(dependency, "name"))
            .collect(),
        tests: array(json, "targets")
            .iter()
            .filter(|target| array(target, "kind").iter().any(|kind| kind == "test"))
            .filter_map(|target| {
                let only_by_name = target.get("test").and_then(Value::as_bool) == Some(false);
                Some(TestTarget { name: text(target, "name")?, only_by_name })
            })
            .collect(),
    })
}

fn array<'a>(json: &'a Value, key: &str) -> &'a [Value] {
    json.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(json: &Value, key: &str) -> Option<String> {
    Some(json.get(key)?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_package_is_read_from_the_metadata() {
        let json = json!({
            "name": "a", "publish": null, "rust_version": "1.85",
            "dependencies": [
                {"name": "b", "kind": null},
                {"name": "c", "kind": "dev"},
                {"name": "d", "kind": "build"},
            ],
            "targets": [
                {"name": "a", "kind": ["lib"], "test": true},
                {"name": "t", "kind": ["test"], "test": true},
                {"name": "u", "kind": ["test"], "test": false},
            ],
        });
        let package = package(&json).unwrap();
        assert!(package.published);
        assert_eq!(package.dependencies, ["b"]);
        let tests: Vec<_> = package.tests.iter().map(|test| (test.name.as_str(), test.only_by_name)).collect();
        assert_eq!(tests, [("t", false), ("u", true)]);
    }

    #[test]
    fn an_empty_list_of_registries_is_not_published() {
        assert!(!package(&json!({"name": "a", "publish": []})).unwrap().published);
        assert_eq!(package(&json!({})), None);
    }

    #[test]
    fn this_workspace_is_read() {
        let own = find_package("xtask").unwrap();
        assert!(!own.published);
        assert!(own.rust_version.is_some());
        assert!(find_package("no-such-package").is_err());
    }
}
