//! A sysroot in which the standard library does not exist.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::cargo;

/// What the sysroot holds.
pub(crate) const LIBRARIES: [&str; 3] = ["core", "alloc", "compiler_builtins"];

/// A sysroot for the compiler in use.
pub(crate) struct Sysroot {
    pub(crate) path: PathBuf,
    /// The host's triple, the only target the sysroot serves.
    pub(crate) triple: String,
}

/// Makes the sysroot in `dir`, unless it is there already.
///
/// Its name depends on what it holds. The path is part of the compiler's arguments, so crates
/// built against it are kept from one run to the next, and never used with another sysroot.
pub(crate) fn make(dir: &Path) -> Result<Sysroot> {
    let triple = cargo::host_triple()?;
    let part = Path::new("lib").join("rustlib").join(&triple).join("lib");
    let from = PathBuf::from(cargo::rustc(&["--print", "sysroot"])?).join(&part);
    let libraries = pick_libraries(&from)?;
    let path = dir.join(format!("sysroot-{:016x}", fingerprint(&libraries)));
    if !path.exists() {
        let unfinished = dir.join(format!("sysroot-unfinished-{}", std::process::id()));
        let to = unfinished.join(&part);
        fs::create_dir_all(&to)?;
        for file in &libraries {
            let name = file.file_name().context("a library without a name")?;
            link(file, &to.join(name)).with_context(|| format!("cannot put {} into the sysroot", file.display()))?;
        }
        // Another process may have been faster; then both made the same.
        if fs::rename(&unfinished, &path).is_err() {
            fs::remove_dir_all(&unfinished)?;
        }
    }
    Ok(Sysroot { path, triple })
}

fn fingerprint(files: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    hasher.finish()
}

/// The files of the libraries the sysroot gets. Each has to be there: a sysroot that lacks `core`
/// would let every build fail.
fn pick_libraries(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        files.push(entry?.path());
    }
    files.retain(|file| file.file_name().and_then(|name| name.to_str()).is_some_and(|name| library_of(name).is_some()));
    for library in LIBRARIES {
        let found = files
            .iter()
            .any(|file| file.file_name().and_then(|name| name.to_str()).and_then(library_of) == Some(library));
        ensure!(found, "there is no lib{library} in {}", dir.display());
    }
    files.sort();
    Ok(files)
}

fn library_of(file: &str) -> Option<&'static str> {
    let (library, rest) = file.strip_prefix("lib")?.split_once('-')?;
    let (_, extension) = rest.rsplit_once('.')?;
    if !matches!(extension, "rlib" | "rmeta") {
        return None;
    }
    LIBRARIES.into_iter().find(|known| *known == library)
}

/// A hard link costs nothing; across file systems only a copy is possible.
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(|_| ()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_three_libraries_are_picked() {
        assert_eq!(library_of("libcore-12.rlib"), Some("core"));
        assert_eq!(library_of("libcompiler_builtins-12.rmeta"), Some("compiler_builtins"));
        for file in ["libstd-12.rlib", "libstd-12.so", "libcore-12.so", "core-12.rlib", "libcore"] {
            assert_eq!(library_of(file), None, "{file}");
        }
    }
}
