//! What goes wrong, as data.

use serde::{Deserialize, Serialize};

use super::trick::Trick;
use super::way::{Way, Ways};

/// Why a dial fails without anybody refusing it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DialFailure {
    /// The port refuses.
    #[default]
    Refused,
    /// The name does not resolve.
    Name,
    /// TLS fails.
    Tls,
    /// What answers speaks no WebSocket.
    Protocol,
}

/// What a gateway's operator does to a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceLoss {
    /// Its token is replaced, and nobody tells it the new one.
    #[default]
    TokenRotated,
    /// Its token is withdrawn.
    TokenRevoked,
    /// The gateway forgets it.
    Removed,
}

/// What becomes of a frame on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Damage {
    /// Its end is missing.
    #[default]
    Truncated,
    /// One of its bytes is another one.
    Altered,
    /// It is JSON, but no object.
    NotAnObject,
    /// It is an object of a type nobody knows.
    UnknownType,
    /// It comes as a binary message.
    Binary,
    /// It breaks the rules of WebSocket: the connection fails.
    Protocol,
}

/// Something that goes wrong. What has a duration is mended after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// The way between a client and its gateway takes longer.
    Latency {
        /// Whose.
        client: usize,
        /// How long, one way.
        latency_ms: u64,
        /// And up to so much more.
        jitter_ms: u64,
        /// For how long.
        for_ms: u64,
    },
    /// The way lets so many bytes pass in a second.
    Bandwidth {
        /// Whose.
        client: usize,
        /// Bytes a second.
        bytes_per_s: u64,
        /// For how long.
        for_ms: u64,
    },
    /// Nothing passes. What was sent meanwhile is repeated by TCP and comes after it.
    BlackHole {
        /// Whose way.
        client: usize,
        /// Which directions.
        ways: Ways,
        /// For how long.
        for_ms: u64,
    },
    /// Nothing passes on the present connection, ever again, and nobody says so.
    HalfOpen {
        /// Whose connection.
        client: usize,
    },
    /// The present connection is reset.
    Reset {
        /// Whose.
        client: usize,
    },
    /// The connection is reset in the middle of the next frame that comes to the client.
    ResetMidFrame {
        /// Whose.
        client: usize,
    },
    /// Dials fail.
    DialFails {
        /// Whose.
        client: usize,
        /// How.
        how: DialFailure,
        /// For how long.
        for_ms: u64,
    },
    /// Dials take longer: name, TCP, TLS or upgrade.
    DialSlow {
        /// Whose.
        client: usize,
        /// By how much.
        by_ms: u64,
        /// For how long.
        for_ms: u64,
    },
    /// A server in front of the gateway refuses upgrades.
    Http {
        /// Whose.
        client: usize,
        /// The HTTP status.
        status: u16,
        /// `Retry-After`, in seconds.
        retry_after: Option<u64>,
        /// For how long.
        for_ms: u64,
    },
    /// The gateway's machine does not answer close frames.
    NoGoodbye {
        /// Whose.
        client: usize,
        /// For how long.
        for_ms: u64,
    },
    /// The next frames are damaged.
    Damaged {
        /// Whose.
        client: usize,
        /// In which direction.
        way: Way,
        /// How.
        damage: Damage,
        /// How many.
        frames: u32,
    },
    /// The next frames come twice.
    Twice {
        /// To whom.
        client: usize,
        /// How many.
        frames: u32,
    },
    /// The oldest event that is remembered comes once more.
    Again {
        /// To whom.
        client: usize,
    },
    /// The client does not read.
    SlowReader {
        /// Which.
        client: usize,
        /// For how long.
        for_ms: u64,
    },
    /// The client's machine sleeps.
    Sleep {
        /// Which.
        client: usize,
        /// For how long.
        for_ms: u64,
        /// Whether its monotonic clock stands still meanwhile.
        clock_stops: bool,
    },
    /// The client's wall clock is set.
    WallClock {
        /// Which.
        client: usize,
        /// By how much.
        by_ms: i64,
    },
    /// The client's name leads to another gateway from now on.
    Reroute {
        /// Which.
        client: usize,
        /// Where.
        gateway: usize,
    },
    /// A gateway's operator takes something from a client's device.
    Device {
        /// Whose device.
        client: usize,
        /// What.
        loss: DeviceLoss,
    },
    /// The gateway ends without a word.
    Crash {
        /// Which.
        gateway: usize,
        /// Whether its machine goes with it: then nothing closes the connections.
        with_machine: bool,
        /// For how long it is gone.
        down_ms: u64,
        /// How long it says then that it is starting.
        boot_ms: u64,
    },
    /// The gateway ends in order and comes back.
    Restart {
        /// Which.
        gateway: usize,
        /// How long it refuses requests first.
        drain_ms: u64,
        /// When it says it will be back.
        expected_ms: Option<u64>,
        /// How long it is gone.
        down_ms: u64,
        /// How long it says then that it is starting.
        boot_ms: u64,
    },
    /// The gateway says that it suspends, and later that it does not.
    Suspend {
        /// Which.
        gateway: usize,
        /// For how long.
        for_ms: u64,
    },
    /// The gateway has another token for a while; who had the old one is closed.
    Rotate {
        /// Which.
        gateway: usize,
        /// For how long.
        for_ms: u64,
    },
    /// The gateway closes every connection it has.
    CloseAll {
        /// Which.
        gateway: usize,
        /// The close code.
        code: u16,
    },
    /// The gateway cuts every connection it has.
    CutAll {
        /// Which.
        gateway: usize,
    },
    /// The gateway plays a trick on the next so many that come its way.
    Trick {
        /// Which gateway.
        gateway: usize,
        /// What.
        trick: Trick,
        /// How many times.
        times: u32,
    },
}

impl Fault {
    /// The client whose fault it is, if it is one's alone.
    #[must_use]
    pub fn client(&self) -> Option<usize> {
        match self {
            Self::Latency { client, .. }
            | Self::Bandwidth { client, .. }
            | Self::BlackHole { client, .. }
            | Self::HalfOpen { client }
            | Self::Reset { client }
            | Self::ResetMidFrame { client }
            | Self::DialFails { client, .. }
            | Self::DialSlow { client, .. }
            | Self::Http { client, .. }
            | Self::NoGoodbye { client, .. }
            | Self::Damaged { client, .. }
            | Self::Twice { client, .. }
            | Self::Again { client }
            | Self::SlowReader { client, .. }
            | Self::Sleep { client, .. }
            | Self::WallClock { client, .. }
            | Self::Device { client, .. }
            | Self::Reroute { client, .. } => Some(*client),
            _ => None,
        }
    }
}

impl Fault {
    /// The name of its kind, as reports show it.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Trick { trick, .. } => trick.kind(),
            Self::Damaged { way, damage, .. } => format!("Damaged {way:?} {damage:?}"),
            Self::Device { loss, .. } => format!("Device {loss:?}"),
            Self::DialFails { how, .. } => format!("DialFails {how:?}"),
            Self::BlackHole { ways, .. } => format!("BlackHole {ways:?}"),
            Self::Crash { with_machine: true, .. } => "Crash with its machine".into(),
            Self::Sleep { clock_stops: true, .. } => "Sleep, clock stops".into(),
            other => word(&format!("{other:?}")).into(),
        }
    }
}

/// The first word of a `Debug` text.
pub(super) fn word(text: &str) -> &str {
    text.split([' ', '{', '(']).next().unwrap_or(text)
}
