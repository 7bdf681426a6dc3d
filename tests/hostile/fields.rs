//! JSON objects whose fields are not what a frame's fields should be.

use super::*;

fn event_with(fields: &str) -> String {
    format!(r#"{{"type":"event","event":"tick",{fields}}}"#)
}

/// An answer to what is awaited.
fn answer(fields: &str) -> String {
    format!(r#"{{"type":"res","id":"$ID",{fields}}}"#)
}

/// A refusal of what is awaited, with that error.
fn refused(error: &str) -> String {
    answer(&format!(r#""ok":false,"error":{error}"#))
}

/// In each phase what a refusal with that code leads to.
macro_rules! refusal {
    ($code:literal) => {
        each(FOREIGN, &[Saw::Ends(End::Refused($code), 1008)], &[Saw::Rejected($code)])
    };
}

const ODD_STATE: Seen = &[Saw::Odd(Oddity::StateVersionShape), Saw::Event("tick")];

/// In each phase what an answer leads to whose verdict cannot be read.
const UNREADABLE: [Seen; 4] = each(
    &[Saw::Odd(Oddity::OkNotABoolean), Saw::Stray(Stray::Foreign)],
    &[Saw::Odd(Oddity::OkNotABoolean), Saw::Ends(End::UnreadableAnswer, 1008)],
    &[Saw::Odd(Oddity::OkNotABoolean), Saw::Unreadable],
);

/// An answer that says yes and brings no hello.
const YES: [Seen; 4] = each(FOREIGN, NO_HELLO, REPLIED);

/// An error nobody can attribute: during the handshake it can only be about `connect`.
const ORPHANED: [Seen; 4] = each(FOREIGN, &[Saw::Ends(End::Refused("X"), 1008)], UNATTRIBUTED);

#[rustfmt::skip]
pub(crate) fn classes() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("wrong envelopes", vec![
            case("no field at all", "{}", same(NO_TYPE)),
            case("type missing", r#"{"event":"tick"}"#, same(NO_TYPE)),
            case("type null", r#"{"type":null,"event":"tick"}"#, same(NO_TYPE)),
            case("type a number", r#"{"type":1}"#, same(NO_TYPE)),
            case("type an array", r#"{"type":["event"],"event":"tick"}"#, same(NO_TYPE)),
            case("type true", r#"{"type":true}"#, same(NO_TYPE)),
            case("type empty", r#"{"type":""}"#, same(UNKNOWN_TYPE)),
            case("type in capitals", r#"{"type":"EVENT","event":"tick"}"#, same(UNKNOWN_TYPE)),
            case("type with a space", r#"{"type":"event ","event":"tick"}"#, same(UNKNOWN_TYPE)),
            case("a hello without its frame", r#"{"type":"hello-ok","protocol":4}"#, same(UNKNOWN_TYPE)),
            case("a ping", r#"{"type":"ping"}"#, same(UNKNOWN_TYPE)),
            case("type a megabyte long", format!(r#"{{"type":"{}"}}"#, "x".repeat(1 << 20)), same(UNKNOWN_TYPE)),
            case("another protocol", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, same(NO_TYPE)),
            case("a request", r#"{"type":"req","id":"1","method":"connect","params":{}}"#, same(&[Saw::Malformed(Why::Request)])),
            case("a request with our id", r#"{"type":"req","id":"$ID","method":"health"}"#, same(&[Saw::Malformed(Why::Request)])),
            case("a request without id", r#"{"type":"req","method":"health"}"#, same(&[Saw::Malformed(Why::Field("id"))])),
            case("a request without method", r#"{"type":"req","id":"1"}"#, same(&[Saw::Malformed(Why::Field("method"))])),
        ]),
        ("wrong event fields", vec![
            case("name missing", r#"{"type":"event"}"#, same(NO_EVENT_NAME)),
            case("name null", r#"{"type":"event","event":null}"#, same(NO_EVENT_NAME)),
            case("name empty", r#"{"type":"event","event":""}"#, same(NO_EVENT_NAME)),
            case("name a number", r#"{"type":"event","event":7}"#, same(NO_EVENT_NAME)),
            case("name an object", r#"{"type":"event","event":{"name":"tick"}}"#, same(NO_EVENT_NAME)),
            case("name a megabyte long", format!(r#"{{"type":"event","event":"{}"}}"#, "x".repeat(1 << 20)), same(&[Saw::Event("<1048576 bytes>")])),
            case("name from another language", r#"{"type":"event","event":"__proto__"}"#, same(&[Saw::Event("__proto__")])),
            case("name nearly the challenge's", r#"{"type":"event","event":"connect.challenge "}"#, same(&[Saw::Event("connect.challenge ")])),
            case("name of white space", r#"{"type":"event","event":" "}"#, same(&[Saw::Event(" ")])),
            case("the fields of an answer", event_with(r#""id":"$ID","ok":true,"error":{}"#), same(TICK)),
            case("seq in words", event_with(r#""seq":"1""#), same(ODD_TICK)),
            case("seq true", event_with(r#""seq":true"#), same(ODD_TICK)),
            case("seq an array", event_with(r#""seq":[1]"#), same(ODD_TICK)),
            case("stateVersion in words", event_with(r#""stateVersion":"1""#), same(ODD_STATE)),
            case("stateVersion an array", event_with(r#""stateVersion":[1,2]"#), same(ODD_STATE)),
            case("stateVersion empty", event_with(r#""stateVersion":{}"#), same(ODD_STATE)),
            case("stateVersion of other types", event_with(r#""stateVersion":{"presence":"1","health":true}"#), same(ODD_STATE)),
            case("seq and stateVersion at once", event_with(r#""seq":{},"stateVersion":7"#), same(&[Saw::Odd(Oddity::SeqNotAnInteger), Saw::Odd(Oddity::StateVersionShape), Saw::Event("tick")])),
            case("recipient an object", event_with(r#""recipientProfileId":{}"#), same(TICK)),
            case("recipient empty", event_with(r#""recipientProfileId":"""#), same(TICK)),
        ]),
        ("number ranges", vec![
            case("seq -0", event_with(r#""seq":-0"#), same(TICK)),
            case("seq -1", event_with(r#""seq":-1"#), same(ODD_TICK)),
            case("seq with a fraction", event_with(r#""seq":1.5"#), same(ODD_TICK)),
            case("seq the largest integer", event_with(r#""seq":18446744073709551615"#), same(TICK)),
            case("seq one beyond it", event_with(r#""seq":18446744073709551616"#), same(ODD_TICK)),
            case("seq a large float", event_with(r#""seq":1e300"#), same(ODD_TICK)),
            case("seq beyond floats", event_with(r#""seq":1e400"#), same(ODD_TICK)),
            case("seq below floats", event_with(r#""seq":1e-400"#), same(TICK)),
            case("seq with an exponent beyond integers", event_with(r#""seq":1e99999999999999999999"#), same(ODD_TICK)),
            case("seq of ten thousand digits", event_with(&format!(r#""seq":{}"#, "9".repeat(10_000))), same(ODD_TICK)),
            case("seq of ten thousand decimals", event_with(&format!(r#""seq":1.{}"#, "0".repeat(10_000))), same(TICK)),
            case("stateVersion -1", event_with(r#""stateVersion":{"presence":-1,"health":0}"#), same(ODD_STATE)),
            case("stateVersion beyond floats", event_with(r#""stateVersion":{"presence":1,"health":1e999}"#), same(ODD_STATE)),
            case("stateVersion the largest", event_with(r#""stateVersion":{"presence":18446744073709551615,"health":0}"#), same(TICK)),
            case("numbers without end in a payload", event_with(&format!(r#""payload":[1e9999,-{}]"#, "1".repeat(100_000))), same(TICK)),
        ]),
        ("repeated keys", vec![
            case("type, the last one unknown", r#"{"type":"event","event":"tick","type":"x"}"#, same(UNKNOWN_TYPE)),
            case("type, the last one null", r#"{"type":"event","event":"tick","type":null}"#, same(NO_TYPE)),
            case("type, from answer to event", r#"{"type":"res","id":"$ID","ok":true,"type":"event","event":"tick"}"#, same(TICK)),
            case("event name", r#"{"type":"event","event":"a","event":"tick"}"#, same(TICK)),
            case("event name, the last one empty", r#"{"type":"event","event":"tick","event":""}"#, same(NO_EVENT_NAME)),
            case("seq, the last one good", event_with(r#""seq":"x","seq":1"#), same(TICK)),
            case("seq, the last one odd", event_with(r#""seq":1,"seq":"x""#), same(ODD_TICK)),
            case("ten thousand times seq", event_with(&[r#""seq":1"#; 10_000].join(",")), same(TICK)),
            case("ten thousand times something", event_with(&[r#""x":1"#; 10_000].join(",")), same(TICK)),
            case("id, the last one a stranger's", r#"{"type":"res","id":"$ID","id":"x","ok":true}"#, same(FOREIGN)),
            case("id, the last one ours", r#"{"type":"res","id":"x","id":"$ID","ok":true}"#, YES),
            case("ok, the last one false", answer(r#""ok":true,"ok":false,"error":{"code":"X"}"#), refusal!("X")),
            case("ok, the last one true", answer(r#""ok":false,"ok":true"#), YES),
            case("ok, the last one in words", answer(r#""ok":true,"ok":"no""#), UNREADABLE),
            case("error, the last one null", answer(r#""error":{"code":"X"},"error":null"#), YES),
            case("error code", refused(r#"{"code":"A","code":"X"}"#), refusal!("X")),
            case("the same key in two spellings", r#"{"type":"x","\u0074ype":"event","event":"tick"}"#, same(TICK)),
        ]),
        ("verdicts", vec![
            case("ok in words", answer(r#""ok":"true""#), UNREADABLE),
            case("ok 1", answer(r#""ok":1"#), UNREADABLE),
            case("ok 0", answer(r#""ok":0,"error":{"code":"X"}"#), UNREADABLE),
            case("ok an object", answer(r#""ok":{}"#), UNREADABLE),
            case("ok empty", answer(r#""ok":"""#), UNREADABLE),
            case("ok missing", answer(r#""payload":{}"#), each(FOREIGN, &[Saw::Ends(End::NoProtocol, 1008)], REPLIED)),
            case("ok missing beside an error", answer(r#""error":{"code":"X"}"#), refusal!("X")),
            case("ok null beside an error", answer(r#""ok":null,"error":{"code":"X"}"#), refusal!("X")),
            case("nothing but an id", r#"{"type":"res","id":"$ID"}"#, YES),
            case("yes beside an error", answer(r#""ok":true,"error":{"code":"X"}"#), each(
                &[Saw::Odd(Oddity::ErrorBesideOk), Saw::Stray(Stray::Foreign)],
                &[Saw::Odd(Oddity::ErrorBesideOk), Saw::Ends(End::NotAnObject, 1008)],
                &[Saw::Odd(Oddity::ErrorBesideOk), Saw::Replied])),
            case("no beside a payload", answer(r#""ok":false,"payload":{"protocol":4},"error":{"code":"X"}"#), refusal!("X")),
            case("the fields of an event", answer(r#""ok":true,"event":"tick","seq":-1"#), YES),
            case("a stranger's verdict in words", r#"{"type":"res","id":"x","ok":"no"}"#, same(&[Saw::Odd(Oddity::OkNotABoolean), Saw::Stray(Stray::Foreign)])),
        ]),
        ("ids", vec![
            case("missing", r#"{"type":"res","ok":true}"#, same(FOREIGN)),
            case("null", r#"{"type":"res","id":null,"ok":true}"#, same(FOREIGN)),
            case("a number", r#"{"type":"res","id":7,"ok":true}"#, same(FOREIGN)),
            case("a huge number", format!(r#"{{"type":"res","id":{},"ok":true}}"#, "7".repeat(100_000)), same(FOREIGN)),
            case("empty", r#"{"type":"res","id":"","ok":true}"#, same(FOREIGN)),
            case("the word invalid", r#"{"type":"res","id":"invalid","ok":true}"#, same(FOREIGN)),
            case("a megabyte", format!(r#"{{"type":"res","id":"{}","ok":true}}"#, "x".repeat(1 << 20)), same(FOREIGN)),
            case("a megabyte with an error", format!(r#"{{"type":"res","id":"{}","ok":false}}"#, "x".repeat(1 << 20)), same(FOREIGN)),
            case("the official client's form", r#"{"type":"res","id":"1:3f2b0c1e-6f1a-4a55-9d0e-0d6a7a1f2b3c","ok":true}"#, same(FOREIGN)),
            case("all zero", r#"{"type":"res","id":"00000000-0000-0000-0000-000000000000","ok":true}"#, same(FOREIGN)),
            case("all ones", r#"{"type":"res","id":"ffffffff-ffff-ffff-ffff-ffffffffffff","ok":true}"#, same(FOREIGN)),
            case("all ones that could be ours", r#"{"type":"res","id":"ffffffff-ffff-8fff-bfff-ffffffffffff","ok":true}"#, same(FOREIGN)),
            case("36 bytes that are fewer characters", r#"{"type":"res","id":"日本語日本語日本語日本語","ok":true}"#, same(FOREIGN)),
            case("ours with a space", r#"{"type":"res","id":" $ID","ok":true}"#, same(FOREIGN)),
            case("ours in braces", r#"{"type":"res","id":"{$ID}","ok":true}"#, same(FOREIGN)),
            case("ours as a URN", r#"{"type":"res","id":"urn:uuid:$ID","ok":true}"#, same(FOREIGN)),
            case("ours in an array", r#"{"type":"res","id":["$ID"],"ok":true}"#, same(FOREIGN)),
            case("ours with a NUL behind it", r#"{"type":"res","id":"$ID\u0000","ok":true}"#, same(FOREIGN)),
            case("of a request still queued", r#"{"type":"res","id":"$QUEUED","ok":true}"#, same(FOREIGN)),
            case("of a request answered before", r#"{"type":"res","id":"$OLD","ok":true}"#, each(FOREIGN, FOREIGN, &[Saw::Stray(Stray::Duplicate)])),
            case("of a request answered before, with an error", r#"{"type":"res","id":"$OLD","ok":false,"error":7}"#, each(FOREIGN, FOREIGN, &[Saw::Stray(Stray::Duplicate)])),
        ]),
        ("errors without a usable id", vec![
            case("invalid", r#"{"type":"res","id":"invalid","ok":false,"error":{"code":"X"}}"#, ORPHANED),
            case("empty", r#"{"type":"res","id":"","ok":false,"error":{"code":"X"}}"#, ORPHANED),
            case("a number", r#"{"type":"res","id":7,"ok":false,"error":{"code":"X"}}"#, ORPHANED),
            case("an object", r#"{"type":"res","id":{},"ok":false,"error":{"code":"X"}}"#, ORPHANED),
            case("null", r#"{"type":"res","id":null,"ok":false,"error":{"code":"X"}}"#, ORPHANED),
            case("missing", r#"{"type":"res","ok":false,"error":{"code":"X"}}"#, ORPHANED),
            case("missing, as the verdict", r#"{"type":"res","error":{"code":"X"}}"#, ORPHANED),
            case("a stranger's", r#"{"type":"res","id":"x","ok":false,"error":{"code":"X"}}"#, same(FOREIGN)),
        ]),
        ("odd error bodies", vec![
            case("missing", answer(r#""ok":false"#), refusal!("")),
            case("null", refused("null"), refusal!("")),
            case("true", refused("true"), refusal!("")),
            case("a number", refused("7"), refusal!("")),
            case("a string", refused(r#""down for maintenance""#), refusal!("")),
            case("an array", refused(r#"[{"code":"X"}]"#), refusal!("")),
            case("empty", refused("{}"), refusal!("")),
            case("code a number", refused(r#"{"code":-32600}"#), refusal!("-32600")),
            case("code an object", refused(r#"{"code":{"a":1}}"#), refusal!("{\"a\":1}")),
            case("code null", refused(r#"{"code":null,"message":"m"}"#), refusal!("")),
            case("code a megabyte", refused(&format!(r#"{{"code":"{}"}}"#, "x".repeat(1 << 20))), refusal!("<1048576 bytes>")),
            case("message a number", refused(r#"{"code":"X","message":7}"#), refusal!("X")),
            case("message a megabyte", refused(&format!(r#"{{"code":"X","message":"{}"}}"#, "x".repeat(1 << 20))), refusal!("X")),
            case("details of every wrong type", refused(r#"{"code":"X","details":{"code":1,"reason":[],"missingScope":{},"execution":7,"nodeCommandDispatched":"no","recommendedNextStep":null}}"#), refusal!("X")),
            case("details an array", refused(r#"{"code":"X","details":[1]}"#), refusal!("X")),
            case("a retry hint below zero", refused(r#"{"code":"X","retryAfterMs":-5}"#), refusal!("X")),
            case("a retry hint beyond time", refused(r#"{"code":"X","retryAfterMs":1e308}"#), refusal!("X")),
            case("a retry hint beyond numbers", refused(r#"{"code":"X","retryAfterMs":1e400}"#), refusal!("X")),
            case("a retry hint in words", refused(r#"{"code":"X","retryAfterMs":"soon","retryable":"maybe"}"#), refusal!("X")),
            case("an error in an error", refused(r#"{"code":"X","error":{"code":"Y"}}"#), refusal!("X")),
        ]),
    ]
}
