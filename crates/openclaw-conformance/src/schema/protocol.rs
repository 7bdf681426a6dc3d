//! The schemas frames are checked against.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use jsonschema::Validator;
use xtask::gateway::{Version, install, versions};
use xtask::protocol::{self, Protocol};
use xtask::strangers::{self, PROTOCOL};

use super::validate;

/// How the published schema is called in tables.
pub(crate) const PUBLISHED: &str = "published";

/// The schema of a release, or the published one.
#[derive(Debug)]
pub(crate) struct Schema {
    /// The release's number, or [`PUBLISHED`].
    pub(crate) name: &'static str,
    /// Which version of the wire it describes.
    pub(crate) wire: u8,
    protocol: Protocol,
    /// The definitions' names by their names in lower case.
    names: BTreeMap<String, String>,
    compiled: Mutex<BTreeMap<String, Arc<Validator>>>,
}

impl Schema {
    /// What the code of an installed gateway has.
    pub(crate) fn of(version: &'static Version) -> Result<Self> {
        let install = install::ensure_installed(version)?;
        let protocol = protocol::of_gateway(&install).with_context(|| format!("gateway {}", version.number))?;
        Ok(Self::new(version.number, version.wire, protocol))
    }

    /// What the makers publish.
    pub(crate) fn published() -> Result<Self> {
        Ok(Self::new(PUBLISHED, 4, protocol::published(&strangers::ensure_installed()?)?))
    }

    /// Those of all pinned releases, and the published one.
    pub(crate) fn all() -> Result<Vec<Self>> {
        let of_releases = versions::PINNED.iter().map(|version| Self::of(version));
        of_releases.chain([Self::published()]).collect()
    }

    /// Those that frames of that release are to be as: its own, and the published one, which is close to the newest.
    pub(crate) fn of_release(version: &'static Version) -> Result<Vec<Self>> {
        let own = Self::of(version)?;
        Ok(if version == versions::DEFAULT { vec![own, Self::published()?] } else { vec![own] })
    }

    pub(crate) fn new(name: &'static str, wire: u8, protocol: Protocol) -> Self {
        let names = protocol.definitions.keys().map(|name| (name.to_ascii_lowercase(), name.clone())).collect();
        Self { name, wire, protocol, names, compiled: Mutex::default() }
    }

    /// Whether it is of the newest pinned release of its wire.
    pub(crate) fn is_newest(&self) -> bool {
        [PUBLISHED, versions::DEFAULT.number, versions::LAST_WIRE_3.number].contains(&self.name)
    }

    /// One line about where it is from.
    pub(crate) fn origin(&self) -> String {
        let definitions = self.protocol.definitions.len();
        if self.name == PUBLISHED {
            format!("{} {}: {definitions} definitions", PROTOCOL.package, PROTOCOL.version)
        } else {
            format!("the code of gateway {}: {definitions} definitions", self.name)
        }
    }

    /// The first of these definitions that there is.
    pub(crate) fn definition(&self, candidates: &[String]) -> Result<Option<(&str, Arc<Validator>)>> {
        let found = candidates.iter().find_map(|name| self.names.get(&name.to_ascii_lowercase()));
        let Some((name, schema)) = found.and_then(|name| Some((name, self.protocol.definitions.get(name)?))) else {
            return Ok(None);
        };
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = compiled.get(name) {
            return Ok(Some((name, Arc::clone(validator))));
        }
        let validator = validate::compile(schema).with_context(|| format!("definition {name} of {}", self.name))?;
        let validator = Arc::new(validator);
        compiled.insert(name.clone(), Arc::clone(&validator));
        Ok(Some((name, validator)))
    }
}
