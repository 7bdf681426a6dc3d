//! The user's own credentials, hidden wherever they turn up.

use std::borrow::Cow;
use std::sync::Arc;

use openclaw_client::Secret;

/// Stands where a secret stood.
pub(crate) const REDACTED: &str = "[redacted]";

/// A credential this short may be a common word, and replacing each of those would give it away.
const SHORTEST: usize = 8;

/// Replaces credentials in text: nothing of ours prints them, but a peer may quote them back.
#[derive(Clone, Default)]
pub(crate) struct Mask(Arc<[String]>);

impl Mask {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut needles = Vec::new();
        for secret in secrets {
            let text = secret.expose().trim();
            if text.len() < SHORTEST {
                continue;
            }
            needles.push(text.to_owned());
            // As it reads inside a JSON string.
            let quoted = serde_json::Value::from(text).to_string();
            let inner = quoted.trim_matches('"');
            if inner != text {
                needles.push(inner.to_owned());
            }
        }
        Self(needles.into())
    }

    /// The text without credentials.
    pub(crate) fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for needle in self.0.iter() {
            if text.contains(needle.as_str()) {
                text = text.replace(needle.as_str(), REDACTED).into();
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_credential_is_hidden_also_inside_json() {
        let mask = Mask::new([&Secret::new("s3cr\\et-token"), &Secret::new("short")]);
        assert_eq!(mask.hide("bad token s3cr\\et-token!"), "bad token [redacted]!");
        assert_eq!(mask.hide(r#"{"m":"s3cr\\et-token"}"#), r#"{"m":"[redacted]"}"#);
        assert_eq!(mask.hide("a short word"), "a short word");
    }
}
