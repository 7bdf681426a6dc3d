//! The gateway's end of TLS.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// Makes a certificate for this machine that has signed itself, and writes it to `file` for clients to believe.
pub(super) fn acceptor(file: &Path) -> anyhow::Result<TlsAcceptor> {
    let key = KeyPair::generate()?;
    let names = ["localhost", "127.0.0.1"].map(str::to_owned);
    let certificate = CertificateParams::new(names)?.self_signed(&key)?;
    // Stated, since the default panics where two of them are enabled.
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )?;
    std::fs::write(file, certificate.pem()).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
