//! The real gateways that a test is given.

use serde_json::Value;

/// A gateway that `cargo xtask` has started.
#[derive(Clone, Debug)]
pub struct RealGateway {
    /// Its release.
    pub version: String,
    /// The wire version it speaks.
    pub wire: u64,
    /// `ws://…`.
    pub url: String,
    /// Its shared token.
    pub token: String,
}

/// The gateways to test against. There is at least one.
///
/// # Panics
/// When nobody has started any.
#[must_use]
pub fn real_gateways() -> Vec<RealGateway> {
    let list = std::env::var("OPENCLAW_TEST_GATEWAYS")
        .expect("OPENCLAW_TEST_GATEWAYS names the gateways to test against; `cargo xtask test` sets it");
    let list: Vec<Value> = serde_json::from_str(&list).expect("OPENCLAW_TEST_GATEWAYS is a JSON array");
    assert!(!list.is_empty(), "no gateway to test against");
    let text = |row: &Value, key: &str| row[key].as_str().expect(key).to_owned();
    list.iter()
        .map(|row| RealGateway {
            version: text(row, "version"),
            wire: row["wire"].as_u64().expect("wire"),
            url: text(row, "url"),
            token: text(row, "token"),
        })
        .collect()
}
