//! Bare WebSockets of the asynchronous runtimes, plain and with TLS.

use std::sync::Arc;

use futures_util::{Sink, Stream};
use smol::io::{AsyncRead, AsyncWrite};
use tungstenite::{Error, Message};

use super::Args;

/// A bare WebSocket of any runtime.
pub(super) trait Socket:
    Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Send + Unpin
{
}
impl<S: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Send + Unpin> Socket for S {}

async fn tokio_tcp(args: &Args) -> anyhow::Result<tokio::net::TcpStream> {
    let tcp = tokio::net::TcpStream::connect(args.address()?).await?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

async fn tokio_upgrade<S>(args: &Args, stream: S) -> anyhow::Result<impl Socket + use<S>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send,
{
    let config = args.websocket_config(args.raw_buffer());
    Ok(tokio_tungstenite::client_async_with_config(args.url.as_str(), stream, Some(config)).await?.0)
}

async fn async_std_tcp(args: &Args) -> anyhow::Result<async_std::net::TcpStream> {
    let tcp = async_std::net::TcpStream::connect(args.address()?).await?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

async fn smol_tcp(args: &Args) -> anyhow::Result<smol::net::TcpStream> {
    let tcp = smol::net::TcpStream::connect(args.address()?).await?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

async fn secure<S: AsyncRead + AsyncWrite + Unpin + Send>(
    args: &Args,
    tcp: S,
) -> anyhow::Result<futures_rustls::client::TlsStream<S>> {
    let (config, name) = args.tls()?;
    Ok(futures_rustls::TlsConnector::from(config).connect(name, tcp).await?)
}

async fn upgrade<S>(args: &Args, stream: S) -> anyhow::Result<impl Socket + use<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let config = args.websocket_config(args.raw_buffer());
    Ok(async_tungstenite::client_async_with_config(args.url.as_str(), stream, Some(config)).await?.0)
}

pub(super) async fn tokio(args: Arc<Args>) -> anyhow::Result<impl Socket> {
    tokio_upgrade(&args, tokio_tcp(&args).await?).await
}

pub(super) async fn tokio_tls(args: Arc<Args>) -> anyhow::Result<impl Socket> {
    let (config, name) = args.tls()?;
    let tcp = tokio_tcp(&args).await?;
    tokio_upgrade(&args, tokio_rustls::TlsConnector::from(config).connect(name, tcp).await?).await
}

pub(super) async fn async_std(args: Arc<Args>) -> anyhow::Result<impl Socket> {
    upgrade(&args, async_std_tcp(&args).await?).await
}

pub(super) async fn async_std_tls(args: Arc<Args>) -> anyhow::Result<impl Socket> {
    upgrade(&args, secure(&args, async_std_tcp(&args).await?).await?).await
}

pub(super) async fn smol(args: Arc<Args>) -> anyhow::Result<impl Socket> {
    upgrade(&args, smol_tcp(&args).await?).await
}

pub(super) async fn smol_tls(args: Arc<Args>) -> anyhow::Result<impl Socket> {
    upgrade(&args, secure(&args, smol_tcp(&args).await?).await?).await
}
