//! From a [`Trust`] to what rustls works with.

use std::sync::Arc;

use openclaw_proto::Fingerprint;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::pinned::Pinned;
use super::{Roots, Trust, TrustError};

impl Trust {
    /// TLS as described.
    ///
    /// The provider is stated: rustls' default builder panics in a program that has two of them enabled.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, TrustError> {
        let provider = Arc::new(ring::default_provider());
        let verifier = self.verifier(&provider)?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Setup)?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let bad = |error: String| TrustError::ClientCertificate(error);
                let chain = certificates(&identity.chain).map_err(bad)?;
                let key = private_key(&identity.key).map_err(bad)?;
                builder.with_client_auth_cert(chain, key).map_err(|e| bad(e.to_string()))?
            }
        };
        if self.has_pins() {
            // A resumed session shows no certificate, and a pin is there to be compared every time.
            config.resumption = Resumption::disabled();
        }
        Ok(Arc::new(config))
    }

    fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, TrustError> {
        if !self.has_pins() {
            return self.by_authority(provider);
        }
        let pins = self.pins.iter().map(|text| text.parse()).collect::<Result<Vec<Fingerprint>, _>>()?;
        let and_then = if self.verify_too {
            Some(self.by_authority(provider)?)
        } else if self.roots.is_some() || !self.authorities.is_empty() {
            return Err(TrustError::AuthorityBesidePin);
        } else {
            None
        };
        Ok(Arc::new(Pinned::new(pins, and_then, provider.signature_verification_algorithms)))
    }

    /// Verification as on the web: by issuer, host and time.
    fn by_authority(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, TrustError> {
        let mut added = Vec::new();
        for authority in &self.authorities {
            added.extend(certificates(authority).map_err(TrustError::Authority)?);
        }
        let mut store = RootCertStore::empty();
        for certificate in &added {
            store.add(certificate.clone()).map_err(|e| TrustError::Authority(e.to_string()))?;
        }
        match self.roots.unwrap_or_default() {
            Roots::Platform => return platform(added, provider),
            #[cfg(feature = "webpki-roots")]
            Roots::Webpki => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Roots::Added => {}
        }
        if store.is_empty() {
            return Err(TrustError::NoAuthority);
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider)).build();
        Ok(verifier.map_err(|e| TrustError::Authority(e.to_string()))?)
    }
}

#[cfg(not(target_os = "android"))]
fn platform(
    added: Vec<CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TrustError> {
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(added, Arc::clone(provider));
    Ok(Arc::new(verifier.map_err(TrustError::Setup)?))
}

/// Android's verifier takes no authorities beside its own.
#[cfg(target_os = "android")]
fn platform(
    added: Vec<CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TrustError> {
    if !added.is_empty() {
        return Err(TrustError::Authority("the platform takes none beside its own: use other roots".into()));
    }
    Ok(Arc::new(rustls_platform_verifier::Verifier::new(Arc::clone(provider)).map_err(TrustError::Setup)?))
}

/// PEM is text with an armour; DER never is, as it begins with the tag of a sequence.
fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(11).any(|window| window == b"-----BEGIN ")
}

fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    if !is_pem(bytes) {
        return Ok(vec![CertificateDer::from(bytes.to_vec())]);
    }
    let found = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>().map_err(|e| pem_words(&e))?;
    if found.is_empty() { Err("the PEM holds no certificate".into()) } else { Ok(found) }
}

fn private_key(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    if is_pem(bytes) {
        return PrivateKeyDer::from_pem_slice(bytes).map_err(|e| pem_words(&e));
    }
    PrivateKeyDer::try_from(bytes.to_vec()).map_err(|_unspecific| "the private key is in no known format".into())
}

/// What a PEM lacks, never what is in it.
fn pem_words(error: &PemError) -> String {
    match error {
        PemError::NoItemsFound => "the PEM holds no private key that is not encrypted".into(),
        PemError::Base64Decode(_) => "the PEM is damaged".into(),
        PemError::MissingSectionEnd { .. } | PemError::IllegalSectionStart { .. } => "the PEM is cut off".into(),
        _ => "the PEM cannot be read".into(),
    }
}
