//! Events that tell of the gateway's end.

use core::time::Duration;

use crate::json::{self, RawObject};

/// What an event says of the gateway's own future.
pub(super) enum Omen {
    Going(Option<Duration>),
    Staying,
}

impl Omen {
    pub(super) fn of<'a>(event: &str, payload: impl FnOnce() -> Option<&'a str>) -> Option<Self> {
        let payload = || payload().and_then(RawObject::parse).unwrap_or_default();
        match event {
            "shutdown" => {
                let hint = payload().get("restartExpectedMs").and_then(json::millis);
                Some(Self::Going(hint.map(Duration::from_millis)))
            }
            "gateway.suspension" => match payload().text("phase").as_deref() {
                Some("accepting") => Some(Self::Staying),
                Some("draining" | "prepared") => Some(Self::Going(None)),
                _ => None,
            },
            _ => None,
        }
    }
}
