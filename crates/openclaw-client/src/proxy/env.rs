//! Which proxy a gateway is reached through, if any.

use std::fmt;

use openclaw_proto::{GatewayUrl, Secret};

use super::address::{Proxy, ProxyUrlError};
use super::bypass;

/// The proxy settings that programs share through environment variables.
///
/// `HTTPS_PROXY` is for gateways with TLS, `ALL_PROXY` for those without and where the other is not set; `NO_PROXY` names who
/// is reached directly. Spellings in lower case come first, and an empty value is as good as none. `HTTP_PROXY` is not looked
/// at: such proxies forward requests, and a WebSocket is none.
#[derive(Clone, Default)]
pub struct ProxyEnv {
    https: Option<Variable>,
    all: Option<Variable>,
    none: String,
}

#[derive(Clone)]
struct Variable {
    name: &'static str,
    value: Secret,
}

impl ProxyEnv {
    /// The settings of this process.
    #[must_use]
    pub fn read() -> Self {
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// Settings from wherever: `get` gives the value of a variable.
    #[must_use]
    pub fn from_vars(get: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&'static str; 2]| {
            let mut set = names.into_iter().filter_map(|name| Some((name, get(name)?)));
            let (name, value) = set.find(|(_, value)| !value.trim().is_empty())?;
            Some(Variable { name, value: value.into() })
        };
        Self {
            https: first(["https_proxy", "HTTPS_PROXY"]),
            all: first(["all_proxy", "ALL_PROXY"]),
            none: first(["no_proxy", "NO_PROXY"]).map(|list| list.value.expose().into()).unwrap_or_default(),
        }
    }

    fn variable(&self, url: &GatewayUrl) -> Option<&Variable> {
        let variable = if url.is_secure() { self.https.as_ref().or(self.all.as_ref()) } else { self.all.as_ref() };
        variable.filter(|_| !bypass::names(&self.none, &url.host(), url.port()))
    }
}

/// Proxies may carry a login, so only the names of what is set are shown.
impl fmt::Debug for ProxyEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set: Vec<&str> = [&self.https, &self.all].into_iter().flatten().map(|variable| variable.name).collect();
        f.debug_struct("ProxyEnv").field("set", &set).field("none", &self.none).finish()
    }
}

/// What the caller said of proxies.
#[derive(Clone, Debug, Default)]
pub(crate) enum Choice {
    #[default]
    Direct,
    Given(Secret),
    Env(ProxyEnv),
}

