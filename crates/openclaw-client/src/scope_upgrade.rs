//! Asking an operator for more scopes over the connection there is.

use std::sync::Arc;

use openclaw_proto::Request;
use openclaw_proto::connect::Scope;
use openclaw_proto::scope_upgrade::{Decision, DecisionError, requested};
use serde_json::json;

use crate::Payload;
use crate::call::CallError;
use crate::keeper::Errand;
use crate::shared::Shared;

/// Why a scope upgrade came to no decision.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpgradeError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The gateway took the request without naming it, so nobody can wait for its decision.
    #[error("the gateway did not name the request")]
    NoRequestId,
    /// The decision cannot be used.
    #[error(transparent)]
    Decision(#[from] DecisionError),
}

pub(crate) async fn run(shared: &Arc<Shared>, scopes: &[Scope]) -> Result<Decision, UpgradeError> {
    let ask = |method, params| Request::with_params(method, &params).map_err(CallError::from);
    let answer = shared.call(ask("device.scopes.requestUpgrade", json!({ "scopes": scopes }))?).await?;
    let id = answer.as_ref().map(Payload::as_str).and_then(requested).ok_or(UpgradeError::NoRequestId)?;
    // An operator takes as long as an operator takes.
    let wait = ask("device.scopes.waitUpgrade", json!({ "requestId": id }))?.no_timeout();
    let answer = shared.call(wait).await?;
    let decision = Decision::parse(answer.as_ref().map_or("null", Payload::as_str), &id)?;
    if let Decision::Approved(token) = &decision {
        let key = shared.with_core(|core, _| {
            core.set_stored_token(Some(token.clone()));
            core.token_key()
        });
        key.into_iter().for_each(|key| Shared::keep(shared, Errand::Save(key, token.clone())));
    }
    Ok(decision)
}
