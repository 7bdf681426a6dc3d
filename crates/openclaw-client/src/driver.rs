//! The one driver: it moves what the core decides.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use openclaw_proto::{ConnId, Input, Instant, Notice, Now, Output, State, StateKind, TransportError};

use crate::Text;
use crate::call::{CallError, Waiter};
use crate::keeper::Errand;
use crate::recorder::Recorder;
use crate::shared::{Host, Shared};
use crate::text::Giant;
use crate::transport::{BoxFuture, DialOptions, Received, Runtime, Transport};

/// Messages of one connection that are handled before the core's outputs are delivered and its frames are sent.
const RECV_BATCH: usize = 64;
/// Bytes handed to the transport before it is asked for room again.
const SEND_BATCH: usize = 64 * 1024;
/// Turns before the driver lets other tasks of its thread run.
const TURNS: usize = 32;

/// A dial under way.
struct Dial<T> {
    conn: ConnId,
    future: BoxFuture<Result<T, TransportError>>,
}

/// An open connection. There are two for a moment when one is being closed and the next is open already.
struct Link<T> {
    conn: ConnId,
    transport: T,
    bytes: (u64, u64),
    unflushed: bool,
    /// There was nothing more to read in this poll, and the transport will wake the driver when there is.
    drained: bool,
    giant: Giant,
    /// The handshake is over, and its memory has not been given back yet.
    settling: bool,
    /// Writing failed. What the peer said before is still to be read: its close frame tells more than our error.
    broken: Option<Box<TransportError>>,
}

/// Moves what the core decides: read → core → deliver → write, and sleep until something changes. It decides nothing.
///
/// A future that ends when the last handle is gone and the connection is closed. [`Builder::build`](crate::Builder::build)
/// spawns it; [`Builder::split`](crate::Builder::split) hands it out.
pub struct Driver<R: Runtime> {
    shared: Arc<Shared<R>>,
    options: Arc<DialOptions>,
    dials: Vec<Dial<R::Transport>>,
    links: Vec<Link<R::Transport>>,
    sleep: Option<(Instant, Pin<Box<R::Sleep>>)>,
    inputs: Vec<(ConnId, Input<Text>)>,
    outputs: VecDeque<Output<Waiter, Text>>,
    /// Frames on their way to the transport.
    batch: Vec<String>,
    /// None where nobody listens to it.
    span: Option<Arc<tracing::Span>>,
    recorder: Option<Recorder>,
}

impl<R: Runtime> Driver<R> {
    pub(crate) fn new(shared: Arc<Shared<R>>, options: Arc<DialOptions>, recorder: Option<Recorder>) -> Self {
        let span = tracing::debug_span!("gateway", url = %shared.lock().core.config().url);
        Self {
            span: (!span.is_none()).then(|| Arc::new(span)),
            shared,
            options,
            dials: Vec::new(),
            links: Vec::new(),
            sleep: None,
            inputs: Vec::new(),
            outputs: VecDeque::new(),
            batch: Vec::new(),
            recorder,
        }
    }

    /// One turn. Returns whether there may be more to do at once.
    fn turn(&mut self, cx: &mut Context<'_>) -> Turn {
        self.poll_dials(cx);
        let mut busy = self.receive(cx);
        let Step { now, timeout, wants_transmit, over } = self.step(cx);
        busy |= self.deliver();
        busy |= self.transmit(cx, now, wants_transmit);
        if over && self.links.is_empty() && self.dials.is_empty() {
            return Turn::Over;
        }
        busy |= self.poll_sleep(cx, timeout);
        if busy { Turn::Busy } else { Turn::Idle }
    }

    /// Gives back what an idle connection does not need. Ten thousand of them would keep what each needed once, and to
    /// get it again costs a small part of being woken.
    fn rest(&mut self) {
        self.inputs = Vec::new();
        self.outputs = VecDeque::new();
        self.batch = Vec::new();
        if self.dials.is_empty() {
            self.dials = Vec::new();
        }
        self.shared.lock().core.shrink_to_fit();
    }

