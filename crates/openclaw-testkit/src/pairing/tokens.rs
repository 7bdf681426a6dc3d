//! Device tokens: issued, checked, replaced, withdrawn.

use super::approval::fresh_token;
use super::device::Token;
use super::{Pairing, scopes};
use crate::rng::Rng;

/// Why a device token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenFault {
    Mismatch,
    /// It is the right one, but not for all that is asked for.
    Scope,
}

impl Pairing {
    /// Checks a token, and notes its use.
    pub(crate) fn verify(
        &mut self,
        device: &str,
        token: &str,
        role: &str,
        asked: &[String],
        now: u64,
    ) -> Result<(), TokenFault> {
        let v4 = self.v4;
        let device = self.devices.get_mut(device).ok_or(TokenFault::Mismatch)?;
        let baseline = device.baseline();
        let held = device.tokens.get_mut(role).ok_or(TokenFault::Mismatch)?;
        if held.revoked_at.is_some() || held.token != token {
            return Err(TokenFault::Mismatch);
        }
        let fits = scopes::allow(v4, role, &held.scopes, &baseline)
            && scopes::allow(v4, role, &scopes::normal(asked), &held.scopes);
        if !fits {
            return Err(TokenFault::Scope);
        }
        held.last_used_at = Some(now);
        if v4 {
            device.last_seen = Some((now, "device-token-auth"));
        }
        Ok(())
    }

    /// The token a hello states: the one in force if it covers what is asked for, else a new one. None if the device may
    /// not have so much.
    pub(crate) fn ensure(
        &mut self,
        device: &str,
        role: &str,
        asked: &[String],
        now: u64,
        rng: &mut Rng,
    ) -> Option<Token> {
        let v4 = self.v4;
        let device = self.devices.get_mut(device).filter(|device| device.roles.iter().any(|known| known == role))?;
        let (asked, baseline) = (scopes::normal(asked), device.baseline());
        if !scopes::allow(v4, role, &asked, &baseline) {
            return None;
        }
        let held = device.tokens.get(role);
        let covers = |token: &&Token| {
            token.revoked_at.is_none()
                && scopes::allow(v4, role, &token.scopes, &baseline)
                && scopes::allow(v4, role, &asked, &token.scopes)
        };
        if let Some(token) = held.filter(covers) {
            return Some(token.clone());
        }
        let token = fresh_token(role, asked, held, now, rng);
        device.tokens.insert(role.to_owned(), token.clone());
        Some(token)
    }

    /// Replaces a token; none if nobody may. `caller` bounds what it may be good for.
    pub(crate) fn rotate(
        &mut self,
        device: &str,
        role: &str,
        asked: Option<&[String]>,
        caller: Option<&[String]>,
        now: u64,
        rng: &mut Rng,
    ) -> Option<Token> {
        let v4 = self.v4;
        let device = self.devices.get_mut(device).filter(|device| device.roles.iter().any(|known| known == role))?;
        let held = device.tokens.get(role);
        let wanted = asked.or_else(|| held.map(|token| token.scopes.as_slice())).unwrap_or(&device.scopes);
        let wanted = scopes::normal(wanted);
        let may = |held: &[String]| scopes::allow(v4, role, &wanted, held);
        if !may(&device.baseline()) || caller.is_some_and(|caller| !may(caller)) {
            return None;
        }
        let mut token = fresh_token(role, wanted, held, now, rng);
        token.rotated_at = Some(now);
        device.tokens.insert(role.to_owned(), token.clone());
        Some(token)
    }

    /// Withdraws a token; gives its role. None if nobody may.
    pub(crate) fn revoke(&mut self, device: &str, role: &str, caller: Option<&[String]>, now: u64) -> Option<()> {
        let v4 = self.v4;
        let device = self.devices.get_mut(device).filter(|device| device.roles.iter().any(|known| known == role))?;
        let token = device.tokens.get_mut(role)?;
        let held = scopes::normal(&token.scopes);
        if caller.is_some_and(|caller| !scopes::allow(v4, role, &held, caller)) {
            return None;
        }
        token.revoked_at = Some(now);
        Some(())
    }
}
