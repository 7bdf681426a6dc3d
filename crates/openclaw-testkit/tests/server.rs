//! The gateway on a port, and a real client at it.
#![allow(missing_docs, reason = "names of tests say what they show")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::or_fun_call,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests, too"
)]

use std::time::Duration;

use openclaw_testkit::{Dialect, Fault, GatewayConfig, Phase, Reply, Server};
use openclaw_tokio::connect::Scope;
use openclaw_tokio::{Builder, Client, EventFilter, Request, Sequence, State, Tokio};
use serde_json::{Value, json};

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(20);

async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("in time")
}

fn builder(server: &Server) -> Builder<Tokio> {
    let quick = Duration::from_millis(20);
    openclaw_tokio::builder(server.url()).token(server.token()).scopes([Scope::Write]).backoff(|b| b.base = quick)
}

async fn start(config: GatewayConfig) -> (Server, Client) {
    let server = Server::start(config).await.unwrap();
    let client = soon(builder(&server).connect()).await.unwrap();
    (server, client)
}

async fn call(client: &Client, method: &str, params: Value) -> Value {
    soon(client.request(method, &params)).await.unwrap()
}

/// Waits until something holds.
async fn until(what: impl Fn() -> bool) {
    soon(async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_connects_calls_and_leaves_in_every_dialect() {
    for dialect in [Dialect::V4, Dialect::V3, Dialect::Original] {
        let (server, client) = start(GatewayConfig::new().dialect(dialect)).await;
        let hello = soon(client.ready()).await.unwrap();
        assert_eq!(hello.protocol, dialect.protocol());
        assert!(hello.server.conn_id.is_some(), "{dialect:?}");
        assert_eq!(call(&client, "echo", json!({"n": 1})).await, json!({"n": 1}));
        for method in ["health", "status", "agents.list", "models.list", "sessions.list", "system-presence"] {
            call(&client, method, json!({})).await;
        }
        assert_eq!(call(&client, "blob", json!({"size": 300_000})).await["blob"].as_str().unwrap().len(), 300_000);
        assert_eq!((server.connections(), server.journal().len()), (1, 8));
        soon(client.shutdown()).await;
        until(|| server.connections() == 0).await;
        soon(server.shutdown()).await;
    }
}

#[tokio::test]
async fn an_agent_run_is_accepted_first_and_answered_later() {
    let (_server, client) = start(GatewayConfig::new()).await;
    let request = Request::with_params("agent", &json!({"message": "hello", "idempotencyKey": "r1"})).unwrap();
    let mut run = client.call(request);
    let accepted = soon(run.accepted()).await.unwrap();
    assert!(accepted.as_str().contains(r#""runId":"r1""#));
    let done = soon(run).await.unwrap().unwrap();
    assert!(done.as_str().contains("you said: hello"), "{}", done.as_str());
}

#[tokio::test]
async fn a_missing_scope_is_refused_as_each_dialect_refuses_it() {
    for (dialect, code) in [(Dialect::V4, "FORBIDDEN"), (Dialect::V3, "INVALID_REQUEST")] {
        let server = Server::start(GatewayConfig::new().dialect(dialect)).await.unwrap();
        let client = soon(builder(&server).scopes([Scope::Read]).connect()).await.unwrap();
        let error = soon(client.request_raw("agent", "{}")).await.unwrap_err();
        let refused = error.gateway_error().unwrap();
        assert_eq!(
            (refused.code.to_string().as_str(), refused.message.as_str()),
            (code, "missing scope: operator.write")
        );
    }
}

#[tokio::test]
async fn broadcasts_reach_every_client_in_order() {
    let (server, one) = start(GatewayConfig::new()).await;
    let two = soon(builder(&server).connect()).await.unwrap();
    let mut heard = [&one, &two].map(|client| client.events(EventFilter::all()));
    for n in 1..=100 {
        server.broadcast("news", &json!({ "n": n }));
    }
    for events in &mut heard {
        for n in 1..=100 {
            let event = soon(events.next()).await.unwrap().unwrap();
            assert_eq!(event.payload(), Some(format!(r#"{{"n":{n}}}"#).as_str()));
            assert!(!matches!(event.sequence, Sequence::Gap { .. }), "{:?}", event.sequence);
        }
    }
}

#[tokio::test]
async fn a_killed_gateway_that_comes_back_on_its_port_gets_its_client_back() {
    let (server, client) = start(GatewayConfig::new()).await;
    let (port, boot) = (server.port(), server.boot_id());
    for round in 1..=3 {
        soon(server.kill()).await;
        assert_eq!(server.connections(), 0);
        assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err(), "nobody listens");
        server.resume().await.unwrap();
        // The client may learn of its lost connection by a request that was not sent.
        let params = json!({ "n": round });
        soon(async { while client.request::<_, Value>("echo", &params).await.ok() != Some(params.clone()) {} }).await;
    }
    assert_eq!(server.port(), port);
    assert_ne!(server.boot_id(), boot);
}

#[tokio::test]
async fn a_restart_says_shutdown_and_the_client_finds_the_new_process() {
    let (server, client) = start(GatewayConfig::new()).await;
    let mut events = client.events(EventFilter::names(["shutdown"]));
    let boot = server.boot_id();
    soon(server.restart()).await.unwrap();
    let event = soon(events.next()).await.unwrap().unwrap();
    assert_eq!(event.payload(), Some(r#"{"reason":"gateway restarting","restartExpectedMs":1500}"#));
    call(&client, "health", json!({})).await;
    let hello = soon(client.ready()).await.unwrap();
    assert_eq!(hello.server.boot_id.as_deref(), Some(server.boot_id().as_str()));
    assert_ne!(server.boot_id(), boot);
}

#[tokio::test]
async fn a_drain_refuses_requests_while_it_lasts() {
    let (server, client) = start(GatewayConfig::new().drain_grace(Duration::from_millis(300))).await;
    let ask = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        soon(client.request_raw("health", "{}")).await.unwrap_err()
    };
    let (error, ()) = tokio::join!(ask, soon(server.drain("gateway stopping", None)));
    assert_eq!(error.gateway_error().unwrap().retry_after, Some(Duration::from_secs(1)));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_booting_gateway_lets_its_client_in_once_it_is_up() {
    let server = Server::start(GatewayConfig::new().booting()).await.unwrap();
    let client = builder(&server).build().unwrap();
    client.start();
    let mut states = client.states();
    soon(async { while !matches!(states.next().await, Some(Ok(State::Backoff { .. }))) {} }).await;
    server.set_booting(false);
    soon(client.ready()).await.unwrap();
}

#[tokio::test]
async fn a_wrong_token_is_told_so() {
    let server = Server::start(GatewayConfig::new()).await.unwrap();
    let error = soon(builder(&server).token("another").no_reconnect().connect()).await.unwrap_err();
    assert!(format!("{error:?}").contains("AUTH_TOKEN_MISMATCH"), "{error:?}");
}

#[tokio::test]
async fn withdrawn_authority_closes_with_4001() {
    let server = Server::start(GatewayConfig::new()).await.unwrap();
    let client = soon(builder(&server).no_reconnect().connect()).await.unwrap();
    let mut states = client.states();
    server.invalidate(server.peers()[0]);
    let seen = soon(async {
        loop {
            match states.next().await {
                Some(Ok(State::Stopped { why })) => return format!("{why:?}"),
                Some(_) => {}
                None => return "ended".into(),
            }
        }
    })
    .await;
    assert!(seen.contains("4001"), "{seen}");
}

#[tokio::test]
async fn a_flood_arrives_whole() {
    let (_server, client) = start(GatewayConfig::new()).await;
    let answer = call(&client, "flood", json!({"count": 5000, "size": 100})).await;
    assert_eq!(answer, json!({"count": 5000}));
}

#[tokio::test]
async fn a_fault_on_the_first_connection_is_survived_on_the_second() {
    for fault in [
        Fault::AbortAt(Phase::Open),
        Fault::CloseAt { phase: Phase::Connect, code: 1011 },
        Fault::AbortAt(Phase::Hello),
        Fault::Malformed { after: 1, text: "{".into() },
    ] {
        let server = Server::start(GatewayConfig::new().fault_on(0, fault.clone())).await.unwrap();
        let client = builder(&server).build().unwrap();
        client.start();
        // A request that was on its way when the connection ended is the caller's to repeat.
        soon(async { while client.request_raw("echo", "{}").await.is_err() {} }).await;
        assert!(server.peers()[0].index() > 0 || matches!(fault, Fault::Malformed { .. }), "{fault:?}");
    }
}

#[tokio::test]
async fn a_dropped_server_frees_its_port_and_its_connections() {
    let server = Server::start(GatewayConfig::new()).await.unwrap();
    let client = soon(builder(&server).no_reconnect().connect()).await.unwrap();
    let port = server.port();
    drop(server);
    let error = soon(client.request_raw("health", "{}")).await;
    assert!(error.is_err());
    soon(async {
        while Server::start_on(port, GatewayConfig::new()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_method_of_ones_own_may_close_the_connection() {
    let close = |_: &openclaw_testkit::Asked| vec![Reply::CloseConnection { code: 1011, reason: "broken".into() }];
    let server = Server::start(GatewayConfig::new().method("break", "", close)).await.unwrap();
    let client = soon(builder(&server).no_reconnect().connect()).await.unwrap();
    let error = soon(client.request_raw("break", "{}")).await.unwrap_err();
    assert!(error.may_have_run());
    assert!(format!("{error:?}").contains("1011"), "{error:?}");
}
