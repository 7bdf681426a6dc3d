//! What is known of a client's credentials, from its frames and the gateway's.

use openclaw_proto::connect::Role;
use openclaw_proto::credentials::StoredToken;
use openclaw_proto::{Output, State};
use serde_json::Value;

/// What a connect has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The shared token.
    pub shared: bool,
    /// A device token.
    pub device: Option<String>,
}

/// What is known of a client's credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wallet {
    /// The token that a gateway has issued to the device.
    pub stored: Option<String>,
    /// What the connect of the present connection has shown.
    pub shown: Option<Shown>,
    /// The one attempt with both tokens has been made since the last hello or stop.
    pub tried: bool,
}

impl Shown {
    /// What a connect frame shows.
    #[must_use]
    pub fn by(frame: &str) -> Self {
        let frame: Value = serde_json::from_str(frame).unwrap_or_default();
        let auth = |name: &str| frame.pointer("/params/auth").and_then(|auth| auth.get(name)).and_then(Value::as_str);
        Self { shared: auth("token").is_some(), device: auth("deviceToken").map(str::to_owned) }
    }

    /// Whether it shows both tokens.
    #[must_use]
    pub fn both(&self) -> bool {
        self.shared && self.device.is_some()
    }
}

impl Wallet {
    /// Whether the one attempt with the stored token beside the shared one may follow on a refusal.
    #[must_use]
    pub fn may_try_both(&self) -> bool {
        let shared_alone = self.shown.as_ref().is_some_and(|shown| shown.shared && shown.device.is_none());
        !self.tried && self.stored.is_some() && shared_alone
    }

    /// A connect has left.
    pub(super) fn greeted(&mut self, frame: &str) {
        let shown = Shown::by(frame);
        self.tried |= shown.both();
        self.shown = Some(shown);
    }

    /// The client was given a token, or lost one.
    pub(crate) fn give(&mut self, token: Option<&StoredToken>) {
        self.stored = token.map(|stored| stored.token.expose().to_owned());
    }

    pub(super) fn output(&mut self, output: &Output<u32, String>) {
        match output {
            Output::TokenIssued { key, token } if key.role == Role::Operator => self.give(Some(token)),
            Output::TokenRejected { .. } => self.stored = None,
            Output::State(State::Dialing { .. }) => self.shown = None,
            Output::State(State::Ready { .. } | State::Stopping | State::Stopped { .. }) => self.tried = false,
            _ => {}
        }
    }
}
