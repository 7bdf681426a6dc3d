//! One connection from its start to its end, and what the adapter does not bring along.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a failed expectation is what a test is for")]

use std::process::Command;

use openclaw_testkit::{GatewayConfig, Server};
use serde_json::{Value, json};

#[test]
fn a_call_an_event_and_an_orderly_end() {
    // The gateway's runtime is tokio, with threads of its own; the client's is not.
    let tokio = tokio::runtime::Runtime::new().unwrap();
    let server = tokio.block_on(Server::start(GatewayConfig::v4())).unwrap();
    async_std::task::block_on(async {
        let client = openclaw_async_std::builder(server.url()).token(server.token()).connect().await.unwrap();
        let echoed: Value = client.request("echo", &json!({"n": 1})).await.unwrap();
        assert_eq!(echoed, json!({"n": 1}));

        let mut events = client.events("cron");
        server.broadcast("cron", &json!({"n": 2}));
        let event = events.next().await.unwrap().unwrap();
        assert_eq!(event.deserialize::<Value>().unwrap(), json!({"n": 2}));

        client.shutdown().await;
        server.connected(0).await;
    });
}

#[test]
fn tokio_is_no_dependency() {
    let package = env!("CARGO_PKG_NAME");
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", package, "--edges", "normal", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    assert!(tree.starts_with(package) && tree.contains("\nfutures-rustls v"), "{tree}");
    let found: Vec<_> = tree.lines().filter(|line| line.starts_with("tokio")).collect();
    assert!(found.is_empty(), "{found:?}");
}
