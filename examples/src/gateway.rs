//! Whom an example talks to: a gateway of the user's, or one of its own.

use std::future::Future;
use std::io;
use std::sync::Arc;

use openclaw_proto::connect::Auth;
use openclaw_proto::{ClientConfig, GatewayUrl, Plaintext, UrlError};
use openclaw_testkit::{GatewayConfig, Server};
use tokio::runtime::{Builder, Runtime};

/// A gateway's address and token.
#[derive(Clone)]
pub struct Target {
    /// `ws://…` or `wss://…`
    pub url: String,
    /// The shared token; may be empty.
    pub token: String,
}

impl Target {
    /// The gateway that `--url` or `OPENCLAW_GATEWAY_URL` names, if one does. The token is in `OPENCLAW_GATEWAY_TOKEN`: on
    /// a command line everybody on the machine could read it.
    ///
    /// # Errors
    /// When there is an argument that means nothing.
    pub fn given() -> Result<Option<Self>, String> {
        let mut url = std::env::var("OPENCLAW_GATEWAY_URL").ok().filter(|url| !url.is_empty());
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            url = Some(match argument.split_once('=') {
                Some(("--url", url)) => url.to_owned(),
                None if argument == "--url" => arguments.next().ok_or("--url wants an address")?,
                _ => return Err(format!("unknown argument {argument:?}; there is only --url ADDRESS")),
            });
        }
        let token = std::env::var("OPENCLAW_GATEWAY_TOKEN").unwrap_or_default();
        Ok(url.map(|url| Self { url, token }))
    }

    /// How a core is told to reach it. It gives up after some attempts, because an example ends by itself.
    ///
    /// # Errors
    /// When the address is none, or the token would travel to it in clear.
    pub fn config(&self) -> Result<ClientConfig, UrlError> {
        let mut config = ClientConfig::new(GatewayUrl::parse(&self.url, Plaintext::PrivateOnly)?);
        config.connect.auth = Auth::token(self.token.as_str());
        config.backoff.max_attempts = Some(8);
        Ok(config)
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A gateway on a loopback port, in a thread of its own.
#[derive(Debug)]
pub struct OwnGateway {
    server: Arc<Server>,
    runtime: Runtime,
}

impl OwnGateway {
    /// Starts it.
    ///
    /// # Errors
    /// When there is no thread or no port to be had.
    pub fn start(config: GatewayConfig) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let server = Arc::new(runtime.block_on(Server::start(config))?);
        Ok(Self { server, runtime })
    }

    /// How to reach it.
    #[must_use]
    pub fn target(&self) -> Target {
        Target { url: self.server.url(), token: self.server.token().to_owned() }
    }

    /// The gateway itself.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Lets something happen to it in its own thread.
    pub fn spawn<F>(&self, act: impl FnOnce(Arc<Server>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.runtime.spawn(act(Arc::clone(&self.server)));
    }
}
