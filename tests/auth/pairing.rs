//! A pairing that waits for an operator: what is told, and how often it is asked after.

use std::time::Duration;

use openclaw_proto::connect::{Role, Scope};
use openclaw_proto::recovery::PauseReason;
use openclaw_proto::{Down, GatewayError, NextStep, NotSent, PairingReason, PairingRequest, State, StateKind};
use openclaw_tests::Drive;

use openclaw_tests::scene::{Answer, MINUTE, SECOND, bare, play, start, stored, told, welcome, with_device};

/// As a real gateway refuses a scope upgrade.
const UPGRADE: &str = r#"{"code":"NOT_PAIRED","message":"pairing required: device is asking for more scopes than currently approved","details":{"code":"PAIRING_REQUIRED","reason":"scope-upgrade","requestId":"0e0a85de-f66f-44f8-8098-49b95bdc201b","remediationHint":"Review the requested scopes, then approve the pending upgrade.","deviceId":"34750f98bd59fcfc946da45aaabe933be154a4b5094e1c4abf42866505f3c97e","requestedRole":"operator","requestedScopes":["operator.read","operator.write"],"approvedRoles":["operator"],"approvedScopes":["operator.read"]}}"#;

fn required(reason: &str, more: &str) -> Answer {
    Answer::Refuse(format!(
        r#"{{"code":"NOT_PAIRED","message":"pairing required","details":{{"code":"PAIRING_REQUIRED","reason":"{reason}","requestId":"r-1"{more}}}}}"#
    ))
}

#[test]
fn a_refusal_tells_everything_an_operator_needs() {
    let mut d = Drive::new(with_device);
    start(&mut d, MINUTE, |_| Answer::Refuse(UPGRADE.into()));
    let state = d.last_state().unwrap();
    assert!(matches!(state, State::Paused { reason: PauseReason::Pairing, until: None, .. }));
    let request = state.pairing().unwrap();
    assert_eq!(request.reason, Some(PairingReason::ScopeUpgrade));
    assert_eq!(request.request_id.as_deref(), Some("0e0a85de-f66f-44f8-8098-49b95bdc201b"));
    assert!(request.device_id.as_ref().is_some_and(|id| id.starts_with("34750f98")));
    assert_eq!(request.requested_role, Some(Role::Operator));
    assert_eq!(request.requested_scopes, [Scope::Read, Scope::Write]);
    assert_eq!(
        (request.approved_roles.as_slice(), request.approved_scopes.as_slice()),
        ([Role::Operator].as_slice(), [Scope::Read].as_slice())
    );
    assert_eq!((request.next_step, request.retry), (None, false));
    assert!(request.remediation.as_deref().is_some_and(|hint| hint.starts_with("Review")));
    // Whoever is refused a request meanwhile can tell why.
    let Err(NotSent::Paused(why)) = d.request("health", 1) else { panic!("paused") };
    assert_eq!(
        why.pairing().unwrap().approve_command(),
        "openclaw devices approve 0e0a85de-f66f-44f8-8098-49b95bdc201b"
    );
}

