//! A client for the OpenClaw gateway on async-std.
//!
//! [`builder`] makes a [`Client`]; everything else is [`openclaw_client`]'s, re-exported. The adapter itself is a clock, a
//! spawner and the names of async-std's sockets.
//!
//! async-std has been discontinued; `openclaw-smol` is the way on, with the same calls.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::task::{Context, Poll};

use async_std::net::TcpStream;
use async_std::task;
use openclaw_client::dialing::Tcp;
use openclaw_client::futures_io::{Socket, dial, poll_read, poll_write};
use openclaw_client::proto::{DialPlan, Instant, Now};
use openclaw_client::transport::{BoxFuture, Clock, DialOptions, Runtime};
pub use openclaw_client::*;

/// A client for the gateway at `url`, on async-std's executor.
pub fn builder(url: impl Into<String>) -> Builder<AsyncStd> {
    Builder::new(AsyncStd::default(), url)
}

/// async-std as a [`Runtime`].
#[derive(Clone, Debug, Default)]
pub struct AsyncStd {
    clock: Clock,
}

impl Runtime for AsyncStd {
    type Transport = Socket;
    type Sleep = BoxFuture<()>;

    fn now(&self) -> Now {
        self.clock.now()
    }

    fn sleep_until(&self, at: Instant) -> Self::Sleep {
        let at = self.clock.instant(at);
        // async-std's timer knows only durations, and this one counts from its first poll.
        Box::pin(async move { task::sleep(at.saturating_duration_since(std::time::Instant::now())).await })
    }

    fn spawn(&self, task: BoxFuture<()>) {
        // Nobody waits for it; it goes on without its handle.
        drop(task::spawn(task));
    }

    fn dial(&self, plan: DialPlan, options: Arc<DialOptions>) -> BoxFuture<Result<Self::Transport, TransportError>> {
        Box::pin(dial(self.clone(), plan, options))
    }
}

impl Tcp for AsyncStd {
    type Stream = TcpStream;

    async fn resolve(&self, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        // async-std's own resolver hides what the operating system said behind a message of its own.
        task::spawn_blocking(move || Ok((host, port).to_socket_addrs()?.collect())).await
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(address).await
    }

    fn ends(stream: &TcpStream) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((stream.local_addr()?, stream.peer_addr()?))
    }

    fn set_nodelay(stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)
    }

    fn poll_read(stream: &mut TcpStream, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        poll_read(stream, cx, buf)
    }

    fn poll_write(stream: &mut TcpStream, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        poll_write(stream, cx, bytes)
    }
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
