//! Believing a certificate because of what it is.

use std::sync::Arc;

use openclaw_proto::Fingerprint;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

/// Compares the peer's certificate with the pinned ones, in the middle of the handshake: before a byte of HTTP can leave.
#[derive(Debug)]
pub(super) struct Pinned {
    pins: Vec<Fingerprint>,
    /// What a certificate that matches has to pass too.
    and_then: Option<Arc<dyn ServerCertVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
}

/// How a mismatch travels through rustls, which knows no such error.
#[derive(Debug, thiserror::Error)]
#[error("the certificate {found} is not the pinned one")]
pub(super) struct Mismatch {
    pub(super) expected: Vec<Fingerprint>,
    pub(super) found: Fingerprint,
}

impl Pinned {
    pub(super) fn new(
        pins: Vec<Fingerprint>,
        and_then: Option<Arc<dyn ServerCertVerifier>>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Self {
        Self { pins, and_then, algorithms }
    }
}

fn fingerprint(certificate: &CertificateDer<'_>) -> Fingerprint {
    let mut hash = [0; 32];
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
    // Both have 32 bytes.
    hash.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    Fingerprint::new(hash)
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = fingerprint(end_entity);
        if !self.pins.contains(&found) {
            let mismatch = Mismatch { expected: self.pins.clone(), found };
            return Err(Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(mismatch)))));
        }
        match &self.and_then {
            None => Ok(ServerCertVerified::assertion()),
            Some(verifier) => verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
        }
    }

    // A certificate is public: only these signatures show that the peer has its key.

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
