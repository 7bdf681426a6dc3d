//! What a client remembers of credentials from connection to connection.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Client, Output};
use crate::connect::{Auth, Hello, Scope, missing_scopes};
use crate::connection::Down;
use crate::credentials::{Choice, Holdings, StoredToken, TokenKey, choose};
use crate::record::{TokenVerdict, Told};
use crate::recovery::Situation;
use crate::secret::Secret;

/// The stored token, and what has been tried.
#[derive(Debug, Default)]
pub(super) struct Wallet {
    stored: Option<Box<StoredToken>>,
    /// Counts stored tokens, so that the one a connect has shown can be told from a newer one.
    serial: u64,
    retry: Retry,
    bootstrap_spent: bool,
}

/// The one attempt with the stored token beside a shared token that was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Retry {
    #[default]
    Available,
    /// The next connect makes it.
    Armed,
    /// A connect has made it. Arming ends with the next connect whatever becomes of it, so it cannot stick.
    Spent,
}

impl Wallet {
    fn store(&mut self, token: Option<StoredToken>) {
        self.stored = token.map(Box::new);
        self.serial += 1;
    }

    /// Whether no token has been stored yet.
    pub(super) fn untouched(&self) -> bool {
        self.serial == 0
    }

    /// The client has stopped.
    pub(super) fn stopped(&mut self) {
        self.retry = Retry::Available;
    }

    /// The next connect may show the stored token beside the shared one.
    pub(super) fn arm_retry(&mut self) {
        self.retry = Retry::Armed;
    }
}

/// What a connect has said, as far as the connection's end depends on it.
#[derive(Debug)]
pub(crate) struct Offered {
    /// Which stored token it showed.
    stored: Option<u64>,
    device_token: bool,
    shared_token: bool,
    password: bool,
    bootstrap: bool,
    scopes: Vec<Scope>,
    /// It is the one attempt with both tokens.
    retry: bool,
    /// It asks for scopes that its stored token is not known to have. Gateways before 2026.9 then say that they do not
    /// know the token, so it may be a good one.
    beyond_stored: bool,
}

impl<W: Clone, T: AsRef<str>> Client<W, T> {
    /// Gives the token that a gateway has issued to this device earlier, as the application or its store has kept it; none
    /// if there is none (any more). It counts from the next connect on; to make one now, [`nudge`](Self::nudge).
    ///
    /// Load it before [`start`](Self::start). Tokens issued later are known to the client without this call:
    /// [`Output::TokenIssued`] and [`Output::TokenRejected`] only keep the store up to date.
    pub fn set_stored_token(&mut self, token: Option<StoredToken>) {
        let token = token.filter(|token| !token.token.is_blank()).map(|mut token| {
            token.token = token.token.trimmed();
            token
        });
        if let Some(log) = &mut self.log {
            log.stored_token(token.as_ref());
        }
        self.wallet.store(token);
    }

    /// Replaces the configured credentials, for an application that has asked its user for better ones. They count from
    /// the next connect on; to make one now, [`nudge`](Self::nudge).
    pub fn set_auth(&mut self, auth: Auth) {
        if let Some(log) = &mut self.log {
            log.auth(&auth);
        }
        Arc::make_mut(&mut self.config).connect.auth = auth;
        self.wallet.retry = Retry::Available;
        self.wallet.bootstrap_spent = false;
    }

    /// Under what this client's token is to be stored; none without a device.
    #[must_use]
    pub fn token_key(&self) -> Option<TokenKey> {
        let device = self.config.device.as_ref()?.id().clone();
        let connect = &self.config.connect;
        Some(TokenKey::new(&self.config.url, device, connect.role.clone(), connect.client.id.clone()))
    }

