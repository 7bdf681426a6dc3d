//! Scopes: what was granted, what is missing, and how to get more.

use openclaw_proto::connect::Scope;
use openclaw_proto::credentials::StoredToken;
use openclaw_proto::scope_upgrade::{Decision, DecisionError, requested};
use openclaw_proto::{GatewayError, Notice, Outcome, StateKind};
use openclaw_tests::{Drive, refusal, response};

use openclaw_tests::scene::{SECOND, bare, play, start, stored, welcome};

#[test]
fn a_missing_scope_is_typed_with_the_scopes_that_would_do() {
    let mut d = Drive::ready();
    d.request("config.get", 1).unwrap();
    let frame = d.frame();
    d.text(&refusal(
        &frame,
        r#"{"code":"FORBIDDEN","message":"missing scope: operator.admin","details":{"code":"MISSING_SCOPE","missingScope":"operator.admin","requiredScopes":["operator.admin","operator.new"]}}"#,
    ));
    let outcomes = d.outcomes();
    let [(1, Outcome::Rejected(rejected))] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert_eq!(rejected.error.missing_scope.as_deref(), Some("operator.admin"));
    assert_eq!(rejected.error.required_scopes, [Scope::Admin, Scope::from("operator.new")]);
    assert_eq!(d.client.state(), StateKind::Ready, "one request was refused, not the connection");
    // Older gateways say it in words.
    let old = GatewayError::parse(r#"{"code":"INVALID_REQUEST","message":"missing scope: operator.write"}"#);
    assert_eq!((old.missing_scope.as_deref(), old.required_scopes.len()), (Some("operator.write"), 0));
}

#[test]
fn a_shortfall_is_measured_against_what_this_connect_asked_for() {
    let mut d = Drive::new(bare);
    d.client.set_stored_token(Some(stored()));
    start(&mut d, SECOND, |_| welcome(None, &["operator.read"]));
    assert!(matches!(d.notices().as_slice(), [Notice::ScopeShortfall { missing, .. }] if *missing == [Scope::Write]));
}

#[test]
fn an_upgrade_is_asked_for_and_its_token_used_at_the_next_connect() {
    let mut d = Drive::new(bare);
    d.client.set_stored_token(Some(StoredToken::new("small", [Scope::Read])));
    start(&mut d, SECOND, |_| welcome(None, &["operator.read"]));
    d.request("device.scopes.requestUpgrade", 1).unwrap();
    let frame = d.frame();
    d.text(&response(&frame, r#"{"requestId":"u-1"}"#));
    let outcomes = d.outcomes();
    let [(1, Outcome::Replied(Some(payload)))] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    let id = requested(payload.as_str()).unwrap();
    let answer =
        r#"{"requestId":"u-1","status":"approved","deviceToken":"large","scopes":["operator.read","operator.write"]}"#;
    let Ok(Decision::Approved(token)) = Decision::parse(answer, &id) else { panic!("approved") };
    d.client.set_stored_token(Some(token));
    d.shutdown();
    d.advance(SECOND);
    d.start();
    let attempts = play(&mut d, SECOND, |_| welcome(None, &["operator.read", "operator.write"]));
    assert_eq!(attempts[0].auth(), r#"{"deviceToken":"large"}"#);
    assert_eq!(attempts[0].params["scopes"], serde_json::json!(["operator.read", "operator.write"]));
}

#[test]
fn decisions_of_every_kind_are_read() {
    for (payload, expected) in [
        (r#"{"requestId":"u","status":"rejected"}"#, Ok(Decision::Rejected)),
        (r#"{"requestId":"u","status":"expired"}"#, Ok(Decision::Expired)),
        (r#"{"requestId":"u","status":"pending"}"#, Err(DecisionError::UnknownStatus)),
        (r#"{"requestId":"u"}"#, Err(DecisionError::UnknownStatus)),
        (r#"{"requestId":"other","status":"rejected"}"#, Err(DecisionError::OtherRequest)),
        (r#"{"status":"rejected"}"#, Err(DecisionError::OtherRequest)),
        (r#"{"requestId":"u","status":"approved","scopes":["a"]}"#, Err(DecisionError::Incomplete)),
        (r#"{"requestId":"u","status":"approved","deviceToken":" ","scopes":["a"]}"#, Err(DecisionError::Incomplete)),
        (r#"{"requestId":"u","status":"approved","deviceToken":"t","scopes":[]}"#, Err(DecisionError::Incomplete)),
        ("null", Err(DecisionError::OtherRequest)),
        ("[", Err(DecisionError::OtherRequest)),
    ] {
        assert_eq!(Decision::parse(payload, "u"), expected, "{payload}");
    }
    let approved = Decision::parse(
        r#"{"requestId":"u","status":"approved","deviceToken":"s3cr3t","scopes":["operator.read"]}"#,
        "u",
    );
    assert!(!format!("{approved:?}").contains("s3cr3t"));
    for payload in ["{}", "null", r#"{"requestId":7}"#, r#"{"requestId":" "}"#] {
        assert_eq!(requested(payload), None, "{payload}");
    }
}
