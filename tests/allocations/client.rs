//! A client on a runtime of the test's own thread, so that all it allocates is counted, and its gateway.

use allocation_counter::{AllocationInfo, measure};
use openclaw_tests::{HELLO, Peer, challenge};
use openclaw_tokio::{Builder, Tokio};
use tokio::runtime::Runtime;

/// Serves `echo`; `big`, whose payload has 8 MiB; and `events`: a thousand frames of 200 bytes, then the answer.
pub fn gateway() -> Peer {
    gateway_that_says(HELLO.into())
}

/// The same with another hello.
pub fn gateway_that_says(hello: String) -> Peer {
    Peer::start(move |conn| {
        conn.text(&challenge("nonce-1"));
        let connect = conn.ask();
        conn.reply(&connect, &hello);
        while let Some(asked) = conn.next_request() {
            if asked.method == "events" {
                let fill = "x".repeat(200 - r#"{"type":"event","event":"chat","payload":{"t":""},"seq":1000}"#.len());
                for seq in 1_000..2_000 {
                    conn.queue(&openclaw_tests::event("chat", seq, &format!(r#"{{"t":"{fill}"}}"#)));
                }
            }
            let text = format!(r#""{}""#, "x".repeat(if asked.method == "big" { 8 << 20 } else { 100 }));
            conn.reply(&asked, &text);
        }
    })
}

pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

pub fn builder(peer: &Peer) -> Builder<Tokio> {
    openclaw_tokio::builder(peer.url()).token("test-token").no_reconnect()
}

/// Lets the driver do what is left to do.
pub async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// What `work` allocates, and what of it stays.
pub fn counted(runtime: &Runtime, work: impl AsyncFnOnce()) -> AllocationInfo {
    measure(|| {
        runtime.block_on(async {
            work().await;
            settle().await;
        });
    })
}
