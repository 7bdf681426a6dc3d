//! How output looks: for people or for programs, with colours or without.

use std::io::IsTerminal;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::cli::Colour;

/// What is known of the two output streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Output for programs, whatever the streams are.
    pub(crate) json: bool,
    pub(crate) out: Stream,
    pub(crate) err: Stream,
}

/// What is known of one output stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    pub(crate) terminal: bool,
    pub(crate) colour: bool,
}

impl Look {
    pub(crate) fn new(json: bool, colour: Colour) -> Self {
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        let out = Stream { terminal: stdout.is_terminal(), colour: wanted(colour, || AutoStream::choice(&stdout)) };
        let err = Stream { terminal: stderr.is_terminal(), colour: wanted(colour, || AutoStream::choice(&stderr)) };
        if (out.colour && out.terminal) || (err.colour && err.terminal) {
            // Consoles of Windows take colours only when asked to.
            let _ = anstyle_query::windows::enable_ansi_colors();
        }
        Self { json, out, err }
    }
}

fn wanted(colour: Colour, auto: impl FnOnce() -> ColorChoice) -> bool {
    match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => !matches!(auto(), ColorChoice::Never),
    }
}

impl Stream {
    /// The text in a style, or as it is where no colours are wanted.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.into() }
    }
}

pub(crate) const LABEL: Style = Style::new().dimmed();
pub(crate) const NAME: Style = Style::new().bold();
pub(crate) const KEY: Style = AnsiColor::Cyan.on_default();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
