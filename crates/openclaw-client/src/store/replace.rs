//! Putting a new file in the place of an old one, so that there is always one of the two.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A new file that is complete on disk and does not have its final name yet. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Staged {
    temporary: Option<PathBuf>,
    target: PathBuf,
}

impl Staged {
    /// Writes the new contents of `target` next to it. Only whoever holds the lock may, so one temporary name is enough;
    /// what a crash left under it is removed.
    pub(super) fn write(target: &Path, contents: &[u8]) -> io::Result<Self> {
        let mut temporary = target.as_os_str().to_owned();
        temporary.push(".new");
        let temporary = PathBuf::from(temporary);
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = create(&temporary)?;
        let staged = Self { temporary: Some(temporary), target: target.into() };
        file.write_all(contents)?;
        file.sync_all()?;
        Ok(staged)
    }

    /// Gives the file its name.
    pub(super) fn commit(mut self) -> io::Result<()> {
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, &self.target)?;
        }
        self.temporary = None;
        sync_dir(&self.target)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // The next one to write removes it if this fails.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Makes a file that nobody else can read, not even for a moment.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the names in the file's directory last. Some file systems cannot, and need not.
#[cfg(unix)]
pub(super) fn sync_dir(file: &Path) -> io::Result<()> {
    let Some(dir) = file.parent() else { return Ok(()) };
    match File::open(dir)?.sync_all() {
        Err(error) if !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Err(error),
        _ => Ok(()),
    }
}

/// Elsewhere directories cannot be flushed.
#[cfg(not(unix))]
pub(super) fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::temp_dir::TempDir;
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn after_a_crash_before_the_rename_the_old_file_is_there_and_the_next_write_cleans_up() {
        let dir = TempDir::new();
        let target = dir.join("a");
        Staged::write(&target, b"old").unwrap().commit().unwrap();
        std::mem::forget(Staged::write(&target, b"new, never named").unwrap());
        assert_eq!((fs::read(&target).unwrap(), names(&dir)), (b"old".to_vec(), vec!["a".into(), "a.new".into()]));
        Staged::write(&target, b"newer").unwrap().commit().unwrap();
        assert_eq!((fs::read(&target).unwrap(), names(&dir)), (b"newer".to_vec(), vec!["a".into()]));
    }

    #[test]
    fn what_is_not_committed_leaves_nothing() {
        let dir = TempDir::new();
        let target = dir.join("a");
        drop(Staged::write(&target, b"never").unwrap());
        assert!(names(&dir).is_empty());
        // A directory in the file's place: the rename fails.
        fs::create_dir(&target).unwrap();
        Staged::write(&target, b"never").unwrap().commit().unwrap_err();
        assert_eq!(names(&dir), ["a"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_with_the_temporary_name_is_replaced_and_not_followed() {
        let dir = TempDir::new();
        let (target, elsewhere) = (dir.join("a"), dir.join("elsewhere"));
        fs::write(&elsewhere, "theirs").unwrap();
        std::os::unix::fs::symlink(&elsewhere, dir.join("a.new")).unwrap();
        Staged::write(&target, b"ours").unwrap().commit().unwrap();
        assert_eq!((fs::read(&target).unwrap(), fs::read(&elsewhere).unwrap()), (b"ours".to_vec(), b"theirs".to_vec()));
        assert!(fs::symlink_metadata(&target).unwrap().is_file());
    }
}
