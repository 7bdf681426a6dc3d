//! How a crowd came back, by tenths of a second.

use std::time::Duration;

use openclaw_proto::Instant;

use crate::world::Moment;

/// Of which length the counts are.
pub(super) const TENTH: Duration = Duration::from_millis(100);

/// How a crowd came back, from the moment its gateway went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curve {
    clients: usize,
    /// Attempts that reached the gateway's machine, in each tenth of a second.
    pub attempts: Vec<u32>,
    /// Of all attempts, those that were refused.
    pub refused: u32,
    /// When each client was ready again, in their order.
    ready: Vec<Duration>,
}

impl Curve {
    pub(super) fn of(moments: &[(Instant, Moment)], gone: Instant, clients: usize) -> Self {
        let mut curve = Self { clients, attempts: Vec::new(), refused: 0, ready: Vec::new() };
        for (at, moment) in moments.iter().filter(|(at, _)| *at >= gone) {
            let since = at.since(gone);
            match moment {
                Moment::Ready => curve.ready.push(since),
                Moment::Knock { accepted } => {
                    let tenth = usize::try_from(since.as_nanos() / TENTH.as_nanos()).unwrap_or(usize::MAX);
                    if curve.attempts.len() <= tenth {
                        curve.attempts.resize(tenth + 1, 0);
                    }
                    if let Some(count) = curve.attempts.get_mut(tenth) {
                        *count += 1;
                    }
                    curve.refused += u32::from(!accepted);
                }
            }
        }
        curve
    }

    /// The most attempts in so many tenths of a second in a row.
    #[must_use]
    pub fn peak(&self, tenths: usize) -> u32 {
        let windows = self.attempts.windows(tenths.min(self.attempts.len()).max(1));
        windows.map(|window| window.iter().sum()).max().unwrap_or_default()
    }

    /// All attempts.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.attempts.iter().sum()
    }

    /// When so many percent were ready again.
    #[must_use]
    pub fn back(&self, percent: usize) -> Option<Duration> {
        let nth = (self.clients * percent).div_ceil(100);
        self.ready.get(nth.checked_sub(1)?).copied()
    }

    /// When all were ready again.
    #[must_use]
    pub fn all_back(&self) -> Option<Duration> {
        self.back(100)
    }
}
