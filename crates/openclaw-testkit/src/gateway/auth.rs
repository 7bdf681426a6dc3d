//! Whether a credential is the right one, and what is said if it is not.

use std::time::Duration;

use serde_json::json;

use super::GatewayCore;
use super::applicant::Applicant;
use super::guesses::Guessed;
use crate::config::AuthMode;
use crate::dialect::Dialect;
use crate::pairing::TokenFault;
use crate::reply::ErrorBody;

/// Why a credential does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    TokenMissing,
    TokenMismatch,
    PasswordMissing,
    PasswordMismatch,
    DeviceTokenMismatch,
    ScopeMismatch,
    SetupInvalid,
    /// For so long, if that is told.
    RateLimited(Option<Duration>),
}

impl Failure {
    fn reason(self) -> &'static str {
        match self {
            Self::TokenMissing => "token_missing",
            Self::TokenMismatch => "token_mismatch",
            Self::PasswordMissing => "password_missing",
            Self::PasswordMismatch => "password_mismatch",
            Self::DeviceTokenMismatch => "device_token_mismatch",
            Self::ScopeMismatch => "scope_mismatch",
            Self::SetupInvalid => "bootstrap_token_invalid",
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
            Self::ScopeMismatch => "AUTH_SCOPE_MISMATCH",
            Self::SetupInvalid => "AUTH_BOOTSTRAP_TOKEN_INVALID",
            Self::RateLimited(_) => "AUTH_RATE_LIMITED",
        }
    }

    fn next_step(self) -> &'static str {
        match self {
            Self::TokenMissing | Self::PasswordMissing => "update_auth_configuration",
            Self::TokenMismatch | Self::PasswordMismatch | Self::DeviceTokenMismatch => "update_auth_credentials",
            Self::ScopeMismatch | Self::SetupInvalid => "review_auth_configuration",
            Self::RateLimited(_) => "wait_then_retry",
        }
    }

    fn message(self, dialect: Dialect, hint: Hint) -> String {
        let setup = if dialect.is_v4() {
            "setup code invalid, expired, revoked, or already used (create a new code; review `openclaw devices list`)"
        } else {
            "bootstrap token invalid or expired (scan a fresh setup code)"
        };
        let text = match self {
            Self::TokenMissing => format!("gateway token missing ({})", hint.missing_token(dialect)),
            Self::TokenMismatch => format!("gateway token mismatch ({})", hint.token()),
            Self::PasswordMissing => format!("gateway password missing ({})", hint.password()),
            Self::PasswordMismatch => format!("gateway password mismatch ({})", hint.password()),
            Self::DeviceTokenMismatch => "device token mismatch (rotate/reissue device token)".into(),
            Self::ScopeMismatch => "device token scope mismatch (re-pair or approve scope upgrade)".into(),
            Self::SetupInvalid => setup.into(),
            Self::RateLimited(_) => "too many failed authentication attempts (retry later)".into(),
        };
        format!("unauthorized: {text}")
    }

    /// The error a client gets.
    pub(crate) fn error(self, dialect: Dialect, applicant: &Applicant) -> ErrorBody {
        let sent = |name| applicant.raw_auth(name).is_some_and(|text| !text.is_empty());
        let may_retry = self == Self::TokenMismatch
            && applicant.device.is_some()
            && sent("token")
            && !sent("password")
            && !sent("deviceToken");
        let hint = Hint::of(dialect, applicant);
        let error = ErrorBody::invalid(self.message(dialect, hint)).details(json!({
            "code": self.code(),
            "authReason": self.reason(),
            "canRetryWithDeviceToken": may_retry,
            "recommendedNextStep": if may_retry { "retry_with_device_token" } else { self.next_step() },
        }));
        match self {
            // v3 keeps it to itself.
            Self::RateLimited(Some(left)) if dialect.is_v4() => error.retryable(left),
            _ => error,
        }
    }
}

/// Whom the message of a refusal gives advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    Program,
    LocalCli,
    RemoteCli,
    Page,
}

impl Hint {
    fn of(dialect: Dialect, applicant: &Applicant) -> Self {
        match applicant.mode.as_str() {
            "cli" if applicant.is_local && dialect.is_v4() => Self::LocalCli,
            "cli" => Self::RemoteCli,
            _ if applicant.is_operator_ui() || applicant.is_chat_page() => Self::Page,
            _ => Self::Program,
        }
    }

    fn missing_token(self, dialect: Dialect) -> &'static str {
        match self {
            Self::Page if dialect.is_v4() => {
                "paste in Control UI settings or openclaw doctor --generate-gateway-token; restart"
            }
            other => other.token(),
        }
    }

    fn token(self) -> &'static str {
        match self {
            Self::Program => "provide gateway auth token",
            Self::LocalCli => "use this gateway's gateway.auth.token or pair the device",
            Self::RemoteCli => "set gateway.remote.token to match gateway.auth.token",
            Self::Page => "open the dashboard URL and paste the token in Control UI settings",
        }
    }

    fn password(self) -> &'static str {
        match self {
            Self::Program => "provide gateway auth password",
            Self::LocalCli => "use this gateway's gateway.auth.password",
            Self::RemoteCli => "set gateway.remote.password to match gateway.auth.password",
            Self::Page => "enter the password in Control UI settings",
        }
    }
}

