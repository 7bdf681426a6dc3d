//! The tokio adapter against a scripted gateway on loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use openclaw_tests::{Peer, challenge, event};
use openclaw_tokio::connect::Scope;
use openclaw_tokio::{
    Backlog, BuildError, Builder, CallError, Client, ConnectError, Down, EventFilter, NotSent, Request, Sequence,
    StartError, State, StopReason, Tokio, TransportError, TwoStage,
};
use serde_json::{Value, json};
use tokio::time::timeout;
use tungstenite::Message;

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(20);

fn builder(peer: &Peer) -> Builder<Tokio> {
    openclaw_tokio::builder(peer.url()).token("test-token").no_reconnect()
}

async fn soon<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future).await.expect("in time")
}

/// A client connected to a peer that answers everything.
async fn serving() -> (Peer, Client) {
    let peer = Peer::start(|conn| {
        conn.handshake();
        conn.serve();
    });
    let client = soon(builder(&peer).connect()).await.expect("connects");
    (peer, client)
}

fn down(error: StartError) -> Down {
    match error {
        StartError::Connect(ConnectError::Down(down)) => (*down).clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_call_gives_its_typed_answer() {
    let (_peer, client) = serving().await;
    let answer: Value = soon(client.request("echo", &json!({"n": 1}))).await.unwrap();
    assert_eq!(answer, json!({"n": 1}));
    let raw = soon(client.request_raw("echo", r#"{ "n" : 2 }"#)).await.unwrap().unwrap();
    assert_eq!(serde_json::from_str::<Value>(raw.as_str()).unwrap(), json!({"n": 2}));
    soon(client.shutdown()).await;
}

#[tokio::test]
async fn a_thousand_concurrent_calls_each_get_their_own_answer() {
    let (_peer, client) = serving().await;
    let calls: Vec<_> = (0..1000)
        .map(|n| {
            let client = client.clone();
            tokio::spawn(async move { client.request::<_, Value>("echo", &json!({ "n": n })).await.unwrap()["n"] == n })
        })
        .collect();
    for call in calls {
        assert!(soon(call).await.unwrap());
    }
}

#[tokio::test]
async fn a_refusal_keeps_the_whole_error_body() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        let asked = conn.ask();
        conn.refuse(
            &asked,
            r#"{"code":"UNAVAILABLE","message":"later","retryable":true,"retryAfterMs":1500.5,"details":{"reason":"gateway-restarting","phase":"x"}}"#,
        );
        conn.serve();
    });
    let client = soon(builder(&peer).connect()).await.unwrap();
    let error = soon(client.request_raw("health", "{}")).await.unwrap_err();
    assert!(!error.may_have_run());
    let body = error.gateway_error().unwrap();
    assert_eq!(body.retry_after, Some(Duration::from_millis(1501)));
    assert_eq!(body.details(), Some(r#"{"reason":"gateway-restarting","phase":"x"}"#));
}

#[tokio::test]
async fn a_request_before_start_waits_for_the_connection() {
    let (peer, _) = serving().await;
    let client = builder(&peer).build().unwrap();
    let call = client.call(Request::with_params("echo", &json!({"early": true})).unwrap());
    client.start();
    assert_eq!(soon(call).await.unwrap().unwrap().as_str(), r#"{"early":true}"#);
}

#[tokio::test]
async fn a_handler_is_free_to_make_requests() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        conn.event("poke", 1, r#"{"n":1}"#);
        conn.event("poke", 2, r#"{"n":2}"#);
        conn.serve();
    });
    let client = builder(&peer).build().unwrap();
    let (tx, mut rx) = tokio::sync::mpsc::unbounded_channel();
    let caller = client.clone();
    client.on_event("poke", move |event| {
        let (caller, tx) = (caller.clone(), tx.clone());
        async move {
            let params: Value = event.deserialize().unwrap();
            let answer: Value = caller.request("echo", &params).await.unwrap();
            tx.send(answer["n"].as_u64().unwrap()).unwrap();
        }
    });
    soon(client.connect()).await.unwrap();
    assert_eq!((soon(rx.recv()).await, soon(rx.recv()).await), (Some(1), Some(2)));
}

#[tokio::test]
async fn a_stuck_handler_delays_no_other() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        conn.event("slow", 1, "{}");
        conn.event("quick", 2, "{}");
        conn.serve();
    });
    let client = builder(&peer).build().unwrap();
    client.on_event("slow", |_| std::future::pending());
    let mut quick = client.events("quick");
    soon(client.connect()).await.unwrap();
    assert_eq!(soon(quick.next()).await.unwrap().unwrap().seq, Some(2));
    soon(client.request_raw("health", "{}")).await.unwrap();
}