    /// What the next connect shows. `again` is what one of this connection showed that has not been sent.
    pub(super) fn choose(&mut self, again: Option<&Offered>) -> (Choice, Offered) {
        let retry = self.wallet.retry == Retry::Armed || again.is_some_and(|again| again.retry);
        let connect = &self.config.connect;
        let choice = choose(&Holdings {
            auth: &connect.auth,
            stored: self.wallet.stored.as_deref().filter(|_| self.config.device.is_some()),
            retry_armed: retry,
            endpoint_trusted: self.endpoint_trusted(),
            bootstrap_spent: self.wallet.bootstrap_spent,
            role: &connect.role,
            scopes: connect.scopes.as_deref(),
        });
        if retry {
            self.wallet.retry = Retry::Spent;
        }
        let covered = self.wallet.stored.as_ref().map_or(&[][..], |stored| &stored.scopes);
        let offered = Offered {
            stored: choice.uses_stored.then_some(self.wallet.serial),
            device_token: choice.auth.device_token.is_some(),
            shared_token: choice.auth.token.is_some(),
            password: choice.auth.password.is_some(),
            bootstrap: choice.auth.bootstrap_token.is_some(),
            beyond_stored: !missing_scopes(&choice.scopes, covered).is_empty(),
            scopes: choice.scopes.clone(),
            retry,
        };
        (choice, offered)
    }

    /// Whether a stored token may be shown to whoever answers, although another credential was meant for it.
    fn endpoint_trusted(&self) -> bool {
        let url = &self.config.url;
        url.is_loopback() || (url.is_secure() && self.config.certificate_pinned)
    }

    /// A hello came: gives the scopes that were asked for.
    pub(super) fn welcomed(&mut self, offered: Option<Offered>, hello: &Hello) -> Vec<Scope> {
        self.wallet.retry = Retry::Available;
        let Some(offered) = offered else { return Vec::new() };
        self.wallet.bootstrap_spent |= offered.bootstrap;
        self.token_issued(hello);
        offered.scopes
    }

    fn token_issued(&mut self, hello: &Hello) {
        let Some(key) = self.token_key() else { return };
        let Some(granted) = hello.auth() else { return };
        let Some(token) = &granted.device_token else { return };
        let kept = match self.verdict(token) {
            TokenVerdict::Unusable => return,
            // The hello names what this connection was granted, which may be less than the token is good for.
            TokenVerdict::Same => self.wallet.stored.as_ref().map(|stored| stored.scopes.clone()),
            TokenVerdict::New => None,
        };
        let scopes = kept.unwrap_or_else(|| granted.scopes.clone().unwrap_or_default());
        let issued = StoredToken::new(token.clone(), scopes).issued_at(granted.issued_at_ms);
        let role = granted.role.clone().unwrap_or_else(|| key.role.clone());
        if let Some(log) = &mut self.log {
            log.learn(token);
        }
        if role == key.role {
            self.wallet.store(Some(issued.clone()));
        }
        self.outputs.push_back(Output::TokenIssued { key: Box::new(TokenKey { role, ..key }), token: issued });
    }

    /// A log holds no tokens, so it says what came of comparing them.
    fn verdict(&mut self, token: &Secret) -> TokenVerdict {
        let verdict = match &mut self.tape {
            Some(tape) => match tape.pop_front() {
                Some(Told::Token(verdict)) => verdict,
                _ => TokenVerdict::Unusable,
            },
            None if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) || token.is_blank() => {
                TokenVerdict::Unusable
            }
            None if self.wallet.stored.as_ref().is_some_and(|stored| stored.token == *token) => TokenVerdict::Same,
            None => TokenVerdict::New,
        };
        if let Some(log) = &mut self.log {
            log.token_verdict(verdict);
        }
        verdict
    }

    /// The connection ended before hello: an attempt that never left is still to be made, and a stored token that the
    /// gateway does not know (any more) is forgotten.
    pub(super) fn offer_ended(&mut self, down: &Down, offered: &Offered, unsent: bool) {
        if offered.retry && unsent {
            self.wallet.arm_retry();
        }
        let shown = offered.stored.filter(|serial| *serial == self.wallet.serial);
        let alone = !offered.shared_token && !offered.password;
        if shown.is_none() || offered.beyond_stored || !down.says_device_token_is_unknown(alone) {
            return;
        }
        let (Some(key), Some(stored)) = (self.token_key(), self.wallet.stored.take()) else { return };
        self.outputs.push_back(Output::TokenRejected { key: Box::new(key), token: stored.token });
    }

    /// What the reaction to a connection's end depends on beside that end.
    pub(super) fn situation(&self, offered: Option<&Offered>) -> Situation {
        let retry = self.wallet.retry == Retry::Available
            && self.wallet.stored.is_some()
            && self.config.device.is_some()
            && self.endpoint_trusted()
            && offered.is_some_and(|offered| offered.shared_token && !offered.device_token);
        Situation { device_token_retry: retry, pairing_poll: self.config.pairing_poll }
    }
}