/// What the shared secret of a connect is worth.
#[derive(Debug)]
pub(crate) struct Secret {
    /// By what it lets in.
    pub(crate) result: Result<&'static str, Failure>,
    /// A failure that counts only if nothing else lets the client in.
    pub(crate) pending: bool,
    /// How long a refusal waits.
    pub(crate) delay: Duration,
}

impl Secret {
    fn new(result: Result<&'static str, Failure>) -> Self {
        Self { result, pending: false, delay: Duration::ZERO }
    }
}

impl GatewayCore {
    /// Checks the shared secret of a connect.
    pub(crate) fn check_secret(&mut self, applicant: &Applicant) -> Secret {
        // On v4 the secret may stand in either field; v3 reads only the one of its mode.
        let v4 = self.dialect.is_v4();
        let given = |name| applicant.auth(name);
        let either = |own, other| given(own).or_else(|| given(other).filter(|_| v4));
        let (wanted, got, method, missing, mismatch) = match &self.auth {
            AuthMode::None => return Secret::new(Ok("none")),
            AuthMode::Token(token) => {
                (token, either("token", "password"), "token", Failure::TokenMissing, Failure::TokenMismatch)
            }
            AuthMode::Password(password) => {
                let got = either("password", "token");
                (password, got, "password", Failure::PasswordMissing, Failure::PasswordMismatch)
            }
        };
        let (now, source) = (self.now.mono, &applicant.source);
        if given("token").or_else(|| given("password")).is_some() {
            if let Some(left) = self.guesses.lockout(Guessed::Secret, source, now, &self.limits) {
                return Secret::new(Err(Failure::RateLimited(Some(left))));
            }
        }
        if got == Some(wanted.expose()) {
            self.guesses.forgive(Guessed::Secret, source);
            return Secret::new(Ok(method));
        }
        if got.is_none() {
            return Secret::new(Err(missing));
        }
        // On v4 a device may still have a credential of its own.
        if v4 && applicant.device_credential().is_some() {
            return Secret { result: Err(mismatch), pending: true, delay: Duration::ZERO };
        }
        let delay = self.guesses.record(Guessed::Secret, source, now, &self.limits);
        Secret { result: Err(mismatch), pending: false, delay: if v4 { delay } else { Duration::ZERO } }
    }

    /// What lets a device in after all whose shared secret has not.
    pub(crate) fn check_device_credentials(
        &mut self,
        applicant: &Applicant,
        secret: &Secret,
    ) -> Result<&'static str, (Failure, Duration)> {
        let Secret { mut result, pending, mut delay } = *secret;
        let (now, v4) = (self.now, self.dialect.is_v4());
        let source = &applicant.source;
        let mut setup_failed = false;
        if let (Some(device), Some(token)) = (&applicant.proven, applicant.auth("bootstrapToken")) {
            let locked = self.guesses.lockout(Guessed::Setup, source, now.mono, &self.limits).filter(|_| v4);
            let (role, asked) = (applicant.role.as_str(), applicant.scopes.as_slice());
            if let Some(left) = locked {
                result = result.or(Err(Failure::RateLimited(Some(left))));
            } else if self.pairing.verify_setup(token, &device.id, &device.public_key, role, asked, now.unix.0) {
                result = Ok("bootstrap-token");
                self.guesses.forgive(Guessed::Setup, source);
            } else {
                setup_failed = true;
                result = result.or(Err(Failure::SetupInvalid));
            }
        }
        if let (Err(failure), Some(_)) = (result, &applicant.proven) {
            if let Some((token, explicit)) = applicant.device_credential() {
                result = self.check_device_token(applicant, token, explicit, failure);
            }
        }
        if result.is_err() && pending {
            delay = self.guesses.record(Guessed::Secret, source, now.mono, &self.limits);
        }
        if result.is_err() && setup_failed && v4 {
            self.guesses.record(Guessed::Setup, source, now.mono, &self.limits);
        }
        result.map_err(|failure| (failure, delay))
    }

    fn check_device_token(
        &mut self,
        applicant: &Applicant,
        token: &str,
        explicit: bool,
        before: Failure,
    ) -> Result<&'static str, Failure> {
        let (now, v4, source) = (self.now, self.dialect.is_v4(), &applicant.source);
        if let Some(left) = self.guesses.lockout(Guessed::DeviceToken, source, now.mono, &self.limits) {
            return Err(Failure::RateLimited(Some(left)));
        }
        let Some(device) = &applicant.proven else { return Err(before) };
        let (role, asked) = (applicant.role.as_str(), applicant.scopes.as_slice());
        let fault = match self.pairing.verify(&device.id, token, role, asked, now.unix.0) {
            Ok(()) => {
                self.guesses.forgive(Guessed::DeviceToken, source);
                if !v4 {
                    self.guesses.forgive(Guessed::Secret, source);
                }
                return Ok("device-token");
            }
            Err(fault) => fault,
        };
        self.guesses.record(Guessed::DeviceToken, source, now.mono, &self.limits);
        Err(match (fault, before) {
            (TokenFault::Scope, _) if v4 => Failure::ScopeMismatch,
            _ if explicit => Failure::DeviceTokenMismatch,
            (_, Failure::RateLimited(_)) => Failure::RateLimited(None),
            _ => before,
        })
    }
}
