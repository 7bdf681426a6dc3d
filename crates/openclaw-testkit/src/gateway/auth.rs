//! Whether a credential is the right one, and what becomes of those who guess.

use std::net::IpAddr;
use std::time::Duration;

use openclaw_proto::Instant;
use serde_json::json;

use super::GatewayCore;
use crate::config::AuthMode;
use crate::json::Json;
use crate::limits::GatewayLimits;
use crate::reply::ErrorBody;

/// What became of a credential.
#[derive(Debug)]
pub(crate) enum Credential {
    /// Right.
    Ok(&'static str),
    Wrong(Failure),
}

/// Why a credential does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    TokenMissing,
    TokenMismatch,
    PasswordMissing,
    PasswordMismatch,
    DeviceTokenMismatch,
    RateLimited(Duration),
}

impl Failure {
    fn reason(self) -> &'static str {
        match self {
            Self::TokenMissing => "token_missing",
            Self::TokenMismatch => "token_mismatch",
            Self::PasswordMissing => "password_missing",
            Self::PasswordMismatch => "password_mismatch",
            Self::DeviceTokenMismatch => "device_token_mismatch",
            Self::RateLimited(_) => "rate_limited",
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::TokenMissing => "AUTH_TOKEN_MISSING",
            Self::TokenMismatch => "AUTH_TOKEN_MISMATCH",
            Self::PasswordMissing => "AUTH_PASSWORD_MISSING",
            Self::PasswordMismatch => "AUTH_PASSWORD_MISMATCH",
            Self::DeviceTokenMismatch => "AUTH_DEVICE_TOKEN_MISMATCH",
            Self::RateLimited(_) => "AUTH_RATE_LIMITED",
        }
    }

    fn next_step(self) -> &'static str {
        match self {
            Self::TokenMissing | Self::PasswordMissing => "update_auth_configuration",
            Self::TokenMismatch | Self::PasswordMismatch | Self::DeviceTokenMismatch => "update_auth_credentials",
            Self::RateLimited(_) => "wait_then_retry",
        }
    }

    fn message(self, hint: Hint) -> String {
        match self {
            Self::TokenMissing => format!("unauthorized: gateway token missing ({})", hint.token()),
            Self::TokenMismatch => format!("unauthorized: gateway token mismatch ({})", hint.token()),
            Self::PasswordMissing => format!("unauthorized: gateway password missing ({})", hint.password()),
            Self::PasswordMismatch => format!("unauthorized: gateway password mismatch ({})", hint.password()),
            Self::DeviceTokenMismatch => "unauthorized: device token mismatch (rotate/reissue device token)".into(),
            Self::RateLimited(_) => "unauthorized: too many failed authentication attempts (retry later)".into(),
        }
    }

    /// The error a client gets.
    pub(crate) fn error(self, hint: Hint, has_device: bool, sent_device_token: bool) -> ErrorBody {
        let retry_with_device_token = self == Self::TokenMismatch && has_device && !sent_device_token;
        let error = ErrorBody::invalid(self.message(hint)).details(json!({
            "code": self.code(),
            "authReason": self.reason(),
            "canRetryWithDeviceToken": retry_with_device_token,
            "recommendedNextStep": if retry_with_device_token { "retry_with_device_token" } else { self.next_step() },
        }));
        match self {
            Self::RateLimited(left) => error.retryable(left),
            _ => error,
        }
    }
}

/// Whom the message of a refusal gives advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    Program,
    LocalCli,
    RemoteCli,
}

impl Hint {
    fn token(self) -> &'static str {
        match self {
            Self::Program => "provide gateway auth token",
            Self::LocalCli => "use this gateway's gateway.auth.token or pair the device",
            Self::RemoteCli => "set gateway.remote.token to match gateway.auth.token",
        }
    }

    fn password(self) -> &'static str {
        match self {
            Self::Program => "provide gateway auth password",
            Self::LocalCli => "use this gateway's gateway.auth.password",
            Self::RemoteCli => "set gateway.remote.password to match gateway.auth.password",
        }
    }
}

/// The failed attempts of an address.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    at: Vec<Instant>,
    locked_until: Option<Instant>,
}

impl Failures {
    fn refresh(&mut self, now: Instant, limits: &GatewayLimits) {
        if self.locked_until.is_some_and(|until| now >= until) {
            *self = Self::default();
        }
        self.at.retain(|at| now.since(*at) < limits.auth_window);
    }

    fn lockout(&mut self, now: Instant, limits: &GatewayLimits) -> Option<Duration> {
        self.refresh(now, limits);
        self.locked_until.map(|until| until.since(now))
    }

    /// Records a failure; gives how long its answer waits.
    fn record(&mut self, now: Instant, limits: &GatewayLimits, exempt: bool) -> Duration {
        self.refresh(now, limits);
        self.at.push(now);
        if exempt {
            let doublings = u32::try_from(self.at.len().saturating_sub(1)).unwrap_or(u32::MAX).min(16);
            return limits.auth_delay.saturating_mul(1 << doublings).min(limits.auth_delay.saturating_mul(20));
        }
        if self.at.len() >= limits.auth_attempts {
            self.locked_until = Some(now.after(limits.auth_lockout));
        }
        Duration::ZERO
    }
}

impl GatewayCore {
    /// Checks the shared secret of a connect. Also gives how long a refusal has to wait.
    pub(crate) fn check_secret(&mut self, address: IpAddr, auth: Option<&Json>) -> (Credential, Duration) {
        let given =
            |name: &str| auth.and_then(|auth| auth.text_of(name)).map(str::trim).filter(|text| !text.is_empty());
        // On v4 the secret may stand in either field; v3 reads only the one of its mode.
        let v4 = self.dialect.is_v4();
        let either = |own: &str, other: &str| given(own).or_else(|| given(other).filter(|_| v4));
        let (wanted, got, method, missing, mismatch) = match &self.auth {
            AuthMode::None => return (Credential::Ok("none"), Duration::ZERO),
            AuthMode::Token(token) => {
                (token, either("token", "password"), "token", Failure::TokenMissing, Failure::TokenMismatch)
            }
            AuthMode::Password(password) => {
                let got = either("password", "token");
                (password, got, "password", Failure::PasswordMissing, Failure::PasswordMismatch)
            }
        };
        let exempt = address.is_loopback() && self.limits.auth_exempt_loopback;
        let right = got == Some(wanted.expose());
        let now = self.now.mono;
        let known = self.failures.entry(address).or_default();
        if given("token").or_else(|| given("password")).is_some() && !exempt {
            if let Some(left) = known.lockout(now, &self.limits) {
                return (Credential::Wrong(Failure::RateLimited(left)), Duration::ZERO);
            }
        }
        if right {
            self.failures.remove(&address);
            return (Credential::Ok(method), Duration::ZERO);
        }
        if got.is_none() {
            return (Credential::Wrong(missing), Duration::ZERO);
        }
        let delay = known.record(now, &self.limits, exempt);
        (Credential::Wrong(mismatch), if v4 { delay } else { Duration::ZERO })
    }
}
