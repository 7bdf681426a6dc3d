//! Headers of the upgrade request, for what stands between the client and the gateway.

use openclaw_proto::Secret;
use tungstenite::http::header::{HeaderMap, HeaderName, HeaderValue, ORIGIN};

/// Why a header cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Headers carry credentials, and without TLS everybody on the way would read them.
    #[error("headers need wss://: without TLS everybody on the way could read {0:?}")]
    Plaintext(String),
    /// No header name.
    #[error("{0:?} is no name of an HTTP header")]
    Name(String),
    /// Part of the WebSocket upgrade, or of HTTP itself.
    #[error("the header {0:?} is not the caller's to set")]
    Reserved(String),
    /// A value with line breaks or other control characters, or with more than ASCII.
    #[error("the value of the header {0:?} has characters in it that no header may have")]
    Value(String),
}

/// Headers as given, unread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Headers {
    edge: Vec<(String, Secret)>,
    origin: Option<String>,
}

impl Headers {
    pub(crate) fn push(&mut self, name: String, value: Secret) {
        self.edge.push((name, value));
    }

    pub(crate) fn set_origin(&mut self, origin: String) {
        self.origin = Some(origin);
    }

    /// What goes into the upgrade request. `Debug` of the values shows nothing.
    pub(crate) fn check(&self, secure: bool) -> Result<HeaderMap, HeaderError> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.edge {
            let shown = || name.trim().to_ascii_lowercase();
            let Ok(parsed) = HeaderName::from_bytes(name.as_bytes()) else { return Err(HeaderError::Name(shown())) };
            if reserved(parsed.as_str()) {
                return Err(HeaderError::Reserved(shown()));
            }
            if !secure {
                return Err(HeaderError::Plaintext(shown()));
            }
            let Some(mut value) = value_of(value.expose()) else { return Err(HeaderError::Value(shown())) };
            value.set_sensitive(true);
            map.append(parsed, value);
        }
        if let Some(origin) = &self.origin {
            // No credential, so TLS is not needed for it.
            let Some(origin) = value_of(origin) else {
                return Err(HeaderError::Value(ORIGIN.as_str().into()));
            };
            map.insert(ORIGIN, origin);
        }
        Ok(map)
    }
}

/// Other bytes than ASCII would be legal, but no two servers agree on what they mean.
fn value_of(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok().filter(|_| text.is_ascii())
}

/// What the upgrade says itself, what is about this one hop only, and `origin`, which has a setting of its own.
fn reserved(name: &str) -> bool {
    const NAMES: [&str; 11] = [
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "origin",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    NAMES.contains(&name) || name.starts_with("sec-websocket-") || name.starts_with("proxy-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(secure: bool, pairs: &[(&str, &str)]) -> Result<HeaderMap, HeaderError> {
        let mut headers = Headers::default();
        for (name, value) in pairs {
            headers.push((*name).into(), (*value).into());
        }
        headers.check(secure)
    }

    #[test]
    fn edge_headers_travel_under_tls_only() {
        let pairs = [("CF-Access-Client-Id", "id.access"), ("cf-access-client-secret", "s3cr3t")];
        let map = check(true, &pairs).unwrap();
        assert_eq!(map.get("cf-access-client-id").unwrap(), "id.access");
        assert_eq!(map.get("cf-access-client-secret").unwrap(), "s3cr3t");
        assert_eq!(check(false, &pairs), Err(HeaderError::Plaintext("cf-access-client-id".into())));
        assert_eq!(check(false, &[]), Ok(HeaderMap::new()));
    }

    #[test]
    fn a_name_given_twice_is_sent_twice() {
        let map = check(true, &[("x-a", "1"), ("X-A", "2")]).unwrap();
        assert_eq!(map.get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn the_upgrade_is_not_the_caller_s() {
        for name in ["Host", "UPGRADE", "connection", "Sec-WebSocket-Key", "sec-websocket-protocol", "Origin"] {
            assert_eq!(check(true, &[(name, "x")]), Err(HeaderError::Reserved(name.to_lowercase())), "{name}");
        }
        for name in ["Transfer-Encoding", "content-length", "Proxy-Authorization", "TE"] {
            assert!(matches!(check(true, &[(name, "x")]), Err(HeaderError::Reserved(_))), "{name}");
        }
    }

    #[test]
    fn nothing_can_be_smuggled_in() {
        for name in ["", "a b", "a:", "a\r\nb", "ä", " x"] {
            assert!(matches!(check(true, &[(name, "x")]), Err(HeaderError::Name(_))), "{name:?}");
        }
        for value in ["a\r\nHost: b", "a\n", "a\0", "ä", "\u{7f}"] {
            let error = check(true, &[("x-a", value)]).unwrap_err();
            assert_eq!(error, HeaderError::Value("x-a".into()), "{value:?}");
        }
        let mut headers = Headers::default();
        headers.set_origin("https://a.example\r\nHost: b".into());
        assert_eq!(headers.check(true), Err(HeaderError::Value("origin".into())));
    }

    #[test]
    fn an_origin_needs_no_tls() {
        let mut headers = Headers::default();
        headers.set_origin("https://a.example".into());
        assert_eq!(headers.check(false).unwrap().get("origin").unwrap(), "https://a.example");
    }

    #[test]
    fn values_are_not_shown() {
        let mut headers = Headers::default();
        headers.push("x-a".into(), "s3cr3t".into());
        let shown = format!("{headers:?} {:?}", headers.check(true).unwrap());
        assert!(shown.contains("x-a") && !shown.contains("s3cr3t"), "{shown}");
    }
}
