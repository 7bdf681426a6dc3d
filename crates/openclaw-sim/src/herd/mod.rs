//! A crowd whose gateway goes away: how hard it comes back, and when all of it is there.

mod curve;
mod plot;

use openclaw_proto::{Instant, UrlError};
use std::time::Duration;

pub use curve::Curve;
pub use plot::svg;

use crate::dice::Dice;
use crate::script::{ClientSpec, Event, Fault, GatewaySpec, Op, Script, Spread, What};
use crate::world::World;

/// When the gateway goes: everybody is there by then.
const GONE_AT_MS: u64 = 120_000;
/// Over how long they came.
const CAME_OVER_MS: u64 = 60_000;
/// How long the crowd is watched at most.
const PATIENCE: Duration = Duration::from_secs(900);

/// How the gateway goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Going {
    /// It says that it restarts and expects to be back in 1.5 s. It is, after 2.5 s, and has started after 3.
    Restart,
    /// It is gone without a word, for 10 s.
    Crash,
}

impl Going {
    /// How long it is away.
    #[must_use]
    pub fn away(self) -> Duration {
        match self {
            Self::Restart => Duration::from_secs(3),
            Self::Crash => Duration::from_secs(10),
        }
    }

    fn fault(self) -> Fault {
        match self {
            Self::Restart => {
                Fault::Restart { gateway: 0, drain_ms: 0, expected_ms: Some(1_500), down_ms: 2_500, boot_ms: 500 }
            }
            Self::Crash => Fault::Crash { gateway: 0, with_machine: false, down_ms: 10_000, boot_ms: 0 },
        }
    }
}

/// A crowd and what happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// How many.
    pub clients: usize,
    /// How their delays are spread. All else is as the core has it.
    pub spread: Spread,
    /// How the gateway goes.
    pub going: Going,
    /// Connections it takes in a second before it answers 503; none for any number.
    pub accepts: Option<u32>,
    /// What decides everything else.
    pub seed: u64,
}

impl Crowd {
    fn script(self) -> Script {
        let mut dice = Dice::new(self.seed).fork(0x4e5d);
        let client = |dice: &mut Dice| ClientSpec {
            latency_us: dice.between(5_000, 50_000),
            jitter_us: 5_000,
            jitter: self.spread,
            ..ClientSpec::default()
        };
        let mut events: Vec<Event> = (0..self.clients)
            .map(|client| Event { at_ms: dice.below(CAME_OVER_MS), what: What::Do { client, op: Op::Start } })
            .collect();
        events.push(Event { at_ms: GONE_AT_MS, what: What::Wrong(self.going.fault()) });
        Script {
            seed: self.seed,
            lasts_ms: GONE_AT_MS,
            // Before the crowd is there the bound is of no interest, and it comes slowly enough.
            gateways: vec![GatewaySpec { accepts: self.accepts.unwrap_or_default() / 10, ..GatewaySpec::default() }],
            clients: (0..self.clients).map(|_| client(&mut dice)).collect(),
            events,
        }
    }

    /// Watches the crowd come back.
    ///
    /// # Errors
    /// When a client's address were none, which it is.
    pub fn watch(self) -> Result<Curve, UrlError> {
        let mut world = World::crowd(&self.script())?;
        let gone = Instant::ZERO.after(Duration::from_millis(GONE_AT_MS));
        let mut until = gone;
        loop {
            let _ = world.run_until(until);
            let curve = Curve::of(world.moments(), gone, self.clients);
            if curve.all_back().is_some() || until.since(gone) > PATIENCE {
                return Ok(curve);
            }
            until = until.after(Duration::from_secs(5));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_without_jitter_comes_all_at_once_and_one_with_jitter_does_not() {
        let crowd = |spread| Crowd { clients: 200, spread, going: Going::Crash, accepts: None, seed: 1 };
        let [none, full] = [Spread::None, Spread::Full].map(|spread| crowd(spread).watch().unwrap());
        assert!(none.all_back().is_some() && full.all_back().is_some());
        // In tenths of a second: each client notices the end a little earlier or later.
        assert_eq!(none.peak(3), 200, "{none:?}");
        assert!(full.peak(3) <= 100, "{full:?}");
    }
}
