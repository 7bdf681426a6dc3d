//! From connection to connection: starting, ending, waiting, draining, stopping.

use alloc::sync::Arc;
use core::time::Duration;

use super::{Client, Closing, DialPlan, Ending, Notice, Output, State, StateKind, StopReason, Trigger, transition};
use crate::connect::Hello;
use crate::connection::{ConnId, Connection, Down, Phase, TimerKind};
use crate::recovery::{Reaction, reaction};
use crate::request::{NotSent, Outcome};
use crate::time::Now;

/// After a wake a link has to show life within one tick interval and this: ticks come once an interval and pings more
/// often, so a living link is not cut, and a dead one is found sooner than by the ordinary limit.
const WAKE_GRACE: Duration = Duration::from_secs(5);

impl<W: Clone, T: AsRef<str>> Client<W, T> {
    /// Starts connecting, and goes on from a pause. Does nothing unless the client is idle, paused or stopped.
    pub fn start(&mut self, now: Now) {
        self.note("start", now);
        self.observe_clocks(now);
        self.dial(now, Trigger::Start);
    }

    /// Makes the next attempt now, if the client is waiting for one or paused: the application knows that something has
    /// changed (a credential, a pairing, the network).
    pub fn nudge(&mut self, now: Now) {
        self.note("nudge", now);
        self.observe_clocks(now);
        self.dial(now, Trigger::Nudge);
    }

    /// Stops from whatever state. Every request completes at once; the peer gets
    /// [`close_grace`](super::Timeouts::close_grace) to answer the close.
    pub fn shutdown(&mut self, now: Now) {
        self.note("shutdown", now);
        let Some(to) = transition(self.state, Trigger::Shutdown) else { return };
        self.state = to;
        self.due = None;
        self.wallet.stopped();
        let ending = match self.connection.as_ref().map(|c| &c.phase) {
            // Nothing has been said yet, so there is nobody to say goodbye to.
            Some(Phase::Dialing) => Ending::Abort,
            Some(_) => Ending::Close(1000, ""),
            None => Ending::Gone,
        };
        // An earlier connection that still waits for its close has had its time.
        if let Some(older) = self.closing.take() {
            self.outputs.push_back(Output::Abort { conn: older.conn });
        }
        self.end_connection(now, &Arc::new(Down::ShutDown), &ending);
        self.fail_waiting(&NotSent::ShutDown);
        if self.state == StateKind::Stopping {
            self.outputs.push_back(Output::State(State::Stopping));
        } else {
            self.outputs.push_back(Output::State(State::Stopped { why: StopReason::Requested }));
        }
    }

    /// Tells what time it is. Call it at or after the time [`poll_timeout`](Self::poll_timeout) gave; earlier is harmless.
    pub fn handle_timeout(&mut self, now: Now) {
        self.note_timeout(now);
        self.observe_clocks(now);
        if let Some(closing) = self.closing.filter(|closing| closing.until <= now.mono) {
            self.outputs.push_back(Output::Abort { conn: closing.conn });
            self.closed();
        }
        while let Some((waiter, sent)) = self.requests.expire(now.mono) {
            self.outputs.push_back(Output::Completed { waiter, outcome: Outcome::TimedOut { sent } });
        }
        if self.due.is_some_and(|due| due <= now.mono) {
            self.dial(now, Trigger::Due);
        }
        while let Some(due) = self.connection.as_ref().and_then(|c| c.timers.due(now.mono)) {
            self.connection_timer(now, due);
        }
    }

    fn connection_timer(&mut self, now: Now, due: TimerKind) {
        if let Some(connection) = &mut self.connection {
            connection.timers.clear(due);
        }
        let (down, ending) = match due {
            TimerKind::Dial => (Down::DialTimeout, Ending::Abort),
            TimerKind::Challenge => (Down::ChallengeTimeout, Ending::Close(1008, "connect challenge timeout")),
            TimerKind::Connect => (Down::ConnectTimeout, Ending::Close(4000, "connect timeout")),
            TimerKind::Silence => (Down::Silent, Ending::Abort),
            TimerKind::WriteStall => (Down::WriteStalled, Ending::Abort),
            TimerKind::Stable => return self.backoff.reset(),
            TimerKind::Drain => return self.resume(),
            TimerKind::Backoff | TimerKind::CloseGrace | TimerKind::Request => return,
        };
        self.down(now, down, &ending);
    }

