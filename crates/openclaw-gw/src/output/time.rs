//! Points in time, always in UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openclaw_client::proto::UnixMillis;

/// The last millisecond that has a four-digit year.
const LAST: u64 = 253_402_300_799_999;

/// RFC 3339 with milliseconds: `2026-01-31T12:00:00.000Z`.
pub(crate) fn rfc3339(at: UnixMillis) -> String {
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(at.0.min(LAST))).to_string()
}

/// The time of day alone: `12:00:00.000Z`.
pub(crate) fn time_of_day(at: UnixMillis) -> String {
    let whole = rfc3339(at);
    whole.split_once('T').map(|(_, time)| time.into()).unwrap_or(whole)
}

pub(crate) fn now() -> UnixMillis {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(u64::try_from(elapsed.as_millis()).unwrap_or(LAST))
}

/// A duration for people, in whole milliseconds.
pub(crate) fn span(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    humantime::format_duration(Duration::from_millis(millis)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_milliseconds() {
        assert_eq!(rfc3339(UnixMillis(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(UnixMillis(1_795_349_339_751)), "2026-11-22T12:08:59.751Z");
        assert_eq!(time_of_day(UnixMillis(1_795_349_339_751)), "12:08:59.751Z");
        assert_eq!(rfc3339(UnixMillis(951_782_400_000)), "2000-02-29T00:00:00.000Z");
    }

    #[test]
    fn a_clock_gone_mad_is_no_panic() {
        assert_eq!(rfc3339(UnixMillis(u64::MAX)), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn spans_are_for_people() {
        assert_eq!(span(Duration::from_micros(30_000_700)), "30s");
        assert_eq!(span(Duration::from_millis(90_500)), "1m 30s 500ms");
    }
}
