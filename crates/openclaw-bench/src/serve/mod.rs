//! A gateway faster than any client, so that the client is what is measured: one thread, its own framing, one write for
//! everything a read brought.

mod frames;
mod methods;
mod tls;

use std::io;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;

use crate::{cores, files};
use frames::{Frame, next_frame, push_close, push_pong, push_text};
use methods::Methods;

/// How to serve.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The port of 127.0.0.1; 0 means a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Serve behind TLS, with a new certificate that is written to this file, for the `--ca` of clients
    #[arg(long, value_name = "FILE")]
    tls: Option<PathBuf>,
    /// The core to run on. Default: any
    #[arg(long, value_name = "CPU")]
    core: Option<usize>,
}

/// What a connection has not yet been able to handle: an upgrade request, or a part of a frame.
const READ: usize = 256 * 1024;

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    // For those who open thousands of connections; they check by themselves whether it is enough.
    files::raise();
    if let Some(core) = args.core {
        cores::pin(core)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", args.port)).await?;
        let acceptor = args.tls.as_deref().map(tls::acceptor).transpose()?;
        let scheme = if acceptor.is_some() { "wss" } else { "ws" };
        anstream::println!("{scheme}://{}", listener.local_addr()?);
        loop {
            let (tcp, _) = listener.accept().await?;
            tcp.set_nodelay(true)?;
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that goes is no news.
                let _ = match acceptor {
                    None => connection(tcp).await,
                    Some(acceptor) => connection(acceptor.accept(tcp).await?).await,
                };
                io::Result::Ok(())
            });
        }
    })
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {
    /// Waits without a buffer in hand, where that can be told.
    fn readable(&self) -> impl Future<Output = io::Result<()>> + Send;
}

impl Stream for TcpStream {
    async fn readable(&self) -> io::Result<()> {
        Self::readable(self).await
    }
}

impl Stream for TlsStream<TcpStream> {
    /// There may be something in TLS's own buffer.
    async fn readable(&self) -> io::Result<()> {
        Ok(())
    }
}

async fn connection(mut tcp: impl Stream) -> io::Result<()> {
    let mut input = Vec::new();
    let mut out = Vec::new();
    let head = loop {
        if let Some(end) = find(&input, b"\r\n\r\n") {
            break end + 4;
        }
        read(&mut tcp, &mut input, 4_096).await?;
    };
    let key = header(input.get(..head).unwrap_or_default(), "sec-websocket-key").unwrap_or_default();
    let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
    out.extend_from_slice(
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        )
        .as_bytes(),
    );
    push_text(&mut out, methods::CHALLENGE.as_bytes());
    write(&mut tcp, &out).await?;
    input.drain(..head);
    let mut methods = Methods::default();
    loop {
        out.clear();
        let mut done = 0;
        while let Some((frame, used)) = next_frame(input.get_mut(done..).unwrap_or_default()) {
            match frame {
                Frame::Text(text) => methods.handle(text, &mut out),
                Frame::Ping(data) => push_pong(&mut out, data),
                Frame::Close => {
                    push_close(&mut out);
                    return write(&mut tcp, &out).await;
                }
                Frame::Other => {}
            }
            done += used;
        }
        input.drain(..done);
        if !out.is_empty() {
            write(&mut tcp, &out).await?;
        }
        // An idle connection keeps nothing: thousands of them are measured.
        if input.is_empty() && input.capacity() > 4_096 {
            input = Vec::new();
        }
        if out.capacity() > READ {
            out = Vec::new();
        }
        tcp.readable().await?;
        read(&mut tcp, &mut input, READ).await?;
    }
}

async fn write(tcp: &mut impl Stream, out: &[u8]) -> io::Result<()> {
    tcp.write_all(out).await?;
    // TLS keeps what did not fit.
    tcp.flush().await
}

async fn read(tcp: &mut impl Stream, input: &mut Vec<u8>, room: usize) -> io::Result<()> {
    input.reserve(room);
    if tcp.read_buf(input).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn header(head: &[u8], name: &str) -> Option<String> {
    let head = std::str::from_utf8(head).ok()?;
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}
