//! What other users may do with the files.

use std::fs::Metadata;
use std::path::Path;

use super::StoreError;

/// What must not be allowed to others, and how it should be instead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    forbidden: u32,
    wanted: &'static str,
}

/// A file with a secret: nothing at all.
pub(super) const FILE: Rule = Rule { forbidden: 0o077, wanted: "600" };
/// The directory: whoever can write there can put his own files in the place of ours. That others see the names does no
/// harm.
pub(super) const DIRECTORY: Rule = Rule { forbidden: 0o022, wanted: "700" };

/// Refuses what is open to others. Where there are no permission bits, nothing is.
pub(super) fn check(path: &Path, metadata: &Metadata, rule: Rule) -> Result<(), StoreError> {
    let mode = mode(metadata);
    if mode & rule.forbidden == 0 {
        return Ok(());
    }
    let fix = format!("chmod {} {}", rule.wanted, quoted(&path.to_string_lossy()));
    Err(StoreError::TooOpen { path: path.into(), mode, fix })
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> u32 {
    0
}

/// A path as one word of a shell.
fn quoted(path: &str) -> String {
    if path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+@:,".contains(c)) {
        path.into()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_survives_a_shell() {
        for (path, word) in [
            ("/home/u/.config/openclaw-gw/tokens.json", "/home/u/.config/openclaw-gw/tokens.json"),
            ("/Users/u/Library/Application Support/x", "'/Users/u/Library/Application Support/x'"),
            ("/a/$(b)/it's", r"'/a/$(b)/it'\''s'"),
        ] {
            assert_eq!(quoted(path), word);
        }
    }
}
