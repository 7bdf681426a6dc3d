//! How a bare WebSocket, and the core driven by hand, come to a stream: plain, or with the library's TLS.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use anyhow::Context;
use openclaw_client::{Roots, Trust};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tungstenite::WebSocket;
use tungstenite::client::client_with_config;
use tungstenite::protocol::WebSocketConfig;

use super::Args;

impl Args {
    pub(super) fn is_secure(&self) -> bool {
        self.url.starts_with("wss://")
    }

    pub(super) fn address(&self) -> anyhow::Result<SocketAddr> {
        let rest = self.url.trim_start_matches("wss://").trim_start_matches("ws://");
        rest.trim_end_matches('/').parse().with_context(|| format!("{} is not the address of `serve`", self.url))
    }

    /// What the library shall believe: the platform's authorities, unless there is one of its own.
    pub(super) fn trust(&self) -> anyhow::Result<Trust> {
        let Some(file) = &self.ca else { return Ok(Trust::default()) };
        let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Trust::default().roots(Roots::Added).authority(pem))
    }

    /// The same for a bare stream.
    pub(super) fn tls(&self) -> anyhow::Result<(Arc<ClientConfig>, ServerName<'static>)> {
        let file = self.ca.as_ref().context("a wss:// address needs the certificate of `serve --tls`: --ca FILE")?;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(file).with_context(|| format!("cannot use {}", file.display()))?)?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok((Arc::new(config), ServerName::from(self.address()?.ip())))
    }

    pub(super) fn websocket_config(&self, read_buffer: usize) -> WebSocketConfig {
        WebSocketConfig::default().read_buffer_size(read_buffer).write_buffer_size(16 * 1024)
    }
}

pub(super) fn tcp(args: &Args) -> anyhow::Result<TcpStream> {
    let tcp = TcpStream::connect(args.address()?)?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

pub(super) fn tls(args: &Args) -> anyhow::Result<StreamOwned<ClientConnection, TcpStream>> {
    let (config, name) = args.tls()?;
    Ok(StreamOwned::new(ClientConnection::new(config, name)?, tcp(args)?))
}

pub(super) fn upgrade<S: Read + Write>(args: &Args, stream: S, read_buffer: usize) -> anyhow::Result<WebSocket<S>> {
    match client_with_config(args.url.as_str(), stream, Some(args.websocket_config(read_buffer))) {
        Ok((socket, _response)) => Ok(socket),
        Err(error) => anyhow::bail!("the upgrade failed: {error}"),
    }
}
