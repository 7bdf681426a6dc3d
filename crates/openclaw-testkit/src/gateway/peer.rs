//! A connection and, once it is let in, the session on it.

use openclaw_proto::connect::{Role, Scope};

use super::{PeerId, PeerInfo};
use crate::pairing::{Code, Facts, Token};
use crate::proof::Proven;

/// A connection.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) info: PeerInfo,
    pub(crate) nonce: String,
    pub(crate) conn_id: String,
    pub(crate) stage: Stage,
    /// The number of the last event of its sequence.
    pub(crate) seq: u64,
    /// Bytes the host said are waiting to be written.
    pub(crate) reported: usize,
    /// Bytes the host has not yet fetched.
    pub(crate) unfetched: usize,
    pub(crate) awaits_pong: bool,
    /// It did not wait for the answer to its connect, which v3 does not forgive.
    pub(crate) spoiled: bool,
    /// Nothing more is sent.
    pub(crate) muted: bool,
    /// Nothing more is read.
    pub(crate) deaf: bool,
    /// Consecutive `unauthorized role` answers.
    pub(crate) unauthorized: u32,
}

/// How far a connection is.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Nothing has come yet.
    Greeted,
    /// A connect is being answered; what comes meanwhile waits.
    Answering(Vec<String>),
    /// Let in. Until the hello is out, what comes waits.
    Open { session: Session, before_hello: Option<Vec<String>> },
    /// A close frame is on its way.
    Closing,
}

/// A client that has been let in.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) client_id: String,
    pub(crate) client_mode: String,
    pub(crate) display_name: Option<String>,
    pub(crate) version: String,
    pub(crate) platform: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) device: Option<Proven>,
    pub(crate) role: Role,
    pub(crate) scopes: Vec<Scope>,
    /// By what it was let in: `token`, `password`, `none`, `device-token` or `bootstrap-token`.
    pub(crate) method: &'static str,
    /// The tokens its hello states: its own first.
    pub(crate) grants: Vec<Grant>,
    /// The setup code that has been used up by it.
    pub(crate) used_setup: Option<Code>,
    /// What it says about its device.
    pub(crate) facts: Facts,
    /// The profile it acts as.
    pub(crate) profile: Option<String>,
}

/// A device token as a hello states it.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) token: String,
    pub(crate) role: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) issued_at: u64,
}

impl From<Token> for Grant {
    fn from(token: Token) -> Self {
        let issued_at = token.issued_at();
        Self { token: token.token, role: token.role, scopes: token.scopes, issued_at }
    }
}

impl Session {
    pub(crate) fn device_id(&self) -> Option<&str> {
        self.device.as_ref().map(|device| device.id.as_str())
    }

    /// Its scopes as texts.
    pub(crate) fn scope_texts(&self) -> Vec<String> {
        self.scopes.iter().map(|scope| scope.as_str().to_owned()).collect()
    }

    /// Whether it was granted `wanted`, directly or by another scope.
    pub(crate) fn may(&self, wanted: &Scope) -> bool {
        self.role == Role::Operator && self.scopes.iter().any(|held| held.grants(wanted))
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.scopes.contains(&Scope::Admin)
    }
}

impl Peer {
    pub(crate) fn new(info: PeerInfo, nonce: String, conn_id: String) -> Self {
        Self {
            info,
            nonce,
            conn_id,
            stage: Stage::Greeted,
            seq: 0,
            reported: 0,
            unfetched: 0,
            awaits_pong: false,
            spoiled: false,
            muted: false,
            deaf: false,
            unauthorized: 0,
        }
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        match &self.stage {
            Stage::Open { session, .. } => Some(session),
            _ => None,
        }
    }

    /// Whether it counts against the bound of connections without hello.
    pub(crate) fn is_unauthenticated(&self) -> bool {
        matches!(self.stage, Stage::Greeted | Stage::Answering(_))
    }

    pub(crate) fn is_closing(&self) -> bool {
        matches!(self.stage, Stage::Closing)
    }

    pub(crate) fn buffered(&self) -> usize {
        self.reported.saturating_add(self.unfetched)
    }
}

/// A connection as the gateway knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Which one.
    pub peer: PeerId,
    /// Its `connId`.
    pub conn_id: String,
    /// Whether it has been let in.
    pub ready: bool,
    /// `client.id`; empty before it has been let in.
    pub client_id: String,
    /// `client.mode`; empty before it has been let in.
    pub client_mode: String,
    /// Its role; none before it has been let in.
    pub role: Option<Role>,
    /// The scopes it was granted.
    pub scopes: Vec<Scope>,
    /// The id of its device.
    pub device_id: Option<String>,
    /// By what it was let in: `token`, `password`, `none`, `device-token` or `bootstrap-token`; empty before it has been.
    pub method: &'static str,
    /// The sequence number of the last event it was sent.
    pub seq: u64,
}

impl ConnectionInfo {
    pub(crate) fn of(peer: PeerId, state: &Peer) -> Self {
        let session = state.session();
        let text = |of: fn(&Session) -> &String| session.map(of).cloned().unwrap_or_default();
        Self {
            peer,
            conn_id: state.conn_id.clone(),
            ready: session.is_some(),
            client_id: text(|session| &session.client_id),
            client_mode: text(|session| &session.client_mode),
            role: session.map(|session| session.role.clone()),
            scopes: session.map(|session| session.scopes.clone()).unwrap_or_default(),
            device_id: session.and_then(Session::device_id).map(str::to_owned),
            method: session.map(|session| session.method).unwrap_or_default(),
            seq: state.seq,
        }
    }
}
