//! Drains, restarts and sudden ends.

use std::time::Duration;

use serde_json::json;

use super::schedule::LifeStep;
use super::{Action, GatewayCore, GatewayOutput, PeerId};
use crate::reply::millis;

/// Where in its life a gateway is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// It listens, but answers every connect that it is still starting.
    Booting,
    /// It serves.
    Ready,
    /// It is about to shut down: on v4 requests are refused and upgrades answered with 503.
    Draining,
    /// It has closed its connections and answers upgrades with 503.
    Closed,
    /// It does not listen.
    Down,
}

/// An orderly end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drain {
    /// The `reason` of the `shutdown` event. Default `gateway stopping`.
    pub reason: String,
    /// Its `restartExpectedMs`. Default none.
    pub restart_expected: Option<Duration>,
    /// How long requests are refused before the `shutdown` event; v3 gateways serve them meanwhile. Default none.
    pub lasting: Duration,
    /// How long upgrades are answered with 503 after that, before the port is closed. Default 50 ms.
    pub closed_for: Duration,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            reason: "gateway stopping".into(),
            restart_expected: None,
            lasting: Duration::ZERO,
            closed_for: Duration::from_millis(50),
        }
    }
}

impl Drain {
    /// Refuses requests for so long before the connections are closed.
    #[must_use]
    pub fn lasting(mut self, lasting: Duration) -> Self {
        self.lasting = lasting;
        self
    }

    /// Another reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// Tells clients when to expect the gateway back.
    #[must_use]
    pub fn restart_expected(mut self, after: Duration) -> Self {
        self.restart_expected = Some(after);
        self
    }
}

/// An end and a new beginning. The default is a quick one, for tests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestartPlan {
    /// How the old life ends. Default: at once, reason `gateway restarting`, expected back in 150 ms.
    pub drain: Drain,
    /// How long the port is closed. Default 50 ms.
    pub down_for: Duration,
    /// How long connects are answered that the gateway is still starting. Default 50 ms.
    pub boot_for: Duration,
}

impl Default for RestartPlan {
    fn default() -> Self {
        let drain = Drain::default().reason("gateway restarting").restart_expected(Duration::from_millis(150));
        Self { drain, down_for: Duration::from_millis(50), boot_for: Duration::from_millis(50) }
    }
}

impl RestartPlan {
    /// A restart as slow as a real gateway's, which expects to be back sooner than it is.
    #[must_use]
    pub fn realistic() -> Self {
        let mut plan = Self::default().down_for(Duration::from_millis(2500)).boot_for(Duration::from_millis(500));
        plan.drain.restart_expected = Some(Duration::from_millis(1500));
        plan
    }

    /// Refuses requests for so long before the connections are closed.
    #[must_use]
    pub fn drain_for(mut self, drain_for: Duration) -> Self {
        self.drain.lasting = drain_for;
        self
    }

    /// Keeps the port closed for so long.
    #[must_use]
    pub fn down_for(mut self, down_for: Duration) -> Self {
        self.down_for = down_for;
        self
    }

    /// Answers connects for so long that the gateway is still starting.
    #[must_use]
    pub fn boot_for(mut self, boot_for: Duration) -> Self {
        self.boot_for = boot_for;
        self
    }
}

impl GatewayCore {
    /// Ends the gateway's life in order: requests are refused for a while, then everybody hears `shutdown` and is closed
    /// with 1012, then the port is closed.
    pub fn drain(&mut self, now: openclaw_proto::Now, drain: Drain) {
        self.now = now;
        self.begin_drain(drain, None);
    }

    /// Drains, and begins a new life after that: another `bootId`, no memory of runs and clients.
    pub fn restart(&mut self, now: openclaw_proto::Now, plan: RestartPlan) {
        self.now = now;
        self.begin_drain(plan.drain.clone(), Some(plan));
    }

    /// Ends the gateway's life at once: every connection is cut without a close frame, the port is closed.
    pub fn kill(&mut self, now: openclaw_proto::Now) {
        self.now = now;
        self.life += 1;
        let all: Vec<PeerId> = self.peers.keys().copied().collect();
        for peer in all {
            self.abort_peer(peer);
        }
        self.go_down();
    }

    /// Begins a new life if the gateway is down.
    pub fn revive(&mut self, now: openclaw_proto::Now, boot_for: Duration) {
        self.now = now;
        if self.phase == Phase::Down {
            self.life += 1;
            self.go_up(boot_for);
        }
    }

    fn begin_drain(&mut self, drain: Drain, then: Option<RestartPlan>) {
        self.life += 1;
        self.after_shutdown = then;
        let (step, lasting) = match self.phase {
            Phase::Down => (LifeStep::Down, Duration::ZERO),
            _ => (LifeStep::Shutdown, drain.lasting),
        };
        self.drain = drain;
        if lasting.is_zero() {
            self.life_step(self.life, &step);
        } else {
            self.phase = Phase::Draining;
            self.after(lasting, step);
        }
    }

    fn after(&mut self, delay: Duration, step: LifeStep) {
        self.schedule.put(self.now.mono.after(delay), Action::Life(self.life, step));
    }

    pub(crate) fn life_step(&mut self, life: u64, step: &LifeStep) {
        if life != self.life {
            return;
        }
        match step {
            LifeStep::Shutdown => self.shut_down(),
            LifeStep::Down => {
                self.go_down();
                if let Some(plan) = self.after_shutdown.take() {
                    self.after(plan.down_for, LifeStep::Up(plan.boot_for));
                }
            }
            LifeStep::Up(boot_for) => self.go_up(*boot_for),
            LifeStep::Ready => self.phase = Phase::Ready,
        }
    }

    fn shut_down(&mut self) {
        let mut notice = json!({"reason": self.drain.reason});
        let expected = self.drain.restart_expected.map(millis);
        if let Some(members) = notice.as_object_mut() {
            // v3 states what it does not know as null.
            if expected.is_some() || !self.dialect.is_v4() {
                members.insert("restartExpectedMs".into(), json!(expected));
            }
        }
        self.send_event("shutdown", &notice, false);
        self.phase = Phase::Closed;
        let all: Vec<PeerId> = self.peers.keys().copied().collect();
        for peer in all {
            self.close_peer(peer, 1012, "service restart");
        }
        self.after(self.drain.closed_for, LifeStep::Down);
    }

    fn go_down(&mut self) {
        self.starts.clear();
        self.start_bytes = 0;
        if self.phase != Phase::Down {
            self.phase = Phase::Down;
            self.outputs.push_back(GatewayOutput::StopListening);
        }
    }

    fn go_up(&mut self, boot_for: Duration) {
        self.boot_id = self.rng.uuid();
        self.born = self.now.mono;
        self.presence = super::Presence::new(self.dialect, &self.version, &mut self.rng);
        self.health_version = 1;
        self.runs = super::Runs::default();
        self.guesses.clear();
        self.upgrades.clear();
        self.schedule.retain(|action| !matches!(action, Action::Run(..) | Action::Broadcast(..) | Action::HealthSoon));
        self.outputs.push_back(GatewayOutput::Listen);
        if boot_for.is_zero() {
            self.phase = Phase::Ready;
        } else {
            self.phase = Phase::Booting;
            self.after(boot_for, LifeStep::Ready);
        }
    }
}
