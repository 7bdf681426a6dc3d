//! What is tested: pinned releases, and the embedded gateway.

use std::fmt;

use anyhow::{Result, bail};
use xtask::gateway::{Version, versions};

/// A gateway to be tested.
#[derive(Clone, Copy, Debug)]
pub enum Release {
    /// A published one.
    Real(&'static Version),
    /// Our own, speaking the wire of that version.
    Embedded(u8),
}

impl Release {
    /// All of them, as columns of a table.
    pub fn all() -> Vec<Self> {
        let embedded = [Self::Embedded(4), Self::Embedded(3)];
        versions::PINNED.iter().map(|version| Self::Real(version)).chain(embedded).collect()
    }

    /// The one of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(name: &str) -> Result<Self> {
        let Some(found) = Self::all().into_iter().find(|release| release.name() == name) else {
            let names: Vec<_> = Self::all().iter().map(|release| release.name()).collect();
            bail!("there is no {name}; there are {}", names.join(", "));
        };
        Ok(found)
    }

    /// Its name: a version, `embedded` or `embedded-v3`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Real(version) => version.number,
            Self::Embedded(4) => "embedded",
            Self::Embedded(_) => "embedded-v3",
        }
    }

    /// The wire version it speaks.
    pub fn wire(self) -> u8 {
        match self {
            Self::Real(version) => version.wire,
            Self::Embedded(wire) => wire,
        }
    }

    /// Whether it is our own.
    pub fn is_embedded(self) -> bool {
        matches!(self, Self::Embedded(_))
    }

    /// Whether it is the newest release, or like it.
    pub fn is_newest(self) -> bool {
        match self {
            Self::Real(version) => version == versions::DEFAULT,
            Self::Embedded(wire) => wire == versions::DEFAULT.wire,
        }
    }

    /// The release it should be like, for the embedded gateway.
    pub fn model(self) -> Option<&'static Version> {
        match self {
            Self::Real(_) => None,
            Self::Embedded(4) => Some(versions::DEFAULT),
            Self::Embedded(_) => Some(versions::LAST_WIRE_3),
        }
    }
}

impl PartialEq for Release {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