#[test]
fn every_reason_pauses_and_keeps_what_is_stored() {
    for (reason, expected) in [
        ("not-paired", PairingReason::NotPaired),
        ("role-upgrade", PairingReason::RoleUpgrade),
        ("scope-upgrade", PairingReason::ScopeUpgrade),
        ("metadata-upgrade", PairingReason::MetadataUpgrade),
        ("something-new", PairingReason::Other("something-new".into())),
    ] {
        let mut d = Drive::new(bare);
        d.client.set_stored_token(Some(stored()));
        assert_eq!(start(&mut d, 10 * MINUTE, |_| required(reason, "")).len(), 1, "{reason}");
        assert_eq!(d.last_state().unwrap().pairing().unwrap().reason, Some(expected));
        assert!(told(&mut d).is_empty());
        d.nudge();
        let attempts = play(&mut d, SECOND, |_| welcome(None, &["operator.read", "operator.write"]));
        assert_eq!(attempts[0].auth(), r#"{"deviceToken":"stored"}"#, "{reason}: still good");
    }
}

#[test]
fn a_gateway_that_wants_to_be_asked_again_is_asked_every_half_minute_with_the_same_words() {
    for (more, next) in [
        (r#","recommendedNextStep":"wait_then_retry""#, Some(NextStep::WaitThenRetry)),
        (r#","pauseReconnect":false"#, None),
    ] {
        let mut d = Drive::new(|c| {
            with_device(c);
            c.backoff.jitter = openclaw_proto::Jitter::Full;
        });
        let attempts = start(&mut d, 10 * MINUTE, |_| required("not-paired", more));
        assert!((19..=21).contains(&attempts.len()), "{}", attempts.len());
        for pair in attempts.windows(2) {
            let gap = pair[1].at - pair[0].at;
            assert!(gap >= 30 * SECOND && gap <= 31 * SECOND, "{gap:?}");
            assert_eq!(pair[0].auth(), pair[1].auth());
            assert_eq!(pair[0].params["scopes"], pair[1].params["scopes"]);
        }
        let state = d.last_state().unwrap();
        assert!(matches!(state, State::Backoff { .. }));
        let request = state.pairing().unwrap();
        assert_eq!((request.retry, request.next_step), (true, next));
        assert!(d.request("health", 1).is_ok(), "requests may wait for the approval");
    }
}

#[test]
fn an_application_may_ask_for_the_same_but_not_for_more() {
    for (asked, gap) in [(SECOND, 30), (30 * SECOND, 30), (2 * MINUTE, 120)] {
        let mut d = Drive::new(|c| {
            with_device(c);
            c.pairing_poll = Some(asked);
        });
        let attempts = start(&mut d, 10 * MINUTE, |_| required("not-paired", ""));
        assert_eq!(attempts[1].at - attempts[0].at, Duration::from_secs(gap + 1), "{asked:?}");
        assert_eq!(attempts.len() as u64, 600 / (gap + 1) + 1);
        let mut refused = Drive::new(|c| {
            with_device(c);
            c.pairing_poll = Some(asked);
        });
        let other = start(&mut refused, 10 * MINUTE, |_| openclaw_tests::scene::refuse("AUTH_TOKEN_MISMATCH"));
        assert_eq!(other.len(), 1, "a pairing, and nothing else, is polled");
    }
}

#[test]
fn a_nudge_asks_now_and_an_approval_gets_in() {
    for poll in [None, Some(5 * MINUTE)] {
        let mut d = Drive::new(|c| {
            with_device(c);
            c.pairing_poll = poll;
        });
        start(&mut d, MINUTE, |_| required("not-paired", ""));
        d.nudge();
        let attempts = play(&mut d, SECOND, |_| welcome(Some("issued"), &["operator.read"]));
        assert_eq!((attempts.len(), attempts[0].at), (1, Duration::ZERO));
        assert_eq!(d.client.state(), StateKind::Ready);
    }
}

#[test]
fn an_id_that_could_be_anything_else_in_a_command_line_is_none() {
    let long = "x".repeat(129);
    for id in ["", "-rf", ".x", "a b", "a;reboot", "$(reboot)", "a\\nb", "é", "a/b", "`x`", "a'b", long.as_str()] {
        let body = serde_json::json!({"code": "NOT_PAIRED", "message": "pairing required", "details": {"code": "PAIRING_REQUIRED", "requestId": id}});
        let request = GatewayError::parse(&body.to_string()).pairing().unwrap();
        assert_eq!(
            (request.request_id.as_deref(), request.approve_command().as_str()),
            (None, "openclaw devices list"),
            "{id}"
        );
    }
    for id in ["r", "0", "A.b_c:d-e", &long[..128]] {
        let body = serde_json::json!({"code": "NOT_PAIRED", "details": {"code": "PAIRING_REQUIRED", "requestId": id}});
        let request = GatewayError::parse(&body.to_string()).pairing().unwrap();
        assert_eq!(request.request_id.as_deref(), Some(id));
    }
}

#[test]
fn old_gateways_say_it_in_words_and_a_reason_that_was_cut_has_no_id() {
    let of = |message: &str| {
        let body = serde_json::json!({"code": "NOT_PAIRED", "message": message});
        PairingRequest::of(&GatewayError::parse(&body.to_string()))
    };
    assert_eq!(of("pairing required (requestId: abc-1)").unwrap().request_id.as_deref(), Some("abc-1"));
    assert_eq!(of("Device is pending approval").unwrap().request_id, None);
    assert_eq!(of("device identity required"), None);
    let closed = |reason: &str, after_hello| Down::Closed { code: Some(1008), reason: reason.into(), after_hello };
    let whole = "pairing required: device is not approved yet (requestId: be122a60-8522-43c5-a36e-d62fe48d06f4)";
    let request = closed(whole, false).pairing().unwrap();
    assert_eq!(request.request_id.as_deref(), Some("be122a60-8522-43c5-a36e-d62fe48d06f4"));
    let cut = "pairing required: device is asking for more scopes than currently approved (requestId: 0e0a85de-f66f-44f8-8098-49b95bdc2";
    assert_eq!(closed(cut, false).pairing().unwrap().approve_command(), "openclaw devices list");
    assert_eq!(closed(whole, true).pairing(), None);
    assert_eq!(closed("service restart", false).pairing(), None);
    assert_eq!(Down::Silent.pairing(), None);
}

#[test]
fn details_of_any_shape_are_read_without_harm() {
    for details in
        ["null", "[]", "7", r#"{"requestId":7,"requestedScopes":"x","approvedRoles":[1,null],"deviceId":{}}"#]
    {
        let merged = details.replacen('{', r#"{"code":"PAIRING_REQUIRED","#, 1);
        let body = format!(r#"{{"code":"NOT_PAIRED","message":"pairing required","details":{merged}}}"#);
        let request = GatewayError::parse(&body).pairing().unwrap();
        assert_eq!((request.request_id, request.requested_scopes, request.approved_roles), (None, vec![], vec![]));
    }
}
