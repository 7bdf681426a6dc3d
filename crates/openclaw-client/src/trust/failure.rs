//! What TLS failed with, in the core's terms and in words that help.

use std::io;

use openclaw_proto::TransportError;
use rustls::{AlertDescription, CertificateError, Error};

use super::pinned::Mismatch;

/// What a TLS handshake ended with.
#[must_use]
pub fn tls_error(error: &io::Error) -> TransportError {
    rustls_error(error).unwrap_or_else(|| TransportError::Tls(error.to_string()))
}

/// What TLS said, if it is TLS that an error of reading or writing comes from.
pub(crate) fn rustls_error(error: &io::Error) -> Option<TransportError> {
    error.get_ref()?.downcast_ref().map(describe)
}

fn describe(error: &Error) -> TransportError {
    match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => match other.0.downcast_ref::<Mismatch>() {
            Some(Mismatch { expected, found }) => {
                TransportError::PinMismatch { expected: expected.clone(), found: *found }
            }
            None => TransportError::Tls(error.to_string()),
        },
        error => TransportError::Tls(words(error)),
    }
}

fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(fault) => match fault {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the gateway's certificate has expired".into()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the gateway's certificate is not valid yet; is this machine's clock right?".into()
            }
            CertificateError::NotValidForNameContext { expected, presented } => {
                let (wanted, shown) = (expected.to_str(), presented.join(", "));
                format!("the gateway's certificate is not for {wanted}, but for {shown:.200}")
            }
            CertificateError::NotValidForName => "the gateway's certificate is for another host".into(),
            CertificateError::UnknownIssuer => {
                "the gateway's certificate is from no authority that is trusted here".into()
            }
            // A certificate that was issued anew may name an authority of the same name and another key.
            CertificateError::BadSignature => {
                "a signature is wrong: the authority that the gateway's certificate names did not sign it, or the peer does \
                 not have its key"
                    .into()
            }
            CertificateError::Revoked => "the gateway's certificate was revoked".into(),
            _ => error.to_string(),
        },
        Error::AlertReceived(AlertDescription::CertificateRequired) => "the gateway wants a client certificate".into(),
        Error::AlertReceived(alert) => format!("the peer ended it with the alert {alert:?}"),
        Error::InvalidMessage(_) => format!("the peer does not speak TLS, or breaks its rules: {error}"),
        _ => error.to_string(),
    }
}
