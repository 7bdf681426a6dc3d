//! What the driver needs of a socket and of a runtime, and nothing more.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openclaw_proto::{DialPlan, Instant, Now, TransportError, UnixMillis};

use tungstenite::http::HeaderMap;

use crate::Text;
pub use crate::byte_count::ByteCount;
use crate::proxy::Proxy;

/// A future that owns everything it needs.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a transport received.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Received {
    /// A text message.
    Text(Text),
    /// A binary message of that many bytes.
    Binary(usize),
    /// A ping or a pong, answered already where an answer is due.
    Control,
    /// The connection has ended; see [`Input::Closed`](openclaw_proto::Input::Closed).
    Closed {
        /// The peer's close code.
        code: Option<u16>,
        /// The peer's reason.
        reason: String,
    },
}

/// An open WebSocket, polled by hand.
///
/// Dropping it cuts the connection.
pub trait Transport: Send + Unpin + 'static {
    /// The next message. After `Closed` or an error the transport is not used again.
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received, TransportError>>;

    /// Whether there is room for another message.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>;

    /// Takes a text message; it leaves with the next flush at the latest.
    ///
    /// # Errors
    /// When the connection cannot carry it any more.
    fn start_send(&mut self, text: String) -> Result<(), TransportError>;

    /// Writes out everything taken so far.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>;

    /// Queues a close frame; it leaves with the next flush.
    ///
    /// # Errors
    /// When the connection is gone already.
    fn start_close(&mut self, code: u16, reason: &str) -> Result<(), TransportError>;

    /// Bytes of the socket so far: read, written.
    fn bytes(&self) -> (u64, u64);

    /// Gives back the memory that only the handshake needed, if nothing is under way: no message that has come in part, and
    /// none that has not left. When the connection is ready, the driver asks for it whenever it would sleep, until it is told
    /// that it is done; then it reads once more before it sleeps. Default: there is nothing to give back.
    fn settle(&mut self) -> bool {
        true
    }
}

/// A runtime: clocks, tasks and sockets.
pub trait Runtime: Clone + Send + Sync + 'static {
    /// Its sockets.
    type Transport: Transport;
    /// Its timers.
    type Sleep: Future<Output = ()> + Send;

    /// Both clocks, read now.
    fn now(&self) -> Now;

    /// A timer that ends at or after `at`.
    fn sleep_until(&self, at: Instant) -> Self::Sleep;

    /// Runs a task in the background.
    fn spawn(&self, task: BoxFuture<()>);

    /// Makes a socket: resolve, connect, TLS, upgrade. The core gives up on it by dropping the future.
    ///
    /// The caller's wishes are in the options: through the proxy if there is one (whose gateway's name is not resolved
    /// here), under that TLS and no other, with those headers in the upgrade request.
    fn dial(&self, plan: DialPlan, options: Arc<DialOptions>) -> BoxFuture<Result<Self::Transport, TransportError>>;
}

/// How to dial, beyond what the core decides.
#[derive(Clone)]
#[non_exhaustive]
pub struct DialOptions {
    /// TLS; there for every `wss:` address.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    pub(crate) headers: HeaderMap,
    pub(crate) proxy: Option<Proxy>,
    /// Bytes of a connection's read buffer, which it keeps as long as it lives. Default 8 KiB: more makes nothing faster
    /// that was measured, and half of it makes large frames dearer by a quarter.
    pub read_buffer: usize,
    /// Bytes that may wait in a connection's write buffer before they are written. Default 16 KiB.
    pub write_buffer: usize,
}

/// tungstenite's default of 128 KiB is zeroed before every read and stays resident for each connection.
const READ_BUFFER: usize = 8 * 1024;
const WRITE_BUFFER: usize = 16 * 1024;

impl Default for DialOptions {
    fn default() -> Self {
        Self { tls: None, headers: HeaderMap::new(), proxy: None, read_buffer: READ_BUFFER, write_buffer: WRITE_BUFFER }
    }
}

