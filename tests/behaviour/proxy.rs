//! Through an HTTP proxy.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use openclaw_client::proxy::{ProxyEnv, ProxyUrlError};
use openclaw_client::recovery::PauseReason;
use openclaw_client::{BuildError, Builder, Down, ProxyError, Roots, State, TransportError, Trust};
use openclaw_tests::lane::{Lane, builder};
use openclaw_tests::{Answer, ConnectProxy, Peer};

use crate::certificates::{Authority, Identity};
use crate::scene::{down, once, serving};
use crate::secured::Secured;

/// A client for a gateway whose name only the proxy knows.
fn named(url: &str, proxy: &ConnectProxy) -> Builder<()> {
    builder(url).token("s3cr3t-token").no_reconnect().proxy(proxy.url())
}

fn works(lane: Lane, builder: Builder<()>) {
    let client = lane.connect(builder).unwrap();
    client.request_raw("echo", "[1]").unwrap();
    client.shutdown();
}

fn failure(lane: Lane, builder: Builder<()>) -> TransportError {
    match down(lane.connect(builder).unwrap_err()) {
        Down::Transport(error) => error,
        other => panic!("{other:?}"),
    }
}

/// Answers like a proxy, and whether the client is to pause.
fn refusals() -> [(&'static str, u16, bool); 4] {
    [
        ("HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 2\r\n\r\nno", 407, true),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", 403, true),
        ("HTTP/1.0 502 Bad Gateway\r\n\r\n", 502, false),
        ("HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\n\r\n", 302, false),
    ]
}

fn some_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub fn a_plain_connection_goes_through_a_tunnel(lane: Lane) {
    let peer = Peer::start(|conn| {
        conn.handshake();
        conn.serve();
    });
    let proxy = ConnectProxy::start(Answer::Tunnel(peer.port()));
    let with_login = proxy.url().replace("http://", "http://Aladdin:open%20sesame@");
    // No resolver knows the name, so it is known that none was asked.
    works(lane, named("ws://no-such-gateway.local:18789/path", &proxy).proxy(with_login));
    works(lane, named("ws://10.255.255.1:1", &proxy));
    let asked = proxy.asked();
    assert!(
        asked[0].starts_with("CONNECT no-such-gateway.local:18789 HTTP/1.1\r\nHost: no-such-gateway.local:18789\r\n")
    );
    assert!(asked[0].contains("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"), "{}", asked[0]);
    assert_eq!(asked[1], "CONNECT 10.255.255.1:1 HTTP/1.1\r\nHost: 10.255.255.1:1\r\n\r\n");
}

pub fn tls_and_pins_hold_from_end_to_end_through_a_tunnel(lane: Lane) {
    let authority = Authority::new("ours");
    let secured = Secured::serving(authority.issue("gateway.invalid"));
    let proxy = ConnectProxy::start(Answer::Tunnel(secured.peer.port()));
    let url = "wss://gateway.invalid";
    let trust = || Trust::default().roots(Roots::Added).authority(authority.pem.as_str());
    works(lane, named(url, &proxy).trust(trust()));
    works(lane, named(url, &proxy).pin(secured.identity.sha256()));
    works(lane, named(url, &proxy).trust(trust().pin(secured.identity.sha256()).verify_too()));
    let asked = proxy.asked();
    assert_eq!(asked[0], "CONNECT gateway.invalid:443 HTTP/1.1\r\nHost: gateway.invalid:443\r\n\r\n");
    let wrong = failure(lane, named(url, &proxy).pin("00".repeat(32)));
    assert!(matches!(wrong, TransportError::PinMismatch { .. }), "{wrong:?}");
    let host = failure(lane, named("wss://other.invalid", &proxy).trust(trust()));
    assert!(matches!(&host, TransportError::Tls(text) if text.contains("other.invalid")), "{host:?}");
    let carried = proxy.carried();
    assert_eq!(carried.first(), Some(&0x16), "TLS from the first byte");
    for word in ["s3cr3t-token", "HTTP", "connect"] {
        assert!(!carried.windows(word.len()).any(|window| window == word.as_bytes()), "{word}");
    }
}

pub fn a_proxy_that_refuses_is_told_with_its_status(lane: Lane) {
    for (answer, status, pauses) in refusals() {
        let proxy = ConnectProxy::start(Answer::Say(answer.into()));
        match failure(lane, named("wss://gateway.invalid", &proxy)) {
            TransportError::Proxy(ProxyError::Refused(refusal)) => {
                assert_eq!(refusal.status, status);
                assert_eq!(refusal.schemes.as_deref(), (status == 407).then_some("Basic"));
            }
            other => panic!("{other:?}"),
        }
        let client = lane.build(named("wss://gateway.invalid", &proxy).backoff(|b| b.max_attempts = None)).unwrap();
        client.start();
        let state = client.until(|state| matches!(state, State::Paused { .. } | State::Backoff { .. }));
        assert_eq!(matches!(state, State::Paused { reason: PauseReason::Http, .. }), pauses, "{status}: {state:?}");
    }
}

pub fn what_is_no_proxy_is_told_as_such(lane: Lane) {
    for (answer, expected) in [
        (b"SSH-2.0-OpenSSH\r\n\r\n".to_vec(), "cannot be used"),
        (b"HTTP/1.1 200 OK\r\n\r\nand more".to_vec(), "cannot be used"),
        ([b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'x'; 40_000]].concat(), "16384"),
        (b"HTTP/1.1 200".to_vec(), "without a full answer"),
        (Vec::new(), "without a full answer"),
    ] {
        let proxy = ConnectProxy::start(Answer::Say(answer));
        match failure(lane, named("ws://gateway.local", &proxy)) {
            TransportError::Proxy(error) => assert!(error.to_string().contains(expected), "{error:?}"),
            other => panic!("{other:?}"),
        }
    }
    let nobody = format!("127.0.0.1:{}", some_port());
    let error = failure(lane, builder("ws://gateway.local").no_reconnect().proxy(nobody));
    assert!(matches!(&error, TransportError::Connect(text) if text.starts_with("the proxy ")), "{error:?}");
    let error = failure(lane, builder("ws://gateway.local").no_reconnect().proxy("no-such-proxy.local:1"));
    assert!(matches!(&error, TransportError::Resolve { host, .. } if host == "no-such-proxy.local"), "{error:?}");
}

