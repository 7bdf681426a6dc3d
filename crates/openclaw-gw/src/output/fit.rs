//! Text cut to a width.

use unicode_width::UnicodeWidthChar;

use super::sanitise::{is_unsafe, push_escaped};

/// As much of a text as fits into so many cells of a terminal, made harmless; where something is cut off, an
/// ellipsis says so. Reads no further than it shows: payloads may be megabytes.
pub(crate) fn fit(text: &str, cells: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    // Where to cut if it turns out that the rest does not fit.
    let mut cut = 0;
    for c in text.chars() {
        let width = if is_unsafe(c) { 6 * c.len_utf16() } else { c.width().unwrap_or(0) };
        if used + width > cells {
            out.truncate(cut);
            if cells > 0 {
                out.push('…');
            }
            return out;
        }
        push_escaped(&mut out, c);
        used += width;
        if used < cells {
            cut = out.len();
        }
    }
    out
}

/// How many cells a harmless text takes.
pub(crate) fn cells(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_fills_its_cells_and_no_more() {
        assert_eq!(fit("hello", 5), "hello");
        assert_eq!(fit("hello!", 5), "hell…");
        assert_eq!(fit("世界世界", 5), "世界…");
        assert_eq!(fit("世界世界", 4), "世…");
        assert_eq!(fit("ab\x1bcd", 7), "ab…");
        assert_eq!(fit("ab\x1bcd", 10), "ab\\u001bcd");
        assert_eq!((fit("x", 0), fit("xy", 1)), (String::new(), "…".into()));
        for width in 0..20 {
            assert!(cells(&fit("a世\x1b\u{202e}é👍end", width)) <= width, "{width}");
        }
    }
}
