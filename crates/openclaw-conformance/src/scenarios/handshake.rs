//! How connections begin, and why they do not.

use anyhow::{Result, ensure};
use openclaw_client::connect::Scope;

use crate::scenario::Seen;
use crate::stage::{Stage, refusal};

pub(super) fn hello(stage: &Stage) -> Result<Seen> {
    let client = stage.client()?;
    let hello = client.ready()?;
    ensure!(u8::try_from(hello.protocol).ok() == Some(stage.wire()), "protocol {}", hello.protocol);
    ensure!(hello.scopes() == Some([Scope::Read].as_slice()), "scopes {:?}", hello.scopes());
    ensure!(hello.policy.max_payload == 26_214_400, "policy {:?}", hello.policy);
    ensure!(stage.is_embedded() || hello.server.version.as_deref() == Some(stage.release().name()));
    client.shutdown();
    Seen::holds(format!("{} methods, {} events", hello.features.methods.len(), hello.features.events.len()))
}

pub(super) fn wrong_token(stage: &Stage) -> Result<Seen> {
    let error = refusal(stage.connect(stage.stranger().token("wrong")))?;
    ensure!(error.detail_code.as_deref() == Some("AUTH_TOKEN_MISMATCH"), "{error:?}");
    Seen::holds("AUTH_TOKEN_MISMATCH")
}
