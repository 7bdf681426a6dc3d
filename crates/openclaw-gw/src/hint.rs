//! What to do next: advice for everything that commonly goes wrong.

use openclaw_client::connect::{ProtocolRange, Role};
use openclaw_client::proto::UpgradeRefused;
use openclaw_client::{Down, ErrorCode, GatewayError, ProxyError, TransportError, UrlError};

use crate::output::time::span;
use crate::settings::Settings;

/// Advice for an address that cannot be used.
pub(crate) fn for_url(error: &UrlError) -> String {
    match error {
        UrlError::PlaintextRefused { host } => format!(
            "ws:// would send the credential readable to everyone on the way: use wss://{host}, or a tunnel \
             (ssh -L 18789:127.0.0.1:18789 {host}) and --url ws://127.0.0.1:18789"
        ),
        UrlError::UserInfo => "use --token or --password, or their environment variables".into(),
        _ => "give an address such as ws://127.0.0.1:18789 or wss://gateway.example with --url or \
              OPENCLAW_GATEWAY_URL"
            .into(),
    }
}

/// Advice for a proxy that cannot be used.
pub(crate) const FOR_PROXY_VARIABLE: &str =
    "HTTPS_PROXY and ALL_PROXY name an http:// proxy; NO_PROXY names hosts that are reached without it";

/// Advice for a connection that did not come about, or ended.
pub(crate) fn for_down(down: &Down, settings: &Settings) -> Option<String> {
    let text = match down {
        Down::Transport(error) => return for_transport(error),
        Down::DialTimeout => "nothing answers at this address: is it right, and does a firewall let it through?",
        Down::ChallengeTimeout | Down::ChallengeWithoutNonce | Down::InvalidHello(_) => {
            "something answers there, but does not greet like an OpenClaw gateway: check --url"
        }
        Down::ConnectTimeout => "the gateway may be starting or overloaded: try again",
        Down::ConnectTooLarge { .. } => {
            "the credential or the list of scopes is far too long: check --token-file and --scope"
        }
        Down::Refused(error) => return for_refusal(error, settings),
        Down::Closed { code: Some(1012), .. } => "the gateway restarts: try again in a moment",
        Down::Closed { code: Some(1013), .. } => "the gateway cannot take the connection now: try again in a moment",
        Down::Closed { code: None, after_hello: false, .. } => {
            "the connection was cut before the gateway greeted: check --url; if that port speaks TLS, use wss://"
        }
        Down::Closed { code: Some(1008), after_hello: true, .. } => {
            "the gateway cuts clients that read too slowly or ask for what they may not have"
        }
        Down::Silent | Down::WriteStalled => "the network or the gateway hangs: try again",
        _ => return None,
    };
    Some(text.into())
}

fn for_transport(error: &TransportError) -> Option<String> {
    let text = match error {
        TransportError::Connect(_) => {
            "is the gateway running? Start it, or give its address with --url or OPENCLAW_GATEWAY_URL"
        }
        TransportError::Resolve { .. } => "is the host name right? Check --url or OPENCLAW_GATEWAY_URL",
        TransportError::Tls(_) => {
            "the certificate must be valid for this host and issued by an authority this system trusts; \
             a gateway without TLS is reached with ws://, from the same machine or a private network"
        }
        TransportError::PinMismatch { .. } => {
            "somebody is in between, or the gateway's certificate was changed: compare the fingerprint on its own machine"
        }
        TransportError::Proxy(error) => return Some(for_proxy(error)),
        TransportError::UpgradeRefused(refused) => return for_upgrade(refused),
        TransportError::Protocol(_) => {
            "does an OpenClaw gateway listen at this address? If that port speaks TLS, use wss://"
        }
        TransportError::FrameTooLarge(_) => "the answer is larger than any a gateway should send: ask for less of it",
        _ => return None,
    };
    Some(text.into())
}

fn for_proxy(error: &ProxyError) -> String {
    let text = match error {
        ProxyError::Refused(refusal) if refusal.status == 407 => {
            "the proxy wants a login: put it into HTTPS_PROXY or ALL_PROXY as http://user:password@host:port"
        }
        ProxyError::Refused(refusal) if refusal.status == 403 => {
            "the proxy lets nobody through to this gateway; NO_PROXY names hosts that are reached without it"
        }
        _ => "is it a proxy at all? HTTPS_PROXY and ALL_PROXY name it, NO_PROXY what is reached without it",
    };
    text.into()
}

