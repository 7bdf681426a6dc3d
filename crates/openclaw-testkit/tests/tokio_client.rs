//! The gateway on loopback, seen by the project's own client.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is what a test is for"
)]

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use openclaw_testkit::{
    ChatReply, Drain, Effect, Fault, GatewayConfig, HttpRefusal, PeerId, Phase, Point, Reply, RestartPlan, Server,
};
use openclaw_tokio::proto::connect::Scope;
use openclaw_tokio::proto::{Down, ErrorCode, NotSent, State, StopReason, TransportError};
use openclaw_tokio::{Builder, CallError, Client, ConnectError, EventFilter, Request, StartError, Tokio};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// No test waits longer.
async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("in time")
}

async fn start(config: GatewayConfig) -> Server {
    Server::start(config).await.unwrap()
}

/// A client that stops with its connection, so that a test sees why it ended.
fn builder(server: &Server) -> Builder<Tokio> {
    openclaw_tokio::builder(server.url()).token(server.token()).no_reconnect()
}

async fn client(server: &Server, scopes: &[Scope]) -> Client {
    soon(builder(server).scopes(scopes.iter().cloned()).connect()).await.unwrap()
}

/// Why a connect failed.
async fn failure(server: &Server) -> Arc<Down> {
    match soon(builder(server).connect()).await {
        Err(StartError::Connect(ConnectError::Down(down))) => down,
        other => panic!("{other:?}"),
    }
}

/// The first ending of a client.
async fn ending(client: &Client) -> String {
    let mut states = client.states();
    loop {
        if let Some(Ok(State::Stopped { why: StopReason::Down(down) })) = soon(states.next()).await {
            return down.to_string();
        }
    }
}

#[tokio::test]
async fn a_client_connects_to_every_dialect_and_gets_answers() {
    for config in [GatewayConfig::v4(), GatewayConfig::v3(), GatewayConfig::original()] {
        let server = start(config).await;
        let client = client(&server, &[Scope::Read]).await;
        let echoed: Value = soon(client.request("echo", &json!({"x": [1, "ä"]}))).await.unwrap();
        assert_eq!(echoed, json!({"x": [1, "ä"]}));
        let health: Value = soon(client.request("health", &json!({}))).await.unwrap();
        assert_eq!(health["ok"], true);
        assert_eq!(client.stats().malformed, 0);
        soon(client.shutdown()).await;
        soon(server.connected(0)).await;
    }
}

#[tokio::test]
async fn hello_says_what_the_gateway_is() {
    let server = start(GatewayConfig::v4().version("1.2.3")).await;
    let client = builder(&server).build().unwrap();
    let hello = soon(client.connect()).await.unwrap();
    assert_eq!(hello.protocol, 4);
    assert_eq!(hello.server().version.as_deref(), Some("1.2.3"));
    assert_eq!(hello.scopes(), Some([Scope::Read].as_slice()));
    let connections = server.connections();
    assert_eq!(connections.len(), 1);
    assert_eq!(hello.server().conn_id.as_deref(), Some(connections[0].conn_id.as_str()));
    assert_eq!((connections[0].client_id.as_str(), connections[0].client_mode.as_str()), ("gateway-client", "backend"));
}

