//! No source file may be longer than one can keep in mind.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xtask::paths;

const MAX_LINES: usize = 600;

/// Checks all Rust files of the workspace.
pub(crate) fn check() -> Result<String> {
    let root = paths::workspace_root();
    let mut files = Vec::new();
    for dir in source_dirs(&root)? {
        collect(&dir, &mut files)?;
    }
    let mut offenders = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let lines = text.lines().count();
        if lines > MAX_LINES {
            let name = file.strip_prefix(&root).unwrap_or(file);
            offenders.push(format!("{}: {lines} lines", name.display()));
        }
    }
    if !offenders.is_empty() {
        offenders.sort();
        bail!(
            "{} of {} files have more than {MAX_LINES} lines:\n{}",
            offenders.len(),
            files.len(),
            offenders.join("\n")
        );
    }
    Ok(format!("{} files, none over {MAX_LINES} lines", files.len()))
}

fn source_dirs(root: &Path) -> Result<Vec<PathBuf>> {
    let mut dirs = vec![root.join("tests"), root.join("examples")];
    for package in fs::read_dir(root.join("crates")).context("cannot read crates")? {
        let package = package?.path();
        dirs.extend(["src", "tests", "examples", "benches"].map(|dir| package.join(dir)));
    }
    dirs.retain(|dir| dir.is_dir());
    Ok(dirs)
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_file_is_among_those_that_are_checked() {
        let mut files = Vec::new();
        for dir in source_dirs(&paths::workspace_root()).unwrap() {
            collect(&dir, &mut files).unwrap();
        }
        assert!(files.iter().any(|file| file.ends_with("commands/file_length.rs")));
    }
}