#[tokio::test]
async fn events_come_in_order_annotated_and_filtered_by_name() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        for (name, seq) in [("a", 1), ("b", 2), ("a", 3), ("c", 7), ("a", 7)] {
            conn.event(name, seq, r#"{"x":1}"#);
        }
        conn.serve();
    });
    let client = builder(&peer).build().unwrap();
    let mut all = client.events(EventFilter::all());
    let mut some = client.events(["b", "c"]);
    soon(client.connect()).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..5 {
        let event = soon(all.next()).await.unwrap().unwrap();
        assert_eq!(event.payload(), Some(r#"{"x":1}"#));
        seen.push((event.name().to_owned(), event.sequence));
    }
    let expected = [
        ("a", Sequence::First),
        ("b", Sequence::Next),
        ("a", Sequence::Next),
        ("c", Sequence::Gap { missing: 3 }),
        ("a", Sequence::Duplicate),
    ];
    assert_eq!(seen, expected.map(|(name, sequence)| (name.to_owned(), sequence)));
    assert_eq!(soon(some.next()).await.unwrap().unwrap().seq, Some(2));
    assert_eq!(soon(some.next()).await.unwrap().unwrap().seq, Some(7));
}

#[tokio::test]
async fn a_slow_reader_gets_a_lag_notice_and_the_connection_lives() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        for seq in 1..=100 {
            conn.queue(&event("flood", seq, "{}"));
        }
        conn.flush();
        conn.serve();
    });
    let client = builder(&peer).build().unwrap();
    let mut events = client.events_with("flood", Backlog { items: 10, bytes: 1 << 20 });
    soon(client.connect()).await.unwrap();
    // The answer comes after the events, so by now all of them have been queued or counted.
    soon(client.request_raw("health", "{}")).await.unwrap();
    for seq in 1..=10 {
        assert_eq!(soon(events.next()).await.unwrap().unwrap().seq, Some(seq));
    }
    assert_eq!(soon(events.next()).await.unwrap().unwrap_err().missed, 90);
}

#[tokio::test]
async fn ten_thousand_frames_in_one_burst_all_arrive_in_order() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        for seq in 1..=10_000 {
            conn.queue(&event("burst", seq, r#""0123456789""#));
        }
        conn.flush();
        conn.serve();
    });
    let client = builder(&peer).build().unwrap();
    let mut events = client.events_with("burst", Backlog { items: 20_000, bytes: 64 << 20 });
    soon(client.connect()).await.unwrap();
    for seq in 1..=10_000 {
        assert_eq!(soon(events.next()).await.unwrap().unwrap().seq, Some(seq));
    }
}

#[tokio::test]
async fn both_stages_of_a_two_stage_call_reach_the_caller() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        let asked = conn.ask();
        conn.reply(&asked, r#"{"status":"accepted","runId":"r"}"#);
        let probe = conn.ask();
        conn.reply(&probe, "{}");
        conn.reply(&asked, r#"{"status":"ok"}"#);
        conn.serve();
    });
    let client = soon(builder(&peer).connect()).await.unwrap();
    let mut call = client.call(Request::with_params("agent", &json!({"message": "hi"})).unwrap());
    let accepted = soon(call.accepted()).await.unwrap();
    assert_eq!(accepted.as_str(), r#"{"status":"accepted","runId":"r"}"#);
    soon(client.request_raw("health", "{}")).await.unwrap();
    assert_eq!(soon(call).await.unwrap().unwrap().as_str(), r#"{"status":"ok"}"#);
}

#[tokio::test]
async fn a_second_answer_that_never_comes_ends_with_its_own_deadline() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        let asked = conn.ask();
        conn.reply(&asked, r#"{"status":"accepted"}"#);
        conn.serve();
    });
    let client = soon(builder(&peer).connect()).await.unwrap();
    let request =
        Request::new("progressCard.refresh").unwrap().two_stage(TwoStage::Expect { within: Duration::from_millis(50) });
    let error = soon(client.call(request)).await.unwrap_err();
    assert!(matches!(error, CallError::TimedOut { sent: true }), "{error:?}");
}

