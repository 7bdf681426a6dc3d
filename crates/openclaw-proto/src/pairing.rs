//! A pairing that waits for an operator.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::connect::{Role, Scope};
use crate::error::{GatewayError, NextStep};
use crate::json::RawObject;
use crate::open_enum::open_enum;

open_enum! {
    /// Why a pairing is needed.
    PairingReason {
        /// The device is not known.
        NotPaired = "not-paired",
        /// It asks for another role than it was approved for.
        RoleUpgrade = "role-upgrade",
        /// It asks for more scopes than it was approved for.
        ScopeUpgrade = "scope-upgrade",
        /// Its platform or family has changed. What it has been issued stays good if they change back.
        MetadataUpgrade = "metadata-upgrade",
    }
}

/// What an operator has to decide before this device gets in.
///
/// Everything in it comes from the gateway: texts are for showing, after whatever cleaning a terminal needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PairingRequest {
    /// Why; none when the gateway does not say.
    pub reason: Option<PairingReason>,
    /// The request to approve. Its letters are checked: it can be part of a command line.
    pub request_id: Option<String>,
    /// The device, as the gateway names it.
    pub device_id: Option<String>,
    /// The role asked for.
    pub requested_role: Option<Role>,
    /// The scopes asked for.
    pub requested_scopes: Vec<Scope>,
    /// The roles approved so far.
    pub approved_roles: Vec<Role>,
    /// The scopes approved so far.
    pub approved_scopes: Vec<Scope>,
    /// What the gateway advises.
    pub next_step: Option<NextStep>,
    /// The same for people.
    pub remediation: Option<String>,
    /// Whether the gateway wants to be asked again by itself; if not, the client pauses.
    pub retry: bool,
}

impl PairingRequest {
    /// Reads a refusal; none when it is about something else.
    #[must_use]
    pub fn of(error: &GatewayError) -> Option<Self> {
        match error.detail_code.as_deref() {
            Some("PAIRING_REQUIRED") => {}
            None if is_about_pairing(&error.message) => {}
            _ => return None,
        }
        let details = error.details().and_then(RawObject::parse).unwrap_or_default();
        let scopes = |key| details.strings(key).unwrap_or_default().into_iter().map(Scope::from).collect();
        let own_id = details.string("requestId").filter(|id| is_request_id(id));
        Some(Self {
            reason: error.detail_reason.as_deref().map(PairingReason::from),
            request_id: own_id.or_else(|| id_in(&error.message)),
            device_id: details.string("deviceId"),
            requested_role: details.string("requestedRole").map(Role::from),
            requested_scopes: scopes("requestedScopes"),
            approved_roles: details.strings("approvedRoles").unwrap_or_default().into_iter().map(Role::from).collect(),
            approved_scopes: scopes("approvedScopes"),
            next_step: error.next_step.as_deref().map(NextStep::from),
            remediation: details.string("remediationHint"),
            retry: error.says_wait_for_pairing(),
        })
    }

    /// Reads the reason of a close that came instead of an answer. Gateways cut reasons at 120 bytes, ids included.
    pub(crate) fn of_close(reason: &str) -> Option<Self> {
        is_about_pairing(reason).then(|| Self {
            reason: None,
            request_id: id_in(reason),
            device_id: None,
            requested_role: None,
            requested_scopes: Vec::new(),
            approved_roles: Vec::new(),
            approved_scopes: Vec::new(),
            next_step: None,
            remediation: None,
            retry: false,
        })
    }

    /// The command with which the gateway's operator approves, or sees what there is to approve.
    #[must_use]
    pub fn approve_command(&self) -> String {
        match &self.request_id {
            Some(id) => format!("openclaw devices approve {id}"),
            None => "openclaw devices list".into(),
        }
    }
}

fn is_about_pairing(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("pairing required") || text.contains("pending approval")
}

/// The id in `(requestId: …)`.
fn id_in(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("(requestId:")?;
    let (id, _) = rest.split_once(')')?;
    Some(id.trim()).filter(|id| is_request_id(id)).map(Into::into)
}

/// Letters, digits and `._:-`, a letter or digit first, at most 128 of them: safe in a command line and in a log.
fn is_request_id(id: &str) -> bool {
    id.len() <= 128
        && id.starts_with(|c: char| c.is_ascii_alphanumeric())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-'))
}
