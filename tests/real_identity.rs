//! Devices, tokens and pairing against real gateways. Run by `cargo xtask test`, which starts them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use openclaw_client::connect::{Auth, ClientId, ClientInfo, ClientMode, Scope};
use openclaw_client::proto::scope_upgrade::Decision;
use openclaw_client::proto::{GatewayUrl, PairingReason};
use openclaw_client::recovery::PauseReason;
use openclaw_client::store::{CredentialStore, MemoryStore, StoredToken, TokenKey};
use openclaw_client::{Builder, PairingRequest, Plaintext, State};
use openclaw_tests::lane::{Client, Lane, PATIENCE, builder};
use openclaw_tests::{RealGateway, real_gateways};
use serde_json::json;

/// A program on this machine that has a device of its own.
struct Program {
    gateway: RealGateway,
    lane: Lane,
    store: Arc<MemoryStore>,
}

impl Program {
    fn new(gateway: &RealGateway, lane: Lane) -> Self {
        Self { gateway: gateway.clone(), lane, store: Arc::default() }
    }

    /// Without any credential but what is in its store.
    fn bare(&self) -> Builder<()> {
        builder(&self.gateway.url)
            .client_info(info("linux"))
            .shared_store(Arc::clone(&self.store) as Arc<dyn CredentialStore>)
    }

    fn builder(&self) -> Builder<()> {
        self.bare().token(self.gateway.token.as_str())
    }

    /// Seen as a page of another origin, whose devices somebody has to approve.
    fn page(&self, port: u16) -> Builder<()> {
        self.builder().origin(format!("http://localhost:{port}"))
    }

    fn connect(&self, builder: Builder<()>) -> Client {
        self.lane.connect(builder).unwrap_or_else(|e| panic!("{} on {}: {e}", self.gateway.version, self.lane))
    }

    /// What the store holds for it.
    fn token(&self, client: &Client) -> Option<StoredToken> {
        let url = GatewayUrl::parse(&self.gateway.url, Plaintext::PrivateOnly).unwrap();
        let device = client.handle().device_id().expect("a device");
        let key = TokenKey::new(&url, device, openclaw_client::connect::Role::Operator, ClientId::Cli);
        self.store.load_token(&key).expect("memory")
    }