#[tokio::test]
async fn dropping_a_call_cancels_it_and_its_answer_is_counted_as_late() {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let peer = Peer::start(move |conn| {
        conn.handshake();
        let asked = conn.ask();
        wait.lock().unwrap().recv().unwrap();
        conn.reply(&asked, "{}");
        conn.serve();
    });
    let client = soon(builder(&peer).connect()).await.unwrap();
    let call = client.call(Request::new("slow").unwrap());
    assert!(timeout(Duration::from_millis(50), call).await.is_err());
    go.send(()).unwrap();
    soon(client.request_raw("health", "{}")).await.unwrap();
    assert_eq!(client.stats().late_responses, 1);
}

#[tokio::test]
async fn pending_calls_end_at_once_when_the_connection_does() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        conn.ask();
        conn.close(1012, "service restart");
    });
    let client = soon(builder(&peer).connect()).await.unwrap();
    let error = soon(client.request_raw("slow", "{}")).await.unwrap_err();
    match error {
        CallError::OutcomeUnknown(down) => {
            assert_eq!(down.to_string(), "closed by the gateway (1012: service restart)");
        }
        other => panic!("{other:?}"),
    }
    let error = soon(client.request_raw("next", "{}")).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(NotSent::Stopped)), "{error:?}");
}

#[tokio::test]
async fn a_gateway_that_vanishes_without_a_close_frame_is_told_as_such() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        conn.ask();
    });
    let client = soon(builder(&peer).connect()).await.unwrap();
    let error = soon(client.request_raw("slow", "{}")).await.unwrap_err();
    assert!(matches!(error, CallError::OutcomeUnknown(down) if matches!(*down, Down::Closed { code: None, .. })));
}

#[tokio::test]
async fn shutting_down_closes_politely_from_every_state() {
    // Ready: the peer sees 1000.
    let (tx, rx) = std::sync::mpsc::channel();
    let tx = std::sync::Mutex::new(tx);
    let peer = Peer::start(move |conn| {
        conn.handshake();
        tx.lock().unwrap().send(conn.serve()).unwrap();
    });
    let client = soon(builder(&peer).connect()).await.unwrap();
    soon(client.shutdown()).await;
    assert_eq!(rx.recv_timeout(PATIENCE).unwrap(), Some(1000));
    assert!(matches!(client.state(), State::Stopped { why: StopReason::Requested }));
    // Stopped, and idle.
    soon(client.shutdown()).await;
    let idle = builder(&peer).build().unwrap();
    soon(idle.shutdown()).await;
    assert!(matches!(idle.state(), State::Stopped { .. }));
    // Handshaking: a peer that never sends its challenge.
    let silent = Peer::start(|conn| {
        conn.message();
    });
    let client = builder(&silent).build().unwrap();
    let mut states = client.states();
    client.start();
    while !matches!(soon(states.next()).await, Some(Ok(State::Handshaking { .. }))) {}
    soon(client.shutdown()).await;
    assert!(matches!(client.state(), State::Stopped { why: StopReason::Requested }));
}

#[tokio::test]
async fn shutting_down_while_connecting_to_a_black_hole_takes_less_than_100_ms() {
    let hole = Peer::raw(|mut tcp| while matches!(std::io::Read::read(&mut tcp, &mut [0; 4096]), Ok(1..)) {});
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let client = builder(&hole).build().unwrap();
        client.start();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(matches!(client.state(), State::Dialing { .. }));
        let begin = Instant::now();
        soon(client.shutdown()).await;
        best = best.min(begin.elapsed());
    }
    assert!(best < Duration::from_millis(100), "{best:?}");
}

#[tokio::test]
async fn dropping_the_last_handle_closes_the_connection() {
    let (tx, rx) = std::sync::mpsc::channel();
    let tx = std::sync::Mutex::new(tx);
    let peer = Peer::start(move |conn| {
        conn.handshake();
        tx.lock().unwrap().send(conn.serve()).unwrap();
    });
    let client = soon(builder(&peer).connect()).await.unwrap();
    let mut events = client.events(EventFilter::all());
    drop(client.clone());
    soon(client.request_raw("health", "{}")).await.unwrap();
    drop(client);
    assert!(soon(events.next()).await.is_none(), "streams end with the client");
    let code = tokio::task::spawn_blocking(move || rx.recv_timeout(PATIENCE).unwrap()).await.unwrap();
    assert_eq!(code, Some(1000));
}

#[tokio::test]
async fn a_stopped_client_can_be_started_again() {
    let (peer, client) = serving().await;
    soon(client.shutdown()).await;
    soon(client.connect()).await.unwrap();
    soon(client.request_raw("health", "{}")).await.unwrap();
    assert_eq!(peer.accepted(), 2);
}

