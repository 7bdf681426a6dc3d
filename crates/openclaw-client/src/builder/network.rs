//! How the gateway is reached, and how far that is trusted.

use std::sync::Arc;

use openclaw_proto::{GatewayUrl, Plaintext, Secret, UrlError};

use super::{BuildError, Builder};
use crate::headers::Headers;
use crate::proxy::{Choice, Proxy, ProxyEnv};
use crate::transport::DialOptions;
use crate::trust::{Trust, TrustError};

/// What the caller said of the way to the gateway.
#[derive(Debug, Default)]
pub(super) struct Network {
    plaintext: Plaintext,
    plaintext_hosts: Vec<String>,
    trust: Trust,
    headers: Headers,
    proxy: Choice,
}

impl<R> Builder<R> {
    /// Which plaintext addresses are allowed. Default: this machine and private networks.
    #[must_use]
    pub fn plaintext(mut self, plaintext: Plaintext) -> Self {
        self.network.plaintext = plaintext;
        self
    }

    /// Allows plaintext to one more host, whatever the policy says: the credential crosses the way to it in clear. It is for
    /// ways the caller vouches for, such as `host.docker.internal`.
    #[must_use]
    pub fn allow_plaintext_to(mut self, host: impl Into<String>) -> Self {
        self.network.plaintext_hosts.push(host.into());
        self
    }

    /// Which certificates are believed, and which one is shown. Default: the platform's authorities, and none.
    #[must_use]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.network.trust = trust;
        self
    }

    /// Believes no certificate but the one with this SHA-256, and that one whoever issued it; see [`Trust::pin`]. For more
    /// than a pin, use [`trust`](Self::trust).
    #[must_use]
    pub fn pin(mut self, fingerprint: impl Into<String>) -> Self {
        self.network.trust = self.network.trust.pin(fingerprint);
        self
    }

    /// TLS as the caller configured it, instead of a [`Trust`].
    #[must_use]
    pub fn tls(mut self, config: Arc<rustls::ClientConfig>) -> Self {
        self.dial.tls = Some(config);
        self
    }

    /// Adds a header to the upgrade request, for what stands before the gateway: `CF-Access-Client-Id`, `Authorization`. Its
    /// value counts as a secret: it needs a `wss:` address, and is not shown.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.network.headers.push(name.into(), value.into());
        self
    }

    /// The `Origin` of the upgrade request, for gateways that ask for one. Default: none.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.network.headers.set_origin(origin.into());
        self
    }

    /// Reaches the gateway through an HTTP proxy: `http://user:password@host:port`. This machine is reached directly all the
    /// same. Default: no proxy, whatever the environment says.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<Secret>) -> Self {
        self.network.proxy = Choice::Given(url.into());
        self
    }

    /// Reaches the gateway through the proxy that `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name, if they do; see
    /// [`ProxyEnv`]. They are read now.
    #[must_use]
    pub fn proxy_from_env(self) -> Self {
        self.proxy_env(ProxyEnv::read())
    }

    /// The same with settings from elsewhere.
    #[must_use]
    pub fn proxy_env(mut self, env: ProxyEnv) -> Self {
        self.network.proxy = Choice::Env(env);
        self
    }
}

impl Network {
    /// Whether a certificate is pinned.
    pub(super) fn has_pins(&self) -> bool {
        self.trust.has_pins()
    }

    /// Checks everything and puts it into `dial`.
    pub(super) fn settle(&self, url: &str, dial: &mut DialOptions) -> Result<GatewayUrl, BuildError> {
        let url = self.allowed(url)?;
        if !url.is_secure() && self.trust.has_pins() {
            return Err(TrustError::PinWithoutTls.into());
        }
        if url.is_secure() {
            dial.tls = match dial.tls.take() {
                None => Some(self.trust.config()?),
                Some(own) if self.trust.is_default() => Some(own),
                Some(_) => return Err(TrustError::OwnConfig.into()),
            };
        }
        dial.headers = self.headers.check(url.is_secure())?;
        let clear = |proxy: &Proxy| self.allowed(&proxy.to_string()).is_ok();
        let bad = |(error, variable)| BuildError::Proxy { error, variable };
        dial.proxy = self.proxy.proxy(&url, clear).map_err(bad)?;
        if !url.is_secure() && GatewayUrl::parse(url.as_str(), Plaintext::PrivateOnly).is_err() {
            tracing::warn!(%url, "credentials will cross a network in clear, as the program allows");
        }
        Ok(url)
    }

    fn allowed(&self, url: &str) -> Result<GatewayUrl, UrlError> {
        GatewayUrl::parse_with(url, self.plaintext, &self.plaintext_hosts)
    }
}
