//! White space as ECMAScript defines it, spelled out.

use proptest::prelude::*;

/// `WhiteSpace` and `LineTerminator` of ECMA-262.
const WHITE: [char; 25] = [
    '\u{9}', '\u{a}', '\u{b}', '\u{c}', '\u{d}', ' ', '\u{a0}', '\u{1680}', '\u{2000}', '\u{2001}', '\u{2002}',
    '\u{2003}', '\u{2004}', '\u{2005}', '\u{2006}', '\u{2007}', '\u{2008}', '\u{2009}', '\u{200a}', '\u{2028}',
    '\u{2029}', '\u{202f}', '\u{205f}', '\u{3000}', '\u{feff}',
];

/// `String.prototype.trim`.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(WHITE)
}

/// White space, what only looks like it, and letters.
pub(crate) fn spaced() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        proptest::sample::select(&WHITE[..]),
        proptest::sample::select(&['\u{85}', '\u{200b}', '\u{180e}', '\u{2060}'][..]),
        proptest::sample::select(&['a', 'Z', 'İ', 'ß', 'Σ', '1'][..]),
        any::<char>(),
    ];
    proptest::collection::vec(character, 0..8).prop_map(String::from_iter)
}
