//! Whom to believe to be the gateway, and how to show who we are.

mod config;
mod failure;
mod pinned;

use std::fmt;

use openclaw_proto::FingerprintError;

pub(crate) use failure::rustls_error;
pub use failure::tls_error;

/// Which certificates are believed, and which one is shown.
///
/// Without a pin a certificate has to be valid, for that host, and issued by one of the authorities: the platform's, unless
/// said otherwise, and those that are added. With a pin it has to be the pinned one, and nothing else is asked
/// ([`pin`](Self::pin)) unless that is wanted too ([`verify_too`](Self::verify_too)).
///
/// Nothing is read before the client is made; then what cannot be used is told as a [`TrustError`].
///
/// ```
/// use openclaw_client::Trust;
///
/// # let (ca_file, pin) = (Vec::new(), "");
/// let company = Trust::default().authority(ca_file);
/// let self_signed = Trust::default().pin(pin);
/// let both = company.pin(pin).verify_too();
/// ```
#[derive(Clone, Default)]
pub struct Trust {
    roots: Option<Roots>,
    authorities: Vec<Vec<u8>>,
    identity: Option<Identity>,
    pins: Vec<String>,
    verify_too: bool,
}

/// Where the authorities come from that are not added by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Roots {
    /// The operating system.
    #[default]
    Platform,
    /// Mozilla's list, as it was when the program was built. For systems that have no list of their own.
    #[cfg(feature = "webpki-roots")]
    Webpki,
    /// Nowhere: those added by hand are all there are.
    Added,
}

/// What a client shows of itself.
#[derive(Clone)]
struct Identity {
    chain: Vec<u8>,
    key: Vec<u8>,
}

/// Why a [`Trust`] cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// A pin is no fingerprint.
    #[error("the pin is {0}")]
    Pin(#[from] FingerprintError),
    /// A pin for an address without TLS, where there is no certificate.
    #[error("a pin needs wss://: without TLS there is no certificate to compare it with")]
    PinWithoutTls,
    /// Authorities and a pin that makes them meaningless.
    #[error("a pin alone asks no authority, yet authorities are given: leave them out, or verify as well as pin")]
    AuthorityBesidePin,
    /// An added authority cannot be read.
    #[error("an added authority cannot be used: {0}")]
    Authority(String),
    /// There is no authority at all, and no pin.
    #[error("there is no authority to ask, and no pin")]
    NoAuthority,
    /// The client's certificate or its key cannot be used.
    #[error("the client certificate cannot be used: {0}")]
    ClientCertificate(String),
    /// A configuration of the caller's own, and something beside it.
    #[error(
        "TLS is configured by the caller: pins, authorities and a client certificate belong into that configuration"
    )]
    OwnConfig,
    /// The platform's roots, or TLS as such, cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

impl Trust {
    /// Where authorities come from. Default: the platform.
    #[must_use]
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = Some(roots);
        self
    }

    /// Adds authorities: a PEM file's content with one certificate or many, or one certificate as DER. A certificate that
    /// signed itself is its own authority.
    #[must_use]
    pub fn authority(mut self, pem_or_der: impl Into<Vec<u8>>) -> Self {
        self.authorities.push(pem_or_der.into());
        self
    }

    /// Shows a certificate to gateways that ask for one: it and what leads to its issuer, and its private key, as PEM or as
    /// DER.
    #[must_use]
    pub fn client_certificate(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.identity = Some(Identity { chain: chain.into(), key: key.into() });
        self
    }

    /// Adds a pin: the SHA-256 of the only certificate to believe, in any spelling that
    /// [`Fingerprint`](openclaw_proto::Fingerprint) reads. Of several pins one has to match, so that a certificate can be
    /// replaced without a gap.
    ///
    /// A pin alone asks for nothing else: not who issued the certificate, for which host, or until when. That the peer has
    /// the certificate's private key is always checked. Anybody else's certificate ends the handshake before a byte of HTTP
    /// leaves, with [`TransportError::PinMismatch`](openclaw_proto::TransportError::PinMismatch).
    #[must_use]
    pub fn pin(mut self, fingerprint: impl Into<String>) -> Self {
        self.pins.push(fingerprint.into());
        self
    }

    /// Verifies a pinned certificate as any other too: issuer, host and time.
    #[must_use]
    pub fn verify_too(mut self) -> Self {
        self.verify_too = true;
        self
    }

    /// Whether nothing was said.
    pub(crate) fn is_default(&self) -> bool {
        self.roots.is_none()
            && self.authorities.is_empty()
            && self.identity.is_none()
            && self.pins.is_empty()
            && !self.verify_too
    }

    pub(crate) fn has_pins(&self) -> bool {
        !self.pins.is_empty()
    }
}

/// The key is left out; certificates are shown by their number.
impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("roots", &self.roots)
            .field("authorities", &self.authorities.len())
            .field("client_certificate", &self.identity.is_some())
            .field("pins", &self.pins)
            .field("verify_too", &self.verify_too)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    fn refused(trust: &Trust) -> String {
        trust.config().unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_be_used_is_told_and_not_left_out() {
        let pinned = Trust::default().pin("ab".repeat(32));
        assert!(pinned.config().is_ok());
        assert!(refused(&Trust::default().pin("ab")).starts_with("the pin is no SHA-256 fingerprint"));
        assert!(matches!(pinned.clone().authority(PEM).config(), Err(TrustError::AuthorityBesidePin)));
        assert!(matches!(pinned.clone().roots(Roots::Platform).config(), Err(TrustError::AuthorityBesidePin)));
        assert!(matches!(pinned.roots(Roots::Added).verify_too().config(), Err(TrustError::NoAuthority)));
        let added = Trust::default().roots(Roots::Added);
        assert!(matches!(added.config(), Err(TrustError::NoAuthority)));
        for bad in
            [PEM, "", "neither PEM nor DER", "-----BEGIN CERTIFICATE-----\nAAAA", "-----BEGIN X-----\n-----END X-----"]
        {
            assert!(matches!(added.clone().authority(bad).config(), Err(TrustError::Authority(_))), "{bad}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_used_is_not_shown() {
        let pinned = Trust::default().pin("00".repeat(32));
        for key in ["s3cr3t", "-----BEGIN PRIVATE KEY-----\ns3cr3t!\n-----END PRIVATE KEY-----\n", PEM] {
            let trust = pinned.clone().client_certificate(PEM, key);
            let error = trust.config().unwrap_err();
            let shown = format!("{trust:?} {error} {error:?}");
            assert!(matches!(error, TrustError::ClientCertificate(_)), "{shown}");
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
    }

    #[cfg(feature = "webpki-roots")]
    #[test]
    fn mozilla_s_roots_are_there_when_asked_for() {
        assert!(Trust::default().roots(Roots::Webpki).config().is_ok());
    }
}
