//! A pairing that waits for an operator, as it is shown.

use openclaw_client::PairingRequest;
use openclaw_client::connect::{Role, Scope};
use serde::Serialize;

/// For programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PairingObject<'a> {
    reason: Option<&'a str>,
    request_id: Option<&'a str>,
    device_id: Option<&'a str>,
    requested_role: Option<&'a str>,
    requested_scopes: Vec<&'a str>,
    approved_roles: Vec<&'a str>,
    approved_scopes: Vec<&'a str>,
    approve_command: String,
}

impl<'a> From<&'a PairingRequest> for PairingObject<'a> {
    fn from(request: &'a PairingRequest) -> Self {
        Self {
            reason: request.reason.as_ref().map(|reason| reason.as_str()),
            request_id: request.request_id.as_deref(),
            device_id: request.device_id.as_deref(),
            requested_role: request.requested_role.as_ref().map(Role::as_str),
            requested_scopes: request.requested_scopes.iter().map(Scope::as_str).collect(),
            approved_roles: request.approved_roles.iter().map(Role::as_str).collect(),
            approved_scopes: request.approved_scopes.iter().map(Scope::as_str).collect(),
            approve_command: request.approve_command(),
        }
    }
}

/// For people: labels and values, as the gateway spelled them.
pub(crate) fn rows(request: &PairingRequest) -> Vec<(&'static str, String)> {
    let grant = |roles: &[Role], scopes: &[Scope]| {
        let names = roles.iter().map(Role::as_str).chain(scopes.iter().map(Scope::as_str));
        names.collect::<Vec<_>>().join(", ")
    };
    let asked = grant(request.requested_role.as_slice(), &request.requested_scopes);
    let approved = grant(&request.approved_roles, &request.approved_scopes);
    let rows = [
        ("pairing", request.reason.as_ref().map(ToString::to_string)),
        ("request", request.request_id.clone()),
        ("device", request.device_id.clone()),
        ("asked for", Some(asked).filter(|text| !text.is_empty())),
        ("approved so far", Some(approved).filter(|text| !text.is_empty())),
        ("approve with", Some(request.approve_command())),
    ];
    rows.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
}
