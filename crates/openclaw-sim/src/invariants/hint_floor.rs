//! What a gateway asks for is a floor: no wait is shorter, none is cut to our own maximum.

use std::time::Duration;

use openclaw_proto::{Down, Output, State, TransportError};

use super::Invariant;
use crate::reading::{Reading, millis};
use crate::watch::{Chronicle, Step};

#[derive(Debug, Default)]
pub(super) struct HintFloor {
    /// How long the gateway of the present connection said, after hello, that it would be away.
    away: Duration,
}

/// How long a gateway says by this step that it will be away.
pub(super) fn told(step: &Step<'_>, known: &Chronicle) -> Option<Duration> {
    let (conn, _) = step.text()?;
    if known.conn != Some(conn) {
        return None;
    }
    match step.reading.as_ref()? {
        Reading::Event { name, payload, .. } if name == "shutdown" => {
            Some(payload.get("restartExpectedMs").and_then(millis).unwrap_or_default())
        }
        Reading::Answer(answer) if answer.id.as_deref().is_some_and(|id| known.asked(id).is_some()) => {
            Some(answer.says_farewell()?.unwrap_or_default())
        }
        _ => None,
    }
}

/// What was asked for by what ended the connection.
pub(super) fn asked(why: &Down) -> Duration {
    let asked = match why {
        Down::Refused(error) => error.retry_after,
        Down::Transport(TransportError::UpgradeRefused(http)) => http.retry_after(),
        Down::Closed { code: Some(1013 | 4013), .. } => Some(Duration::from_millis(500)),
        _ => None,
    };
    asked.unwrap_or_default()
}

impl Invariant for HintFloor {
    fn name(&self) -> &'static str {
        "hint_floor"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        if known.hello {
            self.away = self.away.max(told(step, known).unwrap_or_default());
        }
        for output in step.outputs {
            match output {
                Output::State(State::Dialing { .. } | State::Ready { .. }) => self.away = Duration::ZERO,
                Output::State(State::Backoff { why, delay, .. }) => {
                    let floor = asked(why).max(std::mem::take(&mut self.away));
                    if *delay < floor {
                        return Err(format!("waits {delay:?} where {floor:?} was asked for"));
                    }
                }
                Output::State(State::Paused { why, until: Some(until), .. }) => {
                    let earliest = step.now.mono.after(asked(why));
                    if *until < earliest {
                        return Err(format!("pauses until {until:?}, {earliest:?} was asked for"));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}
