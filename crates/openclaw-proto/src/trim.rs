//! White space as the gateway sees it.

/// Without the white space around it, as JavaScript trims: a byte order mark goes, U+0085 stays. [`str::trim`] does the
/// opposite with both.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}'))
}
