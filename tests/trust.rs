//! What the core makes of a connection that could not be trusted, or was stopped on the way.

use std::time::Duration;

use openclaw_proto::recovery::PauseReason;
use openclaw_proto::{Fingerprint, Input, ProxyError, ProxyRefusal, State, StateKind, TransportError};
use openclaw_tests::Drive;

/// A client after its first dial has failed.
fn failed(error: TransportError) -> Drive {
    let mut d = Drive::new(|c| c.backoff.max_attempts = None);
    d.start();
    d.input(Input::Failed(error));
    d
}

fn mismatch() -> TransportError {
    TransportError::PinMismatch {
        expected: vec![Fingerprint::new([0xab; 32]), Fingerprint::new([0xcd; 32])],
        found: Fingerprint::new([0x12; 32]),
    }
}

#[test]
fn a_certificate_that_is_not_the_pinned_one_pauses_until_somebody_says_go() {
    let mut d = failed(mismatch());
    match d.last_state() {
        Some(State::Paused { reason: PauseReason::Trust, until: None, .. }) => {}
        other => panic!("{other:?}"),
    }
    d.advance(Duration::from_secs(100_000));
    assert_eq!(d.client.state(), StateKind::Paused, "no time mends it");
    d.nudge();
    assert_eq!(d.client.state(), StateKind::Dialing);
}

#[test]
fn a_mismatch_names_what_is_pinned_and_what_was_found() {
    let text = mismatch().to_string();
    for fingerprint in ["sha256:1212", "sha256:abab", "or sha256:cdcd"] {
        assert!(text.contains(fingerprint), "{text}");
    }
}

#[test]
fn every_other_fault_of_tls_is_tried_again() {
    let d = failed(TransportError::Tls("the certificate has expired".into()));
    assert_eq!(d.client.state(), StateKind::Backoff);
}

#[test]
fn a_proxy_that_wants_something_of_a_person_pauses_and_any_other_fault_of_it_is_tried_again() {
    let refused = |status| ProxyError::Refused(ProxyRefusal::new(status));
    for (error, pauses) in [
        (refused(401), true),
        (refused(403), true),
        (refused(407), true),
        (refused(302), false),
        (refused(429), false),
        (refused(502), false),
        (refused(503), false),
        (ProxyError::Malformed("no HTTP".into()), false),
        (ProxyError::TooLarge { limit: 1 }, false),
        (ProxyError::Ended, false),
    ] {
        let d = failed(TransportError::Proxy(error.clone()));
        let expected = if pauses { StateKind::Paused } else { StateKind::Backoff };
        assert_eq!(d.client.state(), expected, "{error:?}");
        if let Some(State::Paused { reason, .. }) = d.last_state() {
            assert_eq!(*reason, PauseReason::Http);
        }
    }
}

#[test]
fn a_proxy_s_retry_after_is_a_floor() {
    let mut refusal = ProxyRefusal::new(503);
    refusal.retry_after = Some(Duration::from_secs(77));
    let d = failed(TransportError::Proxy(ProxyError::Refused(refusal)));
    match d.last_state() {
        Some(State::Backoff { delay, .. }) => assert!(*delay >= Duration::from_secs(77), "{delay:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_proxy_cannot_write_to_a_terminal() {
    let mut refusal = ProxyRefusal::new(407);
    refusal.reason = "\u{1b}[2Jgo away".into();
    refusal.schemes = Some("Basic\u{7}".into());
    let text = TransportError::Proxy(ProxyError::Refused(refusal)).to_string();
    assert_eq!(text, "the proxy opens no tunnel: HTTP status 407 [2Jgo away; it takes Basic");
}
