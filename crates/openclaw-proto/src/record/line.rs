//! Writing and reading one line of a log: a JSON object.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use crate::json::{self, RawObject};
use crate::time::{Instant, Now, UnixMillis};

/// An object in the making.
pub(crate) struct Line {
    text: Vec<u8>,
    first: bool,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self { text: Vec::from([b'{']), first: true }
    }

    /// An input's beginning.
    pub(crate) fn input(kind: &str, now: Option<Now>) -> Self {
        let line = Self::new().value("in", kind);
        match now {
            Some(now) => line.now(now),
            None => line,
        }
    }

    pub(crate) fn now(self, now: Now) -> Self {
        self.value("mono", &now.mono.as_nanos()).value("unix", &now.unix.0)
    }

    pub(crate) fn value<T: serde::Serialize + ?Sized>(mut self, key: &str, value: &T) -> Self {
        self.key(key);
        json::push(&mut self.text, value);
        self
    }

    pub(crate) fn optional<T: serde::Serialize + ?Sized>(self, key: &str, value: Option<&T>) -> Self {
        match value {
            Some(value) => self.value(key, value),
            None => self,
        }
    }

    /// Nanoseconds may be more than JSON's integers hold elsewhere; here they are read back digit by digit.
    pub(crate) fn duration(self, key: &str, duration: Duration) -> Self {
        self.raw(key, &duration.as_nanos().to_string())
    }

    pub(crate) fn raw(mut self, key: &str, json: &str) -> Self {
        self.key(key);
        self.text.extend_from_slice(json.as_bytes());
        self
    }

    pub(crate) fn finish(mut self) -> String {
        self.text.push(b'}');
        String::from_utf8(self.text).unwrap_or_default()
    }

    fn key(&mut self, key: &str) {
        if !core::mem::replace(&mut self.first, false) {
            self.text.push(b',');
        }
        json::push_string(&mut self.text, key);
        self.text.push(b':');
    }
}

/// What a line lacks, or has in a form that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unusable(pub(crate) &'static str);

/// A line's fields.
pub(crate) struct Fields<'a>(pub(crate) RawObject<'a>);

impl<'a> Fields<'a> {
    pub(crate) fn parse(line: &'a str) -> Option<Self> {
        RawObject::parse(line).map(Self)
    }

    pub(crate) fn get(&self, key: &'static str) -> Result<&'a str, Unusable> {
        self.0.get(key).ok_or(Unusable(key))
    }

    pub(crate) fn object(&self, key: &'static str) -> Result<Self, Unusable> {
        self.0.object(key).map(Self).ok_or(Unusable(key))
    }

    pub(crate) fn text(&self, key: &'static str) -> Result<String, Unusable> {
        self.0.string(key).ok_or(Unusable(key))
    }

    /// A text that may be absent, but nothing else.
    pub(crate) fn optional(&self, key: &'static str) -> Result<Option<String>, Unusable> {
        self.0.get(key).map(|raw| json::text(raw).map(Into::into).ok_or(Unusable(key))).transpose()
    }

    pub(crate) fn flag(&self, key: &'static str) -> Result<bool, Unusable> {
        self.0.boolean(key).ok_or(Unusable(key))
    }

    pub(crate) fn number<N: TryFrom<u64>>(&self, key: &'static str) -> Result<N, Unusable> {
        self.0.get(key).and_then(number).ok_or(Unusable(key))
    }

    pub(crate) fn optional_number<N: TryFrom<u64>>(&self, key: &'static str) -> Result<Option<N>, Unusable> {
        self.0.get(key).map(|raw| number(raw).ok_or(Unusable(key))).transpose()
    }

    pub(crate) fn duration(&self, key: &'static str) -> Result<Duration, Unusable> {
        self.0.get(key).and_then(duration).ok_or(Unusable(key))
    }

    pub(crate) fn optional_duration(&self, key: &'static str) -> Result<Option<Duration>, Unusable> {
        self.0.get(key).map(|raw| duration(raw).ok_or(Unusable(key))).transpose()
    }

    pub(crate) fn texts(&self, key: &'static str) -> Result<Vec<String>, Unusable> {
        let items = json::array(self.get(key)?).ok_or(Unusable(key))?;
        items.into_iter().map(|raw| json::text(raw).map(Into::into).ok_or(Unusable(key))).collect()
    }

    pub(crate) fn now(&self) -> Result<Now, Unusable> {
        Ok(Now { mono: Instant::from_nanos(self.number("mono")?), unix: UnixMillis(self.number("unix")?) })
    }
}

fn number<N: TryFrom<u64>>(raw: &str) -> Option<N> {
    raw.parse::<u64>().ok().and_then(|number| N::try_from(number).ok())
}

fn duration(raw: &str) -> Option<Duration> {
    const SECOND: u128 = 1_000_000_000;
    let nanos: u128 = raw.parse().ok()?;
    let (seconds, rest) = (u64::try_from(nanos / SECOND).ok()?, u32::try_from(nanos % SECOND).ok()?);
    Some(Duration::new(seconds, rest))
}
