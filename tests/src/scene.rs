//! A gateway that answers every connect, for as long as a test wants to look.

use std::sync::Arc;
use std::time::Duration;

use crate::{Drive, HELLO, challenge, refusal, response};
use openclaw_proto::connect::Scope;
use openclaw_proto::credentials::StoredToken;
use openclaw_proto::device::{DeviceIdentity, Ed25519Signer};
use openclaw_proto::{ClientConfig, Input, Jitter, Output, StateKind};
use serde_json::Value;

/// A second.
pub const SECOND: Duration = Duration::from_secs(1);
/// A minute.
pub const MINUTE: Duration = Duration::from_secs(60);

/// The same device in all tests.
#[must_use]
pub fn device() -> DeviceIdentity {
    DeviceIdentity::new(Arc::new(Ed25519Signer::from_seed(&[1; 32])))
}

/// Reconnects for ever, without jitter, with a device and a shared token.
pub fn with_device(config: &mut ClientConfig) {
    config.backoff.max_attempts = None;
    config.backoff.jitter = Jitter::None;
    config.device = Some(device());
    config.connect.auth.token = Some("shared".into());
}

/// The same without a shared token.
pub fn bare(config: &mut ClientConfig) {
    with_device(config);
    config.connect.auth.token = None;
}

/// What the device was issued earlier.
#[must_use]
pub fn stored() -> StoredToken {
    StoredToken::new("stored", [Scope::Read, Scope::Write])
}

/// How the gateway answers a connect.
#[derive(Clone, Debug)]
pub enum Answer {
    /// With that error body.
    Refuse(String),
    /// With a hello with that `auth`.
    Welcome(Value),
    /// Not at all: the network breaks.
    Break,
}

/// A refusal with that detail code.
#[must_use]
pub fn refuse(code: &str) -> Answer {
    Answer::Refuse(format!(r#"{{"code":"INVALID_REQUEST","message":"no","details":{{"code":"{code}"}}}}"#))
}

/// A hello that grants that and issues a token.
#[must_use]
pub fn welcome(token: Option<&str>, scopes: &[&str]) -> Answer {
    let mut auth = serde_json::json!({"role": "operator", "scopes": scopes});
    if let Some(token) = token {
        auth["deviceToken"] = token.into();
        auth["issuedAtMs"] = 1_795_000_000_000_u64.into();
    }
    Answer::Welcome(auth)
}

/// A connect as the gateway got it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When, from the beginning of the look.
    pub at: Duration,
    /// Its params.
    pub params: Value,
}

impl Attempt {
    /// `auth` as a compact text; `null` if there is none.
    #[must_use]
    pub fn auth(&self) -> String {
        self.params["auth"].to_string()
    }
}

/// Plays the gateway for that long and gives the connects it got.
///
/// # Panics
/// When there are far too many of them, or one is no JSON.
pub fn play(d: &mut Drive, time: Duration, mut answer: impl FnMut(&Attempt) -> Answer) -> Vec<Attempt> {
    let begin = d.now.mono;
    let mut attempts = Vec::new();
    loop {
        while d.client.state() == StateKind::Dialing {
            d.input(Input::Opened);
            d.text(&challenge("nonce"));
            let Some(connect) = d.frames().pop() else { continue };
            let frame: Value = serde_json::from_str(&connect).unwrap();
            let attempt = Attempt { at: d.now.mono.since(begin), params: frame["params"].clone() };
            match answer(&attempt) {
                Answer::Refuse(error) => {
                    d.text(&refusal(&connect, &error));
                    d.input(Input::Closed { code: Some(1008), reason: "refused".into() });
                }
                Answer::Welcome(auth) => {
                    let mut hello: Value = serde_json::from_str(HELLO).unwrap();
                    hello["auth"] = auth;
                    d.text(&response(&connect, &hello.to_string()));
                }
                Answer::Break => d.input(Input::Closed { code: None, reason: String::new() }),
            }
            attempts.push(attempt);
            assert!(attempts.len() < 1_000, "a storm");
        }
        let left = time.saturating_sub(d.now.mono.since(begin));
        match d.client.poll_timeout().map(|(at, _)| at.since(d.now.mono)).filter(|wait| *wait <= left) {
            Some(wait) => drop(d.advance(wait)),
            None => {
                d.advance(left);
                return attempts;
            }
        }
    }
}

/// Starts the client and plays the gateway.
pub fn start(d: &mut Drive, time: Duration, answer: impl FnMut(&Attempt) -> Answer) -> Vec<Attempt> {
    d.start();
    play(d, time, answer)
}

/// What the client has told about tokens, as text with the token in clear.
pub fn told(d: &mut Drive) -> Vec<String> {
    let line = |output| match output {
        Output::TokenIssued { key, token } => Some(format!(
            "issued {} {} {:?} {:?}",
            key.role,
            token.token.expose(),
            token.scopes.iter().map(Scope::as_str).collect::<Vec<_>>(),
            token.issued_at_ms
        )),
        Output::TokenRejected { key, token } => Some(format!("rejected {} {}", key.role, token.expose())),
        _ => None,
    };
    d.take().into_iter().filter_map(line).collect()
}
