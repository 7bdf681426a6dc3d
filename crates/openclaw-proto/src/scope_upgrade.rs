//! Answers of `device.scopes.requestUpgrade` and `device.scopes.waitUpgrade`: how a paired device asks for more scopes
//! over a connection it already has.
//!
//! The first names the request, the second answers when an operator has decided, which may take as long as it takes: ask
//! without a deadline. After an approval, hand the token to
//! [`set_stored_token`](crate::Client::set_stored_token) and connect anew: a connection keeps the scopes it began with.

use alloc::string::String;
use alloc::vec::Vec;

use crate::connect::Scope;
use crate::credentials::StoredToken;
use crate::json::RawObject;
use crate::secret::Secret;

/// The request id in an answer of `device.scopes.requestUpgrade`; none when there is none.
#[must_use]
pub fn requested(payload: &str) -> Option<String> {
    RawObject::parse(payload)?.string("requestId").filter(|id| !id.trim().is_empty())
}

/// How a scope upgrade was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Approved: the device's new token with its scopes.
    Approved(StoredToken),
    /// Rejected.
    Rejected,
    /// Nobody decided in time.
    Expired,
}

/// Why an answer of `device.scopes.waitUpgrade` cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecisionError {
    /// It names another request, or none.
    #[error("the decision is about another request")]
    OtherRequest,
    /// It has an unknown status, or none.
    #[error("the decision has no status this client knows")]
    UnknownStatus,
    /// It approves without a token, or without scopes.
    #[error("the approval brings no token or no scopes")]
    Incomplete,
}

impl Decision {
    /// Reads the answer about the request of that id.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn parse(payload: &str, request_id: &str) -> Result<Self, DecisionError> {
        let answer = RawObject::parse(payload).unwrap_or_default();
        if answer.text("requestId").as_deref() != Some(request_id) {
            return Err(DecisionError::OtherRequest);
        }
        match answer.text("status").as_deref() {
            Some("rejected") => Ok(Self::Rejected),
            Some("expired") => Ok(Self::Expired),
            Some("approved") => {
                let token = answer.string("deviceToken").map(Secret::new).filter(|token| !token.is_blank());
                let scopes: Vec<Scope> =
                    answer.strings("scopes").unwrap_or_default().into_iter().map(Scope::from).collect();
                let token = token.filter(|_| !scopes.is_empty()).ok_or(DecisionError::Incomplete)?;
                Ok(Self::Approved(StoredToken::new(token, scopes)))
            }
            _ => Err(DecisionError::UnknownStatus),
        }
    }
}
