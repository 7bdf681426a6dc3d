//! Every wait is within the bounds of its attempt: ceilings double from base to max, jitter stays in its part of them,
//! and they begin anew only after a connection was stable, a nudge, a start or a wake.

use std::time::Duration;

use openclaw_proto::{Down, GatewayError, Instant, Jitter, Notice, Output, State};

use super::Invariant;
use super::hint_floor::{asked, told};
use crate::watch::{Call, Chronicle, Step};

#[derive(Debug, Default)]
pub(super) struct BackoffRange {
    attempts: u32,
    ready_since: Option<Instant>,
    /// The connection was stable when time was told last.
    stable: bool,
    /// The longest the gateway of this connection said it would be away.
    away: Duration,
}

impl BackoffRange {
    fn wait(&mut self, step: &Step<'_>, known: &Chronicle, told: (&Down, u32, Duration)) -> Result<(), String> {
        let (why, attempt, delay) = told;
        let rules = known.config.backoff;
        let old_enough = self.ready_since.is_some_and(|since| step.now.mono.since(since) >= rules.stable_after);
        let next = if self.stable { 1 } else { self.attempts + 1 };
        // Where it became stable in this very moment, both are right.
        if attempt != next && !(old_enough && attempt == 1) {
            return Err(format!("attempt {next} is called number {attempt}"));
        }
        self.attempts = attempt;
        let (base, doublings) = (rules.base.min(rules.max), attempt.saturating_sub(1));
        let most = base.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX)).min(rules.max);
        // An attempt at a gateway that is starting does not raise the ceiling, so it may still be the lowest.
        let least = match rules.jitter {
            Jitter::Full => Duration::ZERO,
            Jitter::Equal => base / 2,
            Jitter::None => base,
        };
        let most = most + asked(why).max(stands_in(why, known)).max(std::mem::take(&mut self.away));
        // The one attempt with both tokens has a time of its own.
        if delay == BOTH && known.wallet.may_try_both() && matches!(why, Down::Refused(_)) {
            return Ok(());
        }
        if (least..=most).contains(&delay) {
            Ok(())
        } else {
            Err(format!("attempt {attempt} waits {delay:?}, which is not within {least:?} and {most:?}"))
        }
    }
}

const BOTH: Duration = Duration::from_millis(250);
const PAIRING: Duration = Duration::from_secs(30);

fn is_of_pairing(error: &GatewayError) -> bool {
    let by_code = error.detail_code.as_deref() == Some("PAIRING_REQUIRED") || error.code.as_str() == "NOT_PAIRED";
    by_code || ["pairing required", "pending approval"].iter().any(|words| error.message.contains(words))
}

/// What is waited at least where the gateway names no time.
fn stands_in(why: &Down, known: &Chronicle) -> Duration {
    match why {
        Down::Refused(error) if error.detail_reason.as_deref() == Some("startup-sidecars") => {
            Duration::from_millis(500)
        }
        // Who asks after a pairing says how often.
        Down::Refused(error) if is_of_pairing(error) => known.config.pairing_poll.unwrap_or_default().max(PAIRING),
        Down::Closed { code: Some(1008 | 1009 | 4008), .. } => {
            known.config.pairing_poll.map_or(Duration::ZERO, |poll| poll.max(PAIRING))
        }
        _ => Duration::ZERO,
    }
}

impl Invariant for BackoffRange {
    fn name(&self) -> &'static str {
        "backoff_range"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        self.away = self.away.max(told(step, known).unwrap_or_default());
        let is_timeout = matches!(step.call, Call::Timeout);
        let woke = step.outputs.iter().any(|output| matches!(output, Output::Notice(Notice::ClockJump { .. })));
        for output in step.outputs {
            match output {
                Output::State(State::Ready { .. }) => self.ready_since = self.ready_since.or(Some(step.now.mono)),
                Output::State(State::Dialing { .. }) => {
                    self.away = Duration::ZERO;
                    // Only an attempt that was due goes on counting.
                    if !is_timeout || woke {
                        self.attempts = 0;
                    }
                }
                Output::State(State::Backoff { why, attempt, delay, .. }) => {
                    self.wait(step, known, (why, *attempt, *delay))?;
                    (self.ready_since, self.stable) = (None, false);
                }
                Output::State(State::Paused { .. } | State::Stopping | State::Stopped { .. }) => {
                    (self.ready_since, self.stable) = (None, false);
                }
                _ => {}
            }
        }
        let stable_after = known.config.backoff.stable_after;
        self.stable |= is_timeout && self.ready_since.is_some_and(|since| step.now.mono.since(since) >= stable_after);
        Ok(())
    }
}