    /// Waits until the store holds what `wanted` says.
    fn until_token(&self, client: &Client, wanted: impl Fn(&StoredToken) -> bool) -> StoredToken {
        let begin = Instant::now();
        loop {
            if let Some(token) = self.token(client).filter(&wanted) {
                return token;
            }
            assert!(begin.elapsed() < PATIENCE, "no such token comes into the store");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn info(platform: &str) -> ClientInfo {
    let mut info = ClientInfo::new(ClientId::Cli, ClientMode::Cli);
    info.platform = platform.into();
    info
}

/// Somebody who may do everything.
fn admin(gateway: &RealGateway) -> Client {
    let builder = builder(&gateway.url).token(gateway.token.as_str()).scopes([Scope::Admin]);
    Lane::TokioMulti.connect(builder).expect("an admin")
}

fn paused(client: &Client) -> (PauseReason, Option<PairingRequest>) {
    match client.until(|state| matches!(state, State::Paused { .. })) {
        State::Paused { reason, why, .. } => (reason, why.pairing()),
        _ => unreachable!("just asked for"),
    }
}

fn each(test: impl Fn(&RealGateway)) {
    real_gateways().iter().for_each(test);
}

#[test]
fn a_device_gets_a_token_and_comes_back_with_nothing_else() {
    each(|gateway| {
        for lane in Lane::ALL {
            let program = Program::new(gateway, lane);
            let client = program.connect(program.builder());
            assert_eq!(client.ready().unwrap().scopes(), Some([Scope::Read].as_slice()));
            client.shutdown();
            let token = program.token(&client).expect("kept when the client has shut down");
            assert_eq!(token.scopes, [Scope::Read]);
            let again = program.connect(program.bare());
            assert_eq!(again.ready().unwrap().scopes(), Some([Scope::Read].as_slice()), "{lane}");
            assert_eq!(again.handle().device_id(), client.handle().device_id());
            again.request("agents.list", &json!({})).unwrap();
            again.shutdown();
        }
    });
}

#[test]
fn more_scopes_are_granted_when_an_operator_approves() {
    each(|gateway| {
        let program = Program::new(gateway, Lane::Smol);
        let client = program.connect(program.builder());
        if !client.ready().unwrap().features().methods.iter().any(|method| method == "device.scopes.requestUpgrade") {
            println!("{}: no scope upgrades in this release", gateway.version);
            return;
        }
        let admin = admin(gateway);
        let mut requests = admin.events("device.pair.requested");
        let handle = client.handle().clone();
        let asking = std::thread::spawn(move || {
            openclaw_client::park::block_on(handle.upgrade_scopes(&[Scope::Read, Scope::Write]))
        });
        let request = loop {
            let event = requests.item();
            let payload: serde_json::Value = event.deserialize().unwrap();
            if payload["deviceId"] == client.handle().device_id().unwrap().as_str() && payload["silent"] == false {
                break payload["requestId"].clone();
            }
        };
        admin.request("device.pair.approve", &json!({"requestId": request})).unwrap();
        let decision = asking.join().unwrap().unwrap();
        assert!(matches!(decision, Decision::Approved(_)), "{decision:?}");
        client.shutdown();
        let again = program.connect(program.bare().scopes([Scope::Read, Scope::Write]));
        let granted = again.ready().unwrap().scopes().unwrap().to_vec();
        assert!(granted.contains(&Scope::Write), "{granted:?}");
    });
}

#[test]
fn a_token_that_is_rotated_or_revoked_ends_the_connection_and_is_forgotten() {
    each(|gateway| {
        for method in ["device.token.rotate", "device.token.revoke"] {
            let program = Program::new(gateway, Lane::AsyncStd);
            program.connect(program.builder()).shutdown();
            let client = program.lane.build(program.bare()).unwrap();
            client.start();
            client.ready().unwrap();
            let id = client.handle().device_id().unwrap();
            admin(gateway).request(method, &json!({"deviceId": id.as_str(), "role": "operator"})).unwrap();
            let (reason, _) = paused(&client);
            assert_eq!(reason, PauseReason::Credentials, "{method}");
            client.shutdown();
            assert_eq!(program.token(&client), None, "{method}: a token that nobody knows is not kept");
            // The shared token is still good, and brings another one.
            let mut auth = Auth::default();
            auth.token = Some(gateway.token.as_str().into());
            client.handle().set_auth(auth);
            client.connect().unwrap();
            program.until_token(&client, |_| true);
            client.shutdown();
        }
    });
}

#[test]
fn a_wrong_shared_token_is_made_good_once_by_the_stored_one() {
    each(|gateway| {
        let program = Program::new(gateway, Lane::Blocking);
        program.connect(program.builder()).shutdown();
        let client = program.lane.build(program.bare().token("not the gateway's")).unwrap();
        client.start();
        // The refusal that comes first may be delayed by the gateway.
        client.ready().unwrap();
        assert_eq!(client.stats().dials, 2, "one refused, one with the stored token beside it");
        client.shutdown();
    });
}

#[test]
fn another_platform_is_a_typed_pause_that_costs_no_token() {
    each(|gateway| {
        let program = Program::new(gateway, Lane::TokioMulti);
        let client = program.connect(program.builder());
        client.shutdown();
        let before = program.token(&client).expect("a token");
        let moved = program.lane.build(program.bare().client_info(info("darwin"))).unwrap();
        moved.start();
        let (reason, pairing) = paused(&moved);
        let pairing = pairing.expect("what waits for approval");
        assert_eq!((reason, pairing.reason.clone()), (PauseReason::Pairing, Some(PairingReason::MetadataUpgrade)));
        moved.shutdown();
        assert_eq!(program.token(&moved).as_ref(), Some(&before), "kept");
        program.connect(program.bare()).shutdown();
        // Once approved, the new platform is the device's.
        let moved = program.lane.build(program.bare().client_info(info("darwin"))).unwrap();
        moved.start();
        let request = paused(&moved).1.and_then(|pairing| pairing.request_id).expect("a request");
        admin(gateway).request("device.pair.approve", &json!({"requestId": request})).unwrap();
        moved.nudge();
        moved.until(|state| matches!(state, State::Ready { .. } | State::Paused { .. }));
        if matches!(moved.state(), State::Paused { .. }) {
            // This release gives the device a new token with the approval; the shared one fetches it.
            moved.handle().set_auth(Auth::token(gateway.token.as_str()));
            moved.nudge();
        }
        moved.ready().unwrap();
        program.until_token(&moved, |_| true);
        moved.shutdown();
        program.connect(program.bare().client_info(info("darwin"))).shutdown();
    });
}

/// Every page another one, so that none is locked out over another.
fn port() -> u16 {
    static NEXT: AtomicUsize = AtomicUsize::new(31_000);
    u16::try_from(NEXT.fetch_add(1, Ordering::SeqCst)).unwrap() + u16::try_from(std::process::id() % 20_000).unwrap()
}

#[test]
fn a_pairing_waits_for_approval_and_goes_on_by_a_nudge() {
    each(|gateway| {
        let program = Program::new(gateway, Lane::TokioCurrent);
        let port = port();
        let client = program.lane.build(program.page(port)).unwrap();
        client.start();
        let (reason, pairing) = paused(&client);
        let pairing = pairing.expect("what waits for approval");
        assert_eq!((reason, pairing.reason.clone()), (PauseReason::Pairing, Some(PairingReason::NotPaired)));
        let request = pairing.request_id.clone().expect("a request");
        assert!(pairing.approve_command().contains(&request), "{}", pairing.approve_command());
        assert_eq!(client.stats().dials, 1, "it waits");
        admin(gateway).request("device.pair.approve", &json!({"requestId": request})).unwrap();
        client.nudge();
        client.ready().unwrap();
        client.shutdown();
        assert!(program.token(&client).is_some());
    });
}
