//! Challenges and hellos that are not what they should be.

use super::*;

fn challenged(payload: &str) -> String {
    format!(r#"{{"type":"event","event":"connect.challenge","payload":{payload}}}"#)
}

fn hello(payload: &str) -> String {
    format!(r#"{{"type":"res","id":"$ID","ok":true,"payload":{payload}}}"#)
}

/// A hello that is fine but for one section.
fn with(section: &str) -> String {
    hello(&format!(r#"{{"type":"hello-ok","protocol":4,{section}}}"#))
}

/// Once `connect` is on its way, what a challenge says does not matter any more.
const USELESS: [Seen; 4] = each(&[Saw::Ends(End::NoNonce, 1008)], &[Saw::SecondChallenge], &[Saw::ChallengeAfterHello]);
const USABLE: [Seen; 4] = each(&[Saw::Connect], &[Saw::SecondChallenge], &[Saw::ChallengeAfterHello]);

/// Nobody waits for a hello before `connect`; afterwards it is an answer like any other.
const fn greeted(verdict: Seen) -> [Seen; 4] {
    each(FOREIGN, verdict, REPLIED)
}

const READY: Seen = &[Saw::Ready];
const WRONG_TYPE: Seen = &[Saw::Ends(End::WrongType, 1008)];
const NO_PROTOCOL: Seen = &[Saw::Ends(End::NoProtocol, 1008)];
const NOT_OFFERED: Seen = &[Saw::Ends(End::NotOffered, 1002)];
const PAYLOAD: Seen = &[Saw::Ready, Saw::Policy(PolicyField::MaxPayload)];
const BUFFER: Seen = &[Saw::Ready, Saw::Policy(PolicyField::MaxBufferedBytes)];
const TICK_INTERVAL: Seen = &[Saw::Ready, Saw::Policy(PolicyField::TickInterval)];
const SHORTFALL: Seen = &[Saw::Ready, Saw::Shortfall];

#[rustfmt::skip]
pub(crate) fn classes() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("odd challenges", vec![
            case("payload missing", r#"{"type":"event","event":"connect.challenge"}"#, USELESS),
            case("payload null", challenged("null"), USELESS),
            case("payload empty", challenged("{}"), USELESS),
            case("payload an array", challenged(r#"["n"]"#), USELESS),
            case("payload a string", challenged(r#""n""#), USELESS),
            case("nonce null", challenged(r#"{"nonce":null}"#), USELESS),
            case("nonce empty", challenged(r#"{"nonce":""}"#), USELESS),
            case("nonce blank", challenged(r#"{"nonce":" \t\n"}"#), USELESS),
            case("nonce a number", challenged(r#"{"nonce":7}"#), USELESS),
            case("nonce an object", challenged(r#"{"nonce":{"nonce":"n"}}"#), USELESS),
            case("nonce half a surrogate pair", challenged(r#"{"nonce":"\ud800"}"#), USELESS),
            case("nonce twice, the last one empty", challenged(r#"{"nonce":"n","nonce":""}"#), USELESS),
            case("nonce a megabyte", challenged(&format!(r#"{{"nonce":"{}"}}"#, "n".repeat(1 << 20))), USABLE),
            case("nonce with a NUL", challenged(r#"{"nonce":"a\u0000b"}"#), USABLE),
            case("ts missing", challenged(r#"{"nonce":"n"}"#), USABLE),
            case("ts below zero", challenged(r#"{"nonce":"n","ts":-1}"#), USABLE),
            case("ts in words", challenged(r#"{"nonce":"n","ts":"now"}"#), USABLE),
            case("ts beyond numbers", challenged(r#"{"nonce":"n","ts":1e400}"#), USABLE),
            case("capabilities of another type", challenged(r#"{"nonce":"n","capabilities":{"a":1}}"#), USABLE),
            case("capabilities of mixed types", challenged(r#"{"nonce":"n","capabilities":[1,null,"a",[]]}"#), USABLE),
            case("under the original client's field name", r#"{"type":"event","event":"connect.challenge","params":{"nonce":"n"}}"#, USABLE),
            case("with a sequence number", r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n"},"seq":-1}"#, USABLE),
        ]),
        ("no hello", vec![
            case("no payload", r#"{"type":"res","id":"$ID","ok":true}"#, greeted(NO_HELLO)),
            case("null", hello("null"), greeted(NO_HELLO)),
            case("a string", hello(r#""hello-ok""#), greeted(NO_HELLO)),
            case("an array", hello("[4]"), greeted(NO_HELLO)),
            case("a number", hello("4"), greeted(NO_HELLO)),
            case("empty", hello("{}"), greeted(NO_PROTOCOL)),
            case("another type", hello(r#"{"type":"hello","protocol":4}"#), greeted(WRONG_TYPE)),
            case("the type empty", hello(r#"{"type":"","protocol":4}"#), greeted(WRONG_TYPE)),
            case("the type a number", hello(r#"{"type":4,"protocol":4}"#), greeted(WRONG_TYPE)),
            case("the type a megabyte", hello(&format!(r#"{{"type":"{}","protocol":4}}"#, "x".repeat(1 << 20))), greeted(WRONG_TYPE)),
            case("an acceptance", hello(r#"{"status":"accepted"}"#), greeted(NO_PROTOCOL)),
            case("protocol missing", hello(r#"{"type":"hello-ok"}"#), greeted(NO_PROTOCOL)),
            case("protocol null", hello(r#"{"type":"hello-ok","protocol":null}"#), greeted(NO_PROTOCOL)),
            case("protocol in words", hello(r#"{"type":"hello-ok","protocol":"4"}"#), greeted(NO_PROTOCOL)),
            case("protocol zero", hello(r#"{"type":"hello-ok","protocol":0}"#), greeted(NO_PROTOCOL)),
            case("protocol below zero", hello(r#"{"type":"hello-ok","protocol":-4}"#), greeted(NO_PROTOCOL)),
            case("protocol with a fraction", hello(r#"{"type":"hello-ok","protocol":4.5}"#), greeted(NO_PROTOCOL)),
            case("protocol beyond 32 bits", hello(r#"{"type":"hello-ok","protocol":4294967300}"#), greeted(NO_PROTOCOL)),
            case("protocol beyond numbers", hello(r#"{"type":"hello-ok","protocol":1e999}"#), greeted(NO_PROTOCOL)),
            case("protocol too old", hello(r#"{"type":"hello-ok","protocol":2}"#), greeted(NOT_OFFERED)),
            case("protocol too new", hello(r#"{"type":"hello-ok","protocol":5}"#), greeted(NOT_OFFERED)),
            case("protocol twice, the last one too new", hello(r#"{"type":"hello-ok","protocol":4,"protocol":99}"#), greeted(NOT_OFFERED)),
            case("an event of that name", r#"{"type":"event","event":"hello-ok","payload":{"protocol":4}}"#, same(&[Saw::Event("hello-ok")])),
        ]),
        ("odd hello sections", vec![
            case("protocol as a float", hello(r#"{"type":"hello-ok","protocol":4.0}"#), greeted(READY)),
            case("every section of another type", with(r#""server":1,"features":"x","snapshot":[],"auth":true,"policy":"y""#), greeted(READY)),
            case("every section null", with(r#""server":null,"features":null,"snapshot":null,"auth":null,"policy":null"#), greeted(READY)),
            case("server fields of other types", with(r#""server":{"version":1,"connId":[],"bootId":{}}"#), greeted(READY)),
            case("features of other types", with(r#""features":{"methods":{},"events":"x","capabilities":[1,null,{}]}"#), greeted(READY)),
            case("a hundred thousand methods", with(&format!(r#""features":{{"methods":[{}]}}"#, [r#""m""#; 100_000].join(","))), greeted(READY)),
            case("snapshot of other types", with(r#""snapshot":{"presence":1,"stateVersion":[],"uptimeMs":-5,"suspension":"x"}"#), greeted(READY)),
            case("uptime beyond time", with(r#""snapshot":{"uptimeMs":1e308}"#), greeted(READY)),
            case("auth of other types", with(r#""auth":{"role":1,"scopes":"x","deviceToken":7,"deviceTokens":"y"}"#), greeted(READY)),
            case("device tokens of other types", with(r#""auth":{"deviceTokens":[1,null,{},{"deviceToken":5},{"deviceToken":"t","scopes":7}]}"#), greeted(READY)),
            case("no scopes", with(r#""auth":{"scopes":[]}"#), greeted(SHORTFALL)),
            case("scopes of other types", with(r#""auth":{"scopes":[1,null,{}]}"#), greeted(SHORTFALL)),
            case("scopes nobody knows", with(r#""auth":{"scopes":["operator.invented",""]}"#), greeted(SHORTFALL)),
            case("policy empty", with(r#""policy":{}"#), greeted(READY)),
            case("policy of nulls", with(r#""policy":{"maxPayload":null,"maxBufferedBytes":null,"tickIntervalMs":null}"#), greeted(READY)),
            case("payload limit zero", with(r#""policy":{"maxPayload":0}"#), greeted(PAYLOAD)),
            case("payload limit below zero", with(r#""policy":{"maxPayload":-1}"#), greeted(PAYLOAD)),
            case("payload limit with a fraction", with(r#""policy":{"maxPayload":1000.5}"#), greeted(PAYLOAD)),
            case("payload limit in words", with(r#""policy":{"maxPayload":"25MiB"}"#), greeted(PAYLOAD)),
            case("payload limit beyond memory", with(r#""policy":{"maxPayload":18446744073709551615}"#), greeted(READY)),
            case("buffer limit zero", with(r#""policy":{"maxBufferedBytes":0}"#), greeted(BUFFER)),
            case("buffer limit beyond numbers", with(r#""policy":{"maxBufferedBytes":1e999}"#), greeted(BUFFER)),
            case("tick interval zero", with(r#""policy":{"tickIntervalMs":0}"#), greeted(TICK_INTERVAL)),
            case("tick interval below zero", with(r#""policy":{"tickIntervalMs":-5}"#), greeted(TICK_INTERVAL)),
            case("tick interval true", with(r#""policy":{"tickIntervalMs":true}"#), greeted(TICK_INTERVAL)),
            case("tick interval beyond time", with(r#""policy":{"tickIntervalMs":18446744073709551615}"#), greeted(READY)),
            case("all of the policy at once", with(r#""policy":{"maxPayload":[],"maxBufferedBytes":{},"tickIntervalMs":""}"#),
                greeted(&[Saw::Ready, Saw::Policy(PolicyField::MaxPayload), Saw::Policy(PolicyField::MaxBufferedBytes), Saw::Policy(PolicyField::TickInterval)])),
            case("a policy that is no object", with(r#""policy":[1]"#), greeted(READY)),
            case("a key that is half a surrogate pair", with(r#""\ud800":1"#), greeted(READY)),
            case("a hundred thousand unknown keys", with(&[r#""x":1"#; 100_000].join(",")), greeted(READY)),
        ]),
    ]
}
