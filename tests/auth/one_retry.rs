//! The one attempt with the stored token beside a shared token that was refused.

use std::time::Duration;

use openclaw_proto::connect::Scope;
use openclaw_proto::recovery::PauseReason;
use openclaw_proto::{ClientConfig, GatewayUrl, Plaintext, State, StateKind};
use openclaw_tests::Drive;

use openclaw_tests::scene::{Answer, Attempt, MINUTE, device, play, refuse, start, stored, welcome, with_device};

const SHARED: &str = r#"{"token":"shared"}"#;
const BOTH: &str = r#"{"deviceToken":"stored","token":"shared"}"#;

fn mismatch(_: &Attempt) -> Answer {
    refuse("AUTH_TOKEN_MISMATCH")
}

/// A client that has a stored token.
fn holder(configure: impl FnOnce(&mut ClientConfig)) -> Drive {
    let mut d = Drive::new(|c| {
        with_device(c);
        configure(c);
    });
    d.client.set_stored_token(Some(stored()));
    d
}

fn auths(attempts: &[Attempt]) -> Vec<String> {
    attempts.iter().map(Attempt::auth).collect()
}

#[test]
fn exactly_one_attempt_after_a_quarter_of_a_second_and_then_a_pause() {
    let mut d = holder(|_| {});
    let attempts = start(&mut d, 10 * MINUTE, mismatch);
    assert_eq!(auths(&attempts), [SHARED, BOTH]);
    assert_eq!(attempts[1].at, Duration::from_millis(250));
    assert_eq!(attempts[0].params["scopes"], serde_json::json!(["operator.read"]));
    assert_eq!(attempts[1].params["scopes"], serde_json::json!(["operator.read", "operator.write"]));
    assert!(matches!(d.last_state(), Some(State::Paused { reason: PauseReason::Credentials, until: None, .. })));
    // A nudge is one attempt more, and no second try with the stored token.
    d.nudge();
    assert_eq!(auths(&play(&mut d, 10 * MINUTE, mismatch)), [SHARED]);
}

#[test]
fn the_attempt_that_gets_in_makes_the_client_ready_and_begins_the_budget_anew() {
    let mut d = holder(|_| {});
    let mut answers = [refuse("AUTH_TOKEN_MISMATCH"), welcome(None, &["operator.read", "operator.write"])].into_iter();
    start(&mut d, MINUTE / 2, |_| answers.next().expect("two attempts"));
    assert_eq!(d.client.state(), StateKind::Ready);
    assert!(d.notices().is_empty(), "the scopes asked for are those of the stored token");
    d.input(openclaw_proto::Input::Closed { code: Some(4001), reason: "gateway auth changed".into() });
    assert_eq!(auths(&play(&mut d, 10 * MINUTE, mismatch)), [SHARED, BOTH]);
}

#[test]
fn a_stop_begins_the_budget_anew_and_so_do_other_credentials() {
    let mut d = holder(|_| {});
    assert_eq!(start(&mut d, 10 * MINUTE, mismatch).len(), 2);
    d.shutdown();
    assert_eq!(auths(&start(&mut d, 10 * MINUTE, mismatch)), [SHARED, BOTH]);
    d.client.set_stored_token(Some(stored()));
    d.nudge();
    assert_eq!(auths(&play(&mut d, 10 * MINUTE, mismatch)), [SHARED], "a token stored again is no other credential");
    let auth = d.client.config().connect.auth.clone();
    d.client.set_auth(auth);
    d.nudge();
    assert_eq!(auths(&play(&mut d, 10 * MINUTE, mismatch)), [SHARED, BOTH]);
}

#[test]
fn only_on_this_machine_or_where_the_certificate_is_pinned() {
    for (url, pinned, attempts) in [
        ("ws://127.0.0.1:18789", false, 2),
        ("ws://localhost:18789", false, 2),
        ("wss://[::1]:18789", false, 2),
        ("wss://g.example", true, 2),
        ("wss://g.example", false, 1),
        ("ws://192.168.1.5:18789", false, 1),
        // A pin on a connection without TLS pins nothing.
        ("ws://192.168.1.5:18789", true, 1),
        ("ws://host.local", false, 1),
    ] {
        let mut d = holder(|c| {
            c.url = GatewayUrl::parse(url, Plaintext::PrivateOnly).unwrap();
            c.certificate_pinned = pinned;
        });
        assert_eq!(start(&mut d, 10 * MINUTE, mismatch).len(), attempts, "{url} {pinned}");
    }
}

