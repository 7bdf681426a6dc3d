//! The two directions of a connection.

use serde::{Deserialize, Serialize};

/// A direction of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Way {
    /// From the client to the gateway.
    #[default]
    Up,
    /// From the gateway to the client.
    Down,
}

/// Which directions a fault is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ways {
    /// [`Way::Up`].
    Up,
    /// [`Way::Down`].
    Down,
    /// Both.
    #[default]
    Both,
}

impl Ways {
    /// Whether this direction is meant.
    #[must_use]
    pub fn has(self, way: Way) -> bool {
        matches!((self, way), (Self::Both, _) | (Self::Up, Way::Up) | (Self::Down, Way::Down))
    }
}
