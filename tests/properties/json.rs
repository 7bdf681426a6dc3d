//! JSON texts of every kind, as text: whatever a tree would lose is in them.

use proptest::collection::vec;
use proptest::prelude::*;

/// One JSON value without white space around it.
pub(crate) fn value() -> impl Strategy<Value = String> {
    let leaf =
        prop_oneof![Just("null".to_owned()), Just("true".to_owned()), Just("false".to_owned()), number(), string(),];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            (vec(inner.clone(), 0..6), space()).prop_map(|(items, space)| format!("[{}]", list(&items, &space))),
            vec((string(), inner), 0..6).prop_flat_map(|members| (Just(members), space())).prop_map(
                |(members, space)| {
                    let members: Vec<String> =
                        members.iter().map(|(name, value)| format!("{name}{space}:{space}{value}")).collect();
                    format!("{{{}}}", list(&members, &space))
                }
            ),
        ]
    })
}

fn list(items: &[String], space: &str) -> String {
    if items.is_empty() { space.into() } else { format!("{space}{}{space}", items.join(&format!("{space},{space}"))) }
}

/// White space between values.
pub(crate) fn space() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(String::new()), 1 => "[ \t\r\n]{1,3}"]
}

/// A number of any length and any range.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?",
    ]
}

/// A string in any spelling: escapes of what needs none, pairs and halves of surrogates.
pub(crate) fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => any::<char>().prop_map(plain),
        2 => "[a-zA-Z0-9 ]{1,6}",
        1 => "\\\\[\"\\\\/bfnrt]",
        1 => "\\\\u[0-9a-fA-F]{4}",
        1 => "\\\\ud83d\\\\ude[0-4][0-9a-f]",
    ];
    vec(piece, 0..6).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn plain(c: char) -> String {
    match c {
        '"' | '\\' => format!("\\{c}"),
        c if u32::from(c) < 0x20 => format!("\\u{:04x}", u32::from(c)),
        c => c.into(),
    }
}

/// Any text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}
