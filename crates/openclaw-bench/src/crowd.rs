//! Requests that wait in the core's table, without frames.

use std::time::Duration;

use openclaw_proto::{Correlation, Instant, RequestId};

use crate::pick::Pick;

/// The timeout of each: the client's default.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A table of requests, in time of its own.
#[derive(Debug)]
pub struct Table {
    correlation: Correlation,
    now: Instant,
}

impl Table {
    fn among(waiting: usize) -> (Self, Vec<String>) {
        let mut table = Self { correlation: Correlation::new([3; 32]), now: Instant::from_nanos(1_000) };
        let ids = (0..waiting).map(|_| table.ask_for_id()).collect();
        (table, ids)
    }

    /// A request.
    #[inline]
    pub fn ask(&mut self) -> Option<RequestId> {
        self.now = self.now.after(Duration::from_nanos(500));
        self.correlation.ask(self.now, TIMEOUT, 1)
    }

    fn ask_for_id(&mut self) -> String {
        self.ask().map(|id| id.to_string()).unwrap_or_default()
    }

    /// An answer; whether a request was found that it is for.
    #[inline]
    pub fn answer(&mut self, id: &str) -> bool {
        self.correlation.answer(self.now, id) == Some(1)
    }
}

/// Answers to come, one for each new request: not to that one, but to one at random of those that wait, whose number stays.
#[derive(Debug)]
pub struct Crowd {
    waiting: usize,
    /// Those by which every queue comes to its size.
    before: Vec<String>,
    answers: Vec<String>,
}

impl Crowd {
    /// So many of them, and as many before, while so many requests wait.
    #[must_use]
    pub fn among(waiting: usize, count: usize) -> Self {
        // The ids are the same in every run, so one of them shows what the answers will be.
        let (mut table, mut ids) = Table::among(waiting);
        let mut pick = Pick::new();
        let mut before: Vec<String> = (0..2 * count)
            .map(|_| {
                ids.push(table.ask_for_id());
                let id = pick.out_of(&mut ids);
                table.answer(&id);
                id
            })
            .collect();
        let answers = before.split_off(count);
        Self { waiting, before, answers }
    }

    /// The table that the answers are for, once as many requests more are made.
    #[must_use]
    pub fn table(&self) -> Table {
        let (mut table, _) = Table::among(self.waiting);
        for id in &self.before {
            table.ask();
            table.answer(id);
        }
        table
    }

    /// The ids.
    pub fn answers(&self) -> impl Iterator<Item = &str> {
        self.answers.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_finds_its_request() {
        let crowd = Crowd::among(10, 100);
        let mut table = crowd.table();
        for id in crowd.answers() {
            assert!(table.ask().is_some() && table.answer(id) && !table.answer(id));
        }
    }
}
