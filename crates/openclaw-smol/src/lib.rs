//! A client for the OpenClaw gateway on smol.
//!
//! [`builder`] makes a [`Client`]; everything else is [`openclaw_client`]'s, re-exported. The adapter itself is a clock, a
//! spawner and the names of smol's sockets.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use openclaw_client::dialing::Tcp;
use openclaw_client::futures_io::{Socket, dial, poll_read, poll_write};
use openclaw_client::proto::{DialPlan, Instant, Now};
use openclaw_client::transport::{BoxFuture, Clock, DialOptions, Runtime};
pub use openclaw_client::*;
use smol::Timer;
use smol::net::TcpStream;

/// A client for the gateway at `url`, on smol's global executor.
pub fn builder(url: impl Into<String>) -> Builder<Smol> {
    Builder::new(Smol::default(), url)
}

/// smol as a [`Runtime`].
#[derive(Clone, Debug, Default)]
pub struct Smol {
    clock: Clock,
}

impl Runtime for Smol {
    type Transport = Socket;
    type Sleep = BoxFuture<()>;

    fn now(&self) -> Now {
        self.clock.now()
    }

    fn sleep_until(&self, at: Instant) -> Self::Sleep {
        let timer = Timer::at(self.clock.instant(at));
        Box::pin(async move {
            timer.await;
        })
    }

    fn spawn(&self, task: BoxFuture<()>) {
        smol::spawn(task).detach();
    }

    fn dial(&self, plan: DialPlan, options: Arc<DialOptions>) -> BoxFuture<Result<Self::Transport, TransportError>> {
        Box::pin(dial(self.clone(), plan, options))
    }
}

impl Tcp for Smol {
    type Stream = TcpStream;

    async fn resolve(&self, host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
        smol::net::resolve((host, port)).await
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
