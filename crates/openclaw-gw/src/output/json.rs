//! JSON text laid out anew, value for value as it came.
//!
//! Reading it into a tree would change it: numbers beyond 64 bits, the order of members and repeated keys would be
//! lost.

use std::borrow::Cow;

use super::look::{KEY, Stream};
use super::sanitise::escape;

/// A piece of JSON text. White space between pieces is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// `{` or `[`.
    Open(&'a str),
    /// `}` or `]`.
    Close(&'a str),
    Comma,
    Colon,
    /// A string with its quotes.
    Text(&'a str),
    /// A number, `true`, `false` or `null`.
    Scalar(&'a str),
}

impl<'a> Token<'a> {
    pub(crate) fn as_str(self) -> &'a str {
        match self {
            Self::Open(text) | Self::Close(text) | Self::Text(text) | Self::Scalar(text) => text,
            Self::Comma => ",",
            Self::Colon => ":",
        }
    }
}

/// The pieces of a JSON text. Of a text that is no JSON it makes something, and an end.
pub(crate) struct Tokens<'a>(&'a str);

pub(crate) fn tokens(json: &str) -> Tokens<'_> {
    Tokens(json)
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.0.trim_start();
        let first = rest.chars().next()?;
        let len = match first {
            '"' => text_len(rest),
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            _ => rest.find(|c: char| ",:{}[]\"".contains(c) || c.is_whitespace()).unwrap_or(rest.len()),
        };
        let (token, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some(match first {
            '"' => Token::Text(token),
            '{' | '[' => Token::Open(token),
            '}' | ']' => Token::Close(token),
            ',' => Token::Comma,
            ':' => Token::Colon,
            _ => Token::Scalar(token),
        })
    }
}

/// The length of the string that `text` begins with, quotes included.
fn text_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The text as it came, unless it has more than one line.
pub(crate) fn one_line(json: &str) -> Cow<'_, str> {
    if json.contains(['\n', '\r']) { tokens(json).map(Token::as_str).collect::<String>().into() } else { json.into() }
}

/// The text on one line as a stream wants it: for a terminal also made harmless, which does not change its meaning.
pub(crate) fn line(json: &str, stream: Stream) -> Cow<'_, str> {
    let line = one_line(json);
    if !stream.terminal {
        return line;
    }
    // A tab between values is the one unsafe character that would not stay JSON.
    let line = if line.contains('\t') { line.replace('\t', " ").into() } else { line };
    match escape(&line) {
        Cow::Borrowed(_) => line,
        Cow::Owned(escaped) => escaped.into(),
    }
}

/// Deeper levels are not indented further, so that nesting cannot make output of quadratic size.
const DEEPEST: usize = 32;

/// Laid out for reading on a terminal, and made harmless.
pub(crate) fn pretty(json: &str, stream: Stream) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut tokens = tokens(json).peekable();
    let mut fresh = false;
    while let Some(token) = tokens.next() {
        let closes = matches!(token, Token::Close(_));
        if closes {
            depth = depth.saturating_sub(1);
        }
        // The first thing in a container begins a line, unless it ends the container at once.
        if fresh != closes {
            new_line(&mut out, depth);
        }
        fresh = false;
        match token {
            Token::Open(text) => {
                out.push_str(text);
                depth += 1;
                fresh = true;
            }
            Token::Comma => {
                out.push(',');
                new_line(&mut out, depth);
            }
            Token::Colon => out.push_str(": "),
            Token::Text(text) if tokens.peek() == Some(&Token::Colon) => {
                out.push_str(&stream.paint(KEY, &escape(text)));
            }
            other => out.push_str(&escape(other.as_str())),
        }
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIPE: Stream = Stream { terminal: false, colour: false };
    const TERMINAL: Stream = Stream { terminal: true, colour: false };

    #[test]
    fn pretty_changes_white_space_and_nothing_else() {
        let json = r#"{"a":[1,12345678901234567890123,{}],"b":{"c":"x, \"y\": [z]\\"},"a":[],"d":1.50e2}"#;
        let shown = pretty(json, TERMINAL);
        assert_eq!(
            shown,
            r#"{
  "a": [
    1,
    12345678901234567890123,
    {}
  ],
  "b": {
    "c": "x, \"y\": [z]\\"
  },
  "a": [],
  "d": 1.50e2
}"#
        );
        assert_eq!(one_line(&shown), json);
    }

    #[test]
    fn scalars_and_escapes() {
        for json in ["null", "-1", "\"x\"", "[]", "{}"] {
            assert_eq!(pretty(json, TERMINAL), json);
        }
        assert_eq!(pretty("\"\u{9b}31m\u{7f}\"", TERMINAL), r#""\u009b31m\u007f""#);
        assert_eq!(line("[\"\u{202e}\",\t1]", TERMINAL), r#"["\u202e", 1]"#);
        assert_eq!(line("[\"\u{202e}\",\n1]", PIPE), "[\"\u{202e}\",1]");
        assert_eq!(line("[ 1 ]", PIPE), "[ 1 ]");
    }

    #[test]
    fn keys_have_a_colour_of_their_own() {
        let coloured = Stream { terminal: true, colour: true };
        let shown = pretty(r#"{"k":"v"}"#, coloured);
        assert!(shown.contains("\x1b[36m\"k\"\x1b[0m: \"v\""), "{shown:?}");
    }

    #[test]
    fn deep_nesting_does_not_explode() {
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        assert!(pretty(&deep, TERMINAL).len() < 10_000_000);
    }

    #[test]
    fn broken_text_has_an_end() {
        for text in ["", "{", "\"open", "\"open\\", "}}}", "a b:c", "[\"\\\"", "\u{a0}x"] {
            assert!(tokens(text).count() < 10, "{text}");
            let _ = pretty(text, TERMINAL);
        }
    }
}
