//! What must hold after every step: one file each.

mod backoff_range;
mod by_deadline;
mod completes_once;
mod counters;
mod events_in_order;
mod hello_first;
mod hint_floor;
mod honest_outcome;
mod jitter_spread;
mod liveness;
mod never_too_much;
mod no_spin;
mod one_consequence;
mod pause_is_silence;
mod quiet_after_shutdown;
mod recovery_pace;
mod sent_in_order;
mod sent_once;
mod socket_life;
mod state_stream;
mod token_kept;

use openclaw_proto::ClientConfig;

use crate::watch::{Chronicle, Step};

pub use jitter_spread::{Draw, Draws};
pub use state_stream::StateStream;

/// The name of what [`StateStream`] checks.
pub const STATE_STREAM: &str = "state_stream";
/// The name of what the run as a whole checks: once everything is mended, every client comes back.
pub const COMES_BACK: &str = "comes_back";

/// The name of what the waits of a run, and of all runs together, are checked for: jitter that is spread evenly.
pub const JITTER_SPREAD: &str = "jitter_spread";

/// The name of what clients that record themselves are checked for: another core, run over the record, does the same.
pub const REPLAYS: &str = "replays";

/// Something that must hold after every step of a client.
pub trait Invariant {
    /// Its name: that of its file.
    fn name(&self) -> &'static str;

    /// Looks at a step, given what was known before it.
    ///
    /// # Errors
    /// With what does not hold.
    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String>;

    /// Looks at what is left when the client has stopped for good.
    ///
    /// # Errors
    /// With what does not hold.
    fn finish(&mut self, known: &Chronicle) -> Result<(), String> {
        let _ = known;
        Ok(())
    }
}

/// All of them but [`StateStream`], [`COMES_BACK`], [`REPLAYS`] and [`JITTER_SPREAD`], for a client so configured.
#[must_use]
pub fn all(config: &ClientConfig) -> Vec<Box<dyn Invariant>> {
    vec![
        Box::new(completes_once::CompletesOnce::default()),
        Box::new(by_deadline::ByDeadline),
        Box::new(sent_once::SentOnce::default()),
        Box::new(sent_in_order::SentInOrder::default()),
        Box::new(honest_outcome::HonestOutcome),
        Box::new(events_in_order::EventsInOrder::default()),
        Box::new(one_consequence::OneConsequence),
        Box::new(hello_first::HelloFirst::default()),
        Box::new(backoff_range::BackoffRange::default()),
        Box::new(hint_floor::HintFloor::default()),
        Box::new(recovery_pace::RecoveryPace::default()),
        Box::new(pause_is_silence::PauseIsSilence::default()),
        Box::new(no_spin::NoSpin::default()),
        Box::new(never_too_much::NeverTooMuch),
        Box::new(quiet_after_shutdown::QuietAfterShutdown::default()),
        Box::new(socket_life::SocketLife::default()),
        Box::new(liveness::Liveness::new(config)),
        Box::new(token_kept::TokenKept::default()),
        Box::new(counters::Counters::default()),
    ]
}

/// The names of all of them.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let address = crate::script::ClientSpec::default().config(&[0; 32]);
    let mut names: Vec<_> = address.iter().flat_map(all).map(|invariant| invariant.name()).collect();
    names.extend([STATE_STREAM, COMES_BACK, REPLAYS, JITTER_SPREAD]);
    names
}
