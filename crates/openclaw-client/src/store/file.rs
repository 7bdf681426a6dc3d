//! A store in files.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use openclaw_proto::Secret;
use zeroize::Zeroizing;

use super::format::{Damage, VERSION};
use super::replace::{self, Staged};
use super::tokens::{KeptToken, Tokens};
use super::{CredentialStore, DeviceSeed, StoreError, StoredToken, TokenKey, identity, location, lock, reading};

/// How long a change waits for other processes; each needs a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Keeps credentials in a directory of its own, safe with several processes at once. The [module](super) describes the
/// files.
#[derive(Clone, Debug)]
pub struct FileStore {
    dir: PathBuf,
    patience: Duration,
}

/// One of the files.
#[derive(Clone, Copy)]
enum Kind {
    Identity,
    Tokens,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity.json",
            Self::Tokens => "tokens.json",
        }
    }

    /// What becomes of it without the file.
    fn without(self) -> &'static str {
        match self {
            Self::Identity => "this device gets a new identity that has to be paired again",
            Self::Tokens => "gateways are asked for new tokens",
        }
    }
}

impl FileStore {
    /// The store of this user, in [`default_dir`](super::default_dir). Nothing is read or created yet.
    ///
    /// # Errors
    /// When the environment does not say where this user's configuration is.
    pub fn of_user() -> Result<Self, StoreError> {
        location::default_dir().map(Self::in_dir)
    }

    /// A store in a directory, which should hold nothing else. It is created by the first change. A relative path means one
    /// below what is the current directory now.
    #[must_use]
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        let dir = dir.into();
        Self { dir: std::path::absolute(&dir).unwrap_or(dir), patience: PATIENCE }
    }

    /// How long a change waits for other processes before it fails with [`StoreError::Locked`]. Default: 10 s.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What tokens are kept, without the tokens: all there are, also those of an earlier identity.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn kept(&self) -> Result<Vec<KeptToken>, StoreError> {
        let contents = self.read(Kind::Tokens)?;
        Ok(self.tokens(contents.as_deref())?.kept())
    }

    /// Puts a seed in the place of the one there is, if any, and removes every token: they are of no use to the new device.
    ///
    /// # Errors
    /// When the store cannot be read or changed.
    pub fn replace_seed(&self, seed: &DeviceSeed) -> Result<(), StoreError> {
        let change = self.change()?;
        // Looked at first: what this release cannot read must not be overwritten.
        self.load_seed()?;
        let tokens = self.kept()?;
        change.replace(Kind::Identity, identity::encode(seed))?;
        if tokens.is_empty() { Ok(()) } else { change.remove(Kind::Tokens) }
    }

    /// Removes the seed and every token. Returns whether there was anything.
    ///
    /// # Errors
    /// When the store cannot be read or changed.
    pub fn forget(&self) -> Result<bool, StoreError> {
        let anything = || Ok((self.load_seed()?.is_some(), !self.kept()?.is_empty()));
        if anything()? == (false, false) {
            return Ok(false);
        }
        let change = self.change()?;
        let (seed, tokens) = anything()?;
        if tokens {
            change.remove(Kind::Tokens)?;
        }
        if seed {
            change.remove(Kind::Identity)?;
        }
        Ok(seed || tokens)
    }

    fn path(&self, kind: Kind) -> PathBuf {
        self.dir.join(kind.name())
    }

    /// Reading needs no lock: whoever opens a file has the whole of one state, whatever happens to its name.
    fn read(&self, kind: Kind) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        if reading::check_dir(&self.dir)? { reading::read(&self.path(kind)) } else { Ok(None) }
    }

    fn change(&self) -> Result<Change<'_>, StoreError> {
        if !reading::check_dir(&self.dir)? {
            create_dir(&self.dir).map_err(|error| failed("create", &self.dir, error))?;
            reading::check_dir(&self.dir)?;
        }
        let held = lock::acquire(&self.dir.join("lock"), self.patience)?;
        Ok(Change { store: self, _held: held })
    }

    fn tokens<'a>(&self, contents: Option<&'a Vec<u8>>) -> Result<Tokens<'a>, StoreError> {
        contents
            .map_or_else(|| Ok(Tokens::empty()), |contents| Tokens::parse(contents))
            .map_err(self.damaged(Kind::Tokens))
    }

    fn damaged(&self, kind: Kind) -> impl Fn(Damage) -> StoreError {
        let path = self.path(kind);
        move |damage| match damage {
            Damage::Corrupt(why) => StoreError::Corrupt { path: path.clone(), why, then: kind.without() },
            Damage::Newer(found) => StoreError::Newer { path: path.clone(), found, known: VERSION },
        }
    }
}

