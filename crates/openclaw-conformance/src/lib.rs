//! What real gateways do, checked scenario by scenario, release by release.

pub mod provider;
