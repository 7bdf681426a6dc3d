//! What the library logs, at the most talkative level: enough to follow a connection, never a credential.

use std::io::Write;
use std::sync::{Arc, Mutex};

use openclaw_tests::{Peer, challenge};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn logs_tell_the_connections_life_without_its_secrets() {
    let log = Log::default();
    let filter = tracing_subscriber::EnvFilter::new("openclaw_proto=trace,openclaw_client=trace,openclaw_tokio=trace");
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(log.clone());
    tracing_subscriber::registry().with(filter).with(layer).init();

    let peer = Peer::start(|conn| {
        conn.text(&challenge("n"));
        let connect = conn.ask();
        let hello = openclaw_tests::HELLO
            .replace(r#""scopes":["operator.read"]"#, r#""scopes":[],"deviceToken":"s3cret-device""#);
        conn.reply(&connect, &hello);
        conn.text("no frame: s3cret-frame");
        conn.event("chat", 1, r#"{"text":"s3cret-event"}"#);
        conn.serve();
    });
    let url = format!("{}/?key=s3cret-query", peer.url());
    let client = openclaw_tokio::builder(url)
        .token("s3cret-token")
        .password("s3cret-password")
        .connect()
        .await
        .expect("connects");
    client.request_raw("echo", r#"{"x":"s3cret-params"}"#).await.expect("answers");
    client.shutdown().await;

    let text = String::from_utf8(log.0.lock().unwrap().clone()).expect("UTF-8");
    for expected in ["dialing", "ready", "no frame", "granted less", "stopped"] {
        assert!(text.to_lowercase().contains(expected), "{expected} is missing in:\n{text}");
    }
    assert!(!text.contains("s3cret"), "{text}");
}
