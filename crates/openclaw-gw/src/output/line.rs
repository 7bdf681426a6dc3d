//! A line for people, cut to the terminal's width.

use anstyle::Style;

use super::fit::{cells, fit};
use super::look::Stream;
use super::sanitise::escape;

/// A line that grows until the terminal's width is used up.
pub(crate) struct Line {
    pub(crate) text: String,
    left: usize,
    stream: Stream,
}

impl Line {
    /// A line of at most so many cells; of any length without a width.
    pub(crate) fn new(stream: Stream, width: Option<usize>) -> Self {
        Self { text: String::new(), left: width.unwrap_or(usize::MAX), stream }
    }

    pub(crate) fn push(&mut self, style: Style, text: &str) {
        if self.left == 0 {
            return;
        }
        let shown = if self.left == usize::MAX { escape(text).into_owned() } else { fit(text, self.left) };
        if self.left != usize::MAX {
            self.left -= cells(&shown).min(self.left);
        }
        let painted = if style == Style::new() { shown } else { self.stream.paint(style, &shown) };
        self.text.push_str(&painted);
    }
}

/// The width of a terminal; none of what is no terminal. Asked anew for every row: windows change their size.
pub(crate) fn width(stream: Stream) -> Option<usize> {
    if !stream.terminal {
        return None;
    }
    let asked = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
    let told = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|width| *width > 0);
    // A terminal that does not know its own width, as some serial lines, has the usual one.
    Some(asked.or_else(told).unwrap_or(80))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::look::{NAME, WARNING};

    const PLAIN: Stream = Stream { terminal: false, colour: false };

    #[test]
    fn a_line_never_exceeds_the_width_whatever_is_in_it() {
        for width in 1..60 {
            let mut line = Line::new(PLAIN, Some(width));
            for text in
                ["12:00:00.000Z", "  evil\x1b[2J\u{202e}", " #7", "", " 世界世界世界世界世界世界世界世界世界世界"]
            {
                line.push(NAME, text);
            }
            assert!(cells(&line.text) <= width, "{width}: {}", line.text);
            assert!(!line.text.contains(['\x1b', '\u{202e}']));
        }
    }

    #[test]
    fn without_a_terminal_nothing_is_cut() {
        let mut line = Line::new(PLAIN, None);
        line.push(NAME, &"x".repeat(10_000));
        assert_eq!(line.text.len(), 10_000);
    }

    #[test]
    fn a_colour_ends_with_its_text() {
        let mut line = Line::new(Stream { terminal: true, colour: true }, Some(3));
        line.push(WARNING, "abcdef");
        assert_eq!(line.text, "\x1b[33mab…\x1b[0m");
    }
}
