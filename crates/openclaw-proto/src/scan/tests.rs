use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use serde_json::value::RawValue;

use super::*;

fn ours(text: &str) -> Result<&str, Fault> {
    check(text)?;
    Ok(text.trim_matches([' ', '\n', '\r', '\t']))
}

/// serde_json's verdict and ours are the same, and so is what they cut out.
fn compare(text: &str) {
    let theirs = serde_json::from_str::<&RawValue>(text);
    match (&theirs, ours(text)) {
        (Ok(theirs), Ok(ours)) => assert_eq!(theirs.get(), ours, "{text:?}"),
        (Err(_), Err(_)) => {}
        (theirs, ours) => panic!("{text:?}: {theirs:?} against {ours:?}"),
    }
}

const SAMPLES: &[&str] = &[
    r#"{"type":"event","event":"chat","payload":{"a":[1,-2.5e+3,0,true,false,null,"x\u00e9\"\\"],"b":{}},"seq":7}"#,
    " [ 1 , [ ] , { } , [ [ \"\" ] ] , -0.0E-0 ] \n",
    r#""a string of more than sixty-four bytes, so that the blocks of plain text are passed as well as words, é and \ud800""#,
    "-",
    "-0",
    "01",
    "1.",
    "1e",
    "1e+",
    ".5",
    "+1",
    "tru",
    "nul",
    "falsey",
    "",
    "  ",
    "{",
    "[",
    "[1,]",
    "{,}",
    r#"{"a"}"#,
    r#"{"a":}"#,
    r#"{"a":1,}"#,
    "[1 2]",
    "[}",
    "{]",
    "\"\u{1}\"",
    "\"\\x\"",
    "\"\\u12g4\"",
    "\"\\",
    "{} {}",
    "\"tab\there\"",
    "\u{feff}{}",
    "{\"a\":1}x",
    "[\"\u{7f}é😀\"]",
];

#[test]
fn what_is_json_is_what_serde_json_says() {
    for sample in SAMPLES {
        for end in (0..=sample.len()).filter(|end| sample.is_char_boundary(*end)) {
            compare(&sample[..end]);
        }
    }
}

#[test]
fn it_is_what_serde_json_says_wherever_the_blocks_begin() {
    for sample in SAMPLES {
        for before in 0..66 {
            compare(&format!("{}{sample}", " ".repeat(before)));
            compare(&format!("[\"{}\",{sample}]", "x".repeat(before)));
            compare(&format!("{{\"{}\":{sample},\"{}\":0}}", "x".repeat(before), "y".repeat(66 - before)));
        }
    }
}

#[test]
fn a_changed_byte_anywhere_is_judged_as_by_serde_json() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let odd = b"\"\\{}[]:,0123456789-+.eEtfn ulras\t\n\x00\x1f";
    for _ in 0..40_000 {
        let mut bytes = SAMPLES[next(SAMPLES.len())].as_bytes().to_vec();
        for _ in 0..=next(3) {
            let byte = odd[next(odd.len())];
            match next(3) {
                0 if !bytes.is_empty() => {
                    let at = next(bytes.len());
                    bytes[at] = byte;
                }
                1 if !bytes.is_empty() => drop(bytes.remove(next(bytes.len()))),
                _ => bytes.insert(next(bytes.len() + 1), byte),
            }
        }
        if let Ok(text) = String::from_utf8(bytes) {
            compare(&text);
        }
    }
}

#[test]
fn strings_end_where_they_end_at_every_length_and_place() {
    for length in 0..200 {
        for special in ["", "\"", "\\n", "\n", "é"] {
            let text = format!("[\"{}{special}{}\"]", "x".repeat(length), "y".repeat(200 - length));
            compare(&text);
        }
    }
}

#[test]
fn nesting_has_no_limit_and_brackets_have_to_match() {
    for depth in [1, 63, 64, 65, 127, 128, 129, 1_000, 100_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(ours(&text), Ok(&*text), "{depth}");
            let early = &text[..text.len() - 1];
            assert_eq!(ours(early).unwrap_err().place(early), None);
            let wrong = format!("{}1{}]}}", open.repeat(depth), close.repeat(depth - 1));
            assert!(ours(&wrong).is_err(), "{depth}");
        }
        let mixed = format!("{}1{}", "[{\"a\":".repeat(depth), "}]".repeat(depth));
        assert_eq!(ours(&mixed), Ok(&*mixed), "{depth}");
    }
}

#[test]
fn what_ends_too_early_is_told_from_what_is_wrong() {
    for text in ["", " ", "{", "[1", "[1,", "{\"a\"", "{\"a\":", "\"a", "\"\\", "\"\\u12", "-", "1.", "1e", "tr"] {
        assert_eq!(ours(text).unwrap_err().place(text), None, "{text:?}");
    }
    for (text, place) in [("x", 0), ("[1 2]", 3), ("{1:2}", 1), ("\"\n\"", 1), ("01", 1), ("{} x", 3), ("trua", 3)] {
        assert_eq!(ours(text).unwrap_err().place(text), Some(place), "{text:?}");
    }
}

#[test]
fn members_and_items_come_in_order_with_what_stands_between_them_left_out() {
    let mut parts = Parts::of_object(" { \"a\" : [1 , 2] ,\"b\\\"\":\"x\"} ").unwrap();
    let mut seen = Vec::new();
    while let Some(member) = parts.member().unwrap() {
        seen.push(member);
    }
    assert_eq!(seen, [("\"a\"", "[1 , 2]"), ("\"b\\\"\"", "\"x\"")]);
    let mut items = Parts::of_array("[1, {} ,\"\"]").unwrap();
    let mut seen = vec![];
    while let Some(item) = items.item().unwrap() {
        seen.push(item);
    }
    assert_eq!(seen, ["1", "{}", "\"\""]);
    assert!(Parts::of_array("{}").is_none() && Parts::of_object("1").is_none());
}

#[test]
fn places_are_told_as_line_and_column() {
    assert_eq!(position("ab", 0), (1, 1));
    assert_eq!(position("a\nbc", 3), (2, 2));
    assert_eq!(position("a\n", 2), (2, 1));
}
