//! What is measured, and the goals.

use crate::cores::Place;

/// A measure: its name and the arguments of `client`.
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) args: &'static [&'static str],
    pub(crate) n: u64,
    goal: Goal,
    /// Memory is compared, not processor time.
    pub(crate) memory: bool,
    pub(crate) tls: bool,
    place: Place,
    /// The number of connections is the point: `--quick` leaves it, and one runtime shows it.
    pub(crate) whole: bool,
}

/// What is not to be exceeded, and what would be good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limit {
    pub(crate) must: f64,
    pub(crate) aim: f64,
}

const fn limit(must: f64, aim: f64) -> Limit {
    Limit { must, aim }
}

enum Goal {
    /// Only reported.
    None,
    /// Of the ratio to the floor: for an asynchronous handle, and for the core driven inline or by the blocking adapter.
    Ratio { handle: Limit, inline: Limit },
    /// Of a connection's bytes, for an asynchronous handle.
    Bytes(Limit),
}

/// Those that one core is enough for.
const SINGLE: &[&str] = &["tokio", "async-std", "smol", "blocking", "inline"];
/// tokio with two threads, which share the work.
const MULTI: &str = "tokio-multi";

/// All of them, in the order of the table.
pub(crate) const RUNTIMES: &[&str] = &["tokio", "async-std", "smol", "blocking", "inline", MULTI];

impl Measure {
    const fn reported(name: &'static str, n: u64, args: &'static [&'static str]) -> Self {
        Self { name, args, n, goal: Goal::None, memory: false, tls: false, place: Place::Apart, whole: false }
    }

    const fn goal(name: &'static str, n: u64, handle: Limit, inline: Limit, args: &'static [&'static str]) -> Self {
        Self { goal: Goal::Ratio { handle, inline }, ..Self::reported(name, n, args) }
    }

    const fn idle(name: &'static str, n: u64, limit: Limit, args: &'static [&'static str]) -> Self {
        Self { goal: Goal::Bytes(limit), memory: true, whole: n >= 10_000, ..Self::reported(name, n, args) }
    }

    const fn tls(name: &'static str, n: u64, args: &'static [&'static str]) -> Self {
        Self { tls: true, ..Self::reported(name, n, args) }
    }

    const fn at(place: Place, name: &'static str, n: u64, args: &'static [&'static str]) -> Self {
        Self { place, ..Self::reported(name, n, args) }
    }

    /// Where it is measured.
    pub(crate) fn runtimes(&self) -> &'static [&'static str] {
        match self.goal {
            // What it costs differs by the runtime as it does for fewer connections; a thread each is not made for it.
            Goal::Bytes(_) if self.whole => &["tokio"],
            Goal::Bytes(_) | Goal::None => SINGLE,
            Goal::Ratio { .. } => RUNTIMES,
        }
    }

    /// Which cores it is for: threads that share the work need several.
    pub(crate) fn place(&self, runtime: &str) -> Place {
        if runtime == MULTI { Place::Free } else { self.place }
    }

    /// Its goal on a runtime.
    pub(crate) fn limit(&self, runtime: &str) -> Option<Limit> {
        match (&self.goal, runtime) {
            (Goal::Ratio { handle, .. }, "tokio" | "async-std" | "smol") => Some(*handle),
            (Goal::Ratio { inline, .. }, "inline" | "blocking") => Some(*inline),
            (Goal::Bytes(limit), "tokio" | "async-std") => Some(*limit),
            _ => None,
        }
    }
}

const CALL: &[&str] = &["--mode", "rtt"];
const IN_FLIGHT_64: &[&str] = &["--mode", "pipeline", "--window", "64"];
const IN_FLIGHT_1024: &[&str] = &["--mode", "pipeline", "--window", "1024"];
const EVENTS_200: &[&str] = &["--mode", "flood", "--window", "1000", "--size", "200"];
const EVENTS_4K: &[&str] = &["--mode", "flood", "--window", "500", "--size", "4096"];
const REPLIES_1M: &[&str] = &["--mode", "blob", "--size", "1048576"];
const EVENTS_200_PARSED: &[&str] = &["--parse", "--mode", "flood", "--window", "1000", "--size", "200"];
const EVENTS_4K_PARSED: &[&str] = &["--parse", "--mode", "flood", "--window", "500", "--size", "4096"];
const REPLIES_1M_PARSED: &[&str] = &["--parse", "--mode", "blob", "--size", "1048576"];
const SMALL_BUFFER: &[&str] = &["--mode", "idle", "--buffer", "4096"];

/// A tenth more than the bare WebSocket had where the goals were set, 7.3 KB (of 1000 B, as everywhere here).
const IDLE_SMALL: Limit = limit(8_030.0, 7_300.0);
const IDLE_DEFAULT: Limit = limit(20_000.0, 12_000.0);

pub(crate) const MEASURES: &[Measure] = &[
    Measure::goal("sequential call", 20_000, limit(1.25, 1.10), limit(1.15, 1.05), CALL),
    Measure::goal("64 in flight", 200_000, limit(1.8, 1.4), limit(1.7, 1.3), IN_FLIGHT_64),
    Measure::goal("1024 in flight", 400_000, limit(3.0, 2.2), limit(2.8, 2.0), IN_FLIGHT_1024),
    Measure::goal("200 B events", 500_000, limit(4.5, 2.5), limit(3.0, 1.8), EVENTS_200),
    Measure::goal("4 KiB events", 100_000, limit(4.5, 2.0), limit(3.0, 1.7), EVENTS_4K),
    Measure::goal("1 MiB replies", 300, limit(4.2, 2.0), limit(3.4, 1.9), REPLIES_1M),
    Measure::idle("idle, 4 KiB buffer", 2_000, IDLE_SMALL, SMALL_BUFFER),
    Measure::idle("idle, default buffer", 2_000, IDLE_DEFAULT, &["--mode", "idle"]),
    Measure::idle("10 000 idle, 4 KiB buffer", 10_000, IDLE_SMALL, SMALL_BUFFER),
    Measure::at(Place::Free, "sequential call, both cores free", 20_000, CALL),
    Measure::at(Place::Free, "64 in flight, both cores free", 200_000, IN_FLIGHT_64),
    Measure::at(Place::Free, "200 B events, both cores free", 500_000, EVENTS_200),
    Measure::at(Place::Together, "sequential call, one core for both", 20_000, CALL),
    Measure::at(Place::Together, "64 in flight, one core for both", 200_000, IN_FLIGHT_64),
    Measure::at(Place::Together, "200 B events, one core for both", 500_000, EVENTS_200),
    Measure::reported("200 B events, parsed", 500_000, EVENTS_200_PARSED),
    Measure::reported("4 KiB events, parsed", 100_000, EVENTS_4K_PARSED),
    Measure::reported("1 MiB replies, parsed", 300, REPLIES_1M_PARSED),
    Measure::tls("sequential call, TLS", 20_000, CALL),
    Measure::tls("64 in flight, TLS", 200_000, IN_FLIGHT_64),
    Measure::tls("200 B events, TLS", 500_000, EVENTS_200),
    Measure::tls("1 MiB replies, TLS", 300, REPLIES_1M),
];
