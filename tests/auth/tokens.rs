//! Tokens that a gateway issues, and what becomes of them.

use openclaw_proto::connect::{ClientId, Role, Scope};
use openclaw_proto::credentials::{StoredToken, TokenKey};
use openclaw_proto::{GatewayUrl, Input, Plaintext, StateKind};
use openclaw_tests::Drive;

use openclaw_tests::scene::{
    Answer, MINUTE, SECOND, bare, device, play, refuse, start, stored, told, welcome, with_device,
};

fn closed(d: &mut Drive) {
    d.input(Input::Closed { code: Some(1012), reason: String::new() });
}

#[test]
fn an_issued_token_is_told_and_shown_at_the_next_connect() {
    let mut d = Drive::new(bare);
    let attempts = start(&mut d, SECOND, |_| welcome(Some("first"), &["operator.read", "operator.approvals"]));
    assert_eq!(attempts[0].auth(), "null");
    assert_eq!(told(&mut d), [r#"issued operator first ["operator.read", "operator.approvals"] Some(1795000000000)"#]);
    closed(&mut d);
    let attempts = play(&mut d, 10 * SECOND, |_| welcome(Some("second"), &["operator.read"]));
    assert_eq!(attempts[0].auth(), r#"{"deviceToken":"first"}"#);
    assert_eq!(attempts[0].params["scopes"], serde_json::json!(["operator.read", "operator.approvals"]));
    assert_eq!(told(&mut d), [r#"issued operator second ["operator.read"] Some(1795000000000)"#]);
}

#[test]
fn the_same_token_again_keeps_its_scopes_although_less_was_granted_now() {
    let mut d = Drive::new(|c| {
        bare(c);
        c.connect.scopes = Some(vec![Scope::Read]);
    });
    d.client.set_stored_token(Some(stored()));
    start(&mut d, SECOND, |_| welcome(Some("stored"), &["operator.read"]));
    let line = r#"issued operator stored ["operator.read", "operator.write"] Some(1795000000000)"#;
    assert_eq!(told(&mut d), [line]);
}

#[test]
fn a_token_is_told_under_the_role_it_is_for() {
    let answer = |role: &str| Answer::Welcome(serde_json::json!({"role": role, "scopes": [], "deviceToken": "issued"}));
    let mut d = Drive::new(bare);
    start(&mut d, SECOND, |_| answer("node"));
    assert_eq!(told(&mut d), ["issued node issued [] None"]);
    closed(&mut d);
    // It is not this client's own: that one connects as an operator.
    assert_eq!(play(&mut d, 10 * SECOND, |_| answer("operator"))[0].auth(), "null");
    let unnamed = Answer::Welcome(serde_json::json!({"deviceToken": "issued"}));
    closed(&mut d);
    d.take();
    play(&mut d, 10 * SECOND, |_| unnamed.clone());
    assert_eq!(told(&mut d), ["issued operator issued [] None"]);
}

#[test]
fn nothing_is_told_without_a_device_or_without_a_usable_token() {
    for (configure, token) in [
        ((|c| c.backoff.max_attempts = None) as fn(&mut openclaw_proto::ClientConfig), "issued"),
        (bare, ""),
        (bare, " "),
        (bare, "two words"),
        (bare, "ümlaut"),
        (bare, "line\nend"),
    ] {
        let mut d = Drive::new(configure);
        start(&mut d, SECOND, |_| welcome(Some(token), &["operator.read"]));
        assert_eq!(d.client.state(), StateKind::Ready);
        assert!(told(&mut d).is_empty(), "{token:?}");
    }
}

#[test]
fn a_stored_token_that_the_gateway_does_not_know_is_told_forgotten_and_not_shown_again() {
    let mut d = Drive::new(bare);
    d.client.set_stored_token(Some(stored()));
    let attempts = start(&mut d, 10 * MINUTE, |_| refuse("AUTH_DEVICE_TOKEN_MISMATCH"));
    assert_eq!((attempts.len(), attempts[0].auth().as_str()), (1, r#"{"deviceToken":"stored"}"#));
    assert_eq!(told(&mut d), ["rejected operator stored"]);
    d.nudge();
    assert_eq!(play(&mut d, 10 * MINUTE, |_| refuse("AUTH_TOKEN_MISSING"))[0].auth(), "null");
    assert!(told(&mut d).is_empty());
}

#[test]
fn a_token_that_was_replaced_meanwhile_is_not_forgotten() {
    let mut d = Drive::new(bare);
    d.client.set_stored_token(Some(stored()));
    let attempts = start(&mut d, 10 * MINUTE, |_| refuse("AUTH_DEVICE_TOKEN_MISMATCH"));
    assert_eq!(attempts.len(), 1);
    d.take();
    // Another process has stored a newer one; the refusal of the older one comes late.
    d.client.set_stored_token(Some(stored()));
    d.nudge();
    d.input(Input::Opened);
    d.text(&openclaw_tests::challenge("nonce"));
    let connect = d.frame();
    d.client.set_stored_token(Some(StoredToken::new("newer", [])));
    d.text(&openclaw_tests::refusal(
        &connect,
        r#"{"code":"INVALID_REQUEST","details":{"code":"AUTH_DEVICE_TOKEN_MISMATCH"}}"#,
    ));
    assert!(told(&mut d).is_empty());
    d.nudge();
    let attempts = play(&mut d, SECOND, |_| welcome(None, &["operator.read"]));
    assert_eq!(attempts[0].auth(), r#"{"deviceToken":"newer"}"#);
}

#[test]
fn other_refusals_leave_the_stored_token_alone() {
    for code in
        ["AUTH_SCOPE_MISMATCH", "AUTH_TOKEN_MISMATCH", "PAIRING_REQUIRED", "AUTH_RATE_LIMITED", "DEVICE_AUTH_INVALID"]
    {
        let mut d = Drive::new(bare);
        d.client.set_stored_token(Some(stored()));
        start(&mut d, MINUTE, |_| refuse(code));
        assert!(told(&mut d).is_empty(), "{code}");
        d.nudge();
        assert_eq!(play(&mut d, SECOND, |_| refuse(code))[0].auth(), r#"{"deviceToken":"stored"}"#, "{code}");
    }
    // A device token given explicitly is not the store's.
    let mut d = Drive::new(|c| {
        bare(c);
        c.connect.auth.device_token = Some("explicit".into());
    });
    start(&mut d, MINUTE, |_| refuse("AUTH_DEVICE_TOKEN_MISMATCH"));
    assert!(told(&mut d).is_empty());
}

#[test]
fn a_token_that_may_only_lack_scopes_is_kept() {
    for (asked, known, rejected) in [
        (Some(vec![Scope::Admin]), stored(), false),
        (Some(vec![Scope::Read, Scope::Pairing]), stored(), false),
        (Some(vec![Scope::Read]), stored(), true),
        // Writing includes talking.
        (Some(vec![Scope::Talk]), stored(), true),
        (None, stored(), true),
        // Nobody knows what it is good for, so the default may be too much.
        (None, StoredToken::new("stored", []), false),
        (Some(vec![]), StoredToken::new("stored", []), true),
    ] {
        let mut d = Drive::new(|c| {
            bare(c);
            c.connect.scopes = asked.clone();
        });
        d.client.set_stored_token(Some(known));
        assert_eq!(start(&mut d, MINUTE, |_| refuse("AUTH_DEVICE_TOKEN_MISMATCH")).len(), 1);
        assert_eq!(!told(&mut d).is_empty(), rejected, "{asked:?}");
    }
}

#[test]
fn a_close_reason_says_it_too_where_nothing_else_was_shown() {
    for (configure, after_hello, rejected) in
        [(bare as fn(&mut openclaw_proto::ClientConfig), false, true), (bare, true, false), (with_device, false, false)]
    {
        let mut d = Drive::new(configure);
        d.client.set_stored_token(Some(stored()));
        d.start();
        d.input(Input::Opened);
        d.text(&openclaw_tests::challenge("nonce"));
        let connect = d.frame();
        if after_hello {
            d.text(&openclaw_tests::hello_response(&connect));
        }
        let reason = "unauthorized: Device Token Mismatch (rotate/reissue device token)";
        d.input(Input::Closed { code: Some(1008), reason: reason.into() });
        assert_eq!(!told(&mut d).is_empty(), rejected, "{after_hello}");
    }
}

#[test]
fn a_bootstrap_token_is_shown_until_it_has_worked_and_then_what_it_brought() {
    for prefer in [true, false] {
        let mut d = Drive::new(|c| {
            bare(c);
            c.connect.auth.bootstrap_token = Some("setup".into());
            c.connect.auth.prefer_bootstrap = prefer;
            if prefer {
                c.connect.auth.token = Some("shared".into());
            }
        });
        let mut answers =
            [Answer::Break, welcome(Some("issued"), &["operator.read"]), welcome(None, &["operator.read"])].into_iter();
        let mut attempts = start(&mut d, 10 * SECOND, |_| answers.next().expect("three"));
        closed(&mut d);
        attempts.extend(play(&mut d, 10 * SECOND, |_| answers.next().expect("three")));
        let auths: Vec<String> = attempts.iter().map(|attempt| attempt.auth()).collect();
        let (setup, issued) = (r#"{"bootstrapToken":"setup"}"#, r#"{"deviceToken":"issued"}"#);
        assert_eq!(auths, [setup, setup, issued], "{prefer}");
    }
}

#[test]
fn handed_over_tokens_are_in_the_hello_typed_and_hidden() {
    let mut d = Drive::new(bare);
    start(&mut d, SECOND, |_| {
        Answer::Welcome(serde_json::json!({
            "role": "node", "scopes": [], "deviceToken": "s3cr3t-node",
            "deviceTokens": [{"deviceToken": "s3cr3t-operator", "role": "operator", "scopes": ["operator.read"], "issuedAtMs": 7}],
        }))
    });
    let hello = d.client.hello().unwrap().clone();
    let row = &hello.auth().unwrap().device_tokens[0];
    assert_eq!((row.role.as_ref(), row.issued_at_ms), (Some(&Role::Operator), Some(7)));
    assert_eq!(row.scopes, [Scope::Read]);
    assert_eq!(row.token.expose(), "s3cr3t-operator");
    let shown = format!("{hello:?} {:?} {:?}", d.client, d.outputs);
    assert!(!shown.contains("s3cr3t"), "{shown}");
    assert!(shown.contains("TokenIssued"));
}

#[test]
fn the_key_of_a_token_names_gateway_device_and_role() {
    let key = |url: &str, role: Role| {
        Drive::new(|c| {
            bare(c);
            c.url = GatewayUrl::parse(url, Plaintext::PrivateOnly).unwrap();
            c.connect.role = role;
        })
        .client
        .token_key()
        .unwrap()
    };
    let here = key("ws://127.0.0.1:18789/?token=x", Role::Operator);
    assert_eq!((here.gateway.as_str(), &here.device), ("ws://127.0.0.1:18789", device().id()));
    assert_ne!(here, key("ws://127.0.0.1:18790", Role::Operator));
    assert_ne!(here, key("ws://127.0.0.1:18789", Role::Node));
    let url = GatewayUrl::parse("ws://127.0.0.1:18789", Plaintext::PrivateOnly).unwrap();
    assert_eq!(here, TokenKey::new(&url, device().id().clone(), Role::Operator, ClientId::GatewayClient));
    assert_eq!(Drive::default().client.token_key(), None);
}
