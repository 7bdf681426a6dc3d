//! Everything runs are to meet, so that what they do not meet shows.

use crate::coverage::Coverage;

/// Everything by group that a run can meet. Not in it, since no run can:
///
/// * `NotSigned`: the keys are in memory and always sign.
/// * `ConnectTooLarge`: what clients say of themselves is never that large here.
/// * Outcomes of one kind that only refusals have, and the other way round: a request that waits is never "not ready", and
///   one that is refused has no connection to lose.
const EXPECTED: &[(&str, &[&str])] = &[
    ("faults", FAULTS),
    (
        "outcomes",
        &[
            "replied",
            "rejected, not started",
            "rejected, may have run",
            "rejected after acceptance",
            "accepted, result to come",
            "cancelled",
            "unreadable answer",
            "outcome unknown",
            "timed out, sent",
            "timed out, not sent",
            "not sent: connection lost",
            "not sent: frame too large",
            "not sent: paused",
            "not sent: profile binding",
            "not sent: shut down",
            "not sent: stopped",
            "not sent: too many in flight",
            "refused: frame too large",
            "refused: not ready",
            "refused: outgoing bytes full",
            "refused: paused",
            "refused: profile binding",
            "refused: stopped",
            "refused: too many in flight",
            "refused: too many waiting",
        ],
    ),
    (
        "ends of connections",
        &[
            "ChallengeTimeout",
            "ChallengeWithoutNonce",
            "ChallengeWithoutTime",
            "Closed",
            "ConnectTimeout",
            "DialTimeout",
            "FrameTooLarge",
            "InvalidHello",
            "Refused",
            "Silent",
            "Transport",
            "UnreadableConnectAnswer",
            "WriteStalled",
        ],
    ),
    (
        "notices",
        &[
            "binary",
            "challenge after hello",
            "clock jump",
            "duplicate response",
            "foreign response",
            "late response",
            "malformed",
            "odd",
            "policy out of range",
            "scope shortfall",
            "second challenge",
            "stale response",
            "unattributed error",
        ],
    ),
    ("events", &["after a gap", "duplicate", "first", "next", "regressed", "without a number"]),
    (
        "timers",
        &[
            "backoff",
            "challenge",
            "close grace",
            "connect",
            "dial",
            "drain",
            "request",
            "silence",
            "stable",
            "write stall",
        ],
    ),
];

const FAULTS: &[&str] = &[
    "Again",
    "AnswerForeign",
    "AnswerLate",
    "AnswerNever",
    "AnswerRestarting",
    "AnswerTwice",
    "AnswerUnattributed",
    "AnswerUnreadable",
    "BadHello NoProtocol",
    "BadHello NoVerdict",
    "BadHello NotAnObject",
    "BadHello OtherProtocol",
    "BadHello WrongType",
    "Bandwidth",
    "BlackHole Both",
    "BlackHole Down",
    "BlackHole Up",
    "ChallengeAfterHello",
    "CloseAfterHello",
    "CloseAll",
    "CloseAtConnect",
    "Crash",
    "Crash with its machine",
    "CutAll",
    "CutAtConnect",
    "Damaged Down Altered",
    "Damaged Down Binary",
    "Damaged Down NotAnObject",
    "Damaged Down Protocol",
    "Damaged Down Truncated",
    "Damaged Down UnknownType",
    "Damaged Up Altered",
    "Damaged Up Binary",
    "Damaged Up NotAnObject",
    "Damaged Up Protocol",
    "Damaged Up Truncated",
    "Damaged Up UnknownType",
    "Deaf",
    "Device Removed",
    "Device TokenRevoked",
    "Device TokenRotated",
    "DialFails Name",
    "DialFails Protocol",
    "DialFails Refused",
    "DialFails Tls",
    "DialSlow",
    "EmptyChallenge",
    "EventLost",
    "EventOdd",
    "EventsSkipped",
    "FewerScopes",
    "HalfOpen",
    "HelloTick",
    "Http",
    "LateChallenge",
    "LateHello",
    "Latency",
    "Mute",
    "NoChallenge",
    "NoGoodbye",
    "NoHello",
    "PairingDelay",
    "RefuseConnect Device",
    "RefuseConnect Forbidden",
    "RefuseConnect Mumbled",
    "RefuseConnect Pairing",
    "RefuseConnect PairingWait",
    "RefuseConnect ProtocolInWords",
    "RefuseConnect RateLimited",
    "RefuseConnect RateLimitedFor",
    "RefuseConnect RetryAfter",
    "RefuseConnect Unknown",
    "RefuseUpgrade",
    "RefuseUpgrade with Retry-After",
    "Reroute",
    "Reset",
    "ResetMidFrame",
    "Restart",
    "Rotate",
    "Sleep",
    "Sleep, clock stops",
    "SlowReader",
    "SlowReader is closed",
    "SlowReader reaches the bound",
    "Suspend",
    "Twice",
    "TimelessChallenge",
    "TwoChallenges",
    "WallClock",
];

/// Something that was met too seldom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What kind of thing.
    pub group: &'static str,
    /// Its name.
    pub name: String,
    /// How often it was met.
    pub count: u64,
}

impl Coverage {
    /// Everything that was met less often than that: rows of the transition table, faults, outcomes, ends,
    /// notices, events and timers.
    #[must_use]
    pub fn gaps(&self, least: u64) -> Vec<Gap> {
        let groups = self.groups();
        let count = |group: &str, name: &str| groups.get(group).and_then(|names| names.get(name)).copied();
        let rows = self.rows().into_iter().map(|(name, count)| Gap { group: "transitions", name, count });
        let named = EXPECTED.iter().flat_map(|(group, names)| {
            names.iter().map(|name| Gap {
                group,
                name: (*name).to_owned(),
                count: count(group, name).unwrap_or_default(),
            })
        });
        rows.chain(named).filter(|gap| gap.count < least).collect()
    }

    /// What was met and is not in the list of what can be.
    #[must_use]
    pub fn unexpected(&self) -> Vec<String> {
        let groups = self.groups();
        let names = EXPECTED.iter().flat_map(|(group, known)| {
            let met = groups.get(group).into_iter().flat_map(|names| names.keys());
            met.filter(|name| !known.contains(&name.as_str())).cloned()
        });
        names.collect()
    }
}
