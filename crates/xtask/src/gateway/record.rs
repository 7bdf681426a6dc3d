//! The record of a running gateway: what `stop` and `status` know about gateways that another
//! run of this program started.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::paths;
use crate::process::{self, Pid};

/// A started gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Names the gateway, its record and its log.
    pub name: String,
    /// The gateway's version.
    pub version: String,
    /// The version of the wire protocol it speaks.
    pub wire: u8,
    /// Where it listens.
    pub url: String,
    /// The loopback port of `url`.
    pub port: u16,
    /// The shared token to connect with.
    pub token: String,
    /// The first process of the gateway.
    pub pid: Pid,
    /// What the gateway prints.
    pub log: PathBuf,
    /// The throw-away folder with everything the gateway writes.
    pub state_dir: PathBuf,
    /// The process that stops the gateway when it ends; none for a gateway that stays.
    pub owner: Option<Owner>,
    /// When `pid` started, so that another process of that number is not taken for it.
    pub(crate) started: u64,
    pub(crate) boot: String,
}

/// The process a gateway belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its number.
    pub pid: Pid,
    pub(crate) started: u64,
}

impl Owner {
    /// This very process.
    pub(crate) fn this_process() -> Option<Self> {
        let pid = process::pid_of(std::process::id());
        let started = process::stat(pid)?.started;
        Some(Self { pid, started })
    }
}

impl Record {
    /// Whether the gateway's first process still runs.
    pub fn is_running(&self) -> bool {
        self.boot == process::boot_id() && process::is_running(self.pid, self.started)
    }

    /// Whether nobody is left who would stop the gateway.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.owner.is_some_and(|owner| !process::is_running(owner.pid, owner.started))
    }

    /// All processes that belong to the gateway.
    pub fn processes(&self) -> Vec<Pid> {
        process::with_environment(&self.mark())
    }

    /// Whether nothing of the gateway runs any more.
    pub(crate) fn is_gone(&self) -> bool {
        !self.is_running() && process::none_with_environment(&self.mark())
    }

    /// The environment entry all processes of this gateway have, and nothing else has.
    pub(crate) fn mark(&self) -> String {
        let (name, value) = state_variable(&self.state_dir);
        format!("{name}={}", value.display())
    }

    fn file(&self) -> PathBuf {
        paths::run_dir().join(format!("{}.json", self.name))
    }

    /// Writes the record where [`all`] finds it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn save(&self) -> Result<()> {
        let file = self.file();
        // Written aside and renamed: a reader never sees half a record.
        let aside = file.with_extension("tmp");
        fs::write(&aside, serde_json::to_vec_pretty(self)?)
            .and_then(|()| fs::rename(&aside, &file))
            .with_context(|| format!("cannot write {}", file.display()))
    }

    /// Removes the record and the gateway's state. The log stays for whoever looks into a failure.
    pub fn remove(&self) {
        if is_state_dir(&self.state_dir) {
            // A helper that is just ending may write one more file while the folder is emptied.
            for _ in 0..3 {
                if fs::remove_dir_all(&self.state_dir).is_ok() || !self.state_dir.exists() {
                    break;
                }
            }
        }
        let _ = fs::remove_file(self.file());
    }
}

/// The variable that tells a gateway where its state is.
pub(crate) fn state_variable(state_dir: &Path) -> (&'static str, PathBuf) {
    ("OPENCLAW_STATE_DIR", state_dir.join(".openclaw"))
}

/// How the names of throw-away folders begin.
pub(crate) const STATE_PREFIX: &str = "openclaw-gateway-";

/// A record is a file anyone may edit; only a folder of ours is ever deleted because of one.
fn is_state_dir(dir: &Path) -> bool {
    dir.is_absolute()
        && dir.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(STATE_PREFIX))
}

/// The records of all gateways, ordered by name.
pub fn all() -> Vec<Record> {
    let Ok(files) = fs::read_dir(paths::run_dir()) else {
        return Vec::new();
    };
    let mut records: Vec<Record> = files
        .flatten()
        .map(|file| file.path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|file| parse(&fs::read(file).ok()?))
        .collect();
    records.sort_by(|a, b| a.name.cmp(&b.name));
    records
}

fn parse(json: &[u8]) -> Option<Record> {
    serde_json::from_slice(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            name: "2026.9.6-4711".into(),
            version: "2026.9.6".into(),
            wire: 4,
            url: "ws://127.0.0.1:4711".into(),
            port: 4711,
            token: "t".into(),
            pid: 1,
            log: "a.log".into(),
            state_dir: "/tmp/openclaw-gateway-1".into(),
            owner: None,
            started: 7,
            boot: "b".into(),
        }
    }

    #[test]
    fn a_record_reads_back_as_written() {
        let json = serde_json::to_vec(&record()).unwrap();
        assert_eq!(parse(&json), Some(record()));
        assert_eq!(parse(&json[..json.len() - 1]), None);
        assert_eq!(parse(b"{}"), None);
    }

    #[test]
    fn a_record_of_another_boot_is_not_running() {
        assert!(!record().is_running());
    }

    #[test]
    fn only_our_own_folders_may_be_deleted() {
        assert!(is_state_dir(Path::new("/tmp/openclaw-gateway-1")));
        for dir in ["/", "/home", "openclaw-gateway-1", "/tmp/openclaw-gateway-1/.."] {
            assert!(!is_state_dir(Path::new(dir)), "{dir}");
        }
    }
}