    pub(super) fn advance(&mut self, trigger: Trigger) -> bool {
        match transition(self.state, trigger) {
            Some(to) => {
                self.state = to;
                true
            }
            None => false,
        }
    }

    /// Makes an attempt, if `trigger` leads to one from the present state.
    fn dial(&mut self, now: Now, trigger: Trigger) {
        if !self.advance(trigger) {
            return;
        }
        self.due = None;
        self.paused_by = None;
        if trigger != Trigger::Due {
            // Somebody knows that things have changed, so past failures say nothing of this attempt.
            self.backoff.reset();
        }
        self.connections += 1;
        self.stats.dials += 1;
        let conn = ConnId(self.connections);
        self.connection = Some(Connection::new(conn, now.mono, self.config.timeouts.dial));
        self.outputs.push_back(Output::State(State::Dialing { conn }));
        self.outputs.push_back(Output::Dial {
            conn,
            plan: DialPlan::new(self.config.url.clone(), self.config.limits.inbound_frame),
            deadline: now.mono.after(self.config.timeouts.dial),
        });
    }

    /// The present connection ends for a reason other than [`shutdown`](Self::shutdown).
    pub(super) fn down(&mut self, now: Now, down: Down, ending: &Ending) {
        self.stats.downs += 1;
        let connection = self.connection.as_mut();
        let (away, offered) = connection.map_or((None, None), |c| {
            (c.away, c.connecting.take().map(|connecting| (connecting.offered, connecting.frame.is_some())))
        });
        let away = away.unwrap_or_default();
        let down = Arc::new(down);
        self.end_connection(now, &down, ending);
        if let Some((offered, unsent)) = &offered {
            self.offer_ended(&down, offered, *unsent);
        }
        let attempt_limit = self.config.backoff.max_attempts;
        let reaction = match reaction(&down, &self.situation(offered.as_ref().map(|(offered, _)| offered))) {
            // After hello nothing pauses: the next handshake says what has changed.
            Reaction::Pause { .. } if transition(self.state, Trigger::Pause).is_none() => {
                Reaction::Retry { floor: Duration::ZERO, counts: true }
            }
            reaction => reaction,
        };
        match reaction {
            Reaction::RetryWithDeviceToken { after } => match self.backoff.exactly(&self.config.backoff, after) {
                Some(delay) => {
                    self.wallet.arm_retry();
                    self.back_off(now, down, delay);
                }
                None => self.give_up(down),
            },
            Reaction::Retry { floor, counts } => {
                let floor = floor.max(away);
                match self.backoff.next(&self.config.backoff, floor, counts, &mut self.rng) {
                    Some(delay) => self.back_off(now, down, delay),
                    None => self.give_up(down),
                }
            }
            Reaction::Pause { .. } if attempt_limit == Some(0) => self.give_up(down),
            Reaction::Pause { reason, until } => {
                if self.advance(Trigger::Pause) {
                    // A little later than named, and not everybody at once.
                    self.due = until.and_then(|until| {
                        let mut once = super::backoff::Backoff::default();
                        let config = super::BackoffConfig { max_attempts: None, ..self.config.backoff };
                        once.next(&config, until, true, &mut self.rng).map(|delay| now.mono.after(delay))
                    });
                    self.fail_waiting(&NotSent::Paused(Arc::clone(&down)));
                    self.paused_by = Some(Arc::clone(&down));
                    self.outputs.push_back(Output::State(State::Paused { why: down, reason, until: self.due }));
                }
            }
        }
    }

    fn back_off(&mut self, now: Now, why: Arc<Down>, delay: Duration) {
        if self.advance(Trigger::Retry) {
            let until = now.mono.after(delay);
            self.due = Some(until);
            let attempt = self.backoff.attempts();
            self.outputs.push_back(Output::State(State::Backoff { why, attempt, delay, until }));
        }
    }

    fn give_up(&mut self, down: Arc<Down>) {
        if self.advance(Trigger::GiveUp) {
            self.wallet.stopped();
            self.fail_waiting(&NotSent::Stopped);
            self.outputs.push_back(Output::State(State::Stopped { why: StopReason::Down(down) }));
        }
    }

