//! A copy of the crates, to be made wrong.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use xtask::{paths, supervise};

use super::Patch;
use crate::cargo;

const PROGRAM: &str = "openclaw-sim";
const MEMBERS: &str = r#"members = ["crates/*", "examples", "tests"]"#;

/// A workspace with this one's crates in it.
#[derive(Debug)]
pub(super) struct Copy {
    dir: PathBuf,
}

impl Copy {
    pub(super) fn make() -> Result<Self> {
        let copy = Self { dir: paths::target_dir().join("mutants") };
        let (root, tree) = (paths::workspace_root(), copy.tree());
        if tree.exists() {
            fs::remove_dir_all(&tree).with_context(|| format!("cannot empty {}", tree.display()))?;
        }
        copy_folder(&root.join("crates"), &tree.join("crates"))?;
        fs::copy(root.join("Cargo.lock"), tree.join("Cargo.lock")).context("cannot copy Cargo.lock")?;
        let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
        ensure!(manifest.contains(MEMBERS), "the workspace has other members than this program knows");
        // What it depends on is a member by itself; other crates may need folders that are not copied.
        let members = format!(r#"members = ["crates/{PROGRAM}"]"#);
        fs::write(tree.join("Cargo.toml"), manifest.replace(MEMBERS, &members))?;
        Ok(copy)
    }

    fn tree(&self) -> PathBuf {
        self.dir.join("tree")
    }

    fn target(&self) -> PathBuf {
        self.dir.join("target")
    }

    /// What builds the program in the copy. It is built often and run for seconds, so building fast counts.
    pub(super) fn build(&self) -> Command {
        let mut command = cargo::cargo();
        command.current_dir(self.tree()).env("CARGO_TARGET_DIR", self.target());
        command.env("CARGO_PROFILE_RELEASE_DEBUG", "0").env("CARGO_PROFILE_RELEASE_INCREMENTAL", "true");
        command.args(["build", "--quiet", "--offline", "--release", "--package", PROGRAM]);
        command
    }

    /// The program in the copy.
    pub(super) fn program(&self) -> Command {
        let mut command = Command::new(self.target().join("release").join(PROGRAM));
        command.current_dir(self.tree()).stdin(Stdio::null());
        command
    }

    /// Runs the program; it may fail, but has to end.
    pub(super) fn output(&self, command: &mut Command, limit: Duration) -> Result<String> {
        let path = self.dir.join("output.json");
        supervise::run(command.stdout(File::create(&path)?), Some(limit))?;
        Ok(fs::read_to_string(&path)?)
    }

    /// The copy with a patch in it, until what is returned goes.
    pub(super) fn patched(&self, patch: &Patch) -> Result<Patched> {
        let path = self.tree().join(&patch.file);
        let original = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        fs::write(&path, patch.apply(&original)?)?;
        Ok(Patched { path, original })
    }
}

/// A patched file, which is put back.
#[derive(Debug)]
pub(super) struct Patched {
    path: PathBuf,
    original: String,
}

impl Drop for Patched {
    fn drop(&mut self) {
        // The next patch of this file would not apply, and would say so.
        let _ = fs::write(&self.path, &self.original);
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
