//! A client with a device and tokens is recorded without them, and its log replays.

use std::sync::Arc;

use openclaw_proto::connect::Auth;
use openclaw_proto::credentials::StoredToken;
use openclaw_proto::device::{DeviceIdentity, SignError, Signer};
use openclaw_proto::record::{RecordLimit, ReplayError, Replayed, replay};
use openclaw_proto::{ClientConfig, Input, State};
use openclaw_tests::{Drive, Lcg, challenge};

use openclaw_tests::scene::{Answer, MINUTE, SECOND, bare, play, refuse, start, told, welcome, with_device};

const TOKENS: [&str; 4] = [
    "s3cr3t-AAAAAAAAAAAAAAAAAAAAAAAA",
    "s3cr3t-BBBBBBBBBBBBBBBBBBBBBBBB",
    "s3cr3t-short",
    "s3cr3t-CCCCCCCCCCCCCCCCCCCCCCCC",
];

fn recorded(configure: impl FnOnce(&mut ClientConfig)) -> Drive {
    let mut d = Drive::new(configure);
    assert!(d.client.record(RecordLimit::default()));
    d
}

fn replayed(log: &str) -> Replayed {
    assert!(!log.contains("s3cr3t"), "{log}");
    replay(log).unwrap_or_else(|e| panic!("{e}\n{log}"))
}

/// Everything that concerns devices and tokens, once.
fn eventful() -> (Drive, Vec<String>) {
    let mut d = recorded(|c| {
        with_device(c);
        c.connect.auth.token = Some(" s3cr3t-shared\n".into());
    });
    d.client.set_stored_token(Some(StoredToken::new(format!(" {} ", TOKENS[0]), []).issued_at(Some(7))));
    let mut answers = vec![
        refuse("AUTH_TOKEN_MISMATCH"),
        welcome(Some(TOKENS[0]), &["operator.read"]),
        welcome(Some(TOKENS[1]), &["operator.read", "operator.write"]),
        welcome(Some("not usable"), &["operator.read"]),
        refuse("AUTH_DEVICE_TOKEN_MISMATCH"),
    ]
    .into_iter();
    let mut answer =
        move |_: &openclaw_tests::scene::Attempt| answers.next().unwrap_or_else(|| refuse("AUTH_TOKEN_MISSING"));
    let mut seen = Vec::new();
    start(&mut d, SECOND, &mut answer);
    seen.extend(told(&mut d));
    d.client.set_auth(Auth::default());
    for issued in [TOKENS[0], TOKENS[1], TOKENS[1]] {
        d.input(Input::Closed { code: Some(1012), reason: format!("no {issued} any more") });
        play(&mut d, 30 * SECOND, &mut answer);
        seen.extend(told(&mut d));
    }
    d.client.set_auth(Auth::password("s3cr3t-password"));
    d.client.set_stored_token(None);
    d.nudge();
    play(&mut d, MINUTE, &mut answer);
    d.client.set_stored_token(Some(StoredToken::new(TOKENS[3], ["operator.read".into()])));
    d.shutdown();
    (d, seen)
}

#[test]
fn everything_about_devices_and_tokens_replays_without_key_and_tokens() {
    let (mut d, told) = eventful();
    let kinds: Vec<&str> = told.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(kinds, ["issued", "issued", "rejected"], "{told:?}");
    let log = d.log();
    let result = replayed(&log);
    assert!(result.complete);
    for line in [
        r#"{"in":"stored","token":"xxxx"#,
        r#"{"in":"stored"}"#,
        r#"{"in":"auth","auth":{"preferBootstrap":false,"password":"xxxx"#,
        r#"{"in":"signed","signature":"masked"}"#,
        r#"{"in":"token","is":"same"}"#,
        r#"{"in":"token","is":"new"}"#,
        r#"{"in":"token","is":"unusable"}"#,
        "TokenIssued(",
        "TokenRejected(",
    ] {
        assert!(log.contains(line), "no {line} in\n{log}");
    }
}

/// Signs, and fails every other time.
#[derive(Debug, Default)]
struct Moody(std::sync::atomic::AtomicU32);

impl Signer for Moody {
    fn public_key(&self) -> [u8; 32] {
        [3; 32]
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        let count = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if count % 2 == 0 { Err(SignError::new(format!("locked, \"{count}\""))) } else { Ok([4; 64]) }
    }
}

