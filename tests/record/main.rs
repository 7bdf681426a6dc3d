//! A recorded client can be run again, and the log keeps no secret.

mod again;
mod bounds;

use std::sync::Arc;
use std::time::Duration;

use openclaw_proto::device::{DeviceIdentity, Ed25519Signer};
use openclaw_proto::record::{RecordLimit, ReplayError, Replayed, replay};
use openclaw_proto::{
    ClientConfig, Fingerprint, GatewayUrl, Input, Jitter, Plaintext, ProxyError, ProxyRefusal, Request, TransportError,
    UpgradeRefused, WhenNotReady,
};
use openclaw_tests::scene::bare;
use openclaw_tests::{Drive, HELLO, Lcg, Walk, challenge, event, refusal, response};

fn recorded(configure: impl FnOnce(&mut ClientConfig)) -> Drive {
    let mut d = Drive::new(configure);
    assert!(d.client.record(RecordLimit::default()));
    d
}

fn replayed(log: &str) -> Replayed {
    replay(log).unwrap_or_else(|e| panic!("{e}\n{log}"))
}

fn refused_login() -> ProxyRefusal {
    let mut refusal = ProxyRefusal::new(407);
    refusal.reason = "Proxy \"Authentication\" Required".into();
    refusal.schemes = Some("Negotiate, NTLM".into());
    refusal.retry_after = Some(Duration::from_secs(3));
    refusal
}

