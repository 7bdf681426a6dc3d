//! Which gateway is imitated.

use crate::schema::Voice;

/// The wire a gateway speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Protocol 4 as release 2026.9.6 speaks it.
    #[default]
    V4,
    /// Protocol 3 as release 2026.5.7 speaks it.
    V3,
    /// Protocol 3 in the field names of the original Go client: `result` and `params` for `payload`, integer error
    /// codes, `connId` at the top of the hello, client `control-center` and mode `operator` welcome. No released
    /// gateway speaks it; it is here to test clients that can still read it.
    Original,
}

impl Dialect {
    /// The protocol version the hello states.
    #[must_use]
    pub fn protocol(self) -> u32 {
        match self {
            Self::V4 => 4,
            Self::V3 | Self::Original => 3,
        }
    }

    /// The release that is imitated.
    #[must_use]
    pub fn release(self) -> &'static str {
        match self {
            Self::V4 => "2026.9.6",
            Self::V3 | Self::Original => "2026.5.7",
        }
    }

    pub(crate) fn is_v4(self) -> bool {
        self == Self::V4
    }

    pub(crate) fn voice(self) -> Voice {
        if self.is_v4() { Voice::First } else { Voice::All }
    }
}
