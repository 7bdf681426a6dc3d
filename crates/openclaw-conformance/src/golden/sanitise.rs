//! Makes a recording that anybody may see: no paths, no names of machines.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use openclaw_tests::golden::{HOST, INSTALLATION, KERNEL, STATE};
use xtask::paths;

/// How the state folders of gateways begin.
const STATE_PREFIX: &str = "openclaw-gateway-";

/// What this machine calls itself and where things are on it.
#[derive(Debug)]
pub(super) struct Machine {
    host: String,
    kernel: String,
    home: Option<String>,
    user: Option<String>,
    /// Folders, and what they become; the longest first.
    folders: Vec<(String, &'static str)>,
    state: String,
}

impl Machine {
    /// This one.
    pub(super) fn this() -> Result<Self> {
        let told = |file: &str| {
            let text = fs::read_to_string(Path::new("/proc/sys/kernel").join(file));
            text.map(|text| text.trim().to_owned()).with_context(|| format!("the system does not tell its {file}"))
        };
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let named = |name: &str| env::var(name).ok().filter(|value| value.len() > 1);
        Ok(Self {
            host: told("hostname")?,
            kernel: told("osrelease")?,
            home: named("HOME"),
            user: named("USER").or_else(|| named("LOGNAME")),
            folders: installations(&paths::gateway_cache()).iter().map(|path| (text(path), INSTALLATION)).collect(),
            state: text(&env::temp_dir().join(STATE_PREFIX)),
        })
    }

    /// The same log without its machine. Outputs in it may no longer be what its inputs lead to.
    pub(super) fn sanitise(&self, log: &str) -> String {
        let mut log = folder_names(log, &self.state);
        for (folder, name) in &self.folders {
            log = log.replace(folder, name);
        }
        log = words(&log, &self.kernel, KERNEL);
        words(&log, &self.host, HOST)
    }

    /// What of this machine is still in the log.
    pub(super) fn remains(&self, log: &str) -> Vec<String> {
        let mut found = Vec::new();
        // Who is called like that is nobody in particular.
        let user = self.user.as_ref().filter(|user| *user != "root");
        for name in [Some(&self.host), Some(&self.kernel), user].into_iter().flatten() {
            if words(log, name, "") != log {
                found.push(name.clone());
            }
        }
        let places = [Some(self.state.as_str()), self.home.as_deref(), paths::workspace_root().to_str()]
            .map(|place| place.map(str::to_owned));
        found.extend(places.into_iter().flatten().filter(|place| log.contains(place)));
        found
    }
}

/// The folders that gateways are installed in.
fn installations(cache: &Path) -> Vec<PathBuf> {
    let package = Path::new("node_modules").join("openclaw");
    let versions = xtask::gateway::versions::PINNED.iter().map(|version| cache.join(version.number));
    versions.flat_map(|folder| [folder.join(&package), folder]).collect()
}

/// The state folders' names, whatever follows their prefix, become one.
fn folder_names(log: &str, prefix: &str) -> String {
    let mut out = String::with_capacity(log.len());
    let mut rest = log;
    while let Some(at) = rest.find(prefix) {
        let (before, found) = rest.split_at(at);
        out += before;
        out += STATE;
        let name = found.get(prefix.len()..).unwrap_or_default();
        rest = name.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-');
    }
    out + rest
}

/// Replaces a name where it is a whole word.
fn words(log: &str, name: &str, by: &str) -> String {
    let inside = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut out = String::with_capacity(log.len());
    let mut rest = log;
    while let Some(at) = rest.find(name).filter(|_| !name.is_empty()) {
        let (before, found) = rest.split_at(at);
        let after = found.get(name.len()..).unwrap_or_default();
        out += before;
        // A letter after a backslash is no letter of the word.
        let mut ahead = out.chars().rev();
        let joined = ahead.next().is_some_and(inside) && ahead.next() != Some('\\');
        // A full stop may end a sentence.
        let mut behind = after.chars();
        let goes_on = match behind.next() {
            Some('.') => behind.next().is_some_and(|c| c.is_ascii_alphanumeric()),
            other => other.is_some_and(inside),
        };
        out += if joined || goes_on { name } else { by };
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            host: "vm".into(),
            kernel: "6.1.2-cloud".into(),
            home: Some("/home/somebody".into()),
            user: Some("somebody".into()),
            folders: vec![("/cache/2026.9.6/node_modules/openclaw".into(), INSTALLATION)],
            state: "/tmp/openclaw-gateway-".into(),
        }
    }

    #[test]
    fn names_of_folders_hosts_and_systems_are_replaced() {
        let log = r#"{"text":"{\"stateDir\":\"/tmp/openclaw-gateway-77-18ea-5/.openclaw\",\"host\":\"vm\",\"platform\":\"linux 6.1.2-cloud\",\"text\":\"Gateway: vm (vm) on\nvm. vmx svm\",\"main\":\"/cache/2026.9.6/node_modules/openclaw/dist/a.js\"}"}"#;
        let clean = r#"{"text":"{\"stateDir\":\"/state/.openclaw\",\"host\":\"gateway-host\",\"platform\":\"linux 6.0.0\",\"text\":\"Gateway: gateway-host (gateway-host) on\ngateway-host. vmx svm\",\"main\":\"/openclaw/dist/a.js\"}"}"#;
        assert_eq!(machine().sanitise(log), clean);
        assert_eq!(machine().remains(clean), Vec::<String>::new());
        assert_eq!(machine().remains(log).len(), 3);
    }

    #[test]
    fn what_is_still_there_is_found() {
        for (text, found) in [
            ("by somebody", "somebody"),
            ("see /home/somebodyelse", "/home/somebody"),
            ("on 6.1.2-cloud", "6.1.2-cloud"),
            ("in /tmp/openclaw-gateway-1", "/tmp/openclaw-gateway-"),
        ] {
            assert_eq!(machine().remains(text), [found], "{text}");
        }
    }
}
