//! Text of others, made harmless for a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character could do something to a terminal, or to the reader's eye, instead of being shown: controls
/// (with them every escape sequence, the single-character ones of the C1 range too), overrides of the writing
/// direction, and characters without a shape.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // direction
            | '\u{2028}' | '\u{2029}' // line ends
            | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Replaces every unsafe character by its JSON escape.
///
/// In JSON such characters occur only inside strings, apart from line ends and tabs between values; so JSON on one
/// line stays JSON, and with the same meaning.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push_escaped(&mut out, c);
    }
    out.into()
}

/// Appends a character, or its escape.
pub(crate) fn push_escaped(out: &mut String, c: char) {
    if !is_unsafe(c) {
        out.push(c);
        return;
    }
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_passes() {
        let hostile = "a\x1b[2Jb\u{9b}31mc\x07d\u{202e}e\u{2066}f\rg\nh\u{7f}i\u{200b}j\u{e0041}k\u{feff}";
        let safe = escape(hostile);
        assert!(!safe.chars().any(is_unsafe), "{safe:?}");
        assert_eq!(
            safe,
            "a\\u001b[2Jb\\u009b31mc\\u0007d\\u202ee\\u2066f\\u000dg\\u000ah\\u007fi\\u200bj\\udb40\\udc41k\\ufeff"
        );
    }

    #[test]
    fn what_people_write_stays() {
        for text in ["plain", "Grüße, 世界 👩‍👩‍👧 naïve", "{\"a\":[1,2]}", "\\u001b written out"] {
            assert_eq!(escape(text), text);
        }
    }

    #[test]
    fn escaped_json_means_the_same() {
        let json = "{\"k\u{9b}\":\"v\u{202e}\u{e0041}\"}";
        let before: serde_json::Value = serde_json::from_str(json).unwrap();
        let after: serde_json::Value = serde_json::from_str(&escape(json)).unwrap();
        assert_eq!(before, after);
    }
}
