//! Where the files are.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use super::StoreError;

/// The environment variable that names the directory to use instead of the platform's.
pub const STATE_DIR_VAR: &str = "OPENCLAW_GW_STATE_DIR";

const NAME: &str = "openclaw-gw";

/// The directory of this user's credentials. Nothing is created.
///
/// # Errors
/// When the environment does not say where this user's configuration is.
pub fn default_dir() -> Result<PathBuf, StoreError> {
    locate(Convention::HERE, |name| env::var_os(name)).ok_or(StoreError::NoDirectory)
}

/// Where a platform keeps configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Convention {
    Xdg,
    Apple,
    Windows,
}

impl Convention {
    const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_vendor = "apple") {
        Self::Apple
    } else {
        Self::Xdg
    };
}

/// A variable that is set to nothing is as good as unset. The conventions ask for absolute paths and for others to be
/// ignored; whoever sets our own variable may mean a path below the current directory.
fn locate(convention: Convention, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(dir) = set(STATE_DIR_VAR) {
        return Some(dir);
    }
    let absolute = |name| set(name).filter(|dir| dir.is_absolute());
    let config = match convention {
        Convention::Xdg => absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config"))),
        Convention::Apple => absolute("HOME").map(|home| home.join("Library").join("Application Support")),
        Convention::Windows => absolute("APPDATA"),
    };
    config.map(|config| config.join(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(convention: Convention, variables: &[(&str, &str)]) -> Option<PathBuf> {
        locate(convention, |wanted| {
            variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| OsString::from(value))
        })
    }

    fn path(parts: &[&str]) -> Option<PathBuf> {
        Some(parts.iter().collect())
    }

    /// An absolute path where the tests run.
    const HOME: &str = if cfg!(windows) { "C:\\u" } else { "/u" };
    const OTHER: &str = if cfg!(windows) { "D:\\c" } else { "/c" };

    #[test]
    fn each_platform_has_its_own_place() {
        let both = [("HOME", HOME), ("XDG_CONFIG_HOME", OTHER), ("APPDATA", OTHER)];
        assert_eq!(found(Convention::Xdg, &both), path(&[OTHER, "openclaw-gw"]));
        assert_eq!(found(Convention::Xdg, &both[..1]), path(&[HOME, ".config", "openclaw-gw"]));
        assert_eq!(found(Convention::Apple, &both), path(&[HOME, "Library", "Application Support", "openclaw-gw"]));
        assert_eq!(found(Convention::Windows, &both), path(&[OTHER, "openclaw-gw"]));
    }

    #[test]
    fn our_own_variable_wins_and_may_be_relative() {
        for convention in [Convention::Xdg, Convention::Apple, Convention::Windows] {
            for dir in [OTHER, "state"] {
                let variables = [("HOME", HOME), ("APPDATA", HOME), (STATE_DIR_VAR, dir)];
                assert_eq!(found(convention, &variables), path(&[dir]));
            }
        }
    }

    #[test]
    fn what_is_empty_or_relative_counts_as_unset() {
        let blank = [("HOME", HOME), ("XDG_CONFIG_HOME", ""), (STATE_DIR_VAR, "")];
        assert_eq!(found(Convention::Xdg, &blank), path(&[HOME, ".config", "openclaw-gw"]));
        let relative = [("HOME", HOME), ("XDG_CONFIG_HOME", "conf")];
        assert_eq!(found(Convention::Xdg, &relative), path(&[HOME, ".config", "openclaw-gw"]));
        for convention in [Convention::Xdg, Convention::Apple, Convention::Windows] {
            assert_eq!(found(convention, &[]), None);
            assert_eq!(found(convention, &[("HOME", "u"), ("APPDATA", "c")]), None);
        }
    }
}