#[tokio::test]
async fn a_missing_scope_is_told_in_both_wires() {
    for (config, code) in
        [(GatewayConfig::v4(), ErrorCode::Forbidden), (GatewayConfig::v3(), ErrorCode::InvalidRequest)]
    {
        let server = start(config).await;
        let client = client(&server, &[Scope::Read]).await;
        let params = json!({"sessionKey": "s", "message": "m", "idempotencyKey": "k"});
        let error = soon(client.request::<_, Value>("chat.send", &params)).await.unwrap_err();
        let error = error.gateway_error().unwrap();
        assert_eq!((&error.code, error.missing_scope.as_deref()), (&code, Some("operator.write")));
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused() {
    let server = start(GatewayConfig::v3().token("right")).await;
    let refused = soon(builder(&server).token("wrong").connect()).await.unwrap_err();
    assert!(format!("{refused:?}").contains("AUTH_TOKEN_MISMATCH"), "{refused:?}");
}

#[tokio::test]
async fn events_arrive_in_sequence_and_only_where_they_may() {
    let server = start(GatewayConfig::v4()).await;
    let reader = client(&server, &[Scope::Read]).await;
    let other = client(&server, &[Scope::Pairing]).await;
    let (mut seen, mut unseen) = (reader.events(EventFilter::all()), other.events(EventFilter::all()));
    for n in 0..100 {
        server.broadcast("chat", &json!({"n": n}));
    }
    server.broadcast("tick", &json!({}));
    for n in 0..100_u64 {
        let event = soon(seen.next()).await.unwrap().unwrap();
        assert_eq!((event.name(), event.seq), ("chat", Some(n + 1)));
        assert_eq!(event.deserialize::<Value>().unwrap()["n"], n);
    }
    let event = soon(unseen.next()).await.unwrap().unwrap();
    assert_eq!((event.name(), event.seq), ("tick", Some(1)));
}

#[tokio::test]
async fn methods_of_ones_own_are_called_and_recorded() {
    let mut count = 0;
    let server = start(GatewayConfig::v4().method("cards.deal", "operator.read", move |call, params| {
        count += 1;
        call.broadcast("cards.dealt", &json!({"count": count, "to": params["to"]}));
        Reply::ok(json!({"count": count}))
    }))
    .await;
    let client = client(&server, &[Scope::Read]).await;
    let mut events = client.events("cards.dealt");
    for n in 1..=3 {
        let dealt: Value = soon(client.request("cards.deal", &json!({"to": n}))).await.unwrap();
        assert_eq!(dealt["count"], n);
        let event = soon(events.next()).await.unwrap().unwrap();
        assert_eq!(event.deserialize::<Value>().unwrap(), json!({"count": n, "to": n}));
    }
    let asked = soon(server.asked("cards.deal", 3)).await;
    assert_eq!(asked[2].json(), json!({"to": 3}));
}

#[tokio::test]
async fn a_chat_is_streamed_to_its_end() {
    let server = start(GatewayConfig::v4().chat(|_| ChatReply::text("one two three"))).await;
    let client = client(&server, &[Scope::Write]).await;
    let mut chats = client.events("chat");
    let params = json!({"sessionKey": "s", "message": "count", "idempotencyKey": "k"});
    let started: Value = soon(client.request("chat.send", &params)).await.unwrap();
    assert_eq!(started["status"], "started");
    let mut text = String::new();
    loop {
        let chat: Value = soon(chats.next()).await.unwrap().unwrap().deserialize().unwrap();
        text.push_str(chat["deltaText"].as_str().unwrap_or_default());
        if chat["state"] == "final" {
            assert_eq!(chat["message"]["content"][0]["text"], "one two three");
            break;
        }
    }
    assert_eq!(text, "one two three");
}

#[tokio::test]
async fn agent_is_accepted_and_then_answered() {
    let server = start(GatewayConfig::v4()).await;
    let client = client(&server, &[Scope::Write]).await;
    let request = Request::with_params("agent", &json!({"message": "hi", "idempotencyKey": "k"})).unwrap();
    let result = soon(client.call(request)).await.unwrap().unwrap();
    let result: Value = result.deserialize().unwrap();
    assert_eq!((&result["status"], &result["runId"]), (&json!("ok"), &json!("k")));
}

#[tokio::test]
async fn a_restart_keeps_the_port_and_changes_the_boot_id() {
    let server = start(GatewayConfig::v4()).await;
    let url = server.url();
    let client = builder(&server).build().unwrap();
    let before = soon(client.connect()).await.unwrap();
    let mut shutdown = client.events("shutdown");
    let (why, restarted) = tokio::join!(ending(&client), soon(server.restart(RestartPlan::default())));
    restarted.unwrap();
    assert_eq!(why, "closed by the gateway (1012: service restart)");
    let notice: Value = soon(shutdown.next()).await.unwrap().unwrap().deserialize().unwrap();
    assert_eq!(notice, json!({"reason": "gateway restarting", "restartExpectedMs": 150}));
    assert_eq!((server.url(), server.phase()), (url, Phase::Ready));
    let after = soon(client.connect()).await.unwrap();
    assert_ne!(before.server().boot_id, after.server().boot_id);
}

#[tokio::test]
async fn a_client_comes_back_by_itself_after_a_restart_and_goes_on() {
    let server = start(GatewayConfig::v4()).await;
    let quick = openclaw_tokio::builder(server.url()).token(server.token()).backoff(|backoff| {
        backoff.base = Duration::from_millis(20);
        backoff.max = Duration::from_millis(100);
    });
    let client = soon(quick.connect()).await.unwrap();
    let mut events = client.events("cards.dealt");
    soon(server.restart(RestartPlan::default())).await.unwrap();
    soon(server.connected(1)).await;
    let echoed: Value = soon(client.request("echo", &json!("again"))).await.unwrap();
    assert_eq!(echoed, "again");
    server.broadcast("cards.dealt", &json!({}));
    assert_eq!(soon(events.next()).await.unwrap().unwrap().seq, Some(1));
}

#[tokio::test]
async fn during_a_restart_upgrades_are_refused_then_connections_then_connects() {
    let server = start(GatewayConfig::v4()).await;
    let mut plan = RestartPlan::default().down_for(Duration::from_millis(400)).boot_for(Duration::from_millis(400));
    plan.drain.closed_for = Duration::from_millis(400);
    let mut kinds = Vec::new();
    let probe = async {
        loop {
            let kind = match soon(builder(&server).connect()).await {
                Ok(_) => "served",
                Err(StartError::Connect(ConnectError::Down(down))) => match &*down {
                    Down::Transport(TransportError::UpgradeRefused(refused)) => {
                        assert_eq!(
                            (refused.status, refused.body.as_str()),
                            (503, "Gateway websocket admission closed")
                        );
                        "503"
                    }
                    Down::Transport(TransportError::Connect(_)) => "refused",
                    Down::Refused(error) => {
                        assert_eq!(error.detail_reason.as_deref(), Some("startup-sidecars"));
                        "starting"
                    }
                    // The port was closed between connect and upgrade.
                    Down::Transport(_) | Down::Closed { .. } => continue,
                    other => panic!("{other:?}"),
                },
                Err(other) => panic!("{other:?}"),
            };
            if kinds.last() != Some(&kind) {
                kinds.push(kind);
            }
            if kind == "served" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    server.with(|core, now| core.restart(now, plan));
    probe.await;
    assert_eq!(kinds, ["503", "refused", "starting", "served"]);
}

#[tokio::test]
async fn a_killed_gateway_vanishes_and_can_be_revived() {
    let server = start(GatewayConfig::v4()).await;
    let client = client(&server, &[Scope::Read]).await;
    let call = client.call(Request::with_params("slow", &json!({"ms": 60_000})).unwrap());
    soon(server.asked("slow", 1)).await;
    soon(server.kill()).await;
    match soon(call).await.unwrap_err() {
        CallError::OutcomeUnknown(down) => assert!(matches!(*down, Down::Closed { code: None, .. }), "{down:?}"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(&*failure(&server).await, Down::Transport(TransportError::Connect(_))));
    soon(server.resume()).await.unwrap();
    soon(client.connect()).await.unwrap();
}

#[tokio::test]
async fn a_port_that_somebody_else_takes_meanwhile_is_an_error() {
    let server = start(GatewayConfig::v4()).await;
    soon(server.kill()).await;
    // While the gateway is down it keeps the port for itself, so a thief has to come with the same option.
    let thief = tokio::net::TcpSocket::new_v4().unwrap();
    thief.set_reuseaddr(true).unwrap();
    thief.bind(server.address()).unwrap();
    let _thief = thief.listen(1).unwrap();
    let error = soon(server.resume()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_draining_gateway_refuses_requests_and_says_when_to_come_back() {
    let server = start(GatewayConfig::v4()).await;
    let client = client(&server, &[Scope::Read]).await;
    let drain = Drain::default().lasting(Duration::from_millis(300));
    let ask = async {
        while server.phase() == Phase::Ready {
            tokio::task::yield_now().await;
        }
        soon(client.request::<_, Value>("health", &json!({}))).await.unwrap_err()
    };
    let (error, ()) = tokio::join!(ask, soon(server.drain(drain)));
    assert!(!error.may_have_run());
    let error = error.gateway_error().unwrap();
    assert_eq!(error.detail_reason.as_deref(), Some("gateway-restarting"));
    assert_eq!(error.retry_after, Some(Duration::from_secs(1)));
    assert_eq!(server.phase(), Phase::Down);
}

#[tokio::test]
async fn an_upgrade_is_refused_with_status_headers_and_body() {
    let refusal = HttpRefusal::new(429, "too fast").header("Retry-After", "7");
    let server = start(GatewayConfig::v4().fault(Fault::new(Point::Upgrade, Effect::Refuse(refusal)))).await;
    match &*failure(&server).await {
        Down::Transport(TransportError::UpgradeRefused(refused)) => {
            assert_eq!((refused.status, refused.header("retry-after")), (429, Some("7")));
            assert_eq!(refused.body, "too fast");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn faults_lose_answers_skip_numbers_and_cut_connections() {
    let server = start(GatewayConfig::v4()).await;
    let client = client(&server, &[Scope::Read]).await;
    let mut events = client.events("cron");
    server.fault(Fault::new(Point::Response("echo".into()), Effect::Withhold).once());
    let request = Request::with_params("echo", &1).unwrap().timeout(Duration::from_millis(100));
    assert!(matches!(soon(client.call(request)).await, Err(CallError::TimedOut { sent: true })));
    server.fault(Fault::new(Point::Event("cron".into()), Effect::SkipSeq(5)).skip(1).once());
    server.broadcast("cron", &json!({}));
    server.broadcast("cron", &json!({}));
    let first = soon(events.next()).await.unwrap().unwrap();
    let second = soon(events.next()).await.unwrap().unwrap();
    assert_eq!((first.seq, second.seq), (Some(1), Some(7)));
    server.fault(Fault::new(Point::Response("echo".into()), Effect::Abort));
    let error = soon(client.request::<_, Value>("echo", &2)).await.unwrap_err();
    assert!(matches!(error, CallError::OutcomeUnknown(_)), "{error:?}");
    assert_eq!(soon(server.asked("echo", 2)).await[1].json(), 2, "it did run");
}

#[tokio::test]
async fn odd_frames_reach_the_client_as_they_are() {
    let odd = r#"{"type":"res","id":"nobody","ok":true}"#;
    let faults = [
        Fault::new(Point::AfterHello, Effect::Inject("not json".into())),
        Fault::new(Point::AfterHello, Effect::Inject(odd.into())),
    ];
    let server = start(faults.into_iter().fold(GatewayConfig::v4(), GatewayConfig::fault)).await;
    let client = client(&server, &[Scope::Read]).await;
    let _: Value = soon(client.request("echo", &1)).await.unwrap();
    assert_eq!(client.stats().malformed, 1);
}

#[tokio::test]
async fn a_client_is_closed_with_the_code_it_is_told() {
    let server = start(GatewayConfig::v4()).await;
    let client = client(&server, &[Scope::Read]).await;
    let peer: PeerId = server.connections()[0].peer;
    let (why, ()) = tokio::join!(ending(&client), async { server.invalidate(peer, "device removed") });
    assert_eq!(why, "closed by the gateway (4001: client invalidated: device removed)");
}

#[tokio::test]
async fn a_gateway_that_stops_reading_stalls_its_client() {
    let server = start(GatewayConfig::v4().fault(Fault::new(Point::AfterHello, Effect::StopReading))).await;
    let client =
        soon(builder(&server).timeouts(|t| t.write_stall = Duration::from_millis(300)).connect()).await.unwrap();
    let fill = "z".repeat(20 << 20);
    let error = soon(client.request::<_, Value>("echo", &fill)).await.unwrap_err();
    match error {
        CallError::OutcomeUnknown(down) | CallError::NotSent(NotSent::ConnectionLost(down)) => {
            assert!(matches!(*down, Down::WriteStalled), "{down:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_gateway_that_stops_writing_falls_silent() {
    let server = start(GatewayConfig::v4().limits(|limits| limits.tick = Duration::from_millis(50))).await;
    let client = builder(&server).timeouts(|t| t.silence_floor = Duration::from_millis(300)).build().unwrap();
    let mut ticks = client.events("tick");
    soon(client.connect()).await.unwrap();
    soon(ticks.next()).await.unwrap().unwrap();
    server.fault(Fault::new(Point::Event("tick".into()), Effect::StopWriting));
    let why = ending(&client).await;
    assert!(!why.contains("closed by the gateway"), "{why}");
}

#[tokio::test]
async fn a_flood_of_requests_is_partly_refused() {
    let server = start(GatewayConfig::v4().limits(|limits| limits.start_queue = 10)).await;
    let client = client(&server, &[Scope::Read]).await;
    let calls: Vec<_> = (0..1000).map(|n| client.call(Request::with_params("echo", &n).unwrap())).collect();
    let (mut served, mut busy) = (0, 0);
    for call in calls {
        match soon(call).await {
            Ok(_) => served += 1,
            Err(error) => {
                assert_eq!(error.gateway_error().unwrap().retryable, Some(true));
                busy += 1;
            }
        }
    }
    assert_eq!(served + busy, 1000);
    assert!(served >= 10, "{served} served");
    let _: Value = soon(client.request("echo", &1)).await.unwrap();
}

#[tokio::test]
async fn large_answers_and_large_requests_pass() {
    let server = start(GatewayConfig::v4()).await;
    let client = client(&server, &[Scope::Read]).await;
    let blob: Value = soon(client.request("blob", &json!({"size": 8_000_000}))).await.unwrap();
    assert_eq!(blob["data"].as_str().unwrap().len(), 8_000_000);
    let fill = "y".repeat(8_000_000);
    let echoed: String = soon(client.request("echo", &fill)).await.unwrap();
    assert_eq!(echoed, fill);
}

#[tokio::test]
async fn a_slow_reader_is_cut() {
    let server = start(GatewayConfig::v4().limits(|limits| limits.max_buffered = 1 << 20)).await;
    let address = server.address();
    let mut tcp = tokio::net::TcpStream::connect(address).await.unwrap();
    let upgrade = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    tcp.write_all(upgrade.as_bytes()).await.unwrap();
    let connect = json!({"type": "req", "id": "c", "method": "connect", "params": {
        "minProtocol": 4, "maxProtocol": 4, "scopes": ["operator.read"], "auth": {"token": server.token()},
        "client": {"id": "gateway-client", "version": "1", "platform": "linux", "mode": "backend"},
    }});
    tcp.write_all(&masked(&connect.to_string())).await.unwrap();
    soon(server.connected(1)).await;
    // It never reads what it asks for.
    for _ in 0..20 {
        let ask = json!({"type": "req", "id": "b", "method": "blob", "params": {"size": 2_000_000}}).to_string();
        if tcp.write_all(&masked(&ask)).await.is_err() {
            break;
        }
    }
    soon(server.connected(0)).await;
}

/// A text message as a client sends it, with a mask of zeros.
fn masked(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

#[tokio::test]
async fn the_port_answers_health_probes_over_plain_http() {
    let server = start(GatewayConfig::v4().boot_for(Duration::from_millis(300))).await;
    let get = |path: &'static str| async move {
        let mut tcp = tokio::net::TcpStream::connect(server.address()).await.unwrap();
        tcp.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon(tcp.read_to_string(&mut answer)).await.unwrap();
        (server, answer)
    };
    let (server, answer) = get("/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    let get = |server: Server, path: &'static str| async move {
        let mut tcp = tokio::net::TcpStream::connect(server.address()).await.unwrap();
        tcp.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon(tcp.read_to_string(&mut answer)).await.unwrap();
        (server, answer)
    };
    let (server, answer) = get(server, "/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(r#"{"ok":true,"status":"live"}"#), "{answer}");
    tokio::time::sleep(Duration::from_millis(350)).await;
    let (server, answer) = get(server, "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let (_server, answer) = get(server, "/elsewhere").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

#[tokio::test]
async fn dropping_or_shutting_down_a_server_frees_its_port() {
    let server = start(GatewayConfig::v4()).await;
    let address = server.address();
    let client = client(&server, &[Scope::Read]).await;
    let (why, ()) = tokio::join!(ending(&client), soon(server.shutdown()));
    assert_eq!(why, "closed by the gateway (1012: service restart)");
    let server = Server::bind(address, GatewayConfig::v4()).await.unwrap();
    soon(client.connect()).await.unwrap();
    drop(server);
    let _ = ending(&client).await;
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