    /// Has connections give back what their handshake needed. Returns whether one is to be read again before sleeping: who
    /// would wake the driver may be gone with it.
    fn settle(&mut self) -> bool {
        let mut settled = false;
        let quiet = |link: &&mut Link<_>| link.settling && !link.unflushed && link.broken.is_none();
        for link in self.links.iter_mut().filter(quiet) {
            if link.transport.settle() {
                (link.settling, link.drained) = (false, false);
                settled = true;
            }
        }
        settled
    }

    fn poll_dials(&mut self, cx: &mut Context<'_>) {
        let mut index = 0;
        while let Some(dial) = self.dials.get_mut(index) {
            let Poll::Ready(result) = dial.future.as_mut().poll(cx) else {
                index += 1;
                continue;
            };
            let conn = self.dials.swap_remove(index).conn;
            match result {
                Ok(transport) => {
                    self.links.reserve_exact(1);
                    self.links.push(Link {
                        conn,
                        transport,
                        bytes: (0, 0),
                        unflushed: false,
                        drained: false,
                        giant: Giant::default(),
                        settling: false,
                        broken: None,
                    });
                    self.inputs.push((conn, Input::Opened));
                }
                Err(error) => self.inputs.push((conn, Input::Failed(error))),
            }
        }
    }

    /// Reads from every connection. Returns whether one has more.
    fn receive(&mut self, cx: &mut Context<'_>) -> bool {
        let mut more = false;
        let mut index = 0;
        while let Some(link) = self.links.get_mut(index) {
            let mut ended = false;
            let mut budget = RECV_BATCH;
            while !ended && (!link.drained || link.broken.is_some()) {
                if budget == 0 {
                    more = true;
                    break;
                }
                budget -= 1;
                let input = match link.transport.poll_recv(cx) {
                    Poll::Pending => match link.broken.take() {
                        None => {
                            link.drained = true;
                            break;
                        }
                        Some(error) => {
                            ended = true;
                            Input::Failed(*error)
                        }
                    },
                    Poll::Ready(Ok(Received::Text(text))) => {
                        link.giant.observe(&text);
                        Input::Text(text)
                    }
                    Poll::Ready(Ok(Received::Binary(len))) => Input::Binary { len },
                    Poll::Ready(Ok(Received::Control)) => {
                        link.giant.observe_control();
                        // The answer to a ping is queued with the transport.
                        link.unflushed = true;
                        continue;
                    }
                    Poll::Ready(Ok(Received::Closed { code, reason })) => {
                        ended = true;
                        Input::Closed { code, reason }
                    }
                    Poll::Ready(Err(error)) => {
                        ended = true;
                        Input::Failed(error)
                    }
                };
                self.inputs.push((link.conn, input));
            }
            if ended {
                self.links.swap_remove(index);
                continue;
            }
            report_bytes(link, &mut self.inputs);
            index += 1;
        }
        more
    }

    /// Everything that needs the lock: inputs in, outputs out.
    fn step(&mut self, cx: &mut Context<'_>) -> Step {
        let now = self.shared.host.now();
        let mut locked = self.shared.lock();
        for (conn, input) in self.inputs.drain(..) {
            locked.core.handle_input(now, conn, input);
        }
        if locked.core.poll_timeout().is_some_and(|(at, _)| at <= now.mono) {
            locked.core.handle_timeout(now);
        }
        let abandoned = locked.handles == 0;
        if abandoned {
            locked.core.shutdown(now);
        }
        locked.core.take_outputs(&mut self.outputs);
        if let Some(recorder) = &mut self.recorder {
            recorder.drain(&mut locked.core);
        }
        match &mut locked.driver {
            Some(waker) if waker.will_wake(cx.waker()) => {}
            driver => *driver = Some(cx.waker().clone()),
        }
        let over = abandoned && matches!(locked.core.state(), StateKind::Stopped | StateKind::Idle);
        let timeout = locked.core.poll_timeout().map(|(at, _)| at);
        Step { now, timeout, wants_transmit: locked.core.wants_transmit(), over }
    }

