//! What to do next: advice for everything that commonly goes wrong.

mod transport;

use openclaw_client::connect::ProtocolRange;
use openclaw_client::recovery::{CLOSE_CODES, Place, Rule, row_of};
use openclaw_client::{Down, ErrorCode, GatewayError, TrustError, UrlError};

use crate::output::time::span;
use crate::settings::Settings;

/// Advice for an address that cannot be used.
pub(crate) fn for_url(error: &UrlError) -> String {
    match error {
        UrlError::PlaintextRefused { host } => format!(
            "ws:// would send the credential readable to everyone on the way: use wss://{host}, or a tunnel \
             (ssh -L 18789:127.0.0.1:18789 {host}) and --url ws://127.0.0.1:18789; where the way there is safe, \
             --insecure-plaintext allows it"
        ),
        UrlError::UserInfo => "use --token or --password, or their environment variables".into(),
        _ => "give an address such as ws://127.0.0.1:18789 or wss://gateway.example with --url or \
              OPENCLAW_GATEWAY_URL"
            .into(),
    }
}

/// Advice for pins and authorities that cannot be used.
pub(crate) fn for_trust(error: &TrustError) -> Option<String> {
    let text = match error {
        TrustError::PinWithoutTls => "leave --tls-pin out, or give a wss:// address",
        TrustError::Authority(_) => "each --ca names a file of certificates (PEM), or one certificate (DER)",
        _ => return None,
    };
    Some(text.into())
}

/// Advice for a proxy that cannot be used.
pub(crate) const FOR_PROXY_VARIABLE: &str =
    "HTTPS_PROXY and ALL_PROXY name an http:// proxy; NO_PROXY names hosts that are reached without it";

/// Advice for a connection that did not come about, or ended.
pub(crate) fn for_down(down: &Down, settings: &Settings) -> Option<String> {
    if down.pairing().is_some() {
        return Some("when it is approved, run this again; openclaw-gw pair waits for it".into());
    }
    let text = match down {
        Down::Transport(error) => return transport::for_transport(error),
        Down::DialTimeout => "nothing answers at this address: is it right, and does a firewall let it through?",
        Down::ChallengeTimeout | Down::ChallengeWithoutNonce | Down::InvalidHello(_) => {
            "something answers there, but does not greet like an OpenClaw gateway: check --url"
        }
        Down::ConnectTimeout => "the gateway may be starting or overloaded: try again",
        Down::ConnectTooLarge { .. } => {
            "the credential or the list of scopes is far too long: check --token-file and --scope"
        }
        Down::Refused(error) => return for_refusal(error, settings),
        Down::Closed { code: None, after_hello: false, .. } => {
            "the connection was cut before the gateway greeted: check --url; if that port speaks TLS, use wss://"
        }
        Down::Closed { code, .. } => return for_close(*code),
        Down::NotSigned(_) => "the identity of this device cannot sign: see openclaw-gw device show",
        Down::Silent | Down::WriteStalled => "the network or the gateway hangs: try again",
        _ => return None,
    };
    Some(text.into())
}

/// What the table says of a close code; where the client would just come back, the person has to.
fn for_close(code: Option<u16>) -> Option<String> {
    let row = CLOSE_CODES.iter().find(|row| row.code == code)?;
    Some(match row.next {
        "" => format!("{}: try again in a moment", row.meaning),
        next => format!("{}: {next}", row.meaning),
    })
}

/// Advice for a `connect` the gateway refused: the table's, and how this program is told.
fn for_refusal(error: &GatewayError, settings: &Settings) -> Option<String> {
    let row = row_of(error).filter(|row| row.rule != Rule::Request && row.place != Place::Top);
    let Some(row) = row else {
        let own = for_call(error, settings, true);
        return own.or_else(|| row_of(error).map(|row| row.next.to_owned()).filter(|next| !next.is_empty()));
    };
    if row.next.is_empty() {
        return Some(match error.retry_after {
            Some(wait) => format!("{}: try again in {}", row.meaning, span(wait)),
            None => format!("{}: try again in a moment", row.meaning),
        });
    }
    Some(match how(row.code, error, settings) {
        Some(how) => format!("{}: {how}", row.next),
        None => row.next.into(),
    })
}

/// Where this program takes what a gateway wants.
fn how(code: &str, error: &GatewayError, settings: &Settings) -> Option<String> {
    let text = match code {
        "AUTH_TOKEN_MISMATCH" | "AUTH_TOKEN_MISSING" => "--token-file, OPENCLAW_GATEWAY_TOKEN or --token",
        "AUTH_PASSWORD_MISMATCH" | "AUTH_PASSWORD_MISSING" => "OPENCLAW_GATEWAY_PASSWORD or --password",
        "AUTH_REQUIRED" | "AUTH_UNAUTHORIZED" => {
            "--token-file, OPENCLAW_GATEWAY_TOKEN or OPENCLAW_GATEWAY_PASSWORD, or openclaw-gw pair"
        }
        "AUTH_DEVICE_TOKEN_MISMATCH" => "openclaw-gw pair",
        "DEVICE_IDENTITY_REQUIRED" if !settings.device => "leave --no-device out",
        "PROTOCOL_MISMATCH" => return Some(protocol_advice(error)),
        _ => return None,
    };
    Some(text.into())
}

