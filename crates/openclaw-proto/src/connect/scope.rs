//! Roles and scopes.

use alloc::vec::Vec;

use crate::open_enum::open_enum;

open_enum! {
    /// What a connection is to the gateway.
    Role {
        /// Asks and watches. The default.
        Operator = "operator",
        /// Offers commands that the gateway calls. Needs a device identity.
        Node = "node",
    }
}

open_enum! {
    /// What a connection may do.
    Scope {
        /// Everything an operator may.
        Admin = "operator.admin",
        /// Look.
        Read = "operator.read",
        /// Act; includes reading, talking and sessions.
        Write = "operator.write",
        /// Decide approvals.
        Approvals = "operator.approvals",
        /// Answer questions.
        Questions = "operator.questions",
        /// Pair devices and nodes.
        Pairing = "operator.pairing",
        /// Talk mode.
        Talk = "operator.talk",
        /// Secrets of talk mode.
        TalkSecrets = "operator.talk.secrets",
        /// Look at sessions.
        SessionsRead = "operator.sessions.read",
        /// Change sessions.
        SessionsWrite = "operator.sessions.write",
    }
}

impl Scope {
    /// Whether holding `self` grants `wanted` (admin grants every operator scope, write grants read,
    /// talk and both session scopes, read and sessions.write grant sessions.read).
    #[must_use]
    pub fn grants(&self, wanted: &Self) -> bool {
        self == wanted
            || match self {
                Self::Admin => wanted.as_str().starts_with("operator."),
                Self::Write => {
                    matches!(wanted, Self::Read | Self::Talk | Self::SessionsRead | Self::SessionsWrite)
                }
                Self::Read | Self::SessionsWrite => matches!(wanted, Self::SessionsRead),
                _ => false,
            }
    }
}

/// Those of `wanted` that no scope of `held` grants.
#[must_use]
pub fn missing_scopes(wanted: &[Scope], held: &[Scope]) -> Vec<Scope> {
    wanted.iter().filter(|scope| !held.iter().any(|held| held.grants(scope))).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_implication_of_the_protocol_and_no_other() {
        let grants = |held: &Scope| {
            let mut all: Vec<_> = Scope::KNOWN.iter().filter(|s| held.grants(s)).map(Scope::as_str).collect();
            all.sort_unstable();
            all
        };
        assert_eq!(grants(&Scope::Admin).len(), Scope::KNOWN.len());
        assert_eq!(
            grants(&Scope::Write),
            ["operator.read", "operator.sessions.read", "operator.sessions.write", "operator.talk", "operator.write"]
        );
        assert_eq!(grants(&Scope::Read), ["operator.read", "operator.sessions.read"]);
        assert_eq!(grants(&Scope::SessionsWrite), ["operator.sessions.read", "operator.sessions.write"]);
        for alone in [Scope::Approvals, Scope::Questions, Scope::Pairing, Scope::Talk, Scope::TalkSecrets] {
            assert_eq!(grants(&alone), [alone.as_str()]);
        }
        assert!(Scope::Admin.grants(&Scope::from("operator.invented")));
        assert!(!Scope::Admin.grants(&Scope::from("node.invented")));
    }
}