#[test]
fn a_failing_signer_fails_in_the_replay_too() {
    let mut d = recorded(|c| {
        bare(c);
        c.device = Some(DeviceIdentity::new(Arc::new(Moody::default())));
    });
    start(&mut d, SECOND, |_| unreachable!("not signed"));
    assert!(matches!(d.last_state(), Some(State::Paused { .. })));
    for _ in 0..4 {
        d.nudge();
        play(&mut d, SECOND, |_| refuse("DEVICE_AUTH_SIGNATURE_INVALID"));
    }
    let log = d.log();
    assert!(replayed(&log).complete);
    assert!(log.contains(r#"{"in":"signed","error":"locked, \"2\""}"#), "{log}");
    // What the signer returned decides what the replay does.
    let other = log.replacen(r#""error":"locked, \"0\"""#, r#""error":"open""#, 1);
    assert!(matches!(replay(&other), Err(ReplayError::Diverged { .. })));
    let ok = log.replacen(r#""error":"locked, \"0\"""#, r#""signature":"x""#, 1);
    assert!(matches!(replay(&ok), Err(ReplayError::Diverged { .. })));
    // And without its word there is no signature.
    let line = log.lines().find(|line| line.contains(r#""in":"signed","signature"#)).unwrap();
    assert!(matches!(replay(&log.replacen(&format!("{line}\n"), "", 1)), Err(ReplayError::Diverged { .. })));
}

#[test]
fn a_word_of_the_log_that_nobody_asked_for_diverges() {
    let (mut d, _) = eventful();
    let log = d.log();
    for extra in [r#"{"in":"signed","signature":"x"}"#, r#"{"in":"token","is":"new"}"#] {
        let (first, rest) = log.split_once('\n').unwrap();
        let with = format!("{first}\n{extra}\n{rest}");
        assert!(matches!(replay(&with), Err(ReplayError::Diverged { number: 2, .. })), "{:?}", replay(&with));
    }
    for (line, what) in [
        (r#"{"in":"signed"}"#, "signature"),
        (r#"{"in":"signed","error":7}"#, "error"),
        (r#"{"in":"token"}"#, "is"),
        (r#"{"in":"token","is":"odd"}"#, "is"),
        (r#"{"in":"stored","token":"t"}"#, "scopes"),
        (r#"{"in":"auth"}"#, "auth"),
        (r#"{"in":"auth","auth":{}}"#, "preferBootstrap"),
    ] {
        let header = log.lines().next().unwrap();
        let log = format!("{header}\n{line}\n");
        assert_eq!(replay(&log), Err(ReplayError::Line { number: 2, what }), "{line}");
    }
    let header = log.lines().next().unwrap();
    for (from, to, what) in [
        (r#""publicKey":""#, r#""publicKey":"x"#, "publicKey"),
        (r#""payload":"v3""#, r#""payload":"v9""#, "payload"),
        (r#""certificatePinned":false"#, r#""certificatePinned":7"#, "certificatePinned"),
    ] {
        assert_eq!(replay(&header.replacen(from, to, 1)), Err(ReplayError::Header(what)));
    }
}

#[test]
fn a_log_cut_off_anywhere_replays_as_far_as_it_goes() {
    let (mut d, _) = eventful();
    let log = d.log();
    let header = log.find('\n').unwrap() + 1;
    for cut in (header..log.len() - 1).step_by(5).filter(|cut| log.is_char_boundary(*cut)) {
        assert!(!replay(&log[..cut]).unwrap_or_else(|e| panic!("at {cut}: {e}")).complete);
    }
    for limit in (header..log.len()).step_by(97) {
        let mut d = Drive::new(with_device);
        d.client.record(RecordLimit::bytes(limit));
        start(&mut d, MINUTE, |_| welcome(Some(TOKENS[0]), &["operator.read"]));
        d.shutdown();
        let log = d.log();
        assert!(log.len() <= limit, "{limit}");
        if !log.contains("openclaw-record") {
            continue;
        }
        replay(&log).unwrap_or_else(|e| panic!("{limit}: {e}\n{log}"));
    }
}

#[test]
fn lives_full_of_tokens_replay_whatever_the_gateway_does() {
    let mut script = Lcg::new(17);
    for round in 0..60_u8 {
        let mut d = Drive::seeded([round; 32], |c| {
            if script.chance(1, 2) {
                bare(c)
            } else {
                with_device(c)
            }
            c.connect.auth.bootstrap_token = script.chance(1, 3).then(|| "s3cr3t-setup".into());
            c.connect.auth.prefer_bootstrap = script.chance(1, 3);
            c.pairing_poll = script.chance(1, 3).then_some(SECOND);
            c.certificate_pinned = script.chance(1, 2);
        });
        assert!(d.client.record(RecordLimit::default()));
        d.start();
        for _ in 0..20 {
            match script.below(6) {
                0 => {
                    let token = TOKENS[script.below(4)];
                    d.client.set_stored_token(script.chance(2, 3).then(|| StoredToken::new(token, [])));
                }
                1 => d.client.set_auth(Auth::token(TOKENS[script.below(4)])),
                2 => d.input(Input::Closed { code: Some(1012), reason: TOKENS[script.below(4)].into() }),
                3 => d.nudge(),
                4 => d.text(&challenge("unasked")),
                _ => d.start(),
            }
            let mut left = 3;
            play(&mut d, SECOND, |_| {
                left -= 1;
                let token = TOKENS[script.below(4)];
                match script.below(if left > 0 { 9 } else { 1 }) {
                    0 => refuse("AUTH_UNAUTHORIZED"),
                    1 => refuse("AUTH_TOKEN_MISMATCH"),
                    2 => refuse("AUTH_DEVICE_TOKEN_MISMATCH"),
                    3 => refuse("PAIRING_REQUIRED"),
                    4 => Answer::Break,
                    5 => Answer::Refuse(format!(r#"{{"code":"X","message":"{token}"}}"#)),
                    _ => welcome(script.chance(3, 4).then_some(token), &["operator.read"]),
                }
            });
        }
        d.shutdown();
        let log = d.log();
        // The messages above hold tokens that the client may not know; those are the gateway's words.
        let told = replay(&log).unwrap_or_else(|e| panic!("round {round}: {e}\n{log}"));
        assert!(told.complete && told.transmits > 0, "{told:?}");
    }
}

#[test]
fn a_client_that_has_been_given_a_token_is_no_fresh_one() {
    let mut d = Drive::new(bare);
    d.client.set_stored_token(None);
    assert!(!d.client.record(RecordLimit::default()));
}