fn protocol_advice(error: &GatewayError) -> String {
    let ours = ProtocolRange::default();
    let theirs = detail(error, "expectedProtocol");
    let theirs = theirs.map_or_else(|| "another one".into(), |version| format!("protocol {version}"));
    format!("this program speaks protocols {} to {}, the gateway {theirs}", ours.min, ours.max)
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
            format!(
                "{scope} was asked for and not granted: `openclaw-gw status` shows what was, and \
                 `openclaw-gw --scope {scope} pair` asks an operator for it"
            )
        } else {
            format!(
                "ask for it: --scope {scope}; where an operator has to approve that: openclaw-gw --scope {scope} pair"
            )
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
    use crate::exit::Exit;
    use crate::failure::Failure;
    use openclaw_client::proto::{GatewayUrl, UpgradeRefused};
    use openclaw_client::{Fingerprint, Plaintext, TransportError};

    fn refusal(body: &str) -> String {
        for_down(&Down::Refused(GatewayError::parse(body)), &Settings::example()).unwrap_or_default()
    }

    #[test]
    fn every_common_refusal_names_the_way_out() {
        let body = |code| format!(r#"{{"code":"INVALID_REQUEST","message":"m","details":{{"code":"{code}"}}}}"#);
        for (code, word) in [
            ("AUTH_TOKEN_MISMATCH", "--token-file, OPENCLAW_GATEWAY_TOKEN or --token"),
            ("AUTH_TOKEN_MISSING", "OPENCLAW_GATEWAY_TOKEN"),
            ("AUTH_PASSWORD_MISMATCH", "OPENCLAW_GATEWAY_PASSWORD"),
            ("AUTH_RATE_LIMITED", ""),
            ("DEVICE_IDENTITY_REQUIRED", "device"),
            ("PAIRING_REQUIRED", "openclaw-gw pair"),
        ] {
            assert!(refusal(&body(code)).contains(word), "{code}");
        }
        let mismatch = r#"{"code":"X","details":{"code":"PROTOCOL_MISMATCH","expectedProtocol":7}}"#;
        assert!(refusal(mismatch).contains("protocol 7"));
        let starting = r#"{"code":"UNAVAILABLE","details":{"reason":"startup-sidecars"},"retryable":true}"#;
        assert!(refusal(starting).contains("starting"));
    }

    #[test]
    fn the_table_is_where_the_advice_comes_from() {
        for row in openclaw_client::recovery::codes().filter(|row| row.place == Place::Detail) {
            let body = format!(r#"{{"code":"INVALID_REQUEST","details":{{"code":"{}"}}}}"#, row.code);
            let advice = refusal(&body);
            let pairing = row.code == "PAIRING_REQUIRED";
            assert!(row.rule == Rule::Request || pairing || advice.contains(row.next), "{}: {advice}", row.code);
        }
        assert!(for_close(Some(4001)).unwrap().contains("authority withdrawn"));
        assert!(for_close(Some(1012)).unwrap().contains("try again"));
    }

    #[test]
    fn a_certificate_that_is_not_the_pinned_one_shows_both_and_how_to_accept_it() {
        let (pinned, found) = (Fingerprint::new([1; 32]), Fingerprint::new([2; 32]));
        let down = Down::Transport(TransportError::PinMismatch { expected: vec![pinned], found });
        let failure = Failure::down(&down, &Settings::example());
        assert_eq!(failure.exit, Exit::Authentication);
        assert!(down.to_string().contains(&pinned.to_string()) && down.to_string().contains(&found.to_string()));
        assert!(for_down(&down, &Settings::example()).unwrap().ends_with(&format!("--tls-pin {found}")));
    }

    #[test]
    fn the_advice_against_a_close_without_an_answer() {
        let closed = |code, reason: &str, after_hello| Down::Closed { code, reason: reason.into(), after_hello };
        let settings = Settings::example();
        let pairing = closed(Some(1008), "pairing required (requestId: req-1)", false);
        assert_eq!(Failure::down(&pairing, &settings).exit, Exit::Pairing);
        assert!(for_down(&pairing, &settings).unwrap().contains("openclaw-gw pair"));
        assert_eq!(Failure::down(&closed(Some(4001), "", false), &settings).exit, Exit::Authentication);
        assert_eq!(Failure::down(&closed(Some(4001), "", true), &settings).exit, Exit::Connection);
    }

    #[test]
    fn a_missing_scope_is_asked_for_unless_it_was() {
        let error =
            |scope: &str| GatewayError::parse(&format!(r#"{{"code":"FORBIDDEN","message":"missing scope: {scope}"}}"#));
        let advice = for_call(&error("operator.write"), &Settings::example(), true).unwrap();
        assert!(advice.starts_with("ask for it: --scope operator.write;"), "{advice}");
        assert!(for_call(&error("operator.read"), &Settings::example(), true).unwrap().contains("not granted"));
        assert!(for_call(&error("operator.admin"), &Settings::example(), false).unwrap().contains("name right"));
    }

    #[test]
    fn addresses_and_http_refusals() {
        let error = GatewayUrl::parse("ws://gw.example.com", Plaintext::PrivateOnly).unwrap_err();
        assert!(for_url(&error).contains("wss://gw.example.com"));
        let busy = UpgradeRefused::new(503, vec![("retry-after".into(), "7".into())], String::new());
        assert!(transport::for_upgrade(&busy).unwrap().contains("7 s"));
    }
}
