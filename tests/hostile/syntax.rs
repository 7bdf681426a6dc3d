//! Texts that are no JSON, or JSON of the wrong kind, or far too much of it.

use super::*;

/// An event that would be fine, with that field in front.
fn tick(field: &str) -> String {
    format!(r#"{{{field},"type":"event","event":"tick"}}"#)
}

const GOOD: &str = r#"{"type":"event","event":"tick"}"#;

/// A good event of exactly that many bytes.
fn tick_of(size: usize) -> String {
    let frame = r#"{"type":"event","event":"tick","payload":""}"#;
    frame.replace(r#""""#, &format!("\"{}\"", "x".repeat(size - frame.len())))
}

fn nested(levels: usize, open: &str, inner: &str, close: &str) -> String {
    open.repeat(levels) + inner + &close.repeat(levels)
}

const LEVELS: usize = 100_000;

#[rustfmt::skip]
pub(crate) fn classes() -> Vec<(&'static str, Vec<Case>)> {
    let array = nested(LEVELS, "[", "", "]");
    let object = nested(LEVELS, r#"{"a":"#, "1", "}");
    vec![
        ("truncated", vec![
            case("after the brace", "{", same(TRUNCATED)),
            case("inside a key", r#"{"ty"#, same(TRUNCATED)),
            case("after a key", r#"{"type""#, same(TRUNCATED)),
            case("after a colon", r#"{"type":"#, same(TRUNCATED)),
            case("after a value", r#"{"type":"res","id":"$ID","ok":true"#, same(TRUNCATED)),
            case("after a comma", r#"{"type":"res","id":"$ID","ok":true,"#, same(TRUNCATED)),
            case("inside a literal", r#"{"type":"res","id":"$ID","ok":tru"#, same(TRUNCATED)),
            case("inside a string", r#"{"type":"res","id":"$ID","ok":true,"payload":"ab"#, same(TRUNCATED)),
            case("inside an escape", r#"{"type":"event","event":"a\"#, same(TRUNCATED)),
            case("inside a code unit", r#"{"type":"event","event":"\u12"#, same(TRUNCATED)),
            case("inside a payload", r#"{"type":"event","event":"tick","payload":{"a":[1,2"#, same(TRUNCATED)),
            case("inside an unknown field", r#"{"type":"event","event":"tick","x":{"a":"#, same(TRUNCATED)),
            case("inside a bare word", "nul", same(TRUNCATED)),
        ]),
        ("another top level", vec![
            case("array", "[]", same(NOT_AN_OBJECT)),
            case("array of frames", format!("[{GOOD}]"), same(NOT_AN_OBJECT)),
            case("string", r#""tick""#, same(NOT_AN_OBJECT)),
            case("empty string", r#""""#, same(NOT_AN_OBJECT)),
            case("a frame in a string", r#""{\"type\":\"event\",\"event\":\"tick\"}""#, same(NOT_AN_OBJECT)),
            case("integer", "7", same(NOT_AN_OBJECT)),
            case("fraction", "-1.5e3", same(NOT_AN_OBJECT)),
            case("true", "true", same(NOT_AN_OBJECT)),
            case("null", "null", same(NOT_AN_OBJECT)),
            case("array, unfinished", "[1,", same(NOT_AN_OBJECT)),
        ]),
        ("deep nesting", vec![
            case("payload of an event", tick(&format!(r#""payload":{array}"#)), same(TICK)),
            case("objects as payload", tick(&format!(r#""payload":{object}"#)), same(TICK)),
            case("unknown field", tick(&format!(r#""x":{array}"#)), same(TICK)),
            case("objects in an unknown field", tick(&format!(r#""x":{object}"#)), same(TICK)),
            case("seq", tick(&format!(r#""seq":{array}"#)), same(ODD_TICK)),
            case("stateVersion", tick(&format!(r#""stateVersion":{object}"#)), same(&[Saw::Odd(Oddity::StateVersionShape), Saw::Event("tick")])),
            case("recipient", tick(&format!(r#""recipientProfileId":{array}"#)), same(TICK)),
            case("type", format!(r#"{{"type":{array}}}"#), same(NO_TYPE)),
            case("event name", format!(r#"{{"type":"event","event":{object}}}"#), same(NO_EVENT_NAME)),
            case("payload of an answer", format!(r#"{{"type":"res","id":"$ID","ok":true,"payload":{array}}}"#), each(FOREIGN, NO_HELLO, REPLIED)),
            case("hello with a deep part", format!(r#"{{"type":"res","id":"$ID","ok":true,"payload":{{"protocol":4,"snapshot":{object}}}}}"#), each(FOREIGN, &[Saw::Ready], REPLIED)),
            case("id", format!(r#"{{"type":"res","id":{array},"ok":true}}"#), same(FOREIGN)),
            case("ok", format!(r#"{{"type":"res","id":"$ID","ok":{array}}}"#), each(
                &[Saw::Odd(Oddity::OkNotABoolean), Saw::Stray(Stray::Foreign)],
                &[Saw::Odd(Oddity::OkNotABoolean), Saw::Ends(End::UnreadableAnswer, 1008)],
                &[Saw::Odd(Oddity::OkNotABoolean), Saw::Unreadable])),
            case("error", format!(r#"{{"type":"res","id":"$ID","ok":false,"error":{array}}}"#), each(FOREIGN, &[Saw::Ends(End::Refused(""), 1008)], &[Saw::Rejected("")])),
            case("error details", format!(r#"{{"type":"res","id":"$ID","ok":false,"error":{{"code":"X","details":{object}}}}}"#), each(FOREIGN, &[Saw::Ends(End::Refused("X"), 1008)], &[Saw::Rejected("X")])),
            case("top level", array.clone(), same(NOT_AN_OBJECT)),
            case("never closed", nested(LEVELS, r#"{"a":"#, "", ""), same(TRUNCATED)),
            case("closed too often", format!("{GOOD}{}", "}".repeat(LEVELS)), same(NOT_JSON)),
        ]),
        ("control characters", vec![
            case("NUL alone", "\0", same(NOT_JSON)),
            case("NUL in front", format!("\0{GOOD}"), same(NOT_JSON)),
            case("NUL behind", format!("{GOOD}\0"), same(NOT_JSON)),
            case("NUL between", "{\"type\":\0\"event\",\"event\":\"tick\"}", same(NOT_JSON)),
            case("NUL in a name", "{\"type\":\"event\",\"event\":\"ti\0ck\"}", same(NOT_JSON)),
            case("NUL in a payload", "{\"type\":\"event\",\"event\":\"tick\",\"payload\":\"\0\"}", same(NOT_JSON)),
            case("NUL in an unknown key", "{\"type\":\"event\",\"event\":\"tick\",\"\0\":1}", same(NOT_JSON)),
            case("NUL in an unknown field", "{\"type\":\"event\",\"event\":\"tick\",\"x\":\"\0\"}", same(NOT_JSON)),
            case("line break in a string", "{\"type\":\"event\",\"event\":\"ti\nck\"}", same(NOT_JSON)),
            case("tab in a string", "{\"type\":\"event\",\"event\":\"ti\tck\"}", same(NOT_JSON)),
            case("escape in a string", "{\"type\":\"event\",\"event\":\"\u{1b}[2J\"}", same(NOT_JSON)),
            case("form feed as white space", format!("\u{c}{GOOD}"), same(NOT_JSON)),
            case("vertical tab as white space", format!("\u{b}{GOOD}"), same(NOT_JSON)),
            case("NUL with an escape", r#"{"type":"event","event":"\u0000"}"#, same(&[Saw::Event("\0")])),
            case("DEL", "{\"type\":\"event\",\"event\":\"\u{7f}\"}", same(&[Saw::Event("\u{7f}")])),
            case("a C1 control", "{\"type\":\"event\",\"event\":\"\u{85}\"}", same(&[Saw::Event("\u{85}")])),
            case("a line separator", "{\"type\":\"event\",\"event\":\"\u{2028}\"}", same(&[Saw::Event("\u{2028}")])),
        ]),
        ("encodings", vec![
            case("byte order mark in front", format!("\u{feff}{GOOD}"), same(NOT_JSON)),
            case("byte order mark alone", "\u{feff}", same(NOT_JSON)),
            case("byte order mark behind", format!("{GOOD}\u{feff}"), same(NOT_JSON)),
            case("byte order mark in a name", "{\"type\":\"event\",\"event\":\"\u{feff}\"}", same(&[Saw::Event("\u{feff}")])),
            case("UTF-16 read as UTF-8", GOOD.chars().flat_map(|c| [c, '\0']).collect::<String>(), same(NOT_JSON)),
            case("replacement characters", "{\"type\":\"event\",\"event\":\"\u{fffd}\"}", same(&[Saw::Event("\u{fffd}")])),
            case("no-break space in front", format!("\u{a0}{GOOD}"), same(NOT_JSON)),
            case("base64", "eyJ0eXBlIjoiZXZlbnQifQ==", same(NOT_JSON)),
            case("a web page", "<!doctype html><html></html>", same(NOT_JSON)),
            case("overlong escape", r#"{"type":"event","event":"\u{74}"}"#, same(NOT_JSON)),
        ]),
        ("half surrogate pairs", vec![
            case("high half in a name", r#"{"type":"event","event":"\ud800"}"#, same(NO_EVENT_NAME)),
            case("low half in a name", r#"{"type":"event","event":"\udfff"}"#, same(NO_EVENT_NAME)),
            case("halves in the wrong order", r#"{"type":"event","event":"\ude00\ud83d"}"#, same(NO_EVENT_NAME)),
            case("a whole pair", r#"{"type":"event","event":"\ud83d\ude00"}"#, same(&[Saw::Event("😀")])),
            case("in the type", r#"{"type":"event\ud800","event":"tick"}"#, same(NO_TYPE)),
            case("in a payload", tick(r#""payload":"\ud800""#), same(TICK)),
            case("in an unknown key", tick(r#""\ud800":1"#), same(TICK)),
            case("in an unknown field", tick(r#""x":"\udc00""#), same(TICK)),
            case("in the recipient", tick(r#""recipientProfileId":"\ud800""#), same(TICK)),
            case("in an id", r#"{"type":"res","id":"\ud800","ok":true}"#, same(FOREIGN)),
            case("in the id of an error", r#"{"type":"res","id":"\ud800","ok":false}"#, each(FOREIGN, &[Saw::Ends(End::Refused(""), 1008)], UNATTRIBUTED)),
            case("in an error message", r#"{"type":"res","id":"$ID","ok":false,"error":{"code":"X","message":"\ud800"}}"#, each(FOREIGN, &[Saw::Ends(End::Refused("X"), 1008)], &[Saw::Rejected("X")])),
            case("in an error code", r#"{"type":"res","id":"$ID","ok":false,"error":{"code":"\ud800"}}"#, each(FOREIGN, &[Saw::Ends(End::Refused("\"\\ud800\""), 1008)], &[Saw::Rejected("\"\\ud800\"")])),
            case("in a key of an error", r#"{"type":"res","id":"$ID","ok":false,"error":{"\ud800":1,"code":"X"}}"#, each(FOREIGN, &[Saw::Ends(End::Refused("X"), 1008)], &[Saw::Rejected("X")])),
        ]),
        ("empty and white space", vec![
            case("nothing", "", same(TRUNCATED)),
            case("a space", " ", same(TRUNCATED)),
            case("a line break", "\n", same(TRUNCATED)),
            case("all four kinds", " \t\r\n", same(TRUNCATED)),
            case("a megabyte", " ".repeat(1 << 20), same(TRUNCATED)),
            case("around a good frame", format!("\r\n\t {GOOD} \n"), same(TICK)),
            case("a megabyte in front of a good frame", " ".repeat(1 << 20) + GOOD, same(TICK)),
        ]),
        ("trailing data", vec![
            case("a letter", format!("{GOOD}x"), same(NOT_JSON)),
            case("another frame", format!("{GOOD}{GOOD}"), same(NOT_JSON)),
            case("another frame on a new line", format!("{GOOD}\n{GOOD}"), same(NOT_JSON)),
            case("a comma", format!("{GOOD},"), same(NOT_JSON)),
            case("a bracket", format!("{GOOD}]"), same(NOT_JSON)),
            case("null", format!("{GOOD} null"), same(NOT_JSON)),
            case("a comment", format!("{GOOD}//"), same(NOT_JSON)),
            case("behind an answer", r#"{"type":"res","id":"$ID","ok":true}}"#, same(NOT_JSON)),
        ]),
        ("dialects of JSON", vec![
            case("single quotes", "{'type':'event','event':'tick'}", same(NOT_JSON)),
            case("keys without quotes", r#"{type:"event",event:"tick"}"#, same(NOT_JSON)),
            case("a number as key", r#"{1:2,"type":"event","event":"tick"}"#, same(NOT_JSON)),
            case("a comment", r#"{/* */"type":"event","event":"tick"}"#, same(NOT_JSON)),
            case("a comma too many", r#"{"type":"event","event":"tick",}"#, same(NOT_JSON)),
            case("a comma too few", r#"{"type":"event" "event":"tick"}"#, same(NOT_JSON)),
            case("a value missing", r#"{"type":,"event":"tick"}"#, same(NOT_JSON)),
            case("a colon missing", r#"{"type" "event","event":"tick"}"#, same(NOT_JSON)),
            case("NaN", tick(r#""x":NaN"#), same(NOT_JSON)),
            case("Infinity", tick(r#""x":-Infinity"#), same(NOT_JSON)),
            case("undefined", tick(r#""x":undefined"#), same(NOT_JSON)),
            case("True", tick(r#""x":True"#), same(NOT_JSON)),
            case("an unknown escape", r#"{"type":"event","event":"\x41"}"#, same(NOT_JSON)),
            case("mixed brackets", tick(r#""x":[1}"#), same(NOT_JSON)),
            case("a leading zero", tick(r#""x":01"#), same(NOT_JSON)),
            case("a plus sign", tick(r#""x":+1"#), same(NOT_JSON)),
            case("no digit before the point", tick(r#""x":.5"#), same(NOT_JSON)),
            case("no digit behind the point", tick(r#""x":1."#), same(NOT_JSON)),
            case("no digit in the exponent", tick(r#""x":1e"#), same(NOT_JSON)),
            case("a hexadecimal number", tick(r#""x":0x10"#), same(NOT_JSON)),
        ]),
        ("sizes", vec![
            case("25 MiB of good frame", tick_of(26_214_400), same(TICK)),
            case("25 MiB and a byte of good frame", tick_of(26_214_401), same(&[Saw::Ends(End::TooLarge, 1009)])),
            case("25 MiB of nothing", " ".repeat(26_214_400), same(TRUNCATED)),
            case("25 MiB and a byte of nothing", " ".repeat(26_214_401), same(&[Saw::Ends(End::TooLarge, 1009)])),
        ]),
        ("binary messages", vec![
            Case { name: "empty", input: Said::Binary(0), verdicts: same(&[Saw::Binary]) },
            Case { name: "small", input: Said::Binary(17), verdicts: same(&[Saw::Binary]) },
            Case { name: "as large as a frame may be", input: Said::Binary(26_214_400), verdicts: same(&[Saw::Binary]) },
            Case { name: "larger than memory", input: Said::Binary(usize::MAX), verdicts: same(&[Saw::Binary]) },
        ]),
    ]
}
