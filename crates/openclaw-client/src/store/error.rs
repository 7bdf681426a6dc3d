//! Why a store cannot give or keep a credential.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a store cannot give or keep a credential.
///
/// No variant carries a credential or a piece of a file, so every text may be logged. After an error each file holds what
/// it held before the call, or (where only making it last failed) what the call was to write, and never a part of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The environment does not say where this user's configuration is.
    #[error("no directory for credentials: set {} to one", super::STATE_DIR_VAR)]
    NoDirectory,
    /// Other users can read a file or change the directory. Nothing of it was used.
    #[error("{} is open to other users (mode {mode:04o}), so it was not used; run: {fix}", path.display())]
    TooOpen {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// The command that repairs it.
        fix: String,
    },
    /// There is a symbolic link, a directory or a device where a file has to be.
    #[error(
        "{} is no regular file (a symbolic link is none), so it was not used; put the file itself there, or move it away",
        path.display()
    )]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// A file is there and cannot be read.
    #[error("{} cannot be read: {error}; check who owns it and its directory", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file does not hold what it should. It was left as it is.
    #[error("{} is damaged ({why}) and was left as it is; put back a good copy, or move it away, and {then}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong, without anything from the file.
        why: String,
        /// What moving the file away costs.
        then: &'static str,
    },
    /// A later release wrote the file in a format this one does not know. It was left as it is.
    #[error(
        "{} has format {found}, this release knows formats up to {known}; it was left as it is: update this program, or \
         give it a directory of its own with {}",
        path.display(), super::STATE_DIR_VAR
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's format.
        found: u64,
        /// The latest format known here.
        known: u64,
    },
    /// Another process was changing the store all the time.
    #[error("another process has held {} for {waited:?}; try again, or see what it is doing", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long this call waited.
        waited: Duration,
    },
    /// A file is, or would become, larger than this library reads.
    #[error("{} is, or would become, larger than {limit} bytes; move it away, or remove what is not needed", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// The operating system gave no random bytes for a seed.
    #[error("no random bytes from the operating system: {0}")]
    Random(getrandom::Error),
    /// The file system refused something.
    #[error("cannot {what} {}: {error}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// Why it failed.
        error: io::Error,
    },
}
