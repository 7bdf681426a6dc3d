//! The wire as a release has it: definitions, methods, events, scopes.
//!
//! Out of the code of a gateway, whatever its release, or out of the package in which the makers publish it for some.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::gateway::Install;
use crate::strangers::{PROTOCOL, Strangers};

const EXTRACT: &str = include_str!("../protocol/extract.mjs");

/// The wire of a release.
#[derive(Debug, Clone, Deserialize)]
pub struct Protocol {
    /// What values look like: a JSON schema for each name.
    pub definitions: Map<String, Value>,
    /// The methods, with `scope` and whatever else is known of each.
    pub methods: Map<String, Value>,
    /// The names of the events that are told to clients; none where that is not stated.
    #[serde(default)]
    pub events: Vec<String>,
    /// The scopes of operators; none where that is not stated.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Lists of codes and names, by what they are of.
    #[serde(default)]
    pub constants: Map<String, Value>,
}

/// What an installed gateway's own code says.
///
/// # Errors
///
/// When Node fails, or the bundle has become so different that something is not found in it.
pub fn of_gateway(install: &Install) -> Result<Protocol> {
    let package = install.entry.parent().context("the gateway has no folder")?;
    let home = std::env::temp_dir();
    // The script is given on standard input, so that nothing has to be written.
    let mut child = Command::new(&install.node)
        .args(["--input-type=module", "-"])
        .arg(package)
        .env_clear()
        .env("HOME", &home)
        .current_dir(&home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start Node")?;
    // Far less than a pipe holds; dropping it ends the script's text.
    let mut input = child.stdin.take().context("no input")?;
    std::io::Write::write_all(&mut input, EXTRACT.as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("Node failed ({}):\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    let protocol: Protocol = serde_json::from_slice(&output.stdout).context("what Node printed is no protocol")?;
    protocol.complete().with_context(|| format!("{} has another structure", package.display()))?;
    Ok(protocol)
}

/// What the makers publish in [`PROTOCOL`].
///
/// # Errors
///
/// When the package has become different.
pub fn published(strangers: &Strangers) -> Result<Protocol> {
    let file = strangers.modules.join(PROTOCOL.package).join("protocol.schema.json");
    let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} has another structure", file.display()))
}

impl Protocol {
    /// An empty list is one that was not found.
    fn complete(&self) -> Result<()> {
        let missing: Vec<&str> = [
            ("definitions", self.definitions.is_empty()),
            ("methods", self.methods.is_empty()),
            ("events", self.events.is_empty()),
            ("scopes", self.scopes.is_empty()),
        ]
        .into_iter()
        .filter_map(|(name, is_empty)| is_empty.then_some(name))
        .collect();
        if !missing.is_empty() {
            bail!("found no {}", missing.join(", "));
        }
        for frame in ["ConnectParams", "HelloOk", "RequestFrame", "ResponseFrame", "EventFrame"] {
            self.definitions.get(frame).with_context(|| format!("found no definition of {frame}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_protocol_of_which_a_part_was_not_found_is_an_error() {
        let frames = ["ConnectParams", "HelloOk", "RequestFrame", "ResponseFrame", "EventFrame"];
        let definitions: Map<String, Value> = frames.into_iter().map(|name| (name.to_owned(), json!({}))).collect();
        let text = json!({"definitions": definitions, "methods": {"m": {}}, "events": ["e"], "scopes": ["s"]});
        let whole: Protocol = serde_json::from_value(text).unwrap();
        assert!(whole.complete().is_ok());
        let error = Protocol { events: Vec::new(), ..whole.clone() }.complete().unwrap_err().to_string();
        assert_eq!(error, "found no events");
        let mut cut = whole;
        cut.definitions.remove("HelloOk");
        assert!(cut.complete().is_err());
    }
}
