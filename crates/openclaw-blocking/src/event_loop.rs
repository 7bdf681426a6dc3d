//! The loop of one client: poll the driver, sleep in the operating system.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use mio::Events;
use openclaw_client::transport::Runtime;
use openclaw_client::{BuildError, Builder, Driver};

use crate::bell::Rung;
use crate::client::Client;
use crate::reactor::{BELL, Reactor, Wakeups};

/// Turns without asking the operating system about the sockets, as when callers ring all the time, before they are read
/// anyway.
const UNASKED: u32 = 4;

/// Whether a loop has more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Yes: call it again.
    Running,
    /// No: the last handle is gone and the connection is closed.
    Ended,
}

/// A client's loop for callers who run it themselves, on a thread of their own. [`builder`](crate::builder) and
/// [`Builder::build`](openclaw_client::Builder::build) have it run by whoever waits, and by a background thread.
///
/// Whatever waits for the client on the loop's own thread waits for ever: there use what does not wait, for example
/// [`Call::try_wait`](crate::Call::try_wait) and [`Receiver::try_recv`](crate::Receiver::try_recv).
///
/// ```no_run
/// use std::time::Duration;
/// use openclaw_blocking::{EventLoop, Request, Turn};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (client, mut event_loop) = EventLoop::new(openclaw_blocking::builder("ws://127.0.0.1:18789"))?;
/// client.start();
/// let mut health = client.call(Request::new("health")?);
/// while event_loop.turn(Some(Duration::from_millis(100)))? == Turn::Running {
///     if let Some(answer) = health.try_wait() {
///         println!("{answer:?}");
///         break;
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct EventLoop {
    poll: mio::Poll,
    events: Events,
    reactor: Reactor,
    driver: Driver<Reactor>,
    /// Turns since the operating system was asked about the sockets.
    unasked: u32,
}

impl EventLoop {
    /// Makes a client and its loop.
    ///
    /// # Errors
    /// See [`Builder::build`].
    pub fn new<R>(builder: Builder<R>) -> Result<(Client, Self), BuildError> {
        let poll = mio::Poll::new().map_err(BuildError::Driver)?;
        let reactor = Reactor::new(&poll).map_err(BuildError::Driver)?;
        let (handle, driver) = builder.on(reactor.clone()).split()?;
        let client = Client::new(handle, reactor.clone());
        Ok((client, Self { poll, events: Events::with_capacity(16), reactor, driver, unasked: 0 }))
    }

    /// Does what there is to do, then sleeps until a socket, a timer or a caller wakes it, but not longer than `limit`.
    ///
    /// # Errors
    /// When the operating system refuses to wait. The loop is of no use then; dropping it ends everything under way.
    pub fn turn(&mut self, limit: Option<Duration>) -> io::Result<Turn> {
        if self.advance() == Turn::Ended {
            return Ok(Turn::Ended);
        }
        let (left, own) = match self.reactor.may_sleep() {
            Err(Rung) => return Ok(Turn::Running),
            Ok(deadline) => {
                let left = deadline.map(|at| at.since(self.reactor.now().mono));
                (left.into_iter().chain(limit).min(), left.is_some_and(|left| limit.is_none_or(|limit| left <= limit)))
            }
        };
        self.unasked = 0;
        match self.poll.poll(&mut self.events, left) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => result?,
        }
        let (mut socket, mut caller) = (false, false);
        for event in &self.events {
            if event.token() == BELL {
                caller = true;
            } else {
                socket = true;
                if event.is_read_closed() || event.is_error() {
                    self.reactor.set_closing();
                }
            }
        }
        if socket {
            self.reactor.tell();
        }
        self.reactor.count([socket, caller, own && !socket && !caller]);
        Ok(Turn::Running)
    }

    /// Does what there is to do.
    pub(crate) fn advance(&mut self) -> Turn {
        self.unasked += 1;
        if self.unasked > UNASKED {
            self.unasked = 0;
            self.reactor.tell();
        }
        self.reactor.awake();
        match Pin::new(&mut self.driver).poll(&mut Context::from_waker(self.reactor.waker())) {
            Poll::Ready(()) => Turn::Ended,
            Poll::Pending => Turn::Running,
        }
    }

    pub(crate) fn reactor(&self) -> &Reactor {
        &self.reactor
    }

    /// Runs until the last handle is gone and the connection is closed.
    ///
    /// # Errors
    /// See [`turn`](Self::turn).
    pub fn run(mut self) -> io::Result<()> {
        while self.turn(None)? == Turn::Running {}
        Ok(())
    }

    /// How often what has woken it.
    #[must_use]
    pub fn wakeups(&self) -> Wakeups {
        self.reactor.wakeups()
    }
}
