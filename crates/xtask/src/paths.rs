//! Where things are kept.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Overrides the folder that holds the installed gateways.
pub const CACHE_VARIABLE: &str = "OPENCLAW_GATEWAY_CACHE";

/// The root of the workspace this program was built from.
pub fn workspace_root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_path_buf()
}

/// Cargo's target folder: `CARGO_TARGET_DIR`, or `target` in the workspace.
pub fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) if !dir.is_empty() => absolute(Path::new(&dir)),
        _ => workspace_root().join("target"),
    }
}

/// The folder with one sub-folder for each installed gateway version.
pub fn gateway_cache() -> PathBuf {
    match env::var_os(CACHE_VARIABLE) {
        Some(dir) if !dir.is_empty() => absolute(Path::new(&dir)),
        _ => target_dir().join("gateways"),
    }
}

/// The folder with one record and one log for each running gateway.
pub fn run_dir() -> PathBuf {
    target_dir().join("gateways").join("run")
}

/// The first file called `program` in the folders of `PATH`.
pub fn find_program(program: &str) -> Option<PathBuf> {
    find_in(&env::var_os("PATH")?, program)
}

fn find_in(path: &OsStr, program: &str) -> Option<PathBuf> {
    env::split_paths(path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_root_holds_the_workspace_manifest() {
        let manifest = std::fs::read_to_string(workspace_root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }

    #[test]
    fn a_program_is_found_only_where_the_path_says() {
        let here = workspace_root().join("crates").join("xtask");
        assert_eq!(find_in(here.as_os_str(), "Cargo.toml"), Some(here.join("Cargo.toml")));
        assert_eq!(find_in(here.as_os_str(), "no-such-program"), None);
    }
}
