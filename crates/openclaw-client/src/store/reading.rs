//! Reading a file with a secret in it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::{StoreError, permissions};

/// More than ten thousand tokens. A larger file is not ours.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Whether the directory is there; refuses one that others can write to.
pub(super) fn check_dir(dir: &Path) -> Result<bool, StoreError> {
    match fs::metadata(dir) {
        Ok(metadata) if metadata.is_dir() => permissions::check(dir, &metadata, permissions::DIRECTORY).map(|()| true),
        Ok(_) => Err(unreadable(dir, ErrorKind::NotADirectory.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(unreadable(dir, error)),
    }
}

/// The bytes of a file, nothing if there is none. They are wiped when dropped.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let file = match open(path) {
        Ok(file) => file,
        // A link that leads nowhere is another error, so there is no file, even if there is one by now.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return match fs::symlink_metadata(path) {
                Ok(metadata) if !metadata.is_file() => Err(StoreError::NotAFile { path: path.into() }),
                _ => Err(unreadable(path, error)),
            };
        }
    };
    // Asked of what is open, so that it holds for what is read.
    let metadata = file.metadata().map_err(|error| unreadable(path, error))?;
    if !metadata.is_file() {
        return Err(StoreError::NotAFile { path: path.into() });
    }
    permissions::check(path, &metadata, permissions::FILE)?;
    contents(&file, &metadata).map_err(|error| unreadable(path, error))?.map(Some).ok_or_else(|| too_large(path))
}

/// All of the file, or nothing if that is too much. The buffer has room from the start: growing would leave copies.
fn contents(file: &File, metadata: &Metadata) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let Some(length) = usize::try_from(metadata.len()).ok().filter(|length| *length <= MAX_BYTES) else {
        return Ok(None);
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.saturating_add(64)));
    // Nobody writes to a file that has its final name, so its length stays.
    file.take(metadata.len()).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Follows no link, and does not wait for the other end of a pipe.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().read(true).custom_flags(no_follow()).open(path)
}

/// Looks for a link first; somebody quick can still put one there, which takes rights on the directory.
#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    OpenOptions::new().read(true).open(path)
}

/// The flags of `open` for that.
#[cfg(unix)]
pub(super) fn no_follow() -> i32 {
    use rustix::fs::OFlags;
    (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32
}

pub(super) fn too_large(path: &Path) -> StoreError {
    StoreError::TooLarge { path: path.into(), limit: MAX_BYTES }
}

fn unreadable(path: &Path, error: io::Error) -> StoreError {
    StoreError::Unreadable { path: path.into(), error }
}
