//! What is worth counting.

use openclaw_proto::{Notice, Outcome, Output, Sequence, State, StopReason};

use crate::invariants::Draw;
use crate::model::{Row, name};
use crate::watch::{Call, Step};

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Note {
    /// A row of the transition table.
    Row(Row),
    /// How a request ended, or was refused.
    Outcome(&'static str),
    /// Why a connection ended.
    Down(&'static str),
    /// What the core noticed.
    Notice(&'static str),
    /// What a timer that was served was for.
    Timer(&'static str),
    /// How an event followed the one before it.
    Event(&'static str),
    /// What jitter drew.
    Draw(Draw),
}

impl Note {
    /// Everything worth counting in a step.
    pub(super) fn of(step: &Step<'_>, notes: &mut Vec<Self>) {
        match &step.call {
            Call::Request { result: Err(why), .. } => notes.push(Self::Outcome(refused(why))),
            Call::Cancel { waiter: Some(_), .. } => notes.push(Self::Outcome("cancelled")),
            Call::Timeout => {
                if let Some((at, why)) = step.before.timeout {
                    if at <= step.now.mono {
                        notes.push(Self::Timer(timer(why)));
                    }
                }
            }
            _ => {}
        }
        for output in step.outputs {
            notes.push(match output {
                Output::Completed { outcome, .. } => Self::Outcome(ended(outcome)),
                Output::Accepted { .. } => Self::Outcome("accepted, result to come"),
                Output::Notice(notice) => Self::Notice(noticed(notice)),
                Output::Event(event) => Self::Event(place(event.sequence)),
                Output::State(State::Backoff { why, .. } | State::Paused { why, .. }) => Self::Down(name(why)),
                Output::State(State::Stopped { why: StopReason::Down(why) }) => Self::Down(name(why)),
                _ => continue,
            });
        }
    }
}

fn place(sequence: Sequence) -> &'static str {
    match sequence {
        Sequence::First => "first",
        Sequence::Next => "next",
        Sequence::Gap { .. } => "after a gap",
        Sequence::Duplicate => "duplicate",
        Sequence::Regressed => "regressed",
        Sequence::Unsequenced => "without a number",
        _ => "something else",
    }
}

fn ended(outcome: &Outcome<String>) -> &'static str {
    match outcome {
        Outcome::Replied(_) => "replied",
        Outcome::Rejected(rejected) if rejected.accepted => "rejected after acceptance",
        Outcome::Rejected(rejected) if rejected.may_have_run() => "rejected, may have run",
        Outcome::Rejected(_) => "rejected, not started",
        Outcome::NotSent(why) => unsent(why),
        Outcome::TimedOut { sent: true } => "timed out, sent",
        Outcome::TimedOut { sent: false } => "timed out, not sent",
        Outcome::OutcomeUnknown(_) => "outcome unknown",
        Outcome::UnreadableAnswer => "unreadable answer",
        _ => "something else",
    }
}

macro_rules! names {
    ($($pattern:pat => $name:literal,)*) => {
        /// How a request that was accepted ended without being sent.
        fn unsent(why: &openclaw_proto::NotSent) -> &'static str {
            use openclaw_proto::NotSent::*;
            match why { $($pattern => concat!("not sent: ", $name),)* _ => "something else" }
        }

        /// Why a request was not accepted.
        fn refused(why: &openclaw_proto::NotSent) -> &'static str {
            use openclaw_proto::NotSent::*;
            match why { $($pattern => concat!("refused: ", $name),)* _ => "something else" }
        }
    };
}

names! {
    NotReady => "not ready",
    Stopped => "stopped",
    Paused(_) => "paused",
    ShutDown => "shut down",
    ConnectionLost(_) => "connection lost",
    TooManyWaiting { .. } => "too many waiting",
    TooManyInFlight { .. } => "too many in flight",
    OutgoingFull { .. } => "outgoing bytes full",
    FrameTooLarge { .. } => "frame too large",
    ProfileBindingUnsupported => "profile binding",
}

fn noticed(notice: &Notice) -> &'static str {
    match notice {
        Notice::Malformed { .. } => "malformed",
        Notice::Odd(_) => "odd",
        Notice::Binary { .. } => "binary",
        Notice::StrayResponse { stray, .. } => match stray {
            openclaw_proto::Stray::Duplicate => "duplicate response",
            openclaw_proto::Stray::Late => "late response",
            openclaw_proto::Stray::Stale => "stale response",
            _ => "foreign response",
        },
        Notice::UnattributedError(_) => "unattributed error",
        Notice::SecondChallenge => "second challenge",
        Notice::ChallengeAfterHello => "challenge after hello",
        Notice::ScopeShortfall { .. } => "scope shortfall",
        Notice::ClockJump { .. } => "clock jump",
        Notice::PolicyOutOfRange(_) => "policy out of range",
        _ => "something else",
    }
}

fn timer(why: openclaw_proto::TimerKind) -> &'static str {
    use openclaw_proto::TimerKind::*;
    match why {
        Dial => "dial",
        Challenge => "challenge",
        Connect => "connect",
        Silence => "silence",
        WriteStall => "write stall",
        Drain => "drain",
        Stable => "stable",
        Backoff => "backoff",
        CloseGrace => "close grace",
        Request => "request",
        _ => "something else",
    }
}
