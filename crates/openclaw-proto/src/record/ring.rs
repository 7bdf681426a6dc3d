//! The last lines of a log.

use alloc::collections::VecDeque;
use alloc::string::String;

use super::line::Line;

/// Room for the line that says how much is lost.
const LOST_LINE: usize = r#"{"lost":18446744073709551615}"#.len() + 1;

/// The first line of a log and as many of the last ones as there is room for.
#[derive(Debug)]
pub(super) struct Ring {
    first: Option<String>,
    lines: VecDeque<String>,
    /// What `lines` may have, line ends included, and has.
    limit: usize,
    bytes: usize,
    lost: u64,
}

impl Ring {
    pub(super) fn new(limit: usize) -> Self {
        Self { first: None, lines: VecDeque::new(), limit: limit.saturating_sub(LOST_LINE), bytes: 0, lost: 0 }
    }

    /// The line that every other depends on.
    pub(super) fn set_first(&mut self, line: String) {
        self.limit = self.limit.saturating_sub(line.len() + 1);
        self.first = Some(line);
    }

    pub(super) fn push(&mut self, line: String) {
        self.bytes += line.len() + 1;
        self.lines.push_back(line);
        while self.bytes > self.limit {
            let Some(oldest) = self.lines.pop_front() else { return };
            self.bytes -= oldest.len() + 1;
            self.lost += 1;
        }
    }

    /// Takes the oldest line, or the one that stands for the lost ones.
    pub(super) fn pop(&mut self) -> Option<String> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if let Some(lost) = self.lost_line() {
            self.lost = 0;
            return Some(lost);
        }
        let line = self.lines.pop_front()?;
        self.bytes -= line.len() + 1;
        Some(line)
    }

    /// The log so far, each line with its end; empty when everything has been taken.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.first.as_ref().map_or(0, String::len) + LOST_LINE + self.bytes + 1);
        for line in self.first.iter().chain(&self.lost_line()).chain(&self.lines) {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    fn lost_line(&self) -> Option<String> {
        (self.lost > 0).then(|| Line::new().value("lost", &self.lost).finish())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;

    /// A ring with room for a first line of three letters and two others.
    fn ring() -> Ring {
        let mut ring = Ring::new(LOST_LINE + 3 * 4);
        ring.set_first("one".to_string());
        ring
    }

    #[test]
    fn room_is_counted_to_the_byte() {
        let mut ring = ring();
        ring.push("two".to_string());
        ring.push("six".to_string());
        assert_eq!(ring.text(), "one\ntwo\nsix\n");
        ring.push("ten".to_string());
        assert_eq!(ring.text(), "one\n{\"lost\":1}\nsix\nten\n");
        ring.push("seven".to_string());
        assert_eq!(ring.text(), "one\n{\"lost\":3}\nseven\n");
    }

    #[test]
    fn a_line_that_is_a_byte_too_long_takes_an_older_one_s_place() {
        let mut ring = ring();
        ring.push("two".to_string());
        ring.push("four".to_string());
        assert_eq!(ring.text(), "one\n{\"lost\":1}\nfour\n");
    }

    #[test]
    fn a_taken_line_makes_room_and_the_lost_ones_are_told_once() {
        let mut ring = ring();
        for line in ["two", "six", "ten"] {
            ring.push(line.to_string());
        }
        let taken: Vec<_> = core::iter::from_fn(|| ring.pop()).take(3).collect();
        assert_eq!(taken, ["one", "{\"lost\":1}", "six"]);
        ring.push("red".to_string());
        assert_eq!(ring.text(), "ten\nred\n");
        ring.push("sea".to_string());
        assert_eq!(ring.text(), "{\"lost\":1}\nred\nsea\n");
    }
}
