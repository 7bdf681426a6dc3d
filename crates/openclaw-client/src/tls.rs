//! TLS by rustls, with the crypto provider named.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;

/// TLS that trusts what the platform trusts.
///
/// The provider is stated: rustls' default builder panics in a program that has two of them enabled.
///
/// # Errors
/// When the platform's roots cannot be used.
pub(crate) fn platform() -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(Arc::new(config))
}
