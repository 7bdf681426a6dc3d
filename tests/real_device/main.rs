//! Devices, their tokens and their pairing, against real gateways. Run by `cargo xtask test`, which starts them.

mod gateway;
mod live;

use std::sync::Arc;

use gateway::{Gateway, device, gateways, issued, ready, signer};
use openclaw_proto::connect::{ClientId, ClientInfo, ClientMode, Role, Scope};
use openclaw_proto::credentials::StoredToken;
use openclaw_proto::device::{DeviceIdentity, Ed25519Signer, PayloadVersion, SignError, Signer};
use openclaw_proto::recovery::PauseReason;
use openclaw_proto::scope_upgrade::{Decision, requested};
use openclaw_proto::{Down, Output, PairingReason, State};
use serde_json::json;

/// The detail code of the refusal that paused the client.
fn paused(gateway: &Gateway, state: &State, expected: PauseReason) -> String {
    let State::Paused { why, reason, .. } = state else { panic!("{}: {state:?}", gateway.version) };
    assert_eq!(*reason, expected, "{}: {why}", gateway.version);
    let Down::Refused(error) = &**why else { panic!("{}: {why}", gateway.version) };
    println!("{}: {error} (next step {:?})", gateway.version, error.next_step);
    error.finest_code().to_owned()
}

#[test]
fn both_payloads_are_accepted_and_a_token_is_issued() {
    for gateway in gateways() {
        for version in [PayloadVersion::V2, PayloadVersion::V3] {
            let device = device().with_payload(version);
            let mut live = gateway.client(&device, |c| {
                c.connect.client.platform = " \u{feff}Lin\u{130}UX ".into();
                c.connect.client.device_family = Some("\u{85}Fam|ILY".into());
            });
            gateway.admit(&mut live);
            let token = issued(&live).expect("a token");
            assert_eq!(token.scopes, [Scope::Read]);
            assert!(live.core.hello().and_then(|hello| hello.scopes()).is_some_and(|s| s == [Scope::Read]));
            println!("{}: {version:?}, token of {} letters", gateway.version, token.token.expose().len());
        }
    }
}

#[test]
fn the_token_alone_gets_in_and_asks_for_its_own_scopes() {
    for gateway in gateways() {
        let paired = gateway.paired(&[Scope::Read, Scope::Write]);
        let mut live = gateway.with_token(&paired, |_| {});
        ready(&gateway, &live.start());
        let granted = live.core.hello().and_then(|hello| hello.scopes().map(<[Scope]>::to_vec));
        assert_eq!(granted, Some(vec![Scope::Read, Scope::Write]), "{}", gateway.version);
        let again = issued(&live).expect("every hello brings it");
        let same = again.token == paired.1.token;
        println!("{}: the same token again: {same}", gateway.version);
        ready(&gateway, &live.restart());
    }
}

#[test]
fn a_wrong_shared_token_is_made_good_by_the_stored_one_once() {
    for gateway in gateways() {
        let (device, token) = gateway.paired(&[Scope::Read]);
        let mut live = gateway.client(&device, |c| c.connect.auth.token = Some("wrong".into()));
        live.core.set_stored_token(Some(token));
        let state = live.start();
        println!("{}: {} dials, {state:?}", gateway.version, live.core.stats().dials);
        assert_eq!(live.core.stats().dials, 2);
        ready(&gateway, &state);
    }
}

#[test]
fn a_token_the_gateway_does_not_know_is_rejected_and_pauses() {
    for gateway in gateways() {
        let (device, _) = gateway.paired(&[Scope::Read]);
        let unknown = StoredToken::new("A".repeat(43), [Scope::Read]);
        let mut live = gateway.with_token(&(device, unknown), |_| {});
        let code = paused(&gateway, &live.start(), PauseReason::Credentials);
        assert_eq!(code, "AUTH_DEVICE_TOKEN_MISMATCH", "{}", gateway.version);
        assert!(live.told.iter().any(|output| matches!(output, Output::TokenRejected { .. })));
    }
}

#[test]
fn more_scopes_than_the_token_has_are_refused_and_the_token_is_kept() {
    for gateway in gateways() {
        let paired = gateway.paired(&[Scope::Read]);
        let mut live = gateway.with_token(&paired, |c| c.connect.scopes = Some(vec![Scope::Read, Scope::Admin]));
        let code = paused(&gateway, &live.start(), PauseReason::Credentials);
        assert_eq!(code, if gateway.wire >= 4 { "AUTH_SCOPE_MISMATCH" } else { "AUTH_DEVICE_TOKEN_MISMATCH" });
        assert!(!live.told.iter().any(|output| matches!(output, Output::TokenRejected { .. })));
        ready(&gateway, &gateway.with_token(&paired, |_| {}).start());
    }
}

