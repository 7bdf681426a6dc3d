//! A client that asks and does not read.
#![allow(missing_docs, reason = "names of tests say what they show")]
#![allow(clippy::expect_used, reason = "helpers of tests, too")]

use std::time::Duration;

use openclaw_testkit::{GatewayConfig, Server};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

async fn until(what: impl Fn() -> bool) {
    let wait = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("in time");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_once_too_much_waits_for_it() {
    let server = Server::start(GatewayConfig::new()).await.unwrap();
    let mut deaf = tokio::net::TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    // By hand: an upgrade, a connect and a request, both masked with zeros and of 126 bytes at least (their length has
    // two bytes), and nothing more read.
    let upgrade = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    deaf.write_all(upgrade.as_bytes()).await.unwrap();
    assert_ne!(deaf.read(&mut [0; 1]).await.unwrap(), 0, "the upgrade is answered");
    let connect = json!({"type": "req", "id": "c", "method": "connect", "params": {
        "minProtocol": 4, "maxProtocol": 4, "scopes": ["operator.read"], "auth": {"token": "test-token"},
        "client": {"id": "cli", "version": "1", "platform": "linux", "mode": "cli"},
    }});
    let flood =
        json!({"type": "req", "id": "f".repeat(126), "method": "flood", "params": {"count": 700, "size": 100_000}});
    for frame in [connect, flood] {
        let text = frame.to_string();
        let length = u16::try_from(text.len()).unwrap().to_be_bytes();
        deaf.write_all(&[&[0x81, 0x80 | 126, length[0], length[1], 0, 0, 0, 0], text.as_bytes()].concat())
            .await
            .unwrap();
    }
    until(|| server.journal().len() == 1).await;
    until(|| server.connections() == 0).await;
}
