//! Which gateways are believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use openclaw_client::recovery::PauseReason;
use openclaw_client::{BuildError, Builder, Down, Fingerprint, Roots, State, TransportError, Trust, TrustError};
use openclaw_tests::Peer;
use openclaw_tests::lane::{Lane, PATIENCE, builder};
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};

use crate::certificates::{Authority, Identity, expired, premature};
use crate::scene::down;
use crate::secured::{Secured, listening, provider, server_config};

/// A client that trusts an authority and nobody else.
fn believing(secured: &Secured, authority: &Authority) -> Builder<()> {
    secured.builder().trust(only(authority))
}

fn only(authority: &Authority) -> Trust {
    Trust::default().roots(Roots::Added).authority(authority.pem.as_str())
}

fn at(peer: &Peer) -> Builder<()> {
    builder(format!("wss://localhost:{}", peer.port())).token("secret")
}

fn works(lane: Lane, builder: Builder<()>) {
    let client = lane.connect(builder).unwrap();
    client.request_raw("echo", "[1]").unwrap();
    client.shutdown();
}

fn tls_error(lane: Lane, builder: Builder<()>) -> String {
    match down(lane.connect(builder).unwrap_err()) {
        Down::Transport(TransportError::Tls(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn mismatch(lane: Lane, builder: Builder<()>) -> (Vec<Fingerprint>, Fingerprint) {
    match down(lane.connect(builder).unwrap_err()) {
        Down::Transport(TransportError::PinMismatch { expected, found }) => (expected, found),
        other => panic!("{other:?}"),
    }
}

/// Digits in pairs with colons between.
fn colons(hex: &str) -> String {
    let pairs: Vec<&str> = (0..32).map(|i| &hex[2 * i..2 * i + 2]).collect();
    pairs.join(":").to_uppercase()
}

pub fn a_pinned_certificate_is_believed_in_every_spelling_and_whoever_issued_it(lane: Lane) {
    // Out of date, for somebody else, and signed by nobody.
    let secured = Secured::serving(Identity::self_signed_with("elsewhere.example", expired));
    let hex = secured.identity.sha256();
    for pin in [hex.clone(), format!("sha256:{hex}"), colons(&hex), format!(" SHA256:{} \n", colons(&hex))] {
        works(lane, secured.builder().pin(pin));
    }
    let pin: Fingerprint = hex.parse().unwrap();
    for url in
        [format!("https://localhost:{}", secured.peer.port()), format!("WSS://127.0.0.1:{}/x", secured.peer.port())]
    {
        works(lane, builder(url).token("secret").no_reconnect().pin(pin));
    }
}

pub fn another_certificate_than_the_pinned_one_hears_not_a_byte_of_http(lane: Lane) {
    let identity = Identity::self_signed("localhost");
    let (peer, heard) = listening(&identity);
    let pin = "ab".repeat(32);
    let (expected, found) = mismatch(lane, at(&peer).no_reconnect().pin(&pin));
    assert_eq!(expected, [pin.parse().unwrap()]);
    assert_eq!(found, identity.sha256().parse().unwrap());
    let heard = heard.recv_timeout(PATIENCE).unwrap();
    assert!(heard.unfinished && heard.alert.is_some(), "{heard:?}");
    assert_eq!((heard.said, heard.after_alert), (0, 0), "{heard:?}");

    // So that the listener is known to hear what there is.
    let (peer, heard) = listening(&identity);
    let right = at(&peer).no_reconnect().pin(identity.sha256()).timeouts(|t| t.dial = Duration::from_millis(200));
    assert!(matches!(down(lane.connect(right).unwrap_err()), Down::DialTimeout));
    assert!(heard.recv_timeout(PATIENCE).unwrap().said > 100);
}

pub fn a_wrong_pin_pauses_and_is_not_asked_again(lane: Lane) {
    let secured = Secured::serving(Identity::self_signed("localhost"));
    let client = lane.build(at(&secured.peer).pin("00".repeat(32)).backoff(|b| b.base = Duration::ZERO)).unwrap();
    client.start();
    match client.until(|state| !matches!(state, State::Idle | State::Dialing { .. })) {
        State::Paused { reason: PauseReason::Trust, until: None, why } => {
            assert!(why.to_string().contains(&secured.identity.sha256()), "{why}");
        }
        other => panic!("{other:?}"),
    }
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(secured.peer.accepted(), 1);
    let mut states = client.states();
    assert!(matches!(states.item(), State::Paused { .. }));
    client.nudge();
    assert!(matches!(states.item(), State::Dialing { .. }));
    assert!(matches!(states.item(), State::Paused { .. }));
    assert_eq!((secured.peer.accepted(), secured.upgrades.load(Ordering::SeqCst)), (2, 0));
}

pub fn one_of_several_pins_is_enough(lane: Lane) {
    let (old, new) = (Identity::self_signed("localhost"), Identity::self_signed("localhost"));
    let both = Trust::default().pin(old.sha256()).pin(colons(&new.sha256()));
    for identity in [old, new] {
        works(lane, Secured::serving(identity).builder().trust(both.clone()));
    }
    let other = Secured::serving(Identity::self_signed("localhost"));
    let (expected, _) = mismatch(lane, other.builder().trust(both));
    assert_eq!(expected.len(), 2);
}

/// Shows one certificate to its first client and another one to everybody after.
#[derive(Debug)]
struct Changing(Vec<Arc<CertifiedKey>>, AtomicUsize);

impl ResolvesServerCert for Changing {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let nth = self.1.fetch_add(1, Ordering::SeqCst);
        self.0.get(nth.min(self.0.len() - 1)).cloned()
    }
}

pub fn a_pinned_certificate_is_worth_nothing_without_its_key(lane: Lane) {
    let (shown, ours) = (Identity::self_signed("localhost"), Identity::self_signed("localhost"));
    let key = provider().key_provider.load_private_key(ours.key.clone_key()).unwrap();
    let stolen = Arc::new(CertifiedKey::new(vec![shown.certificate.clone()], key));
    let pin = shown.sha256();
    for (version, works_with_its_key) in [(&TLS12, true), (&TLS13, true), (&TLS12, false), (&TLS13, false)] {
        let config = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[version]).unwrap();
        let config = config.with_no_client_auth();
        if works_with_its_key {
            let config = config.with_single_cert(vec![shown.certificate.clone()], shown.key.clone_key()).unwrap();
            let secured = Secured::configured(Identity::self_signed("localhost"), config);
            works(lane, secured.builder().pin(&pin));
        } else {
            let config = config.with_cert_resolver(Arc::new(Changing(vec![Arc::clone(&stolen)], AtomicUsize::new(0))));
            let secured = Secured::configured(Identity::self_signed("localhost"), config);
            let text = tls_error(lane, secured.builder().pin(&pin));
            assert!(text.contains("does not have its key"), "{text}");
            assert_eq!(secured.upgrades.load(Ordering::SeqCst), 0);
        }
    }
}

pub fn the_pin_is_compared_at_every_reconnect(lane: Lane) {
    let (first, second) = (Identity::self_signed("localhost"), Identity::self_signed("localhost"));
    let keys = [&first, &second].map(|identity| {
        let chain = vec![identity.certificate.clone()];
        Arc::new(CertifiedKey::from_der(chain, identity.key.clone_key(), &provider()).unwrap())
    });
    // The tickets of the first connection would resume it, and then no certificate would be shown.
    let mut config = server_config(&first, None);
    config.cert_resolver = Arc::new(Changing(keys.into(), AtomicUsize::new(0)));
    let pin = first.sha256();
    let secured = Secured::configured(first, config);
    let client = lane.connect(at(&secured.peer).pin(pin)).unwrap();
    client.shutdown();
    client.start();
    let state = client.until(|state| matches!(state, State::Paused { .. } | State::Ready { .. }));
    assert!(matches!(state, State::Paused { reason: PauseReason::Trust, .. }), "{state:?}");
}

pub fn every_fault_of_a_certificate_is_told_in_words_and_hears_not_a_byte_of_http(lane: Lane) {
    let authority = Authority::new("ours");
    for (identity, words) in [
        (authority.issue_with("localhost", expired), "has expired"),
        (authority.issue_with("localhost", premature), "clock"),
        (authority.issue("elsewhere.example"), "elsewhere.example"),
        (Authority::new("theirs").issue("localhost"), "no authority"),
        (Authority::new("ours").issue("localhost"), "did not sign"),
        (Identity::self_signed("localhost"), "no authority"),
    ] {
        let (peer, heard) = listening(&identity);
        let text = tls_error(lane, at(&peer).no_reconnect().trust(only(&authority)));
        assert!(text.contains(words), "{text}");
        let heard = heard.recv_timeout(PATIENCE).unwrap();
        assert!(heard.unfinished && heard.said == 0 && heard.after_alert == 0, "{heard:?}");
    }
    // Unlike a wrong pin it is tried again, since it may be mended without anybody here.
    let secured = Secured::serving(authority.issue_with("localhost", expired));
    let client = lane.build(at(&secured.peer).trust(only(&authority))).unwrap();
    client.start();
    client.until(|state| matches!(state, State::Backoff { .. }));
}

pub fn an_added_authority_is_believed_alone_or_beside_the_platform_s(lane: Lane) {
    let authority = Authority::new("ours");
    let secured = Secured::serving(authority.issue("localhost"));
    works(lane, believing(&secured, &authority));
    let der = Trust::default().roots(Roots::Added).authority(authority.certificate.to_vec());
    works(lane, secured.builder().trust(der));
    let bundle = format!("# ours\n{}{}", Authority::new("theirs").pem, authority.pem);
    works(lane, secured.builder().trust(Trust::default().authority(bundle)));
    let self_signed = Secured::serving(Identity::self_signed("localhost"));
    let trust = Trust::default().authority(self_signed.identity.certificate_pem.as_str());
    works(lane, self_signed.builder().trust(trust));
}

pub fn a_client_certificate_is_shown_to_a_gateway_that_asks(lane: Lane) {
    let authority = Authority::new("ours");
    let identity = authority.issue("localhost");
    let config = server_config(&identity, Some(&authority));
    let secured = Secured::configured(identity, config);
    let ours = authority.issue_to_client();
    let shown = only(&authority).client_certificate(ours.certificate_pem.as_str(), ours.key_pem.as_str());
    works(lane, secured.builder().trust(shown));
    let der = only(&authority).client_certificate(ours.certificate.to_vec(), ours.key.secret_der());
    works(lane, secured.builder().trust(der));
    let pinned = Trust::default().pin(secured.identity.sha256());
    works(lane, secured.builder().trust(pinned.clone().client_certificate(ours.certificate_pem, ours.key_pem)));

    let stranger = Authority::new("theirs").issue_to_client();
    let upgrades = secured.upgrades.load(Ordering::SeqCst);
    let text = tls_error(lane, believing(&secured, &authority));
    assert!(text.contains("wants a client certificate"), "{text}");
    let shown = pinned.client_certificate(stranger.certificate_pem, stranger.key_pem);
    let text = tls_error(lane, secured.builder().trust(shown));
    assert!(text.contains("alert"), "{text}");
    assert_eq!(secured.upgrades.load(Ordering::SeqCst), upgrades);
}

pub fn a_pin_beside_verification_needs_both(lane: Lane) {
    let authority = Authority::new("ours");
    let both = |identity: &Identity| only(&authority).pin(identity.sha256()).verify_too();
    let good = Secured::serving(authority.issue("localhost"));
    works(lane, good.builder().trust(both(&good.identity)));
    let mut other = None;
    for (identity, words) in [
        (authority.issue_with("localhost", expired), "has expired"),
        (authority.issue("elsewhere.example"), "elsewhere.example"),
        (Identity::self_signed("localhost"), "no authority"),
    ] {
        let secured = Secured::serving(identity);
        let text = tls_error(lane, secured.builder().trust(both(&secured.identity)));
        assert!(text.contains(words), "{text}");
        other = Some(secured.identity);
    }
    mismatch(lane, good.builder().trust(both(&other.unwrap())));
}

pub fn trust_that_cannot_be_had_is_refused_before_anything_leaves(lane: Lane) {
    let secured = Secured::serving(Identity::self_signed("localhost"));
    let pin = secured.identity.sha256();
    let refused = |builder: Builder<()>| match lane.build(builder).unwrap_err() {
        BuildError::Trust(error) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused(secured.builder().pin("sha1:00")), TrustError::Pin(_)));
    let plain = builder(format!("ws://localhost:{}", secured.peer.port()));
    assert!(matches!(refused(plain.pin(&pin)), TrustError::PinWithoutTls));
    assert!(matches!(refused(secured.trusting().pin(&pin)), TrustError::OwnConfig));
    let authority = Authority::new("ours");
    assert!(matches!(refused(believing(&secured, &authority).pin(&pin)), TrustError::AuthorityBesidePin));
    let (mine, other) = (authority.issue_to_client(), authority.issue_to_client());
    let unfit = Trust::default().pin(&pin).client_certificate(mine.certificate_pem, other.key_pem);
    assert!(matches!(refused(secured.builder().trust(unfit)), TrustError::ClientCertificate(_)));
    assert_eq!(secured.peer.accepted(), 0);
}