fn for_upgrade(refused: &UpgradeRefused) -> Option<String> {
    let text = match refused.status {
        503 | 429 => {
            let wait = refused.header("retry-after").map(|wait| format!(" (it asks for {wait} s of patience)"));
            return Some(format!(
                "the gateway, or a proxy before it, takes no more connections now: try again{}",
                wait.unwrap_or_default()
            ));
        }
        401 | 403 | 407 => "a proxy before the gateway refuses: it may want a login of its own",
        300..=399 => "the address redirects elsewhere: give the gateway's own address with --url",
        _ => "does an OpenClaw gateway listen at this address and path? Check --url",
    };
    Some(text.into())
}

/// Advice for a `connect` the gateway refused.
fn for_refusal(error: &GatewayError, settings: &Settings) -> Option<String> {
    let text = match error.finest_code() {
        "AUTH_TOKEN_MISMATCH" => {
            "check --token / OPENCLAW_GATEWAY_TOKEN (or --token-file): the gateway has another token"
        }
        "AUTH_TOKEN_MISSING" => "the gateway wants a token: give --token-file, OPENCLAW_GATEWAY_TOKEN or --token",
        "AUTH_PASSWORD_MISMATCH" => "check --password / OPENCLAW_GATEWAY_PASSWORD: the gateway has another password",
        "AUTH_PASSWORD_MISSING" => "the gateway wants a password: set OPENCLAW_GATEWAY_PASSWORD or give --password",
        "AUTH_REQUIRED" | "AUTH_UNAUTHORIZED" => {
            "the gateway wants a credential: give --token-file, OPENCLAW_GATEWAY_TOKEN or OPENCLAW_GATEWAY_PASSWORD"
        }
        "AUTH_TOKEN_NOT_CONFIGURED" | "AUTH_PASSWORD_NOT_CONFIGURED" => {
            "the gateway itself has no such credential yet: configure it there first"
        }
        "AUTH_RATE_LIMITED" => "too many failed attempts: wait, then try again with the right credential",
        "PROTOCOL_MISMATCH" => return Some(protocol_advice(error)),
        "DEVICE_IDENTITY_REQUIRED" => device_advice(settings),
        "PAIRING_REQUIRED" => return Some(pairing_advice(error)),
        "startup-sidecars" => "the gateway is still starting: try again in a moment",
        "gateway-restarting" | "gateway-suspending" => "the gateway is about to stop: try again later",
        _ => return for_call(error, settings, true),
    };
    Some(text.into())
}

fn device_advice(settings: &Settings) -> &'static str {
    if settings.role == Role::Node {
        "nodes need a device identity, and this program has none yet"
    } else if settings.auth.is_empty() {
        "no credential was given, so the gateway asks for a paired device: give --token-file, OPENCLAW_GATEWAY_TOKEN \
         or OPENCLAW_GATEWAY_PASSWORD"
    } else {
        "the gateway wants a paired device here, and this program has no device identity yet: \
         with a token, connect from the gateway's own machine"
    }
}

fn protocol_advice(error: &GatewayError) -> String {
    let ours = ProtocolRange::default();
    let theirs = detail(error, "expectedProtocol");
    let theirs = theirs.map_or_else(|| "another one".into(), |version| format!("protocol {version}"));
    format!(
        "this program speaks protocols {} to {}, the gateway {theirs}: update the older of the two",
        ours.min, ours.max
    )
}

fn pairing_advice(error: &GatewayError) -> String {
    match detail(error, "requestId") {
        Some(id) => format!("approve it on the gateway's machine: openclaw devices approve {id}"),
        None => "approve this device on the gateway's machine: openclaw devices list".into(),
    }
}