    /// Hands the core's outputs to whom they concern, in their order. Returns whether one of them is to be acted on here.
    fn deliver(&mut self) -> bool {
        let mut acted = false;
        loop {
            if matches!(self.outputs.front(), Some(Output::Event(_))) {
                self.shared.hub.publish_events(&mut self.outputs);
            }
            let Some(output) = self.outputs.pop_front() else { break };
            acted |= matches!(output, Output::Dial { .. } | Output::Close { .. });
            match output {
                Output::Dial { conn, plan, .. } => {
                    tracing::debug!(%conn, url = %plan.url, "dialing");
                    let future = self.shared.host.dial(plan, Arc::clone(&self.options));
                    self.dials.reserve_exact(1);
                    self.dials.push(Dial { conn, future });
                }
                Output::Close { conn, code, reason } => {
                    if let Some(link) = self.links.iter_mut().find(|link| link.conn == conn) {
                        // An error here shows again at the next read.
                        let _ = link.transport.start_close(code, reason);
                        link.unflushed = true;
                        link.settling = false;
                    }
                }
                Output::Abort { conn } => {
                    self.dials.retain(|dial| dial.conn != conn);
                    self.links.retain(|link| link.conn != conn);
                }
                Output::Accepted { waiter, payload, .. } => waiter.accept(payload),
                Output::Completed { waiter, outcome } => waiter.complete(outcome),
                Output::State(state) => {
                    log_state(&state);
                    if let State::Ready { conn, .. } = &state {
                        self.links.iter_mut().filter(|link| link.conn == *conn).for_each(|link| link.settling = true);
                    }
                    self.shared.hub.publish_state(state);
                }
                Output::TokenIssued { key, token } => keep(&self.shared, Errand::Save(*key, token)),
                Output::TokenRejected { key, token } => keep(&self.shared, Errand::Clear(*key, token)),
                Output::Notice(notice) => {
                    log_notice(&notice);
                    self.shared.hub.publish_notice(&notice);
                }
                _ => {}
            }
        }
        acted
    }

    /// Sends what the core has while there is room, and flushes. Returns whether there is more to do at once.
    fn transmit(&mut self, cx: &mut Context<'_>, now: Now, wanted: bool) -> bool {
        let mut busy = false;
        for link in self.links.iter_mut().filter(|link| link.broken.is_none()) {
            let result = if wanted { link.send(&self.shared, &mut self.batch, now, cx) } else { Ok(false) };
            let result = match result {
                Ok(more) => {
                    busy |= more;
                    link.flush(cx)
                }
                Err(error) => Err(error),
            };
            match result {
                Ok(true) => {
                    self.inputs.push((link.conn, Input::Flushed));
                    busy = true;
                }
                Ok(false) => {}
                Err(error) => {
                    link.broken = Some(Box::new(error));
                    busy = true;
                }
            }
            report_bytes(link, &mut self.inputs);
        }
        busy || !self.inputs.is_empty()
    }

    /// Arms the timer. Returns whether it has fired already.
    fn poll_sleep(&mut self, cx: &mut Context<'_>, timeout: Option<Instant>) -> bool {
        let Some(at) = timeout else {
            self.sleep = None;
            return false;
        };
        // A timer that fires too early costs one turn; making a new one for every frame would cost more.
        let armed = self.sleep.as_ref().is_some_and(|(armed, _)| *armed <= at);
        if !armed {
            self.sleep = Some((at, Box::pin(self.shared.host.sleep_until(at))));
        }
        let fired = self.sleep.as_mut().is_some_and(|(_, sleep)| sleep.as_mut().poll(cx).is_ready());
        if fired {
            self.sleep = None;
        }
        fired
    }
}

/// What the core wants after a turn's inputs.
struct Step {
    now: Now,
    timeout: Option<Instant>,
    wants_transmit: bool,
    over: bool,
}

enum Turn {
    Busy,
    Idle,
    Over,
}

impl<R: Runtime> Future for Driver<R> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let driver = self.get_mut();
        if let Some(keeper) = &driver.shared.keeper {
            keeper.begin(&*driver.shared);
        }
        let span = driver.span.clone();
        let _entered = span.as_ref().map(|span| span.enter());
        driver.links.iter_mut().for_each(|link| link.drained = false);
        for _ in 0..TURNS {
            match driver.turn(cx) {
                Turn::Busy => {}
                Turn::Idle if driver.settle() => {}
                Turn::Idle => {
                    driver.rest();
                    return Poll::Pending;
                }
                Turn::Over => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<R: Runtime> fmt::Debug for Driver<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("dials", &self.dials.len())
            .field("links", &self.links.len())
            .finish_non_exhaustive()
    }
}

