//! Every shape the wire has had, side by side: protocol 4, protocol 3, and the field names of the original Go client.
//! Open on the way in, strict on the way out.

use openclaw_proto::connect::Hello;
use openclaw_proto::frame::{Frame, MAX_TRACEPARENT, ResponseId, parse};
use openclaw_proto::{GatewayError, NotSent, Outcome, Output, Request, RequestError};
use openclaw_tests::{Drive, HELLO, id_of, response};

/// Name, frame, reading.
type Row = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // Responses that say yes.
    ("v4 yes", r#"{"type":"res","id":"a","ok":true,"payload":{"x":1}}"#, r#"res "a" Ok payload {"x":1}"#),
    ("v3 yes", r#"{"type":"res","id":"3:b","ok":true,"payload":[1]}"#, r#"res "3:b" Ok payload [1]"#),
    ("original yes", r#"{"type":"res","id":"a","result":{"x":1}}"#, r#"res "a" Ok payload {"x":1}"#),
    ("yes under the event's old name", r#"{"type":"res","id":"a","ok":true,"params":{"x":1}}"#, r#"res "a" Ok payload {"x":1}"#),
    ("payload before result before params", r#"{"type":"res","id":"a","params":3,"result":2,"payload":1}"#, r#"res "a" Ok payload 1"#),
    ("result before params", r#"{"type":"res","id":"a","params":3,"result":2}"#, r#"res "a" Ok payload 2"#),
    ("a null payload gives way to a result", r#"{"type":"res","id":"a","payload":null,"result":2}"#, r#"res "a" Ok payload 2"#),
    ("yes without payload", r#"{"type":"res","id":"a","ok":true}"#, r#"res "a" Ok"#),
    ("yes with a null payload", r#"{"type":"res","id":"a","ok":true,"payload":null}"#, r#"res "a" Ok payload null"#),
    ("original yes with a null result", r#"{"type":"res","id":"a","result":null}"#, r#"res "a" Ok payload null"#),
    ("yes with error null", r#"{"type":"res","id":"a","ok":true,"payload":1,"error":null}"#, r#"res "a" Ok payload 1"#),
    ("ok missing", r#"{"type":"res","id":"a","payload":1}"#, r#"res "a" Ok payload 1"#),
    ("ok null", r#"{"type":"res","id":"a","ok":null,"payload":1}"#, r#"res "a" Ok payload 1"#),
    ("ok missing and nothing else", r#"{"type":"res","id":"a"}"#, r#"res "a" Ok"#),
    ("yes beside an error", r#"{"type":"res","id":"a","ok":true,"error":{"code":"X","message":"m"}}"#, r#"res "a" Ok error [X] "m" odd [ErrorBesideOk]"#),
    // Responses that say no.
    ("v4 no", r#"{"type":"res","id":"a","ok":false,"error":{"code":"UNAVAILABLE","message":"busy","retryable":true,"retryAfterMs":500}}"#, r#"res "a" Error error [UNAVAILABLE] "busy" retryable after 500ms"#),
    ("v4 no with details", r#"{"type":"res","id":"a","ok":false,"error":{"code":"FORBIDDEN","message":"no","details":{"code":"MISSING_SCOPE","missingScope":"operator.admin"}}}"#, r#"res "a" Error error [FORBIDDEN/MISSING_SCOPE] "no" scope operator.admin"#),
    ("v3 no", r#"{"type":"res","id":"a","ok":false,"error":{"code":"INVALID_REQUEST","message":"missing scope: operator.admin"}}"#, r#"res "a" Error error [INVALID_REQUEST] "missing scope: operator.admin" scope operator.admin"#),
    ("original no", r#"{"type":"res","id":"a","error":{"code":-32601,"message":"no such method"}}"#, r#"res "a" Error error [-32601] "no such method""#),
    ("code in words", r#"{"type":"res","id":"a","ok":false,"error":{"code":"-32601","message":"m"}}"#, r#"res "a" Error error [-32601] "m""#),
    ("reason instead of code in the details", r#"{"type":"res","id":"a","ok":false,"error":{"code":"UNAVAILABLE","message":"m","details":{"reason":"startup-sidecars","retryAfterMs":100}}}"#, r#"res "a" Error error [UNAVAILABLE/startup-sidecars] "m" after 100ms"#),
    ("no without error", r#"{"type":"res","id":"a","ok":false}"#, r#"res "a" Error"#),
    ("no with error null", r#"{"type":"res","id":"a","ok":false,"error":null}"#, r#"res "a" Error"#),
    ("no with an empty error", r#"{"type":"res","id":"a","ok":false,"error":{}}"#, r#"res "a" Error error [] """#),
    ("error code missing", r#"{"type":"res","id":"a","ok":false,"error":{"message":"m"}}"#, r#"res "a" Error error [] "m""#),
    ("error code null", r#"{"type":"res","id":"a","ok":false,"error":{"code":null,"message":"m"}}"#, r#"res "a" Error error [] "m""#),
    ("error code empty", r#"{"type":"res","id":"a","ok":false,"error":{"code":"","message":"m"}}"#, r#"res "a" Error error [] "m""#),
    ("error message empty", r#"{"type":"res","id":"a","ok":false,"error":{"code":"X","message":""}}"#, r#"res "a" Error error [X] """#),
    ("error message missing", r#"{"type":"res","id":"a","ok":false,"error":{"code":"X"}}"#, r#"res "a" Error error [X] """#),
    ("retry hint with a fraction", r#"{"type":"res","id":"a","ok":false,"error":{"code":"X","message":"m","retryAfterMs":1500.25}}"#, r#"res "a" Error error [X] "m" after 1.501s"#),
    ("retry hint as 5e2", r#"{"type":"res","id":"a","ok":false,"error":{"code":"X","message":"m","retryAfterMs":5e2}}"#, r#"res "a" Error error [X] "m" after 500ms"#),
    ("retry hint below zero", r#"{"type":"res","id":"a","ok":false,"error":{"code":"X","message":"m","retryAfterMs":-1}}"#, r#"res "a" Error error [X] "m""#),
    ("retryable in words", r#"{"type":"res","id":"a","ok":false,"error":{"code":"X","message":"m","retryable":"yes"}}"#, r#"res "a" Error error [X] "m""#),
    ("details null", r#"{"type":"res","id":"a","ok":false,"error":{"code":"X","message":"m","details":null}}"#, r#"res "a" Error error [X] "m""#),
    ("details in words", r#"{"type":"res","id":"a","ok":false,"error":{"code":"X","message":"m","details":"why"}}"#, r#"res "a" Error error [X] "m""#),
    ("the error is a bare string", r#"{"type":"res","id":"a","ok":false,"error":"down"}"#, r#"res "a" Error error [] "down""#),
    ("payload beside an error", r#"{"type":"res","id":"a","ok":false,"payload":{"runId":"r"},"error":{"code":"UNAVAILABLE","message":"m"}}"#, r#"res "a" Error payload {"runId":"r"} error [UNAVAILABLE] "m""#),
    // Verdicts and ids of other types.
    ("ok in words", r#"{"type":"res","id":"a","ok":"true"}"#, r#"res "a" Unreadable odd [OkNotABoolean]"#),
    ("ok as 1", r#"{"type":"res","id":"a","ok":1,"error":{"code":"X","message":"m"}}"#, r#"res "a" Unreadable error [X] "m" odd [OkNotABoolean]"#),
    ("id 7 echoed", r#"{"type":"res","id":7,"ok":false,"error":{"code":"INVALID_REQUEST","message":"m"}}"#, r#"res raw 7 Error error [INVALID_REQUEST] "m""#),
    ("id empty echoed", r#"{"type":"res","id":"","ok":false,"error":{"code":"INVALID_REQUEST","message":"m"}}"#, r#"res "" Error error [INVALID_REQUEST] "m""#),
    ("id invalid", r#"{"type":"res","id":"invalid","ok":false,"error":{"code":"INVALID_REQUEST","message":"m"}}"#, r#"res "invalid" Error error [INVALID_REQUEST] "m""#),
    ("id an object", r#"{"type":"res","id":{"n":1},"ok":true}"#, r#"res raw {"n":1} Ok"#),
    ("id null", r#"{"type":"res","id":null,"ok":true}"#, "res no id Ok"),
    ("id missing", r#"{"type":"res","ok":true}"#, "res no id Ok"),
    ("id with escapes", r#"{"type":"res","id":"\u0061\/b","ok":true}"#, r#"res "a/b" Ok"#),
    // Events.
    ("v4 event", r#"{"type":"event","event":"chat","payload":{"x":1},"seq":3,"recipientProfileId":"p"}"#, r#"event "chat" seq 3 for "p" payload {"x":1}"#),
    ("v3 event", r#"{"type":"event","event":"tick","payload":{"ts":1},"seq":12}"#, r#"event "tick" seq 12 payload {"ts":1}"#),
    ("original event", r#"{"type":"event","event":"tick","params":{"ts":1}}"#, r#"event "tick" payload {"ts":1}"#),
    ("event with a result", r#"{"type":"event","event":"tick","result":{"ts":1}}"#, r#"event "tick" payload {"ts":1}"#),
    ("event with state versions", r#"{"type":"event","event":"presence","payload":{},"seq":1,"stateVersion":{"presence":4,"health":9}}"#, r#"event "presence" seq 1 state 4/9 payload {}"#),
    ("event without payload", r#"{"type":"event","event":"tick"}"#, r#"event "tick""#),
    ("event with a null payload", r#"{"type":"event","event":"tick","payload":null}"#, r#"event "tick" payload null"#),
    ("event with a bare payload", r#"{"type":"event","event":"tick","payload":"x"}"#, r#"event "tick" payload "x""#),
    ("seq null", r#"{"type":"event","event":"tick","seq":null}"#, r#"event "tick""#),
    ("seq 3.0", r#"{"type":"event","event":"tick","seq":3.0}"#, r#"event "tick" seq 3"#),
    ("seq 3e0", r#"{"type":"event","event":"tick","seq":3e0}"#, r#"event "tick" seq 3"#),
    ("seq 0", r#"{"type":"event","event":"tick","seq":0}"#, r#"event "tick" seq 0"#),
    ("seq 3.5", r#"{"type":"event","event":"tick","seq":3.5}"#, r#"event "tick" odd [SeqNotAnInteger]"#),
    ("seq below zero", r#"{"type":"event","event":"tick","seq":-1}"#, r#"event "tick" odd [SeqNotAnInteger]"#),
    ("seq in words", r#"{"type":"event","event":"tick","seq":"3"}"#, r#"event "tick" odd [SeqNotAnInteger]"#),
    ("stateVersion null", r#"{"type":"event","event":"health","stateVersion":null}"#, r#"event "health""#),
    ("stateVersion a number", r#"{"type":"event","event":"health","stateVersion":4}"#, r#"event "health" odd [StateVersionShape]"#),
    ("stateVersion halved", r#"{"type":"event","event":"health","stateVersion":{"health":4}}"#, r#"event "health" odd [StateVersionShape]"#),
    ("stateVersion with more in it", r#"{"type":"event","event":"health","stateVersion":{"presence":1,"health":2,"cron":3}}"#, r#"event "health" state 1/2"#),
    ("recipient of another type", r#"{"type":"event","event":"tick","recipientProfileId":7}"#, r#"event "tick""#),
    ("event name with escapes", r#"{"type":"event","event":"a\u002eb"}"#, r#"event "a.b""#),
    ("event name of a plugin", r#"{"type":"event","event":"plugin.x.y","payload":{}}"#, r#"event "plugin.x.y" payload {}"#),
    // What every frame tolerates.
    ("unknown keys", r#"{"v":5,"type":"event","extra":{"type":"res"},"event":"tick","more":[[]]}"#, r#"event "tick""#),
    ("a key with escapes", r#"{"\u0074ype":"event","eve\u006et":"tick","p\u0061yload":1}"#, r#"event "tick" payload 1"#),
    ("an unknown key that is half a surrogate pair", r#"{"type":"event","\ud800":1,"event":"tick"}"#, r#"event "tick""#),
    ("repeated keys: the last one wins", r#"{"type":"res","type":"event","event":"a","event":"b","seq":1,"seq":2,"payload":1,"payload":2}"#, r#"event "b" seq 2 payload 2"#),
    ("repeated keys: a last null takes the value back", r#"{"type":"res","id":"a","ok":true,"error":{"code":"X","message":"m"},"error":null}"#, r#"res "a" Ok"#),
    ("repeated keys: a last null payload is null", r#"{"type":"event","event":"a","payload":1,"payload":null}"#, r#"event "a" payload null"#),
    ("repeated keys inside an error", r#"{"type":"res","id":"a","ok":false,"error":{"code":"X","code":"Y","message":"m"}}"#, r#"res "a" Error error [Y] "m""#),
    ("white space everywhere", "\r\n\t { \"type\" : \"res\" , \"id\" : \"a\" ,\n\"ok\" : true , \"payload\" : { \"x\" : 1 } } \n", r#"res "a" Ok payload { "x" : 1 }"#),
    ("keys in another order", r#"{"payload":1,"ok":true,"id":"a","type":"res"}"#, r#"res "a" Ok payload 1"#),
    ("text beyond ASCII", r#"{"type":"event","event":"grüße","payload":"日本 \ud83d\ude00"}"#, r#"event "grüße" payload "日本 \ud83d\ude00""#),
    // The hello: the same frame, with a payload worth reading.
    ("v4 hello", r#"{"type":"res","id":"1","ok":true,"payload":{"type":"hello-ok","protocol":4,"server":{"version":"x","connId":"c"},"auth":{"role":"operator","scopes":["operator.read"]},"policy":{"maxPayload":100,"tickIntervalMs":30000}}}"#, r#"res "1" Ok hello 4 conn "c" scopes ["operator.read"] payload limit 100"#),
    ("v3 hello", r#"{"type":"res","id":"1","ok":true,"payload":{"type":"hello-ok","protocol":3,"server":{"version":"x","connId":"c"},"canvasHostUrl":"http://h","policy":{"maxPayload":524288}}}"#, r#"res "1" Ok hello 3 conn "c" scopes none payload limit 524288"#),
    ("original hello", r#"{"type":"res","id":"1","result":{"type":"hello-ok","protocol":3,"connId":"c"}}"#, r#"res "1" Ok hello 3 conn "c" scopes none payload limit 26214400"#),
    ("connId in both places", r#"{"type":"res","id":"1","ok":true,"payload":{"protocol":4,"connId":"top","server":{"connId":"own"}}}"#, r#"res "1" Ok hello 4 conn "own" scopes none payload limit 26214400"#),
    ("hello with nulls", r#"{"type":"res","id":"1","ok":true,"payload":{"type":null,"protocol":4,"server":null,"features":null,"snapshot":null,"auth":null,"policy":null}}"#, r#"res "1" Ok hello 4 conn none scopes none payload limit 26214400"#),
    ("hello with empty scopes", r#"{"type":"res","id":"1","ok":true,"payload":{"protocol":4.0,"auth":{"scopes":[]}}}"#, r#"res "1" Ok hello 4 conn none scopes [] payload limit 26214400"#),
    ("hello with an unknown key that is half a surrogate pair", r#"{"type":"res","id":"1","ok":true,"payload":{"protocol":4,"\udc00":0}}"#, r#"res "1" Ok hello 4 conn none scopes none payload limit 26214400"#),
    // Requests, as a gateway reads them.
    ("request", r#"{"type":"req","id":"a","method":"health","params":{"x":1},"traceparent":"t","expectedProfileId":"p"}"#, r#"req "a" "health" params {"x":1} trace "t" profile "p""#),
    ("request without params", r#"{"type":"req","id":"a","method":"health"}"#, r#"req "a" "health""#),
    ("request with null params", r#"{"type":"req","id":"a","method":"health","params":null}"#, r#"req "a" "health""#),
    ("request without id", r#"{"type":"req","method":"health"}"#, r#"no frame: frame field "id" is missing or unusable"#),
    ("request with an empty method", r#"{"type":"req","id":"a","method":""}"#, r#"no frame: frame field "method" is missing or unusable"#),
    // What is no frame at all.
    ("no type", r#"{"id":"a","ok":true}"#, "no frame: no frame type"),
    ("type null", r#"{"type":null,"id":"a","ok":true}"#, "no frame: no frame type"),
    ("type a number", r#"{"type":1,"id":"a","ok":true}"#, "no frame: no frame type"),
    ("type of no frame", r#"{"type":"response","id":"a"}"#, r#"no frame: unknown frame type "response""#),
    ("type in capitals", r#"{"type":"RES","id":"a"}"#, r#"no frame: unknown frame type "RES""#),
    ("event without name", r#"{"type":"event","payload":{}}"#, r#"no frame: frame field "event" is missing or unusable"#),
    ("event with an empty name", r#"{"type":"event","event":""}"#, r#"no frame: frame field "event" is missing or unusable"#),
    ("two frames in one message", r#"{"type":"event","event":"a"}{"type":"event","event":"b"}"#, "no frame: not JSON (line 1, column 29)"),
    ("an array of frames", r#"[{"type":"event","event":"a"}]"#, "no frame: not a JSON object"),
    ("half a frame", r#"{"type":"event","event":"a""#, "no frame: JSON ends too early"),
];

fn read(text: &str) -> String {
    let part = |label: &str, value: Option<String>| value.map_or_else(String::new, |value| format!("{label}{value}"));
    match parse(text) {
        Err(error) => format!("no frame: {error}"),
        Ok(Frame::Response(r)) => {
            let id = match &r.id {
                ResponseId::Text(id) => format!("{id:?}"),
                ResponseId::Other(raw) => format!("raw {raw}"),
                ResponseId::Missing => "no id".into(),
            };
            let payload = match r.payload.map(Hello::parse) {
                Some(Ok((hello, _))) => read_hello(&hello),
                _ => part(" payload ", r.payload.map(Into::into)),
            };
            let error = part(" error ", r.error.map(read_error));
            let odd = if r.oddities.is_empty() { String::new() } else { format!(" odd {:?}", r.oddities) };
            format!("res {id} {:?}{payload}{error}{odd}", r.verdict)
        }
        Ok(Frame::Event(e)) => {
            let seq = part(" seq ", e.seq.map(|seq| seq.to_string()));
            let state = part(" state ", e.state_version.map(|(presence, health)| format!("{presence}/{health}")));
            let recipient = part(" for ", e.recipient_profile_id.map(|id| format!("{id:?}")));
            let payload = part(" payload ", e.payload.map(Into::into));
            let odd = if e.oddities.is_empty() { String::new() } else { format!(" odd {:?}", e.oddities) };
            format!("event {:?}{seq}{state}{recipient}{payload}{odd}", e.event)
        }
        Ok(Frame::Request(r)) => {
            let params = part(" params ", r.params.map(Into::into));
            let trace = part(" trace ", r.traceparent.map(|t| format!("{t:?}")));
            let profile = part(" profile ", r.expected_profile_id.map(|p| format!("{p:?}")));
            format!("req {:?} {:?}{params}{trace}{profile}", r.id, r.method)
        }
    }
}

fn read_error(raw: &str) -> String {
    let error = GatewayError::parse(raw);
    assert_eq!(error.body, raw, "nothing of an error is lost");
    let detail = error.detail_code.as_deref().or(error.detail_reason.as_deref());
    let detail = detail.map_or_else(String::new, |detail| format!("/{detail}"));
    let mut out = format!("[{}{detail}] {:?}", error.code, error.message);
    if error.retryable == Some(true) {
        out += " retryable";
    }
    if let Some(after) = error.retry_after {
        out += &format!(" after {after:?}");
    }
    if let Some(scope) = &error.missing_scope {
        out += &format!(" scope {scope}");
    }
    out
}

fn read_hello(hello: &Hello) -> String {
    let conn = hello.server().conn_id.map_or_else(|| "none".into(), |id| format!("{id:?}"));
    let scopes = hello.scopes().map(|scopes| scopes.iter().map(|s| s.as_str()).collect::<Vec<_>>());
    let scopes = scopes.map_or_else(|| "none".into(), |scopes| format!("{scopes:?}"));
    format!(" hello {} conn {conn} scopes {scopes} payload limit {}", hello.protocol, hello.policy.max_payload)
}

#[test]
fn every_shape_is_read_as_the_table_says() {
    let mut wrong = Vec::new();
    for (name, frame, expected) in TABLE {
        let reading = read(frame);
        if reading != *expected {
            wrong.push(format!("{name}\n  frame    {frame}\n  expected {expected}\n  read     {reading}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows\n{}", wrong.len(), TABLE.len(), wrong.join("\n"));
    println!("{} wire shapes", TABLE.len());
}

#[test]
fn no_two_rows_have_the_same_name_or_the_same_frame() {
    for (i, (name, frame, _)) in TABLE.iter().enumerate() {
        assert!(!TABLE.iter().skip(i + 1).any(|(n, f, _)| n == name || f == frame), "{name}");
    }
}

/// What is read from a frame must also be what the application gets.
#[test]
fn a_payload_reaches_the_application_byte_for_byte_under_each_of_its_names() {
    for (fields, expected) in [
        (r#""ok":true,"payload": {"a" : 1} "#, Some(r#"{"a" : 1}"#)),
        (r#""result":{"a":1}"#, Some(r#"{"a":1}"#)),
        (r#""ok":true,"params":[1,2]"#, Some("[1,2]")),
        (r#""ok":true,"payload":null"#, Some("null")),
        (r#""result":null"#, Some("null")),
        (r#""ok":true,"payload":1,"payload":null"#, Some("null")),
        (r#""ok":true,"payload":null,"result":null"#, Some("null")),
        (r#""ok":true"#, None),
    ] {
        let mut d = Drive::ready();
        d.request("health", 1).unwrap();
        let id = id_of(&d.frame());
        d.text(&format!(r#"{{"type":"res","id":"{id}",{fields}}}"#));
        match d.outcomes().as_slice() {
            [(1, Outcome::Replied(payload))] => {
                assert_eq!(payload.as_ref().map(|p| p.as_str()), expected, "{fields}");
            }
            other => panic!("{fields}: {other:?}"),
        }
        d.text(&format!(r#"{{"type":"event","event":"x",{fields}}}"#));
        match d.take().as_slice() {
            [Output::Event(event)] => assert_eq!(event.payload(), expected, "{fields}"),
            other => panic!("{fields}: {other:?}"),
        }
    }
}

#[test]
fn a_request_frame_has_exactly_this_text() {
    let mut d = Drive::ready();
    let plain = Request::new("health").unwrap();
    let with = Request::with_params("chat.history", &serde_json::json!({"limit": 20, "s": "a\"b\u{1}"})).unwrap();
    let raw = Request::with_raw_params("x.y", " { \"z\" :1e400, \"a\": [ ] }\n").unwrap();
    let null = Request::with_raw_params("m", "null").unwrap();
    let all = Request::with_params("m", &1).unwrap().traceparent("00-\"").unwrap().expected_profile_id("p\\").unwrap();
    let bare = Request::new("m").unwrap().expected_profile_id("p").unwrap().traceparent("t").unwrap();
    for (request, expected) in [
        (plain, r#"{"type":"req","id":"ID","method":"health"}"#),
        (with, r#"{"type":"req","id":"ID","method":"chat.history","params":{"limit":20,"s":"a\"b\u0001"}}"#),
        (raw, r#"{"type":"req","id":"ID","method":"x.y","params":{ "z" :1e400, "a": [ ] }}"#),
        (null, r#"{"type":"req","id":"ID","method":"m","params":null}"#),
        (all, r#"{"type":"req","id":"ID","method":"m","params":1,"expectedProfileId":"p\\","traceparent":"00-\""}"#),
        (bare, r#"{"type":"req","id":"ID","method":"m","expectedProfileId":"p","traceparent":"t"}"#),
    ] {
        let stated = request.frame_len();
        let id = d.submit(request, 1).unwrap().to_string();
        let frame = d.frame();
        assert_eq!(frame, expected.replace("ID", &id));
        assert_eq!(frame.len(), stated, "the size is known before the id is");
    }
}

#[test]
fn a_method_name_is_escaped_and_an_empty_one_refused() {
    let mut d = Drive::ready();
    d.request("a\"b\n", 1).unwrap();
    assert!(d.frame().contains(r#""method":"a\"b\n""#));
    assert!(matches!(Request::new(""), Err(RequestError::EmptyMethod)));
    assert!(matches!(Request::with_params("", &1), Err(RequestError::EmptyMethod)));
    assert!(matches!(Request::with_raw_params("", "{}"), Err(RequestError::EmptyMethod)));
}

#[test]
fn raw_params_must_be_one_json_value() {
    for good in ["{}", "[]", "null", "1", r#""\ud800""#, " {\"a\":1} ", "1e999"] {
        assert!(Request::with_raw_params("m", good).is_ok(), "{good}");
    }
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert!(Request::with_raw_params("m", &deep).is_ok());
    for bad in [
        "",
        " ",
        "{",
        "{}{}",
        "{} x",
        "nope",
        "{a:1}",
        "'a'",
        "[1,]",
        "{}}",
        r#"1,"id":"x""#,
        "\u{feff}{}",
        "\"\u{1}\"",
        "01",
    ] {
        assert!(matches!(Request::with_raw_params("m", bad), Err(RequestError::RawParams(_))), "{bad:?}");
    }
}

#[test]
fn params_that_do_not_serialise_are_an_error_and_no_panic() {
    let keys_are_no_strings = std::collections::BTreeMap::from([(vec![1_u8], 1)]);
    assert!(matches!(Request::with_params("m", &keys_are_no_strings), Err(RequestError::Params(_))));
}

#[test]
fn a_traceparent_has_at_most_128_characters() {
    for (length, fits) in [(0, true), (55, true), (MAX_TRACEPARENT, true), (MAX_TRACEPARENT + 1, false)] {
        for letter in ["a", "é"] {
            let result = Request::new("m").unwrap().traceparent(&letter.repeat(length));
            assert_eq!(result.is_ok(), fits, "{length} × {letter}");
            assert!(matches!(result, Ok(_) | Err(RequestError::TraceparentTooLong)));
        }
    }
}

#[test]
fn a_profile_id_has_1_to_128_characters_and_leaves_only_where_the_gateway_knows_the_field() {
    for (length, fits) in [(0, false), (1, true), (128, true), (129, false)] {
        let result = Request::new("m").unwrap().expected_profile_id(&"p".repeat(length));
        assert_eq!(result.is_ok(), fits, "{length}");
        assert!(matches!(result, Ok(_) | Err(RequestError::ProfileIdLength)));
    }
    let bound = || Request::new("m").unwrap().expected_profile_id("p").unwrap();
    let mut knows = Drive::ready();
    knows.submit(bound(), 1).unwrap();
    assert!(knows.frame().ends_with(r#","expectedProfileId":"p"}"#));

    let without = HELLO.replace("profile-binding-v1", "another");
    let mut made_later = Drive::awaiting_hello(|_| {});
    let connect = made_later.frame();
    made_later.submit(bound(), 2).unwrap();
    made_later.text(&response(&connect, &without));
    assert!(matches!(made_later.outcomes().as_slice(), [(2, Outcome::NotSent(NotSent::ProfileBindingUnsupported))]));
    assert!(matches!(made_later.submit(bound(), 3), Err(NotSent::ProfileBindingUnsupported)));
    assert!(made_later.frames().is_empty());
}