impl DialOptions {
    /// What the upgrade request says beyond the upgrade itself. The values may be secrets.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The proxy to go through; a [`Tunnel`](crate::proxy::Tunnel) says how.
    #[must_use]
    pub fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }
}

/// Two TLS configurations cannot be compared: they are equal if they are one.
impl PartialEq for DialOptions {
    fn eq(&self, other: &Self) -> bool {
        let Self { tls, headers, proxy, read_buffer, write_buffer } = self;
        let tls = tls.as_ref().map(Arc::as_ptr) == other.tls.as_ref().map(Arc::as_ptr);
        let buffers = (*read_buffer, *write_buffer) == (other.read_buffer, other.write_buffer);
        tls && buffers && *headers == other.headers && *proxy == other.proxy
    }
}

impl fmt::Debug for DialOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DialOptions")
            .field("tls", &self.tls.is_some())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("proxy", &self.proxy)
            .field("read_buffer", &self.read_buffer)
            .field("write_buffer", &self.write_buffer)
            .finish()
    }
}

/// The operating system's clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Nanoseconds from the process's first reading of a clock to this one's origin.
    origin: u64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { origin: since_base() }
    }
}

impl Clock {
    /// Both clocks, read now. The wall clock is asked every few milliseconds and goes with the other one in between: a step
    /// of it shows that much later.
    #[must_use]
    pub fn now(&self) -> Now {
        let now = since_base();
        let mono = Instant::from_nanos(now.saturating_sub(self.origin));
        Now { mono, unix: UnixMillis(wall_clock(now) / 1_000_000) }
    }

    /// The system's instant for one of ours.
    #[must_use]
    pub fn instant(&self, at: Instant) -> std::time::Instant {
        let since_base = Duration::from_nanos(self.origin.saturating_add(at.as_nanos()));
        base().checked_add(since_base).unwrap_or_else(|| base() + Duration::from_secs(86_400 * 365))
    }
}

/// Where nanoseconds are counted from in this process.
fn base() -> std::time::Instant {
    static BASE: OnceLock<std::time::Instant> = OnceLock::new();
    *BASE.get_or_init(std::time::Instant::now)
}

fn since_base() -> u64 {
    let base = base();
    nanos(std::time::Instant::now().saturating_duration_since(base))
}

fn nanos(duration: Duration) -> u64 {
    Instant::from_elapsed(duration).as_nanos()
}

/// How long the wall clock is taken to go with the monotonic one, in nanoseconds.
const WALL_CLOCK_STEP: u64 = 5_000_000;

/// Unix time in nanoseconds, so many nanoseconds after the base. Each call of [`Clock::now`] would read two clocks otherwise,
/// and a busy client calls it for every request.
fn wall_clock(since_base: u64) -> u64 {
    /// When the wall clock was read last, in nanoseconds since the base, plus one; zero for never.
    static READ: AtomicU64 = AtomicU64::new(0);
    /// The wall clock's time at the base. Each value is whole by itself, whatever other threads do meanwhile.
    static AT_BASE: AtomicU64 = AtomicU64::new(0);
    let read = READ.load(Ordering::Acquire);
    if read != 0 && since_base.saturating_sub(read) < WALL_CLOCK_STEP {
        return AT_BASE.load(Ordering::Relaxed).saturating_add(since_base);
    }
    let unix = nanos(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO));
    AT_BASE.store(unix.saturating_sub(since_base), Ordering::Relaxed);
    READ.store(since_base.saturating_add(1), Ordering::Release);
    unix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_is_the_systems() {
        let clock = Clock::default();
        let unix = || u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        for _ in 0..1_000 {
            let before = unix();
            let now = clock.now();
            let after = unix();
            // A millisecond for rounding, and what the two clocks may drift apart in a step.
            assert!((before - 2..=after + 2).contains(&now.unix.0), "{before} {now:?} {after}");
            std::thread::sleep(Duration::from_micros(20));
        }
    }
}