/// A client that has met one of everything a log can hold.
fn eventful(configure: impl FnOnce(&mut ClientConfig)) -> String {
    let mut d = recorded(|c| {
        configure(c);
        c.backoff.max_attempts = None;
    });
    d.request("health", 1).unwrap();
    let failures = [
        TransportError::Resolve { host: "h".into(), message: "no \"such\" host".into() },
        TransportError::Connect("refused".into()),
        TransportError::Tls("bad certificate".into()),
        TransportError::PinMismatch {
            expected: vec![Fingerprint::new([1; 32]), Fingerprint::new([0xfe; 32])],
            found: Fingerprint::new([2; 32]),
        },
        TransportError::Proxy(ProxyError::Refused(refused_login())),
        TransportError::Proxy(ProxyError::Refused(ProxyRefusal::new(502))),
        TransportError::Proxy(ProxyError::Malformed("no HTTP".into())),
        TransportError::Proxy(ProxyError::TooLarge { limit: 9 }),
        TransportError::Proxy(ProxyError::Ended),
        TransportError::Protocol("fault".into()),
        TransportError::FrameTooLarge("70000".into()),
        TransportError::Io("broken pipe\u{1}".into()),
        TransportError::UpgradeRefused(UpgradeRefused::new(
            503,
            vec![("retry-after".into(), "7".into()), ("set-cookie".into(), "s3cr3t-cookie".into())],
            r#"{"token":"s3cr3t-in-body"}"#.into(),
        )),
    ];
    d.start();
    for failure in failures {
        d.input(Input::Failed(failure));
        d.nudge();
    }
    d.input(Input::Opened);
    d.text(&challenge("n"));
    d.say_hello();
    let request = |method: &str| Request::with_params(method, &serde_json::json!({"apiKey": "s3cr3t-key"})).unwrap();
    let second = request("agent").timeout(Duration::from_secs(60)).final_timeout(Duration::from_secs(90));
    let third = request("chat.send").no_timeout().traceparent("00-1-1-01").unwrap().expected_profile_id("p").unwrap();
    let third = d.submit(third, 3).unwrap();
    let second_id = d.submit(second, 2).unwrap();
    assert_eq!(d.client.cancel(third), Some(3));
    assert_eq!(d.client.cancel(third), None);
    let frames = d.frames();
    let agent = frames.iter().find(|frame| frame.contains(&second_id.to_string())).unwrap();
    d.text(&response(agent, r#"{"status":"accepted","token":"s3cr3t-answer"}"#));
    d.text(&refusal(agent, r#"{"code":"UNAVAILABLE","message":"no","details":{"secret":{"deep":["s3cr3t-deep"]}}}"#));
    d.text(&event("chat", 1, r#"{"text":"words of people","Authorization":"s3cr3t-event"}"#));
    d.text("{\"type\":\"event\", \"token\":\"s3cr3t-cut");
    d.input(Input::Binary { len: 9 });
    d.input(Input::Alive { bytes_in: 10, bytes_out: u64::MAX });
    d.advance(Duration::from_secs(12));
    d.sleep(Duration::from_secs(100));
    d.input(Input::Closed { code: None, reason: "a \"reason\"".into() });
    assert!(d.submit(request("x").when_not_ready(WhenNotReady::Refuse), 4).is_err());
    d.shutdown();
    assert!(d.request("health", 5).is_err());
    d.log()
}

#[test]
fn recorded_walks_replay_to_the_last_line() {
    for (seed, script) in [(0, 1), (7, 2), (8, 3), (255, 4)] {
        let mut walk = Walk::new([seed; 32], script).recorded();
        walk.run(10_000);
        let log = walk.log();
        let told = replayed(&log);
        assert!(told.complete);
        assert_eq!(told.inputs + told.outputs + told.transmits + 2, log.lines().count() as u64);
        assert!(told.inputs > 3_000 && told.outputs > 1_500 && told.transmits > 500, "{told:?}");
    }
}

#[test]
fn recorded_walks_with_a_device_replay_without_its_key() {
    for (seed, script) in [(1, 1), (9, 8)] {
        let mut walk = Walk::configured([seed; 32], script, bare).recorded();
        walk.run(6_000);
        let log = walk.log();
        let told = replayed(&log);
        assert!(told.complete);
        let signed = log.matches(r#"{"in":"signed""#).count();
        assert!(signed > 5, "{signed}");
    }
}

#[test]
fn recording_changes_nothing() {
    for configure in [(|_| {}) as fn(&mut ClientConfig), bare] {
        let walk = || Walk::configured([9; 32], 5, configure);
        let (mut plain, mut recorded) = (walk(), walk().recorded());
        plain.run(5_000);
        recorded.run(5_000);
        assert_eq!(plain.transcript, recorded.transcript);
    }
}

#[test]
fn every_kind_of_input_is_in_a_log_and_replays() {
    let log = eventful(|_| {});
    let kinds = [
        "start", "nudge", "shutdown", "timeout", "request", "cancel", "opened", "text", "binary", "alive", "flushed",
        "closed", "failed",
    ];
    for kind in kinds {
        assert!(log.contains(&format!("{{\"in\":\"{kind}\"")), "no {kind} in\n{log}");
    }
    for kind in ["resolve", "connect", "tls", "pin", "proxy", "protocol", "too large", "io", "upgrade"] {
        assert!(log.contains(&format!("\"error\":\"{kind}\"")), "no {kind}");
    }
    assert!(replayed(&log).complete);
}

#[test]
fn every_setting_that_decides_anything_survives_the_log() {
    let log = eventful(|c| {
        c.url = GatewayUrl::parse("ws://8.8.8.8/path", Plaintext::Anywhere).unwrap();
        c.connect.client.display_name = Some("A \"name\"".into());
        c.connect.client.instance_id = Some("i".into());
        c.connect.caps = vec!["tool-events".into()];
        c.connect.commands = vec!["lab.echo".into()];
        c.connect.permissions.insert("camera".into(), true);
        c.connect.path_env = Some("/bin".into());
        c.connect.locale = Some("de-CH".into());
        c.connect.user_agent = Some("agent".into());
        c.connect.auth.token = Some(" ".into());
        c.connect.auth.password = Some("quo\"ted \\ pass\nword".into());
        c.connect.auth.prefer_bootstrap = true;
        c.connect.scopes = Some(vec!["operator.write".into()]);
        c.device = Some(DeviceIdentity::new(Arc::new(Ed25519Signer::from_seed(&[5; 32]))));
        c.certificate_pinned = true;
        c.pairing_poll = Some(Duration::from_secs(40));
        c.timeouts.request = None;
        c.timeouts.drain = Duration::MAX;
        c.backoff.jitter = Jitter::Equal;
        c.backoff.base = Duration::from_nanos(123_456_789);
    });
    assert!(replayed(&log).complete);
    assert!(!log.contains("s3cr3t"), "{log}");
}

#[test]
fn a_client_that_has_lived_is_not_recorded() {
    let mut d = Drive::default();
    d.start();
    assert!(!d.client.record(RecordLimit::default()));
    let mut d = Drive::default();
    let id = d.request("health", 1).unwrap();
    d.client.cancel(id);
    assert!(!d.client.record(RecordLimit::default()));
    assert_eq!(d.client.poll_record(), None);
}

#[test]
fn a_tampered_line_diverges_at_its_number() {
    let log = eventful(|_| {});
    let lines: Vec<&str> = log.lines().collect();
    let mut tampered = 0;
    for (index, line) in lines.iter().enumerate().skip(1) {
        let changed = if line.starts_with("{\"out\":\"") {
            line.replacen("{\"out\":\"", "{\"out\":\"!", 1)
        } else if line.starts_with("{\"tx\":") {
            line.replacen("\"text\":\"", "\"text\":\"!", 1)
        } else if line.contains("\"got\":true") {
            line.replace("\"got\":true", "\"got\":false")
        } else if line.contains("\"got\":\"") {
            line.replace("\"got\":\"", "\"got\":\"!")
        } else {
            continue;
        };
        let mut copy = lines.clone();
        copy[index] = &changed;
        match replay(&copy.join("\n")) {
            Err(ReplayError::Diverged { number, expected, got }) => {
                assert_eq!(number, index as u64 + 1);
                assert_ne!(Some(expected), got);
            }
            other => panic!("line {}: {other:?}", index + 1),
        }
        tampered += 1;
    }
    assert!(tampered > 40, "{tampered}");
}

#[test]
fn an_input_left_out_or_put_in_shows_as_a_divergence() {
    let log = eventful(|_| {});
    let without: String = log.split_inclusive('\n').filter(|line| !line.contains("\"in\":\"opened\"")).collect();
    assert!(matches!(replay(&without), Err(ReplayError::Diverged { .. })));
    let shutdown = "{\"in\":\"shutdown\",\"mono\":1000,\"unix\":1795000000000}\n";
    let start = log.find("{\"in\":\"start\"").unwrap();
    let with = format!("{}{shutdown}{}", &log[..start], &log[start..]);
    assert!(matches!(replay(&with), Err(ReplayError::Diverged { .. })));
}

#[test]
fn a_log_that_was_cut_off_replays_as_far_as_it_goes() {
    let log = eventful(|_| {});
    let header = log.find('\n').unwrap() + 1;
    for cut in (header..log.len() - 1).step_by(7).filter(|cut| log.is_char_boundary(*cut)) {
        let told = replayed(&log[..cut]);
        assert!(!told.complete, "at {cut}");
    }
    // Without its last line end nothing is missing.
    assert!(replayed(log.trim_end()).complete);
}

/// Long enough to be no part of anything else, with everything that is spelled differently somewhere.
const TOKEN: &str = "s3cr3t-\"quoted\"-to\\ken";
const PASSWORD: &str = "s3cr3t-päss-wörd";
const IN_QUERY: &str = "s3cr3t-in-query";

fn with_secrets(c: &mut ClientConfig) {
    c.connect.auth.token = Some(TOKEN.into());
    c.connect.auth.password = Some(PASSWORD.into());
    c.connect.auth.device_token = Some("pin42".into());
    c.url = GatewayUrl::parse(&format!("wss://g.example/x?a={IN_QUERY}&s3cr3t-flag"), Plaintext::Never).unwrap();
}

fn silent(log: &str) {
    for secret in ["s3cr3t", "s3cr3t-\\\"", "to\\\\ken", "päss", "pin42", "-in-query"] {
        assert!(!log.contains(secret), "{secret} is in\n{log}");
    }
}

#[test]
fn no_secret_is_in_a_log_and_every_size_stays() {
    let log = eventful(with_secrets);
    silent(&log);
    assert!(replayed(&log).complete);
    assert!(log.contains("words of people"), "what is no secret stays");

    let mut d = recorded(with_secrets);
    d.start();
    d.input(Input::Opened);
    d.text(&challenge("n"));
    let connect = d.frame();
    assert!(connect.contains("s3cr3t") && connect.contains("pin42"));
    let tokens = r#""auth":{"role":"operator","scopes":["operator.read"],"deviceToken":"s3cr3t-issued","deviceTokens":[{"deviceToken":"s3cr3t-other","role":"node","scopes":["a"]}]}"#;
    let hello = HELLO.replace(r#""auth":{"role":"operator","scopes":["operator.read"]}"#, tokens);
    assert!(hello.contains(tokens));
    let answer = response(&connect, &hello);
    d.text(&answer);
    let params = serde_json::json!({
        "secrets": {"a": {"b": ["s3cr3t-nested", {"c": "s3cr3t-deeper"}]}},
        "passphrase": "s3cr3t é \" \\ \n",
        "raw": "{\n  token: 's3cr3t-document',\n}",
        "echo": format!("the token is {TOKEN}"),
        "maxTokens": 5,
        "plain": "stays",
    });
    d.submit(Request::with_params("config.set", &params).unwrap(), 1).unwrap();
    let frame = d.frame();
    let error =
        serde_json::json!({"code": "X", "message": format!("bad {TOKEN} and {PASSWORD}, 'pin42' as \"pin42\"")});
    d.text(&refusal(&frame, &error.to_string().replace("'pin42' as ", "")));
    d.text(&event("tick", 1, r#"{"to\u006ben":"s3cr3t-escaped-key","token":"s3cr3t \ud800 \u00e9 \ud83d\ude00"}"#));
    d.input(Input::Closed { code: Some(1008), reason: format!("not {TOKEN}") });
    let log = d.log();
    silent(&log);
    assert!(replayed(&log).complete);
    assert!(log.contains("stays") && log.contains("\\\"role\\\":\\\"node\\\""), "{log}");

    // Every masked text has the length of the real one.
    let recorded: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (real, field) in [(&connect, "tx"), (&frame, "tx"), (&answer, "text")] {
        let found = recorded.iter().any(|line| {
            let text = if field == "tx" { &line["tx"]["text"] } else { &line["text"] };
            text.as_str().is_some_and(|text| text.len() == real.len() && text != real)
        });
        assert!(found, "{} bytes", real.len());
    }
}

#[test]
fn masking_broken_frames_leaves_them_broken_in_the_same_place() {
    let texts = [
        r#"{"type":"event","event":"e","payload":{"token":"s3cr3t\q"}}"#,
        r#"{"type":"event","event":"e","payload":{"token":"s3cr3t\u12"}}"#,
        r#"{"type":"event","event":"e","payload":{"token":"s3cr3t\uZZé"}}"#,
        r#"{"type":"event","event":"e","payload":{"token":"s3cr3t\é"}}"#,
        "{\"type\":\"event\",\"event\":\"e\",\"payload\":{\"token\":\"s3cr3t\n\"}}",
        "{\"type\":\"event\",\"event\":\"e\",\"payload\":{\"token\":\"s3cr3t\n",
        r#"{"type":"event","event":"e","payload":{"token":"s3cr3t""#,
        r#"{"type":"event","event":"e","payload":{"token":["s3cr3t",}}"#,
        r#"{"type":"event","event":"e","payload":{"token" : "s3cr3t"}}}}}"#,
        r#""token":"s3cr3t""#,
        r#"]]}}{"password":{"s3":["s3cr3t"]"#,
        r#"{"type":"event","event":"e","payload":{"token":"s3cr3t\"#,
    ];
    let mut d = recorded(|_| {});
    d.connect();
    for text in texts {
        d.text(text);
    }
    for depth in [10, 1_000, 100_000] {
        d.text(&format!(r#"{{"type":"event","event":"e","token":{}"s3cr3t"{}"#, "[".repeat(depth), "]".repeat(depth)));
    }
    let log = d.log();
    assert!(!log.contains("s3cr3t"), "{log}");
    assert!(replayed(&log).complete);
}

#[test]
fn short_and_numeric_credentials_are_masked_and_frames_stay_frames() {
    for pin in ["pin42", "4711", "123456"] {
        let mut d = recorded(|c| c.connect.auth.password = Some(pin.into()));
        d.connect();
        d.request("health", 1).unwrap();
        let frame = d.frame();
        let message = format!(r#"it was \"{pin}\",\n{pin} ({pin}) {pin}"#);
        d.text(&refusal(&frame, &format!(r#"{{"code":"X","message":"{message}"}}"#)));
        d.text(&event("tick", 1, r#"{"count":4711,"ts":1791234569999,"text":"spin42"}"#));
        d.input(Input::Closed { code: None, reason: pin.into() });
        let log = d.log();
        // Clocks and bounds are numbers of the log's own.
        let mut told =
            log.lines().filter(|line| !line.contains("openclaw-record")).map(|line| line.replace("spin42", ""));
        assert!(!told.any(|line| line.contains(pin)), "{pin} is in\n{log}");
        assert!(replayed(&log).complete);
    }
}

#[test]
fn damaged_frames_full_of_secrets_replay_too() {
    let mut script = Lcg::new(5);
    for round in 0..40 {
        let mut d = recorded(|c| {
            with_secrets(c);
            c.backoff.max_attempts = None;
        });
        for _ in 0..30 {
            d.nudge();
            d.input(Input::Opened);
            d.text(&challenge("n"));
            let connect = d.frames().pop().unwrap_or_default();
            let secret = [r#"s3cr3t-\"quoted\"-to\\ken"#, PASSWORD, "pin42", "s3cr3t\\n"][script.below(4)];
            let frames = [
                response(&connect, &HELLO.replace(r#""role""#, &format!(r#""deviceToken":"{secret}","role""#))),
                refusal(&connect, &format!(r#"{{"code":"X","message":"{secret}","details":{{"token":"{secret}"}}}}"#)),
                event("chat", 1, &format!(r#"{{"secrets":[{{"a":"{secret}"}},"{secret}"],"x":"{secret}"}}"#)),
            ];
            let mut bytes = frames[script.below(3)].clone().into_bytes();
            for _ in 0..script.below(3) {
                let at = script.below(bytes.len());
                match script.below(3) {
                    0 => bytes[at] = b"\"{}[],:0u\\ \n"[script.below(12)],
                    1 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, b"\"\\{["[script.below(4)]),
                }
            }
            d.text(&String::from_utf8_lossy(&bytes));
        }
        d.shutdown();
        let log = d.log();
        assert!(replayed(&log).complete, "round {round}");
    }
}

#[test]
fn hostile_logs_give_typed_errors() {
    let log = eventful(|_| {});
    let (header, rest) = log.split_once('\n').unwrap();
    let whole = |header: &str| format!("{header}\n{rest}");
    assert_eq!(replay(""), Err(ReplayError::Empty));
    assert_eq!(replay("\n"), Err(ReplayError::Empty));
    assert_eq!(replay(&whole(&header.replace("record\":1", "record\":2"))), Err(ReplayError::Version(2)));
    let field = |name: &str| format!("\"{name}\":");
    let headers: Vec<(String, &str)> = vec![
        ("garbage".into(), "openclaw-record"),
        ("{}".into(), "openclaw-record"),
        ("[]".into(), "openclaw-record"),
        (header.replace("record\":1", "record\":-1"), "openclaw-record"),
        (header.replace("\"seed\":\"07", "\"seed\":\"0"), "seed"),
        (header.replace("\"seed\":\"07", "\"seed\":\"é7"), "seed"),
        (header.replace(&field("config"), &field("x")), "config"),
        (header.replace("ws://", "gopher://"), "url"),
        (header.replace(&field("dial"), &field("x")), "dial"),
        (header.replace(&format!("{}1", field("dial")), &format!("{}-1", field("dial"))), "dial"),
        (header.replace("\"jitter\":\"full\"", "\"jitter\":\"some\""), "jitter"),
        (header.replace(&field("waiting"), &field("x")), "waiting"),
        (header.replace(&field("role"), &field("x")), "role"),
        (header.replace("\"caps\":[]", "\"caps\":[1]"), "caps"),
        (header.replace("\"permissions\":{}", "\"permissions\":{\"a\":1}"), "permissions"),
    ];
    for (header, what) in headers {
        assert_eq!(replay(&whole(&header)), Err(ReplayError::Header(what)), "{header}");
    }
    let now = r#""mono":1,"unix":1"#;
    let lines: Vec<(String, &str)> = vec![
        ("garbage".into(), "line"),
        (String::new(), "line"),
        ("{}".into(), "end"),
        (r#"{"in":1}"#.into(), "in"),
        (r#"{"in":"x"}"#.into(), "in"),
        (r#"{"in":"start"}"#.into(), "mono"),
        (r#"{"in":"start","mono":1}"#.into(), "unix"),
        (r#"{"in":"start","mono":99999999999999999999,"unix":1}"#.into(), "mono"),
        (r#"{"in":"cancel","id":"1","got":true}"#.into(), "id"),
        (format!(r#"{{"in":"text",{now},"conn":1}}"#), "text"),
        (format!(r#"{{"in":"text",{now},"text":"\ud800","conn":1}}"#), "text"),
        (format!(r#"{{"in":"opened",{now},"conn":-1}}"#), "conn"),
        (format!(r#"{{"in":"closed",{now},"conn":1,"code":70000,"reason":""}}"#), "code"),
        (format!(r#"{{"in":"failed",{now},"conn":1,"error":"x"}}"#), "error"),
        (
            format!(r#"{{"in":"failed",{now},"conn":1,"error":"upgrade","status":1,"headers":[["a"]],"body":""}}"#),
            "headers",
        ),
        (format!(r#"{{"in":"request",{now}}}"#), "frame"),
        (format!(r#"{{"in":"request",{now},"frame":"","method":"","two_stage":1,"wait":true}}"#), "two_stage"),
        (format!(r#"{{"in":"request",{now},"frame":"é","method":"","two_stage":true,"wait":true}}"#), "got"),
        (format!(r#"{{"tx":1,{now}}}"#), "tx"),
        (r#"{"tx":{"conn":1,"text":""}}"#.into(), "mono"),
        (r#"{"out":{}}"#.into(), "out"),
        (r#"{"end":"x"}"#.into(), "end"),
        (r#"{"end":"done"}"#.into(), "left"),
    ];
    for (line, what) in lines {
        let log = format!("{header}\n{line}\n");
        assert_eq!(replay(&log), Err(ReplayError::Line { number: 2, what }), "{line}");
    }
    let after_end = format!("{log}{{\"end\":\"limit\"}}\n");
    let number = after_end.lines().count() as u64;
    assert_eq!(replay(&after_end), Err(ReplayError::Line { number, what: "end" }));
}

#[test]
fn no_damage_to_a_log_makes_the_replay_panic() {
    let log = eventful(with_secrets);
    let mut script = Lcg::new(11);
    for _ in 0..3_000 {
        let mut bytes = log.clone().into_bytes();
        for _ in 0..=script.below(3) {
            let at = script.below(bytes.len());
            match script.below(3) {
                0 => bytes[at] = b"\"{}[],:0189xe-\\\n"[script.below(16)],
                1 => drop(bytes.drain(at..(at + 1 + script.below(40)).min(bytes.len()))),
                _ => bytes.insert(at, b'9'),
            }
        }
        let _ = replay(&String::from_utf8_lossy(&bytes));
    }
}
