//! What only tokio has: runtimes that end.

use std::time::Duration;

use openclaw_tests::Peer;
use openclaw_tests::lane::observed;
use openclaw_tokio::{CallError, Request};
use tokio::time::timeout;

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(20);

async fn soon<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future).await.expect("in time")
}

#[test]
fn calls_end_when_the_runtime_is_gone() {
    let peer = Peer::start(|conn| {
        conn.handshake();
        while conn.next_request().is_some() {}
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = runtime.block_on(async {
        observed(openclaw_tokio::builder(peer.url())).token("test-token").no_reconnect().connect().await.unwrap()
    });
    let pending = client.call(Request::new("never").unwrap());
    drop(runtime);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert!(matches!(soon(pending).await, Err(CallError::DriverGone)));
        assert!(matches!(soon(client.request_raw("health", "{}")).await, Err(CallError::DriverGone)));
        soon(client.shutdown()).await;
    });
}