/// Nothing in a driver is tied to its place in memory: what must be is boxed.
impl<R: Runtime> Unpin for Driver<R> {}

impl<R: Runtime> Drop for Driver<R> {
    /// The runtime may drop the driver at any time; nobody may then wait for ever.
    fn drop(&mut self) {
        let now = self.shared.host.now();
        let mut locked = self.shared.lock();
        locked.ended = true;
        locked.core.shutdown(now);
        locked.core.take_outputs(&mut self.outputs);
        locked.core.end_record();
        if let Some(recorder) = &mut self.recorder {
            recorder.finish(&mut locked.core);
        }
        drop(locked);
        for output in self.outputs.drain(..) {
            match output {
                Output::Completed { waiter, .. } => waiter.finish(Err(CallError::DriverGone)),
                Output::State(state) => self.shared.hub.publish_state(state),
                _ => {}
            }
        }
        self.shared.hub.end();
    }
}

impl<T: Transport> Link<T> {
    /// Hands frames over while there is room, up to one batch. Returns whether there may be more.
    fn send(
        &mut self,
        shared: &Shared<impl Host>,
        batch: &mut Vec<String>,
        now: Now,
        cx: &mut Context<'_>,
    ) -> Result<bool, TransportError> {
        match self.transport.poll_ready(cx) {
            Poll::Pending => return Ok(false),
            Poll::Ready(ready) => ready?,
        }
        let mut bytes = 0;
        let more = {
            let mut locked = shared.lock();
            while bytes < SEND_BATCH {
                let Some(transmit) = locked.core.poll_transmit_on(now, self.conn) else { break };
                bytes += transmit.text.len();
                batch.push(transmit.text);
            }
            locked.core.wants_transmit()
        };
        self.unflushed |= !batch.is_empty();
        let sent = !batch.is_empty();
        for text in batch.drain(..) {
            self.transport.start_send(text)?;
        }
        Ok(sent && more)
    }

    /// Returns whether everything is written now that was not before.
    fn flush(&mut self, cx: &mut Context<'_>) -> Result<bool, TransportError> {
        if !self.unflushed {
            return Ok(false);
        }
        match self.transport.poll_flush(cx) {
            Poll::Pending => Ok(false),
            Poll::Ready(result) => {
                result?;
                self.unflushed = false;
                Ok(true)
            }
        }
    }
}

fn report_bytes<T: Transport>(link: &mut Link<T>, inputs: &mut Vec<(ConnId, Input<Text>)>) {
    let bytes = link.transport.bytes();
    if bytes != link.bytes {
        link.bytes = bytes;
        inputs.push((link.conn, Input::Alive { bytes_in: bytes.0, bytes_out: bytes.1 }));
    }
}

fn keep<R: Runtime>(shared: &Arc<Shared<R>>, errand: Errand) {
    let shared: Arc<Shared> = Arc::clone(shared) as _;
    Shared::keep(&shared, errand);
}

fn log_state(state: &State) {
    match state {
        State::Dialing { .. } => {}
        State::Ready { conn, hello } => {
            let version = || hello.server().version.unwrap_or_else(|| "unknown".into());
            tracing::debug!(%conn, protocol = hello.protocol, gateway = version(), "ready");
        }
        State::Handshaking { conn } => tracing::debug!(%conn, "open, awaiting the challenge"),
        State::Stopped { why: openclaw_proto::StopReason::Down(down) } => tracing::debug!(why = %down, "stopped"),
        State::Backoff { why, attempt, delay, .. } => {
            tracing::debug!(%why, attempt, delay_ms = delay.as_millis(), "backing off");
        }
        State::Paused { why, reason, .. } => tracing::warn!(%why, ?reason, "paused"),
        State::Draining { conn, hint } => tracing::debug!(%conn, ?hint, "the gateway is about to go"),
        State::Stopped { .. } => tracing::debug!("stopped"),
        other => tracing::debug!(state = ?other, "state"),
    }
}

fn log_notice(notice: &Notice) {
    match notice {
        Notice::Malformed { error, len } => tracing::warn!(%error, len, "a message is no frame"),
        Notice::ScopeShortfall { granted, missing } => {
            tracing::warn!(?granted, ?missing, "the gateway granted less than was asked for");
        }
        other => tracing::debug!(notice = ?other, "noticed"),
    }
}
