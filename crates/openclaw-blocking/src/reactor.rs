//! What the driver sleeps with: readiness of sockets, a bell for callers, and one deadline.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use mio::{Interest, Registry, Token};
use openclaw_client::TransportError;
use openclaw_client::proto::{DialPlan, Instant, Now};
use openclaw_client::transport::{BoxFuture, Clock, DialOptions, Runtime};

use crate::bell::{Bell, Rung};
use crate::dial::dial;
use crate::socket::Socket;
use openclaw_client::park;

/// The bell's token; sockets count from the next one.
pub(crate) const BELL: Token = Token(0);

/// What woke a driver, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wakeups {
    /// A socket could be read or written.
    pub socket: u64,
    /// A caller or a helper thread rang.
    pub caller: u64,
    /// A timer that the core had announced was due.
    pub timer: u64,
}

/// mio as a runtime for one driver.
#[derive(Clone, Debug)]
pub(crate) struct Reactor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    /// When the clock was read last, in nanoseconds of its own.
    read: AtomicU64,
    registry: Registry,
    bell: Arc<Bell>,
    news: Waker,
    own: Waker,
    tokens: AtomicUsize,
    /// How often the operating system has told of sockets.
    told: AtomicU64,
    /// Of the sockets with smaller tokens one may have been closed by its peer.
    closing: AtomicUsize,
    deadline: Mutex<Option<Instant>>,
    wakeups: [AtomicU64; 3],
}

impl Reactor {
    pub(crate) fn new(poll: &mio::Poll) -> io::Result<Self> {
        let bell = Bell::new(poll.registry(), BELL)?;
        let (news, own) = (bell.news(), bell.own());
        Ok(Self(Arc::new(Inner {
            clock: Clock::default(),
            read: AtomicU64::new(0),
            registry: poll.registry().try_clone()?,
            bell,
            news,
            own,
            tokens: AtomicUsize::new(BELL.0 + 1),
            told: AtomicU64::new(0),
            closing: AtomicUsize::new(0),
            deadline: Mutex::default(),
            wakeups: Default::default(),
        })))
    }

    /// The driver's waker.
    pub(crate) fn waker(&self) -> &Waker {
        &self.0.news
    }

    /// The waker of what the thread waits for that drives.
    pub(crate) fn own_waker(&self) -> &Waker {
        &self.0.own
    }

    pub(crate) fn bell(&self) -> &Arc<Bell> {
        &self.0.bell
    }

    /// The driver is about to run: what was rung before is no news, and it will set its deadline again.
    pub(crate) fn awake(&self) {
        self.0.bell.awake();
        *self.deadline() = None;
    }

    /// The driver has run. Says until when it may sleep; no sleep at all if the bell has rung meanwhile.
    pub(crate) fn may_sleep(&self) -> Result<Option<Instant>, Rung> {
        self.0.bell.may_sleep()?;
        Ok(*self.deadline())
    }

    fn deadline(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.0.deadline.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the clock was read last.
    fn last_read(&self) -> Instant {
        Instant::from_elapsed(Duration::from_nanos(self.0.read.load(Ordering::Relaxed)))
    }

    /// Counts a wake-up by what caused it, in the order of the fields of [`Wakeups`].
    pub(crate) fn count(&self, causes: [bool; 3]) {
        for (counter, woken) in self.0.wakeups.iter().zip(causes) {
            counter.fetch_add(u64::from(woken), Ordering::Relaxed);
        }
    }

    pub(crate) fn wakeups(&self) -> Wakeups {
        let [socket, caller, timer] = self.0.wakeups.each_ref().map(|count| count.load(Ordering::Relaxed));
        Wakeups { socket, caller, timer }
    }

    /// How often the operating system has told of sockets.
    pub(crate) fn told(&self) -> u64 {
        self.0.told.load(Ordering::Relaxed)
    }

    /// The operating system has told of sockets, or has not been asked for long.
    pub(crate) fn tell(&self) {
        self.0.told.fetch_add(1, Ordering::Relaxed);
    }

    /// A peer has closed one of the sockets there are.
    pub(crate) fn set_closing(&self) {
        self.0.closing.store(self.0.tokens.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Whether the peer of a socket may have closed it.
    pub(crate) fn is_closing(&self, token: Token) -> bool {
        token.0 < self.0.closing.load(Ordering::Relaxed)
    }

    /// Watches a socket until it can be read and written, which is how connecting ends.
    pub(crate) fn register(&self, socket: &mut impl mio::event::Source) -> io::Result<Token> {
        let token = Token(self.0.tokens.fetch_add(1, Ordering::Relaxed));
        self.0.registry.register(socket, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(token)
    }

    /// Watches a socket for data, and for room if something waits to be written.
    pub(crate) fn watch(&self, socket: &mut impl mio::event::Source, token: Token, room: bool) -> io::Result<()> {
        let interest = if room { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        self.0.registry.reregister(socket, token, interest)
    }
}

/// The driver polls its only timer in every turn, so a deadline is all there is to remember.
#[derive(Debug)]
pub(crate) struct Sleep {
    reactor: Reactor,
    at: Instant,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        // The driver has just read the clock. If the time comes meanwhile, the deadline has passed and is slept for no longer.
        if self.reactor.last_read() >= self.at {
            return Poll::Ready(());
        }
        *self.reactor.deadline() = Some(self.at);
        Poll::Pending
    }
}

impl Runtime for Reactor {
    type Transport = Socket;
    type Sleep = Sleep;

    fn now(&self) -> Now {
        let now = self.0.clock.now();
        let nanos = u64::try_from(now.mono.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.read.store(nanos, Ordering::Relaxed);
        now
    }

    fn sleep_until(&self, at: Instant) -> Sleep {
        Sleep { reactor: self.clone(), at }
    }

    /// Handlers are what is spawned here. Each has a thread of its own, so that it may block.
    fn spawn(&self, task: BoxFuture<()>) {
        let spawned = thread::Builder::new().name("openclaw-handler".into()).spawn(move || park::block_on(task));
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread for an event handler: it will not run");
        }
    }

    fn dial(&self, plan: DialPlan, options: Arc<DialOptions>) -> BoxFuture<Result<Socket, TransportError>> {
        Box::pin(dial(self.clone(), plan, options))
    }
}
