//! How a run is looked at, and what did not hold in it.

use std::fmt;
use std::time::Duration;

use crate::watch::Broken;

/// What did not hold, where and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The client.
    pub client: usize,
    /// When.
    pub at: Duration,
    /// Everything that did not hold then.
    pub broken: Vec<Broken>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} s, client {}:", self.at.as_secs_f64(), self.client)?;
        self.broken.iter().try_for_each(|broken| write!(f, "\n    {broken}"))
    }
}

/// How a run is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look<'a> {
    /// Only this invariant counts.
    pub only: Option<&'a str>,
    /// Everything is written down.
    pub trace: bool,
}

impl Look<'_> {
    /// Whether an invariant of that name counts.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_none_or(|only| only == name)
    }
}