    /// Lets go of the socket and completes everything it carried.
    fn end_connection(&mut self, now: Now, down: &Arc<Down>, ending: &Ending) {
        let Some(connection) = self.connection.take() else { return };
        let conn = connection.id;
        match *ending {
            Ending::Gone => {}
            Ending::Abort => self.outputs.push_back(Output::Abort { conn }),
            Ending::Close(code, reason) => {
                // At most one connection can be closing; an older one has had its time.
                if let Some(older) = self.closing.take() {
                    self.outputs.push_back(Output::Abort { conn: older.conn });
                }
                self.closing = Some(Closing { conn, until: now.mono.after(self.config.timeouts.close_grace) });
                self.outputs.push_back(Output::Close { conn, code, reason });
            }
        }
        for (waiter, sent) in self.requests.connection_lost() {
            let outcome = if sent {
                Outcome::OutcomeUnknown(Arc::clone(down))
            } else {
                Outcome::NotSent(NotSent::ConnectionLost(Arc::clone(down)))
            };
            self.outputs.push_back(Output::Completed { waiter, outcome });
        }
    }

    pub(super) fn fail_waiting(&mut self, why: &NotSent) {
        for waiter in self.requests.give_up_waiting() {
            self.outputs.push_back(Output::Completed { waiter, outcome: Outcome::NotSent(why.clone()) });
        }
    }

    /// Why a request made now could only wait in vain, if it could.
    pub(super) fn no_prospect(&self) -> Option<NotSent> {
        match self.state {
            StateKind::Stopping | StateKind::Stopped => Some(NotSent::Stopped),
            StateKind::Paused => Some(NotSent::Paused(self.paused_by.clone()?)),
            _ => None,
        }
    }

    /// The closing connection is gone.
    pub(super) fn closed(&mut self) {
        self.closing = None;
        if self.advance(Trigger::Closed) {
            self.outputs.push_back(Output::State(State::Stopped { why: StopReason::Requested }));
        }
    }

    /// The gateway says, or shows, that it is about to go.
    pub(super) fn drain(&mut self, now: Now, hint: Option<Duration>) {
        let limit = hint.unwrap_or_default().saturating_add(self.config.timeouts.drain);
        let Some(connection) = &mut self.connection else { return };
        connection.away = connection.away.max(hint);
        connection.timers.set(TimerKind::Drain, now.mono.after(limit));
        let (conn, hint) = (connection.id, connection.away);
        if self.advance(Trigger::Drain) {
            self.outputs.push_back(Output::State(State::Draining { conn, hint }));
        }
    }

    /// The gateway stays after all: what waited is sent.
    pub(super) fn resume(&mut self) {
        let Some(hello) = self.hello().cloned() else { return };
        let Some(connection) = &mut self.connection else { return };
        connection.away = None;
        connection.timers.clear(TimerKind::Drain);
        let conn = connection.id;
        if self.advance(Trigger::Resume) {
            self.outputs.push_back(Output::State(State::Ready { conn, hello: Arc::clone(&hello) }));
            self.send_waiting(&hello);
        }
    }

    /// A step of the wall clock against the monotonic one shows that the machine has slept (or that its clock was set,
    /// which looks the same and does no harm).
    pub(super) fn observe_clocks(&mut self, now: Now) {
        let offset = i128::from(now.unix.0) * 1_000_000 - i128::from(now.mono.as_nanos());
        let Some(before) = self.clock_offset.replace(offset) else { return };
        let Ok(jump) = u64::try_from(offset - before) else { return };
        let by = Duration::from_nanos(jump);
        if by < self.config.backoff.wake_jump {
            return;
        }
        self.outputs.push_back(Output::Notice(Notice::ClockJump { by }));
        self.dial(now, Trigger::Wake);
        let Some(probe) = self.hello().map(|hello| hello.policy.tick_interval.saturating_add(WAKE_GRACE)) else {
            return;
        };
        if let Some(connection) = &mut self.connection {
            let at = now.mono.after(probe);
            let sooner = connection.timers.get(TimerKind::Silence).is_none_or(|silence| at < silence);
            if sooner {
                connection.timers.set(TimerKind::Silence, at);
            }
        }
    }

    /// How long a silence means a dead link.
    pub(super) fn silence_limit(&self, hello: &Hello) -> Duration {
        hello.policy.tick_interval.saturating_mul(2).max(self.config.timeouts.silence_floor)
    }
}
