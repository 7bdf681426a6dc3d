//! A greeting without its secrets.

use super::json::{Token, tokens};
use super::mask::REDACTED;

/// Parts of names that say what their value is, in lower case and without `_` and `-`.
const SECRET_NAMES: [&str; 12] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "credential",
    "apikey",
    "privatekey",
    "authorization",
    "bearer",
    "cookie",
    // Opaque, and of use to whoever recovers an authority with it.
    "recoveryscope",
];

/// JSON with every string that a member's name marks as secret replaced, anywhere below that member too; in
/// addresses, what follows `?` or `#` if it looks secret. Numbers stay: those are counts and times.
pub(crate) fn redact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut tokens = tokens(json).peekable();
    let mut depth = 0_usize;
    // The depth of the container whose name marks everything in it.
    let mut secret_from: Option<usize> = None;
    let mut marked = false;
    while let Some(token) = tokens.next() {
        match token {
            Token::Open(_) => {
                depth += 1;
                if marked && secret_from.is_none() {
                    secret_from = Some(depth);
                }
                out.push_str(token.as_str());
            }
            Token::Close(_) => {
                if secret_from == Some(depth) {
                    secret_from = None;
                }
                depth = depth.saturating_sub(1);
                out.push_str(token.as_str());
            }
            Token::Text(name) if tokens.peek() == Some(&Token::Colon) => {
                out.push_str(name);
                out.push(':');
                tokens.next();
                marked = is_secret(name, matches!(tokens.peek(), Some(Token::Open(_))));
                continue;
            }
            Token::Text(_) if marked || secret_from.is_some() => quote(&mut out, REDACTED),
            Token::Text(text) => match secret_tail(text) {
                Some(kept) => {
                    out.push_str(kept);
                    out.push_str(REDACTED);
                    out.push('"');
                }
                None => out.push_str(text),
            },
            other => out.push_str(other.as_str()),
        }
        marked = false;
    }
    out
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    out.push_str(text);
    out.push('"');
}

fn is_secret(name: &str, container: bool) -> bool {
    let name: String = serde_json::from_str(name).unwrap_or_else(|_| name.into());
    let name: String = name.to_lowercase().chars().filter(|c| !matches!(c, '_' | '-')).collect();
    // The rows of this list name their secret themselves, and the rest of a row is worth seeing.
    if container && name == "devicetokens" {
        return false;
    }
    SECRET_NAMES.iter().any(|secret| name.contains(secret))
}

/// The beginning of an address whose query or fragment looks secret.
fn secret_tail(text: &str) -> Option<&str> {
    let (address, _) = text.split_once("://")?;
    let at = text.get(address.len()..)?.find(['?', '#'])? + address.len() + 1;
    let (kept, tail) = text.split_at_checked(at)?;
    let tail = tail.to_lowercase();
    SECRET_NAMES.iter().chain(&["auth", "key=", "code="]).any(|secret| tail.contains(secret)).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_of_a_greeting_goes_and_the_rest_stays() {
        let hello = r#"{"type":"hello-ok","protocol":4,"auth":{"role":"operator","deviceToken":"S1","issuedAtMs":7,
            "deviceTokens":[{"deviceToken":"S2","role":"node","scopes":["a"]}],"recoveryScope":"S3",
            "recoveryMigrationAllowed":true},"features":{"methods":["device.token.rotate"]},
            "policy":{"maxPayload":26214400,"tokenTtlMs":60000},"x":{"api_key":"S4","Client-Secret":{"v":["S5",1]},
            "to\u006ben":"S6","password":null,"after":"kept"},"controlUiUrl":"http://h:1/#token=S7","docs":"https://d/#intro"}"#;
        let shown = redact(hello);
        let value: serde_json::Value = serde_json::from_str(&shown).unwrap();
        for n in 1..=7 {
            assert!(!shown.contains(&format!("S{n}")), "S{n}: {shown}");
        }
        assert_eq!(value["auth"]["deviceToken"], "[redacted]");
        let row = serde_json::json!({"deviceToken":"[redacted]","role":"node","scopes":["a"]});
        assert_eq!(value["auth"]["deviceTokens"][0], row);
        assert_eq!(value["auth"]["issuedAtMs"], 7);
        assert_eq!(value["features"]["methods"][0], "device.token.rotate");
        assert_eq!(value["policy"]["tokenTtlMs"], 60000);
        assert_eq!(value["x"]["Client-Secret"], serde_json::json!({"v":["[redacted]",1]}));
        assert_eq!(value["x"]["password"], serde_json::Value::Null);
        assert_eq!(value["x"]["after"], "kept");
        assert_eq!(value["controlUiUrl"], "http://h:1/#[redacted]");
        assert_eq!(value["docs"], "https://d/#intro");
    }

    #[test]
    fn a_greeting_without_secrets_keeps_every_character_but_white_space() {
        let hello = r#"{"type":"hello-ok","n":12345678901234567890,"b":[{"c":"d"}],"b":"\"e\""}"#;
        assert_eq!(redact(hello), hello);
    }
}
