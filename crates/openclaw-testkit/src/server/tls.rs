//! The gateway behind TLS.

use std::fmt;
use std::io;
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// The certificate of a gateway behind TLS: self-signed, for `localhost` and 127.0.0.1, and good for the next decades,
/// unless told otherwise.
///
/// ```
/// use openclaw_testkit::Tls;
///
/// let (expired, of_somebody_else) = (Tls::new().expired(), Tls::new().host_name("gateway.example"));
/// let for_known_clients = Tls::new().require_client_certificate();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tls {
    host_name: Option<String>,
    expired: bool,
    wants_client: bool,
}

/// A certificate for clients, and its key.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientIdentity {
    /// The certificate in DER.
    pub certificate: Vec<u8>,
    /// Its key in PKCS #8 DER.
    pub key: Vec<u8>,
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").finish_non_exhaustive()
    }
}

impl Tls {
    /// A certificate that clients have no complaints about, but that nobody has signed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Has been out of date for years.
    #[must_use]
    pub fn expired(mut self) -> Self {
        self.expired = true;
        self
    }

    /// Is for a host of this name, and not for this one.
    #[must_use]
    pub fn host_name(mut self, name: impl Into<String>) -> Self {
        self.host_name = Some(name.into());
        self
    }

    /// Wants a certificate from clients: the one of [`Server::client_identity`](crate::Server::client_identity).
    #[must_use]
    pub fn require_client_certificate(mut self) -> Self {
        self.wants_client = true;
        self
    }

    /// Makes the certificates.
    pub(crate) fn prepare(&self) -> io::Result<Secured> {
        let names = match &self.host_name {
            Some(name) => vec![name.clone()],
            None => vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        };
        let (certificate, key) = self.certificate(names, "openclaw-testkit", ExtendedKeyUsagePurpose::ServerAuth)?;
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let (builder, client) = if self.wants_client {
            let (client, verifier) = known_client(provider)?;
            (builder.with_client_cert_verifier(verifier), Some(client))
        } else {
            (builder.with_no_client_auth(), None)
        };
        let chain = vec![CertificateDer::from(certificate.clone())];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key));
        let config = builder.with_single_cert(chain, key).map_err(io::Error::other)?;
        Ok(Secured { acceptor: TlsAcceptor::from(Arc::new(config)), certificate, client })
    }

    fn certificate(
        &self,
        names: Vec<String>,
        owner: &str,
        usage: ExtendedKeyUsagePurpose,
    ) -> io::Result<(Vec<u8>, Vec<u8>)> {
        let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
        params.distinguished_name.push(DnType::CommonName, owner);
        params.extended_key_usages.push(usage);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = if self.expired { date_time_ymd(2021, 1, 1) } else { date_time_ymd(2100, 1, 1) };
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok((certificate.der().to_vec(), key.serialize_der()))
    }
}

type Verifier = Arc<dyn ClientCertVerifier>;

/// A client, and how it is told from others.
fn known_client(provider: Arc<CryptoProvider>) -> io::Result<(ClientIdentity, Verifier)> {
    let usage = ExtendedKeyUsagePurpose::ClientAuth;
    let (certificate, key) = Tls::new().certificate(Vec::new(), "openclaw-testkit client", usage)?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(certificate.clone())).map_err(io::Error::other)?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    Ok((ClientIdentity { certificate, key }, verifier.build().map_err(io::Error::other)?))
}

impl super::Server {
    /// The gateway's certificate in DER; none without TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8]> {
        self.shared.door.secured.as_ref().map(|secured| secured.certificate.as_slice())
    }

    /// The SHA-256 of the gateway's certificate in lower-case hex; none without TLS.
    #[must_use]
    pub fn fingerprint(&self) -> Option<String> {
        self.shared.door.secured.as_ref().map(Secured::fingerprint)
    }

    /// The certificate that clients are let in by; none if they need none.
    #[must_use]
    pub fn client_identity(&self) -> Option<&ClientIdentity> {
        self.shared.door.secured.as_ref()?.client.as_ref()
    }
}

/// The gateway's end of TLS.
pub(crate) struct Secured {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) certificate: Vec<u8>,
    pub(crate) client: Option<ClientIdentity>,
}

impl Secured {
    /// The certificate's SHA-256 in lower-case hex.
    pub(crate) fn fingerprint(&self) -> String {
        Sha256::digest(&self.certificate).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secured").finish_non_exhaustive()
    }
}
