//! A recorded client can be run again, and the log keeps no secret.

use std::time::Duration;

use openclaw_proto::connect::Device;
use openclaw_proto::record::{RecordLimit, ReplayError, Replayed, replay};
use openclaw_proto::{
    ClientConfig, GatewayUrl, Input, Jitter, Plaintext, Request, TransportError, UpgradeRefused, WhenNotReady,
};
use openclaw_tests::{Drive, Walk, challenge, event, refusal, response};

fn recorded(configure: impl FnOnce(&mut ClientConfig)) -> Drive {
    let mut d = Drive::new(configure);
    assert!(d.client.record(RecordLimit::default()));
    d
}

fn replayed(log: &str) -> Replayed {
    replay(log).unwrap_or_else(|e| panic!("{e}\n{log}"))
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
fn recording_changes_nothing() {
    let (mut plain, mut recorded) = (Walk::new([9; 32], 5), Walk::new([9; 32], 5).recorded());
    plain.run(5_000);
    recorded.run(5_000);
    assert_eq!(plain.transcript, recorded.transcript);
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
    for kind in ["resolve", "connect", "tls", "protocol", "too large", "io", "upgrade"] {
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
        c.connect.device = Some(Device {
            id: "i".into(),
            public_key: "k".into(),
            signature: "s3cr3t-signature".into(),
            signed_at: u64::MAX,
            nonce: "n".into(),
        });
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

#[test]
fn a_log_ends_at_its_limit_and_the_client_goes_on() {
    let whole = eventful(|_| {}).lines().next().unwrap().len();
    for limit in [0, 100, whole + 300, whole + 3_000, 9_000] {
        let mut d = Drive::default();
        assert!(d.client.record(RecordLimit::bytes(limit)));
        d.connect();
        for seq in 0..200 {
            d.text(&event("chat", seq, r#"{"text":"some words"}"#));
        }
        d.shutdown();
        let log = d.log();
        assert!(log.len() <= limit.max(16), "{} > {limit}", log.len());
        assert_eq!(log.lines().last(), Some(r#"{"end":"limit"}"#));
        assert_eq!(log.matches("\"end\"").count(), 1);
        assert_eq!(d.events().len(), 200);
        if limit > whole + 16 {
            let told = replayed(&log);
            assert!(!told.complete && told.inputs > 0, "{told:?}");
        }
    }
}