#[test]
fn a_scope_upgrade_waits_for_an_operator_and_then_gets_in() {
    for gateway in gateways() {
        let (device, token) = gateway.paired(&[Scope::Read]);
        let mut live = gateway.client(&device, |c| c.connect.scopes = Some(vec![Scope::Read, Scope::Admin]));
        live.core.set_stored_token(Some(token));
        let state = live.start();
        if matches!(state, State::Ready { .. }) {
            println!("{}: set to approve what comes from its own machine", gateway.version);
            continue;
        }
        assert_eq!(paused(&gateway, &state, PauseReason::Pairing), "PAIRING_REQUIRED");
        let request = state.pairing().expect("a request");
        println!("{}: {request:?}\n{}", gateway.version, request.approve_command());
        assert_eq!(request.reason, Some(PairingReason::ScopeUpgrade));
        assert_eq!(request.device_id.as_deref(), Some(device.id().as_str()));
        assert_eq!(request.requested_scopes, [Scope::Read, Scope::Admin]);
        assert_eq!(request.approved_scopes, [Scope::Read]);
        let id = request.request_id.expect("an id");
        // Asking again in the same words is the same request.
        let state = live.nudge();
        assert_eq!(state.pairing().and_then(|request| request.request_id).as_deref(), Some(id.as_str()));
        gateway.operator().call("device.pair.approve", &json!({"requestId": id})).unwrap();
        ready(&gateway, &live.nudge());
        let token = issued(&live).expect("a token");
        assert!(token.scopes.contains(&Scope::Admin), "{:?}", token.scopes);
    }
}

#[test]
fn a_connected_device_asks_for_more_scopes_and_gets_a_token_for_them() {
    for gateway in gateways().into_iter().filter(|gateway| gateway.wire >= 4) {
        let paired = gateway.paired(&[Scope::Read]);
        let mut live = gateway.with_token(&paired, |_| {});
        ready(&gateway, &live.start());
        let answer = live.call("device.scopes.requestUpgrade", &json!({"scopes": ["operator.write"]})).unwrap();
        let id = requested(&answer).expect("an id");
        live.ask(1, "device.scopes.waitUpgrade", &json!({"requestId": id}));
        gateway.operator().call("device.pair.approve", &json!({"requestId": id})).unwrap();
        let answer = live.answer(1).unwrap();
        let decision = Decision::parse(&answer, &id);
        let Ok(Decision::Approved(token)) = decision else { panic!("{decision:?}") };
        println!("{}: approved for {:?}", gateway.version, token.scopes);
        live.core.set_stored_token(Some(token));
        ready(&gateway, &live.restart());
        assert!(live.core.hello().and_then(|h| h.scopes()).is_some_and(|s| s.contains(&Scope::Write)));
    }
}

#[test]
fn a_device_that_changes_its_platform_keeps_its_token() {
    for gateway in gateways() {
        let paired = gateway.paired(&[Scope::Read]);
        let mut live = gateway.with_token(&paired, |c| c.connect.client.platform = "plan9".into());
        let state = live.start();
        println!("{}: {state:?}\n{:?}", gateway.version, state.pairing());
        assert!(!live.told.iter().any(|output| matches!(output, Output::TokenRejected { .. })));
        if matches!(state, State::Paused { .. }) {
            assert_eq!(state.pairing().and_then(|r| r.reason), Some(PairingReason::MetadataUpgrade));
            ready(&gateway, &gateway.with_token(&paired, |_| {}).start());
        }
    }
}

#[test]
fn a_removed_device_is_told_so() {
    for gateway in gateways() {
        let paired = gateway.paired(&[Scope::Read]);
        let removed = gateway.operator().call("device.pair.remove", &json!({"deviceId": paired.0.id().as_str()}));
        println!("{}: {removed:?}", gateway.version);
        let mut live = gateway.with_token(&paired, |_| {});
        let state = live.start();
        println!("{}: {state:?}", gateway.version);
        assert!(matches!(state, State::Paused { .. }));
    }
}

/// Signs something else.
#[derive(Debug)]
struct Liar(Ed25519Signer);

impl Signer for Liar {
    fn public_key(&self) -> [u8; 32] {
        self.0.public_key()
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        self.0.sign(b"something else")
    }
}

#[test]
fn a_signature_over_something_else_pauses() {
    for gateway in gateways() {
        let liar = DeviceIdentity::new(Arc::new(Liar(signer())));
        let mut live = gateway.client(&liar, |_| {});
        let code = paused(&gateway, &live.start(), PauseReason::DeviceIdentity);
        assert_eq!(code, "DEVICE_AUTH_SIGNATURE_INVALID");
    }
}

#[test]
fn a_node_with_a_device_gets_a_token_without_scopes() {
    for gateway in gateways() {
        let device = device();
        let mut live = gateway.client(&device, |c| {
            c.connect.client = ClientInfo::new(ClientId::NodeHost, ClientMode::Node);
            c.connect.role = Role::Node;
            c.connect.commands = vec!["acme.echo".into()];
        });
        gateway.admit(&mut live);
        let token = issued(&live).expect("a token");
        assert!(token.scopes.is_empty(), "{:?}", token.scopes);
        let mut again = gateway.client(&device, |c| {
            c.connect.client = ClientInfo::new(ClientId::NodeHost, ClientMode::Node);
            c.connect.role = Role::Node;
            c.connect.auth.token = None;
        });
        again.core.set_stored_token(Some(token));
        ready(&gateway, &again.start());
    }
}