#[test]
fn only_if_there_is_something_to_try_that_was_not_tried() {
    let without = |configure: fn(&mut ClientConfig)| start(&mut holder(configure), 10 * MINUTE, mismatch).len();
    assert_eq!(without(|_| {}), 2);
    assert_eq!(without(|c| c.device = None), 1, "a token is the device's");
    assert_eq!(without(|c| c.connect.auth.device_token = Some("explicit".into())), 1);
    assert_eq!(without(|c| c.connect.auth.token = None), 1, "the stored token itself was refused");
    assert_eq!(without(|c| c.backoff.max_attempts = Some(0)), 1, "a client that makes no second attempt");
    let mut d = Drive::new(with_device);
    assert_eq!(start(&mut d, 10 * MINUTE, mismatch).len(), 1, "nothing is stored");
}

#[test]
fn the_budget_cannot_stick_when_the_stored_token_disappears() {
    let mut d = holder(|_| {});
    d.start();
    let mut first = true;
    // Armed by the refusal, and then there is nothing to try any more.
    let attempts = play(&mut d, Duration::from_millis(100), mismatch);
    d.client.set_stored_token(None);
    let rest = play(&mut d, 10 * MINUTE, |attempt| {
        assert!(std::mem::take(&mut first), "one attempt at most");
        mismatch(attempt)
    });
    assert_eq!((auths(&attempts), auths(&rest)), (vec![SHARED.to_owned()], vec![SHARED.to_owned()]));
    assert_eq!(d.client.state(), StateKind::Paused);
}

#[test]
fn an_armed_attempt_outlives_failures_of_the_network_and_is_still_only_one() {
    let mut d = holder(|_| {});
    d.start();
    play(&mut d, Duration::from_millis(100), mismatch);
    // The gateway cannot be reached for a while.
    for _ in 0..3 {
        while d.client.state() != StateKind::Dialing {
            let (at, _) = d.client.poll_timeout().expect("it goes on");
            let wait = at.since(d.now.mono);
            d.advance(wait);
        }
        d.input(openclaw_proto::Input::Failed(openclaw_proto::TransportError::Connect("refused".into())));
    }
    // It breaks once after the challenge, before the connect has left.
    while d.client.state() != StateKind::Dialing {
        let (at, _) = d.client.poll_timeout().expect("it goes on");
        let wait = at.since(d.now.mono);
        d.advance(wait);
    }
    d.input(openclaw_proto::Input::Opened);
    d.text(&openclaw_tests::challenge("nonce"));
    d.text(&openclaw_tests::challenge("newer"));
    d.input(openclaw_proto::Input::Closed { code: None, reason: String::new() });
    assert_eq!(auths(&play(&mut d, 10 * MINUTE, mismatch)), [BOTH]);
    assert_eq!(d.client.state(), StateKind::Paused);
}

#[test]
fn an_attempt_that_left_and_got_no_answer_is_not_made_again() {
    let mut d = holder(|_| {});
    let mut answers = [refuse("AUTH_TOKEN_MISMATCH"), Answer::Break].into_iter();
    let attempts = start(&mut d, 10 * MINUTE, |_| answers.next().unwrap_or_else(|| refuse("AUTH_TOKEN_MISMATCH")));
    assert_eq!(auths(&attempts), [SHARED, BOTH, SHARED]);
}

#[test]
fn explicit_scopes_are_kept_and_the_device_signs_for_the_shared_token() {
    let mut d = holder(|c| c.connect.scopes = Some(vec![Scope::Approvals]));
    let attempts = start(&mut d, MINUTE, mismatch);
    assert_eq!(attempts[1].params["scopes"], serde_json::json!(["operator.approvals"]));
    assert_eq!(attempts[1].params["device"]["id"], device().id().as_str());
}
