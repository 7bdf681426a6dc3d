//! Defects around credentials and refused connects.

use std::time::Duration;

use openclaw_proto::connect::{Role, Scope};
use openclaw_proto::recovery::{Rule, codes};
use openclaw_proto::{GatewayUrl, Input, Plaintext, State, StateKind};
use openclaw_tests::Drive;
use openclaw_tests::scene::{
    Answer, MINUTE, SECOND, bare, device, play, refuse, start, stored, told, welcome, with_device,
};

#[test]
fn r06_nothing_a_store_does_can_cost_the_connection() {
    let mut d = Drive::new(bare);
    let attempts = start(&mut d, SECOND, |_| welcome(Some("fresh"), &["operator.read"]));
    // The client is ready before anybody hears of the token, and knows it whatever the store does: there is no way for
    // the store to report anything.
    assert_eq!(attempts.len(), 1);
    assert_eq!(d.client.state(), StateKind::Ready);
    let ready = d.outputs.iter().position(|o| matches!(o, openclaw_proto::Output::State(State::Ready { .. })));
    let issued = d.outputs.iter().position(|o| matches!(o, openclaw_proto::Output::TokenIssued { .. }));
    assert!(ready.is_some() && ready < issued);
    d.input(Input::Closed { code: Some(1012), reason: String::new() });
    let attempts = play(&mut d, 10 * SECOND, |_| welcome(Some("fresh"), &["operator.read"]));
    assert_eq!((attempts.len(), attempts[0].auth().as_str()), (1, r#"{"deviceToken":"fresh"}"#));
}

#[test]
fn r10_a_rate_limit_with_a_time_is_waited_out_and_does_not_pause_for_ever() {
    let limited = Answer::Refuse(
        r#"{"code":"INVALID_REQUEST","message":"m","retryable":true,"retryAfterMs":300000,"details":{"code":"AUTH_RATE_LIMITED","recommendedNextStep":"wait_then_retry"}}"#.into(),
    );
    let mut d = Drive::new(with_device);
    let mut answers = [limited, welcome(None, &["operator.read"])].into_iter();
    let attempts = start(&mut d, 5 * MINUTE + 10 * SECOND, |_| answers.next().expect("two attempts"));
    assert_eq!(attempts.len(), 2);
    assert!(attempts[1].at >= 5 * MINUTE);
    assert_eq!(d.client.state(), StateKind::Ready);
}

#[test]
fn r11_a_refusal_that_is_terminal_in_practice_burns_no_second_attempt() {
    for code in [
        "AUTH_REQUIRED",
        "AUTH_UNAUTHORIZED",
        "AUTH_TOKEN_NOT_CONFIGURED",
        "AUTH_PASSWORD_NOT_CONFIGURED",
        "AUTH_TAILSCALE_IDENTITY_MISSING",
        "AUTH_TAILSCALE_PROXY_MISSING",
        "AUTH_TAILSCALE_WHOIS_FAILED",
        "AUTH_TAILSCALE_IDENTITY_MISMATCH",
        "CONTROL_UI_ORIGIN_NOT_ALLOWED",
        "DEVICE_AUTH_INVALID",
        "DEVICE_AUTH_DEVICE_ID_MISMATCH",
        "DEVICE_AUTH_SIGNATURE_EXPIRED",
        "DEVICE_AUTH_NONCE_REQUIRED",
        "DEVICE_AUTH_NONCE_MISMATCH",
        "DEVICE_AUTH_SIGNATURE_INVALID",
        "DEVICE_AUTH_PUBLIC_KEY_INVALID",
    ] {
        let mut d = Drive::new(with_device);
        assert_eq!(start(&mut d, 10 * MINUTE, |_| refuse(code)).len(), 1, "{code}");
        assert!(codes().any(|row| row.code == code && matches!(row.rule, Rule::Pause(_))), "{code} has a row");
    }
    for body in [
        r#"{"code":"INVALID_REQUEST","message":"invalid connect params: at root: unexpected property 'x'"}"#,
        r#"{"code":"INVALID_REQUEST","message":"invalid role"}"#,
        r#"{"code":"FORBIDDEN","message":"access denied"}"#,
    ] {
        let mut d = Drive::new(with_device);
        assert_eq!(start(&mut d, 10 * MINUTE, |_| Answer::Refuse(body.into())).len(), 1, "{body}");
    }
}

#[test]
fn r12_the_one_shot_cannot_stick_when_the_stored_token_disappears() {
    let mut d = Drive::new(with_device);
    d.client.set_stored_token(Some(stored()));
    d.start();
    let mut attempts = play(&mut d, Duration::from_millis(100), |_| refuse("AUTH_TOKEN_MISMATCH"));
    d.client.set_stored_token(None);
    attempts.extend(play(&mut d, 10 * MINUTE, |_| refuse("AUTH_TOKEN_MISMATCH")));
    assert_eq!(attempts.len(), 2, "the one that was armed, without the token, and no loop");
    assert_eq!(d.client.state(), StateKind::Paused);
    // The token comes back, and the flag is not there any more.
    d.client.set_stored_token(Some(stored()));
    d.nudge();
    assert_eq!(play(&mut d, 10 * MINUTE, |_| refuse("AUTH_TOKEN_MISMATCH")).len(), 1);
}

#[test]
fn r13_no_challenge_and_no_store_kills_the_client_for_good() {
    let mut d = Drive::new(bare);
    d.start();
    for _ in 0..5 {
        while d.client.state() != StateKind::Dialing {
            let (at, _) = d.client.poll_timeout().expect("it goes on by itself");
            let wait = at.since(d.now.mono);
            d.advance(wait);
        }
        d.input(Input::Opened);
        d.text(r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n"}}"#);
        assert_eq!(d.client.state(), StateKind::Backoff);
    }
    assert_eq!(play(&mut d, MINUTE / 2, |_| welcome(None, &["operator.read"])).len(), 1);
    assert_eq!(d.client.state(), StateKind::Ready);
    // Neither is a stop for ever.
    d.shutdown();
    d.advance(SECOND);
    d.start();
    assert_eq!(play(&mut d, SECOND, |_| welcome(None, &["operator.read"])).len(), 1);
    assert_eq!(d.client.state(), StateKind::Ready);
}

#[test]
fn r18_one_gateways_token_is_neither_stored_under_nor_shown_to_another() {
    let at = |url: &str| {
        Drive::new(|c| {
            bare(c);
            c.url = GatewayUrl::parse(url, Plaintext::PrivateOnly).unwrap();
        })
    };
    let (mut a, mut b) = (at("wss://a.example/gw"), at("wss://b.example/gw"));
    start(&mut a, SECOND, |_| welcome(Some("of-a"), &["operator.read"]));
    let attempts = start(&mut b, SECOND, |_| welcome(Some("of-b"), &["operator.read"]));
    assert_eq!(attempts[0].auth(), "null");
    let (key_a, key_b) = (a.client.token_key().unwrap(), b.client.token_key().unwrap());
    assert_eq!((&key_a.device, &key_a.role), (&key_b.device, &key_b.role), "the same device in the same role");
    assert_eq!((key_a.gateway.as_str(), key_b.gateway.as_str()), ("wss://a.example:443/gw", "wss://b.example:443/gw"));
    assert_ne!(key_a, key_b);
    assert_eq!(key_a.device, *device().id());
    assert_eq!((told(&mut a).len(), told(&mut b).len()), (1, 1));
}

#[test]
fn r19_a_stored_tokens_scopes_are_compared_with_the_grant_too() {
    let mut d = Drive::new(bare);
    d.client.set_stored_token(Some(stored()));
    start(&mut d, SECOND, |_| welcome(None, &[]));
    assert!(matches!(
        d.notices().as_slice(),
        [openclaw_proto::Notice::ScopeShortfall { granted, missing }]
            if granted.is_empty() && *missing == [Scope::Read, Scope::Write]
    ));
}

#[test]
fn r20_neither_role_asks_for_admin_with_or_without_a_device() {
    for role in [Role::Operator, Role::Node] {
        let mut d = Drive::new(|c| {
            with_device(c);
            c.connect.role = role.clone();
        });
        let attempts = start(&mut d, SECOND, |_| welcome(None, &[]));
        let expected = if role == Role::Node { serde_json::json!([]) } else { serde_json::json!(["operator.read"]) };
        assert_eq!(attempts[0].params["scopes"], expected);
    }
}