impl Choice {
    /// The proxy for a gateway. This machine is never reached through one. `clear` says whether plaintext may go to a proxy:
    /// a private network behind a public proxy is not private, as what goes to a `ws:` address goes to the proxy first.
    ///
    /// An error comes with the variable it is in.
    pub(crate) fn proxy(
        &self,
        url: &GatewayUrl,
        clear: impl Fn(&Proxy) -> bool,
    ) -> Result<Option<Proxy>, (ProxyUrlError, Option<&'static str>)> {
        let (value, name) = match self {
            _ if url.is_loopback() => return Ok(None),
            Self::Direct => return Ok(None),
            Self::Given(value) => (value, None),
            Self::Env(env) => match env.variable(url) {
                Some(variable) => (&variable.value, Some(variable.name)),
                None => return Ok(None),
            },
        };
        match Proxy::parse(value.expose()) {
            Ok(proxy) if url.is_secure() || clear(&proxy) => Ok(Some(proxy)),
            Ok(proxy) => Err((ProxyUrlError::PlaintextRefused { host: proxy.host().into() }, name)),
            Err(error) => Err((error, name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openclaw_proto::Plaintext;

    fn env(vars: &[(&str, &str)]) -> Choice {
        let get = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Choice::Env(ProxyEnv::from_vars(get))
    }

    fn proxy(choice: &Choice, url: &str) -> Option<String> {
        let url = GatewayUrl::parse(url, Plaintext::Anywhere).unwrap();
        choice.proxy(&url, |_| true).unwrap().map(|proxy| proxy.to_string())
    }

    #[test]
    fn each_kind_of_address_has_its_variables() {
        for (vars, secure, plain) in [
            (&[("HTTPS_PROXY", "s"), ("ALL_PROXY", "a")][..], Some("s"), Some("a")),
            (&[("ALL_PROXY", "a")], Some("a"), Some("a")),
            (&[("HTTPS_PROXY", "s")], Some("s"), None),
            (&[("HTTPS_PROXY", "S"), ("https_proxy", "s")], Some("s"), None),
            (&[("HTTPS_PROXY", "s"), ("https_proxy", " ")], Some("s"), None),
            (&[("all_proxy", "a"), ("HTTPS_PROXY", "")], Some("a"), Some("a")),
            (&[("HTTP_PROXY", "h"), ("http_proxy", "h")], None, None),
            (&[("HTTPS_PROXY", "s"), ("ALL_PROXY", "a"), ("NO_PROXY", ".example.com")], None, None),
            (&[("ALL_PROXY", "a"), ("NO_PROXY", "*"), ("no_proxy", "other")], Some("a"), Some("a")),
            (&[("ALL_PROXY", "a"), ("NO_PROXY", "g.example.com:443")], None, Some("a")),
        ] {
            let shown = |host: Option<&str>| host.map(|host| format!("http://{}:80", host.to_lowercase()));
            let choice = env(vars);
            assert_eq!(proxy(&choice, "wss://g.example.com"), shown(secure), "{vars:?}");
            assert_eq!(proxy(&choice, "ws://g.example.com"), shown(plain), "{vars:?}");
        }
    }

    #[test]
    fn this_machine_is_never_reached_through_a_proxy() {
        for choice in [env(&[("ALL_PROXY", "socks5://p")]), Choice::Given("socks5://p".into())] {
            for url in
                ["ws://localhost", "wss://LOCALHOST.:1", "ws://127.9.9.9", "wss://[::1]", "ws://[::ffff:127.0.0.1]"]
            {
                assert_eq!(proxy(&choice, url), None, "{url}");
            }
            let url = GatewayUrl::parse("wss://g.example", Plaintext::Never).unwrap();
            assert_eq!(choice.proxy(&url, |_| true).unwrap_err().0, ProxyUrlError::Scheme("socks5".into()));
        }
    }

    #[test]
    fn plaintext_goes_only_to_proxies_it_may_go_to() {
        let url = |text| GatewayUrl::parse(text, Plaintext::PrivateOnly).unwrap();
        let clear = |proxy: &Proxy| proxy.host() == "near";
        let (near, far) = (env(&[("ALL_PROXY", "near")]), env(&[("ALL_PROXY", "far")]));
        assert!(near.proxy(&url("ws://10.0.0.1"), clear).unwrap().is_some());
        assert!(far.proxy(&url("wss://10.0.0.1"), clear).unwrap().is_some());
        let expected = (ProxyUrlError::PlaintextRefused { host: "far".into() }, Some("ALL_PROXY"));
        assert_eq!(far.proxy(&url("ws://10.0.0.1"), clear), Err(expected));
    }

    #[test]
    fn an_error_names_its_variable_and_nothing_shows_a_login() {
        let choice = env(&[("ALL_PROXY", "socks5://user:s3cr3t@p:1"), ("NO_PROXY", "x")]);
        let url = GatewayUrl::parse("wss://g.example", Plaintext::Never).unwrap();
        let (error, name) = choice.proxy(&url, |_| true).unwrap_err();
        assert_eq!(name, Some("ALL_PROXY"));
        let given = Choice::Given("http://user:s3cr3t@p".into());
        let shown = format!("{error} {choice:?} {given:?}");
        assert!(shown.contains("ALL_PROXY") && !shown.contains("s3cr3t"), "{shown}");
    }
}
