//! What was asked.

use std::collections::VecDeque;
use std::fmt;

use openclaw_proto::Now;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::PeerId;

/// A request that came after hello.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// On which connection.
    pub peer: PeerId,
    /// When.
    pub at: Now,
    /// The request's id.
    pub id: String,
    /// The method.
    pub method: String,
    /// The params' JSON text; `{}` when there were none.
    pub params: String,
}

impl Asked {
    pub(crate) fn new(peer: PeerId, at: Now, id: &str, method: &str, params: &str) -> Self {
        Self { peer, at, id: id.into(), method: method.into(), params: params.into() }
    }

    /// The params.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.params).unwrap_or_default()
    }

    /// The params as a type of the caller's.
    ///
    /// # Errors
    /// When they do not have that shape.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.params)
    }
}

/// A failing test wants to see what was asked, and there are no secrets in a test.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.params.chars().take(200).collect();
        write!(f, "{} {} {} {shown}", self.peer, self.id, self.method)
    }
}

/// The last so many requests, in so many bytes.
#[derive(Debug)]
pub(crate) struct Journal {
    asked: VecDeque<Asked>,
    bytes: usize,
    limit: usize,
    byte_limit: usize,
}

impl Journal {
    pub(crate) fn new(limit: usize, byte_limit: usize) -> Self {
        Self { asked: VecDeque::new(), bytes: 0, limit, byte_limit }
    }

    pub(crate) fn record(&mut self, asked: Asked) {
        self.bytes += asked.params.len();
        self.asked.push_back(asked);
        while self.asked.len() > self.limit || self.bytes > self.byte_limit {
            let Some(oldest) = self.asked.pop_front() else { return };
            self.bytes -= oldest.params.len();
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Asked> {
        self.asked.iter()
    }
}