pub fn a_proxy_that_says_nothing_is_given_up_after_the_time_for_dialing(lane: Lane) {
    let proxy = ConnectProxy::start(Answer::Nothing);
    let begin = Instant::now();
    let impatient = named("wss://gateway.invalid", &proxy).timeouts(|t| t.dial = Duration::from_millis(100));
    assert!(matches!(down(lane.connect(impatient).unwrap_err()), Down::DialTimeout));
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert_eq!(proxy.asked().len(), 1);
}

pub fn what_no_proxy_names_is_reached_directly(lane: Lane) {
    let proxy = ConnectProxy::start(Answer::Nothing);
    let env = |no: &str| {
        let vars = [("HTTPS_PROXY", proxy.url()), ("ALL_PROXY", "http://127.0.0.1:9".into()), ("NO_PROXY", no.into())];
        ProxyEnv::from_vars(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()))
    };
    let client = |no| builder("wss://no-such-gateway.local:1").no_reconnect().proxy_env(env(no));
    for no in ["*", ".local", "other.example, no-such-gateway.local:1"] {
        let error = failure(lane, client(no));
        assert!(matches!(&error, TransportError::Resolve { host, .. } if host == "no-such-gateway.local"), "{error:?}");
    }
    assert_eq!(proxy.accepted(), 0);
    let impatient = client("other.example").timeouts(|t| t.dial = Duration::from_millis(100));
    assert!(matches!(down(lane.connect(impatient).unwrap_err()), Down::DialTimeout));
    assert_eq!(proxy.accepted(), 1);
}

pub fn this_machine_is_reached_directly(lane: Lane) {
    let (peer, client) = serving(lane);
    client.shutdown();
    let proxy = ConnectProxy::start(Answer::Nothing);
    works(lane, once(&peer).proxy(proxy.url()));
    works(lane, builder(format!("ws://localhost:{}", peer.port())).no_reconnect().proxy(proxy.url()));
    let everything = ProxyEnv::from_vars(|name| (name == "ALL_PROXY").then(|| proxy.url()));
    works(lane, once(&peer).proxy_env(everything));
    let secured = Secured::serving(Identity::self_signed("localhost"));
    works(lane, secured.trusting().proxy(proxy.url()));
    assert_eq!(proxy.accepted(), 0);
}

pub fn a_proxy_that_cannot_be_used_is_refused_before_anything_leaves(lane: Lane) {
    let refused = |builder: Builder<()>| match lane.build(builder).unwrap_err() {
        BuildError::Proxy { error, variable } => (error, variable),
        other => panic!("{other:?}"),
    };
    for scheme in ["socks5", "https"] {
        let (error, variable) = refused(builder("wss://gateway.invalid").proxy(format!("{scheme}://127.0.0.1:9")));
        assert_eq!((error, variable), (ProxyUrlError::Scheme(scheme.into()), None));
    }
    let env = ProxyEnv::from_vars(|name| (name == "ALL_PROXY").then(|| "socks5://u:s3cr3t@127.0.0.1:9".into()));
    let (error, variable) = refused(builder("wss://gateway.invalid").proxy_env(env));
    assert_eq!(variable, Some("ALL_PROXY"));
    assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    // What would be private on the way to the gateway is not private on the way to such a proxy.
    let (error, _) = refused(builder("ws://10.0.0.1").proxy("http://proxy.example:3128"));
    assert_eq!(error, ProxyUrlError::PlaintextRefused { host: "proxy.example".into() });
}