/// The right to change the store: there is one at a time, on the whole machine.
struct Change<'a> {
    store: &'a FileStore,
    _held: File,
}

impl Change<'_> {
    fn replace(&self, kind: Kind, contents: io::Result<Zeroizing<Vec<u8>>>) -> Result<(), StoreError> {
        let path = self.store.path(kind);
        let contents = contents.map_err(|error| failed("encode", &path, error))?;
        if contents.len() > reading::MAX_BYTES {
            return Err(reading::too_large(&path));
        }
        Staged::write(&path, &contents).and_then(Staged::commit).map_err(|error| failed("write", &path, error))
    }

    fn remove(&self, kind: Kind) -> Result<(), StoreError> {
        let path = self.store.path(kind);
        fs::remove_file(&path).and_then(|()| replace::sync_dir(&path)).map_err(|error| failed("remove", &path, error))
    }
}

impl CredentialStore for FileStore {
    fn load_seed(&self) -> Result<Option<DeviceSeed>, StoreError> {
        let contents = self.read(Kind::Identity)?;
        contents.map(|contents| identity::parse(&contents)).transpose().map_err(self.damaged(Kind::Identity))
    }

    fn save_seed_if_absent(&self, seed: &DeviceSeed) -> Result<DeviceSeed, StoreError> {
        if let Some(first) = self.load_seed()? {
            return Ok(first);
        }
        let change = self.change()?;
        if let Some(first) = self.load_seed()? {
            return Ok(first);
        }
        change.replace(Kind::Identity, identity::encode(seed))?;
        Ok(seed.clone())
    }

    fn forget_seed(&self) -> Result<(), StoreError> {
        if self.load_seed()?.is_none() {
            return Ok(());
        }
        let change = self.change()?;
        // Looked at again: a file this release cannot read must not be removed.
        if self.load_seed()?.is_some() { change.remove(Kind::Identity) } else { Ok(()) }
    }

    fn load_token(&self, key: &TokenKey) -> Result<Option<StoredToken>, StoreError> {
        let contents = self.read(Kind::Tokens)?;
        self.tokens(contents.as_deref())?.find(key).map_err(self.damaged(Kind::Tokens))
    }

    fn save_token(&self, key: &TokenKey, token: &StoredToken) -> Result<(), StoreError> {
        if self.load_token(key)?.is_some_and(|kept| kept == *token) {
            return Ok(());
        }
        let change = self.change()?;
        let contents = self.read(Kind::Tokens)?;
        let mut tokens = self.tokens(contents.as_deref())?;
        if tokens.put(key, token).map_err(self.damaged(Kind::Tokens))? {
            change.replace(Kind::Tokens, tokens.encode())?;
        }
        Ok(())
    }

    fn clear_token(&self, key: &TokenKey, only: Option<&Secret>) -> Result<bool, StoreError> {
        if self.load_token(key)?.is_none() {
            return Ok(false);
        }
        let change = self.change()?;
        let contents = self.read(Kind::Tokens)?;
        let mut tokens = self.tokens(contents.as_deref())?;
        let meant = tokens.remove(key, only).map_err(self.damaged(Kind::Tokens))?;
        if meant {
            change.replace(Kind::Tokens, tokens.encode())?;
        }
        Ok(meant)
    }
}

fn failed(what: &'static str, path: &Path, error: io::Error) -> StoreError {
    StoreError::Io { what, path: path.into(), error }
}

/// Makes the directory, and those above it that are missing, for this user alone.
fn create_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}