#[test]
fn calls_end_when_the_runtime_is_gone() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        while conn.next_request().is_some() {}
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = runtime.block_on(async { builder(&peer).connect().await.unwrap() });
    let pending = client.call(Request::new("never").unwrap());
    drop(runtime);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert!(matches!(soon(pending).await, Err(CallError::DriverGone)));
        assert!(matches!(soon(client.request_raw("health", "{}")).await, Err(CallError::DriverGone)));
        soon(client.shutdown()).await;
    });
}

#[tokio::test]
async fn a_refused_upgrade_keeps_status_headers_and_body() {
    let peer = Peer::raw(|mut tcp| {
        let mut request = [0; 4096];
        let _ = std::io::Read::read(&mut tcp, &mut request);
        let answer = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 34\r\n\r\nToo many unauthenticated sockets\r\n";
        let _ = std::io::Write::write_all(&mut tcp, answer.as_bytes());
    });
    match down(soon(builder(&peer).connect()).await.unwrap_err()) {
        Down::Transport(TransportError::UpgradeRefused(refused)) => {
            assert_eq!((refused.status, refused.header("retry-after")), (503, Some("7")));
            assert_eq!(refused.body.trim(), "Too many unauthenticated sockets");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_way_of_not_connecting_has_its_own_error() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = openclaw_tokio::builder(format!("ws://127.0.0.1:{free}")).connect().await.unwrap_err();
    assert!(matches!(down(refused), Down::Transport(TransportError::Connect(_))));
    let unresolved = soon(openclaw_tokio::builder("ws://no-such-host.local:1").connect()).await.unwrap_err();
    assert!(matches!(down(unresolved), Down::Transport(TransportError::Resolve { .. })));
    let garbage = Peer::raw(|mut tcp| {
        let _ = std::io::Write::write_all(&mut tcp, b"SSH-2.0-OpenSSH\r\n\r\n");
        std::thread::sleep(Duration::from_millis(200));
    });
    let error = soon(builder(&garbage).connect()).await.unwrap_err();
    assert!(matches!(down(error), Down::Transport(TransportError::Protocol(_))));
}

#[tokio::test]
async fn no_byte_leaves_for_an_address_the_plaintext_policy_refuses() {
    // Port 9 of a documentation address: were a connection attempted, the test would hang instead of failing at once.
    let error = openclaw_tokio::builder("ws://203.0.113.7:9").token("secret").build().unwrap_err();
    assert!(matches!(error, BuildError::Url(_)));
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[tokio::test]
async fn the_upgrade_offers_no_compression_and_no_origin() {
    let (tx, rx) = std::sync::mpsc::channel();
    let tx = std::sync::Mutex::new(tx);
    let peer = Peer::start(move |conn| {
        tx.lock().unwrap().send(conn.headers.clone()).unwrap();
        conn.handshake();
        conn.serve();
    });
    let _client = soon(builder(&peer).connect()).await.unwrap();
    let headers = rx.recv_timeout(PATIENCE).unwrap();
    for absent in ["sec-websocket-extensions", "origin", "authorization", "cookie"] {
        assert!(!headers.iter().any(|(name, _)| name == absent), "{absent}");
    }
}

#[tokio::test]
async fn pings_are_answered_without_the_application() {
    let (tx, rx) = std::sync::mpsc::channel();
    let tx = std::sync::Mutex::new(tx);
    let peer = Peer::start(move |conn| {
        conn.handshake();
        conn.ping();
        let answer = conn.message();
        tx.lock().unwrap().send(matches!(answer, Some(Message::Pong(data)) if data.as_ref() == [1, 2, 3])).unwrap();
        conn.serve();
    });
    let _client = soon(builder(&peer).connect()).await.unwrap();
    let ponged = tokio::task::spawn_blocking(move || rx.recv_timeout(PATIENCE)).await.unwrap();
    assert_eq!(ponged, Ok(true));
}

#[tokio::test]
async fn a_frame_of_exactly_the_inbound_limit_arrives_and_one_byte_more_ends_the_connection() {
    const LIMIT: usize = 1 << 20;
    for extra in [0, 1] {
        let peer = Peer::start(move |conn| {
            conn.handshake();
            let frame = event("big", 1, r#""""#);
            let fill = "x".repeat(LIMIT + extra - frame.len());
            conn.event("big", 1, &format!(r#""{fill}""#));
            conn.serve();
        });
        let client = builder(&peer).limits(|l| l.inbound_frame = LIMIT).build().unwrap();
        let mut events = client.events("big");
        let mut states = client.states();
        soon(client.connect()).await.unwrap();
        if extra == 0 {
            assert_eq!(soon(events.next()).await.unwrap().unwrap().frame().as_ref().len(), LIMIT);
        } else {
            loop {
                if let Some(Ok(State::Stopped { why: StopReason::Down(down) })) = soon(states.next()).await {
                    assert!(matches!(*down, Down::Transport(TransportError::FrameTooLarge(_))), "{down:?}");
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_reply_of_the_largest_size_arrives_whole() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        let asked = conn.ask();
        let fill = "y".repeat(25 << 20).split_off(200);
        conn.reply(&asked, &format!(r#""{fill}""#));
        conn.serve();
    });
    let client = soon(builder(&peer).connect()).await.unwrap();
    let payload = soon(client.request_raw("big", "{}")).await.unwrap().unwrap();
    assert_eq!(payload.as_str().len(), (25 << 20) - 200 + 2);
}

#[tokio::test]
async fn a_peer_that_stops_reading_is_dropped_after_the_write_limit_and_reading_goes_on_meanwhile() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        // Never reads again, but goes on talking.
        for seq in 1..=1000 {
            conn.event("talk", seq, "{}");
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    let client = builder(&peer).timeouts(|t| t.write_stall = Duration::from_millis(300)).build().unwrap();
    let mut events = client.events("talk");
    soon(client.connect()).await.unwrap();
    let fill = "z".repeat(8 << 20);
    let calls: Vec<_> = (0..4).map(|_| client.call(Request::with_params("big", &fill).unwrap())).collect();
    let mut heard = 0;
    for call in calls {
        match soon(call).await.unwrap_err() {
            CallError::OutcomeUnknown(down) => assert!(matches!(*down, Down::WriteStalled), "{down:?}"),
            CallError::NotSent(NotSent::ConnectionLost(down)) => assert!(matches!(*down, Down::WriteStalled)),
            other => panic!("{other:?}"),
        }
    }
    while let Ok(Some(Ok(_))) = timeout(Duration::from_millis(1), events.next()).await {
        heard += 1;
    }
    assert!(heard >= 3, "heard {heard} events while the write was stuck");
}

#[tokio::test]
async fn less_scope_than_asked_for_is_told() {
    let (peer, _) = serving().await;
    let client = builder(&peer).scopes([Scope::Read, Scope::Admin]).build().unwrap();
    let mut notices = client.notices();
    soon(client.connect()).await.unwrap();
    let notice = soon(notices.next()).await.unwrap().unwrap();
    assert!(format!("{notice:?}").contains("missing: [Admin]"), "{notice:?}");
}

#[tokio::test]
async fn events_before_hello_come_before_ready() {
    let peer = Peer::start(|conn| {
        conn.text(&challenge("n"));
        let connect = conn.ask();
        conn.event("early", 1, "{}");
        conn.reply(&connect, openclaw_tests::HELLO);
        conn.serve();
    });
    let client = builder(&peer).build().unwrap();
    let mut early = client.events("early");
    soon(client.connect()).await.unwrap();
    assert!(timeout(Duration::ZERO, early.next()).await.is_ok(), "queued before the client was ready");
}

#[tokio::test]
async fn wss_works_with_a_trusted_certificate_and_fails_typed_with_another() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let server = Arc::new(server);
    let upgrades = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&upgrades);
    let peer = Peer::raw(move |tcp| {
        let tls = rustls::StreamOwned::new(rustls::ServerConnection::new(Arc::clone(&server)).unwrap(), tcp);
        if let Ok(mut conn) = openclaw_tests::Conn::accept(Box::new(tls)) {
            counter.fetch_add(1, Ordering::SeqCst);
            conn.handshake();
            conn.serve();
        }
    });
    let url = format!("wss://localhost:{}", peer.port());

    let mut roots = rustls::RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let trusting = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = soon(openclaw_tokio::builder(&url).tls(Arc::new(trusting)).connect()).await.unwrap();
    soon(client.request_raw("echo", "[1]")).await.unwrap();
    soon(client.shutdown()).await;

    let error = soon(openclaw_tokio::builder(&url).token("secret").connect()).await.unwrap_err();
    assert!(matches!(down(error), Down::Transport(TransportError::Tls(_))));
    assert_eq!(upgrades.load(Ordering::SeqCst), 1, "nothing was said to the untrusted one");
}
