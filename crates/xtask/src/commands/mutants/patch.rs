//! A patch: what is replaced by what, and why that is wrong.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use xtask::paths;

/// A change that makes the core wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Patch {
    /// The invariant that does not hold any more: the name of the patch's file.
    pub(super) invariant: String,
    /// What is wrong with it, in words.
    pub(super) says: String,
    /// The file, from the root of the workspace.
    pub(super) file: String,
    pub(super) old: String,
    pub(super) new: String,
}

/// The folder of all patches.
fn folder() -> PathBuf {
    paths::workspace_root().join("crates").join("xtask").join("mutants")
}

/// All patches, by name.
pub(super) fn all() -> Result<Vec<Patch>> {
    let mut patches = Vec::new();
    for entry in fs::read_dir(folder()).context("there is no folder of patches")? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let text = fs::read_to_string(&path)?;
        patches.push(Patch::read(&name, &text).with_context(|| path.display().to_string())?);
    }
    patches.sort_by(|a, b| a.invariant.cmp(&b.invariant));
    Ok(patches)
}

impl Patch {
    /// `says: …`, `file: …`, `--- old`, the old text, `--- new`, the new text.
    fn read(invariant: &str, text: &str) -> Result<Self> {
        let (head, rest) = text.split_once("--- old\n").context("no `--- old`")?;
        let (old, new) = rest.split_once("--- new\n").context("no `--- new`")?;
        let field = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim().to_owned()).with_context(|| format!("no `{name}`"))
        };
        ensure!(!old.is_empty(), "nothing is replaced");
        Ok(Self {
            invariant: invariant.to_owned(),
            says: field("says:")?,
            file: field("file:")?,
            old: old.to_owned(),
            new: new.to_owned(),
        })
    }

    /// The text with the patch in it.
    ///
    /// # Errors
    ///
    /// When the old text is not there exactly once.
    pub(super) fn apply(&self, text: &str) -> Result<String> {
        match text.matches(&self.old).count() {
            1 => Ok(text.replacen(&self.old, &self.new, 1)),
            count => {
                bail!("the patch of {} no longer applies: {} has its text {count} times", self.invariant, self.file)
            }
        }
    }

    /// Whether it applies to the tree.
    pub(super) fn check(&self) -> Result<()> {
        let path = paths::workspace_root().join(&self.file);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        self.apply(&text).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_patch_is_read_and_applies_only_where_its_text_is() {
        let patch = Patch::read("x", "says: wrong\nfile: a.rs\n--- old\none\n--- new\ntwo\n").unwrap();
        assert_eq!((patch.says.as_str(), patch.file.as_str()), ("wrong", "a.rs"));
        assert_eq!(patch.apply("zero\none\n").unwrap(), "zero\ntwo\n");
        assert!(patch.apply("zero\n").is_err());
        assert!(patch.apply("one\none\n").is_err());
        assert!(Patch::read("x", "file: a.rs\n--- old\n--- new\n").is_err());
    }

    #[test]
    fn every_invariant_has_a_patch_and_every_patch_applies() {
        let patches = all().unwrap();
        let names: BTreeSet<String> = patches.iter().map(|patch| patch.invariant.clone()).collect();
        let files = fs::read_dir(paths::workspace_root().join("crates/openclaw-sim/src/invariants")).unwrap();
        let mut invariants: BTreeSet<String> = files
            .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .filter(|name| name != "mod")
            .collect();
        // What the run as a whole is checked for has no file of its own.
        invariants.extend(["comes_back".to_owned(), "replays".to_owned()]);
        assert_eq!(names, invariants);
        for patch in patches {
            patch.check().unwrap();
            assert!(patch.file.starts_with("crates/openclaw-proto/src/"), "{}", patch.file);
        }
    }
}