/// A member of the error's details as plain text.
fn detail(error: &GatewayError, key: &str) -> Option<String> {
    let details: serde_json::Value = serde_json::from_str(error.details()?).ok()?;
    match details.get(key)? {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Where a method's name can be checked.
const LIST: &str = "openclaw-gw status --json | jq .features.methods";

/// Advice for a call the gateway refused. `listed` says whether it advertises the method.
pub(crate) fn for_call(error: &GatewayError, settings: &Settings, listed: bool) -> Option<String> {
    if error.code == ErrorCode::InvalidRequest && error.message.starts_with("unknown method") {
        return Some(format!("the methods this gateway offers: {LIST}"));
    }
    if let Some(scope) = &error.missing_scope {
        // A gateway wants the highest scope for a method it does not know, before it says so.
        if !listed {
            return Some(format!(
                "is the method's name right? The gateway does not list it ({LIST}); if it is, --scope {scope} may call it"
            ));
        }
        let asked = settings.scopes.iter().any(|asked| asked.as_str() == scope);
        return Some(if asked {
            format!("{scope} was asked for and not granted: `openclaw-gw status` shows what was")
        } else {
            format!("ask for it: --scope {scope}")
        });
    }
    if let Some(wait) = error.retry_after {
        return Some(format!("try again in {}", span(wait)));
    }
    if error.retryable == Some(true) {
        return Some("try again in a moment".into());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::Adapter;
    use openclaw_client::Plaintext;
    use openclaw_client::connect::{Auth, Scope};
    use openclaw_client::proto::GatewayUrl;

    fn settings() -> Settings {
        Settings {
            url: String::new(),
            auth: Auth::token("t"),
            role: Role::Operator,
            scopes: vec![Scope::Read],
            adapter: Adapter::default(),
        }
    }

    fn refusal(body: &str) -> String {
        for_refusal(&GatewayError::parse(body), &settings()).unwrap_or_default()
    }

    #[test]
    fn every_common_refusal_names_the_way_out() {
        let body = |code| format!(r#"{{"code":"INVALID_REQUEST","message":"m","details":{{"code":"{code}"}}}}"#);
        for (code, word) in [
            ("AUTH_TOKEN_MISMATCH", "--token / OPENCLAW_GATEWAY_TOKEN"),
            ("AUTH_TOKEN_MISSING", "OPENCLAW_GATEWAY_TOKEN"),
            ("AUTH_PASSWORD_MISMATCH", "OPENCLAW_GATEWAY_PASSWORD"),
            ("AUTH_RATE_LIMITED", "wait"),
            ("DEVICE_IDENTITY_REQUIRED", "device"),
            ("PAIRING_REQUIRED", "approve"),
        ] {
            assert!(refusal(&body(code)).contains(word), "{code}");
        }
        let mismatch = r#"{"code":"X","details":{"code":"PROTOCOL_MISMATCH","expectedProtocol":7}}"#;
        assert!(refusal(mismatch).contains("protocol 7"));
        let starting = r#"{"code":"UNAVAILABLE","details":{"reason":"startup-sidecars"},"retryable":true}"#;
        assert!(refusal(starting).contains("starting"));
    }

    #[test]
    fn without_a_credential_the_advice_is_to_give_one() {
        let bare = Settings { auth: Auth::default(), ..settings() };
        assert!(device_advice(&bare).contains("no credential was given"));
        assert!(!device_advice(&settings()).contains("no credential was given"));
    }

    #[test]
    fn a_missing_scope_is_asked_for_unless_it_was() {
        let error =
            |scope: &str| GatewayError::parse(&format!(r#"{{"code":"FORBIDDEN","message":"missing scope: {scope}"}}"#));
        assert_eq!(
            for_call(&error("operator.write"), &settings(), true).unwrap(),
            "ask for it: --scope operator.write"
        );
        assert!(for_call(&error("operator.read"), &settings(), true).unwrap().contains("not granted"));
        assert!(for_call(&error("operator.admin"), &settings(), false).unwrap().contains("name right"));
    }

    #[test]
    fn addresses_and_http_refusals() {
        let error = GatewayUrl::parse("ws://gw.example.com", Plaintext::PrivateOnly).unwrap_err();
        assert!(for_url(&error).contains("wss://gw.example.com"));
        let busy = UpgradeRefused::new(503, vec![("retry-after".into(), "7".into())], String::new());
        assert!(for_upgrade(&busy).unwrap().contains("7 s"));
    }
}
