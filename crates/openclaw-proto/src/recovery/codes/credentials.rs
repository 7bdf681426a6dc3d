//! The credential is missing, wrong, or not one for this gateway.

use super::super::PauseReason::{Credentials, RateLimited};
use super::super::rows::{CodeRow, Place, Rule};
use super::pause;

const fn row(code: &'static str, proven: bool, meaning: &'static str, rule: Rule, next: &'static str) -> CodeRow {
    super::row(Place::Detail, code, proven, meaning, rule, next)
}

const LOG_IN: &str = "log in to the proxy or the network that vouches for users";

pub(super) const ROWS: &[CodeRow] = &[
    row(
        "AUTH_TOKEN_MISMATCH",
        true,
        "the gateway has another shared token",
        Rule::DeviceTokenOnce(Credentials),
        "give the token of this gateway (gateway.auth.token)",
    ),
    row(
        "AUTH_TOKEN_MISSING",
        true,
        "the gateway wants a token and got none",
        pause(Credentials),
        "give the gateway's token, or pair the device",
    ),
    row(
        "AUTH_TOKEN_NOT_CONFIGURED",
        false,
        "the gateway is set to tokens but has none itself",
        pause(Credentials),
        "configure gateway.auth.token on the gateway",
    ),
    row(
        "AUTH_PASSWORD_MISMATCH",
        false,
        "the gateway has another password",
        pause(Credentials),
        "give the password of this gateway (gateway.auth.password)",
    ),
    row(
        "AUTH_PASSWORD_MISSING",
        false,
        "the gateway wants a password and got none",
        pause(Credentials),
        "give the gateway's password",
    ),
    row(
        "AUTH_PASSWORD_NOT_CONFIGURED",
        false,
        "the gateway is set to passwords but has none itself",
        pause(Credentials),
        "configure gateway.auth.password on the gateway",
    ),
    row(
        "AUTH_BOOTSTRAP_TOKEN_INVALID",
        false,
        "the setup code is used up, too old or not of this gateway",
        pause(Credentials),
        "make a new setup code on the gateway; it works once and for ten minutes",
    ),
    row(
        "AUTH_DEVICE_TOKEN_MISMATCH",
        true,
        "the gateway does not know this device's token (any more): it was rotated, or the device removed; before 2026.9 \
         also: the token does not cover the scopes asked for",
        pause(Credentials),
        "connect with the shared token, or pair the device again; ask for no more scopes than were approved",
    ),
    row(
        "AUTH_SCOPE_MISMATCH",
        true,
        "the device's token does not cover the scopes asked for",
        pause(Credentials),
        "ask for the scopes the device was approved for, or have an upgrade approved",
    ),
    row(
        "AUTH_RATE_LIMITED",
        true,
        "too many failed attempts from this address",
        Rule::UntilHint(RateLimited),
        "wait; correct the credential before the next attempt",
    ),
    row(
        "AUTH_REQUIRED",
        false,
        "the gateway wants a credential",
        pause(Credentials),
        "give the gateway's token or password",
    ),
    row(
        "AUTH_UNAUTHORIZED",
        false,
        "the gateway does not accept the credential",
        pause(Credentials),
        "check the token or password",
    ),
    row(
        "AUTH_IDENTITY_HEADER_REQUIRED",
        false,
        "the gateway trusts a proxy to name the user, and no name came",
        pause(Credentials),
        LOG_IN,
    ),
    row("AUTH_VERIFIED_USER_REQUIRED", false, "the gateway wants a verified user", pause(Credentials), LOG_IN),
    row(
        "AUTH_TAILSCALE_IDENTITY_MISSING",
        false,
        "the gateway expects Tailscale to name the user, and it did not",
        pause(Credentials),
        "connect through Tailscale, or give a token",
    ),
    row(
        "AUTH_TAILSCALE_PROXY_MISSING",
        false,
        "the connection did not come through Tailscale's proxy",
        pause(Credentials),
        "connect through Tailscale, or give a token",
    ),
    row(
        "AUTH_TAILSCALE_WHOIS_FAILED",
        false,
        "Tailscale could not say who connects",
        pause(Credentials),
        "check Tailscale on the gateway, or give a token",
    ),
    row(
        "AUTH_TAILSCALE_IDENTITY_MISMATCH",
        false,
        "Tailscale names another user than the connection claims",
        pause(Credentials),
        "check who is logged in to Tailscale, or give a token",
    ),
];
