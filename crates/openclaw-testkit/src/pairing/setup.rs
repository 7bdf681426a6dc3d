//! Setup codes: bootstrap tokens by which a new device gets in once.

use super::{Pairing, scopes};
use crate::rng::Rng;

/// What operators may be given by a setup code.
const HANDOFF: [&str; 5] =
    ["operator.approvals", "operator.questions", "operator.read", "operator.talk.secrets", "operator.write"];
const VOICE: [&str; 2] = ["operator.read", "operator.talk"];

/// The kind of device a setup code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Setup {
    /// A phone, which becomes a node and an operator: on v4 an admin. There only the apps for iOS and Android are let in by
    /// it at once.
    Mobile,
    /// A phone that may less.
    MobileLimited,
    /// A node. On v4 only `node-host` is let in by it at once.
    Node,
    /// A node that may talk. On v4 only `node-host` on an ESP32 is let in by it at once.
    VoiceNode,
}

/// What a setup code allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) setup: Setup,
    pub(crate) roles: Vec<String>,
    scopes: Vec<String>,
}

impl Profile {
    fn new(setup: Setup, v4: bool) -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
        let (roles, scopes) = match setup {
            Setup::Mobile | Setup::MobileLimited => (texts(&["node", "operator"]), texts(&HANDOFF)),
            Setup::Node => (texts(&["node"]), Vec::new()),
            Setup::VoiceNode => (texts(&["node", "operator"]), texts(&VOICE)),
        };
        let mut scopes = scopes;
        if v4 && setup == Setup::Mobile {
            scopes.push("operator.admin".into());
        } else if !v4 {
            scopes.retain(|scope| scope != "operator.questions");
        }
        Self { setup, roles, scopes }
    }

    /// The scopes that a role gets.
    pub(crate) fn handoff(&self, role: &str) -> Vec<String> {
        if role == "operator" { scopes::normal(&self.scopes) } else { Vec::new() }
    }

    fn allows(&self, v4: bool, role: &str, asked: &[String]) -> bool {
        self.roles.iter().any(|known| known == role) && scopes::allow(v4, role, asked, &self.scopes)
    }

    /// What operators are told of it.
    pub(crate) fn access(&self) -> &'static str {
        match self.setup {
            Setup::Mobile => "full",
            Setup::Node => "node",
            Setup::MobileLimited | Setup::VoiceNode => "limited",
        }
    }

    /// Of what a device asks for, what it can be given.
    fn part(&self, role: &str, asked: &[String]) -> Vec<String> {
        let handed = self.handoff(role);
        scopes::normal(asked).into_iter().filter(|scope| handed.contains(scope)).collect()
    }
}

/// A bootstrap token.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    token: String,
    /// The id by which operators follow what becomes of it.
    pub(crate) setup_id: Option<String>,
    pub(crate) profile: Profile,
    /// The device that has shown it first.
    bound: Option<(String, String)>,
    /// What the device has asked for and not yet been given; until then it cannot ask for anything else.
    staged: Option<(String, Vec<String>)>,
    /// The roles it has been used for.
    redeemed: Vec<(String, Vec<String>)>,
    issued_at: u64,
}

impl Code {
    pub(super) fn is_bound_to(&self, device: &str, key: &str) -> bool {
        self.bound.as_ref().is_some_and(|(known, known_key)| known == device && known_key == key)
    }

    pub(super) fn is_alive(&self, now: u64, lifetime: u64) -> bool {
        now.saturating_sub(self.issued_at) <= lifetime
    }
}

impl Pairing {
    /// Makes a bootstrap token; gives it and the end of its life.
    pub(crate) fn issue_setup(
        &mut self,
        setup: Setup,
        setup_id: Option<String>,
        now: u64,
        rng: &mut Rng,
    ) -> (String, u64) {
        self.expire(now);
        let token = rng.token();
        self.setups.push(Code {
            token: token.clone(),
            setup_id,
            profile: Profile::new(setup, self.v4),
            bound: None,
            staged: None,
            redeemed: Vec::new(),
            issued_at: now,
        });
        (token, now.saturating_add(self.setup_lifetime))
    }

    /// Checks a bootstrap token and binds it to the first device that shows it.
    pub(crate) fn verify_setup(
        &mut self,
        token: &str,
        device: &str,
        key: &str,
        role: &str,
        asked: &[String],
        now: u64,
    ) -> bool {
        self.expire(now);
        let v4 = self.v4;
        let Some(code) = self.setups.iter_mut().find(|code| code.token == token) else { return false };
        if !code.profile.allows(v4, role, asked) || code.bound.is_some() && !code.is_bound_to(device, key) {
            return false;
        }
        let part = (role.to_owned(), code.profile.part(role, asked));
        if v4 && code.staged.as_ref().is_some_and(|staged| *staged != part) {
            return false;
        }
        code.staged = Some(part);
        code.bound = Some((device.to_owned(), key.to_owned()));
        true
    }

    /// The profile of a bootstrap token that is bound to this device.
    pub(crate) fn setup_profile(&self, token: &str, device: &str, key: &str) -> Option<Profile> {
        let code = self.setups.iter().find(|code| code.token == token && code.is_bound_to(device, key))?;
        Some(code.profile.clone())
    }

    /// Notes that a bootstrap token has been used. It is gone once it has been used for all it is good for, or at once if
    /// all was given at once; then it is given back.
    pub(crate) fn redeem_setup(&mut self, token: &str, role: &str, asked: &[String], all: bool) -> Option<Code> {
        let v4 = self.v4;
        let index = self.setups.iter().position(|code| code.token == token)?;
        let code = self.setups.get_mut(index)?;
        code.redeemed.push((role.to_owned(), code.profile.part(role, asked)));
        code.staged = None;
        let used_up = code.profile.roles.iter().all(|role| {
            let used: Vec<String> = code
                .redeemed
                .iter()
                .filter(|(known, _)| known == role)
                .flat_map(|(_, scopes)| scopes.clone())
                .collect();
            let was_used = code.redeemed.iter().any(|(known, _)| known == role);
            was_used && scopes::allow(v4, role, &code.profile.handoff(role), &used)
        });
        (all || used_up).then(|| self.setups.remove(index))
    }
}
