//! One process at a time changes the store.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::StoreError;

/// Between two attempts; short, because a change takes a few milliseconds.
const MAX_PAUSE: Duration = Duration::from_millis(10);

/// Takes the lock, which lasts as long as the file is open. It cannot outlive its process: the operating system gives it
/// back however that ends, so there are no stale locks to detect.
pub(super) fn acquire(path: &Path, patience: Duration) -> Result<File, StoreError> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        let failed = |error| StoreError::Io { what: "lock", path: path.into(), error };
        if let Some(held) = attempt(path).map_err(failed)? {
            return Ok(held);
        }
        let waited = start.elapsed();
        if waited >= patience {
            return Err(StoreError::Locked { path: path.into(), waited });
        }
        thread::sleep(pause.min(patience.saturating_sub(waited)));
        pause = pause.saturating_mul(2).min(MAX_PAUSE);
    }
}

#[cfg(unix)]
fn attempt(path: &Path) -> io::Result<Option<File>> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;

    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(super::reading::no_follow());
    let file = options.open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK | Errno::INTR) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    // If somebody deleted the file meanwhile, the next process makes another one and locks that.
    let held = file.metadata()?;
    let same =
        std::fs::symlink_metadata(path).is_ok_and(|named| (named.dev(), named.ino()) == (held.dev(), held.ino()));
    Ok(same.then_some(file))
}

/// A file that is open without sharing cannot be opened again.
#[cfg(windows)]
fn attempt(path: &Path) -> io::Result<Option<File>> {
    use std::os::windows::fs::OpenOptionsExt;

    const SHARING_VIOLATION: i32 = 32;
    match OpenOptions::new().read(true).write(true).create(true).truncate(false).share_mode(0).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::super::temp_dir::TempDir;
    use super::*;

    #[test]
    fn there_is_one_holder_and_the_next_waits_for_him() {
        let dir = TempDir::new();
        let path = dir.join("lock");
        let held = acquire(&path, Duration::ZERO).unwrap();
        let patience = Duration::from_millis(30);
        match acquire(&path, patience) {
            Err(StoreError::Locked { path: told, waited }) => assert!(told == path && waited >= patience),
            other => panic!("{other:?}"),
        }
        let (sender, receiver) = mpsc::channel();
        let waiting = thread::spawn(move || sender.send(acquire(&path, Duration::from_secs(60)).map(drop)));
        receiver.recv_timeout(Duration::from_millis(50)).unwrap_err();
        drop(held);
        receiver.recv_timeout(Duration::from_secs(60)).unwrap().unwrap();
        waiting.join().unwrap().unwrap();
    }

    #[test]
    fn a_left_over_file_is_no_lock() {
        let dir = TempDir::new();
        let path = dir.join("lock");
        std::fs::write(&path, "left").unwrap();
        drop(acquire(&path, Duration::ZERO).unwrap());
        drop(acquire(&path, Duration::ZERO).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"left");
    }

    /// The one who deletes the file breaks the lock for the holder; the newcomers still have one among themselves.
    #[cfg(unix)]
    #[test]
    fn a_deleted_file_is_not_what_the_next_one_locks() {
        let dir = TempDir::new();
        let path = dir.join("lock");
        let first = acquire(&path, Duration::ZERO).unwrap();
        std::fs::remove_file(&path).unwrap();
        let second = acquire(&path, Duration::ZERO).unwrap();
        drop(first);
        assert!(matches!(acquire(&path, Duration::ZERO), Err(StoreError::Locked { .. })));
        drop(second);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let dir = TempDir::new();
        std::os::unix::fs::symlink(dir.join("elsewhere"), dir.join("lock")).unwrap();
        assert!(matches!(acquire(&dir.join("lock"), Duration::ZERO), Err(StoreError::Io { what: "lock", .. })));
        assert!(!dir.join("elsewhere").exists());
    }
}
