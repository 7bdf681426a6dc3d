//! What the library logs, at the most talkative level: enough to follow a connection, never a credential.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use openclaw_client::store::{CredentialStore, DeviceSeed, MemoryStore};
use openclaw_tests::lane::{Lane, builder};
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

/// A secret in the spellings in which it could turn up.
fn spellings(secret: &[u8]) -> Vec<String> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let base64 = base64(secret);
    let mut all =
        vec![hex.to_uppercase(), hex, base64.replace('+', "-").replace('/', "_"), base64, format!("{secret:?}")];
    if let Ok(text) = std::str::from_utf8(secret) {
        let json = serde_json::to_string(text).expect("text");
        all.extend([text.to_owned(), json.trim_matches('"').to_owned(), json.replace('/', "\\/")]);
    }
    all
}

/// Without the last group, whose letters depend on what follows.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
        [18, 12, 6, 0].map(|shift| char::from(LETTERS[(bits >> shift & 63) as usize]))
    };
    bytes.chunks_exact(3).flat_map(group).collect()
}

#[test]
fn logs_errors_and_debug_output_of_a_whole_life_show_no_secret() {
    let log = Log::default();
    let targets = ["proto", "client", "tokio", "async_std", "smol", "blocking"];
    let filter = targets.map(|target| format!("openclaw_{target}=trace")).join(",");
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(log.clone());
    tracing_subscriber::registry().with(tracing_subscriber::EnvFilter::new(filter)).with(layer).init();

    let lives = Arc::new(AtomicUsize::new(0));
    let mut shown = String::new();
    let seed = DeviceSeed::from_bytes(b"s3cret/seed of thirty-two bytes!");
    for lane in Lane::ALL {
        let count = Arc::clone(&lives);
        let peer = Peer::start(move |conn| {
            conn.text(&challenge("n"));
            let connect = conn.ask();
            if count.fetch_add(1, Ordering::SeqCst) % 2 == 1 {
                // Once more, after the first life: a refusal that repeats what it was told.
                conn.refuse(
                    &connect,
                    r#"{"code":"INVALID_REQUEST","message":"no","details":{"code":"AUTH_TOKEN_MISMATCH"}}"#,
                );
                return;
            }
            let hello = openclaw_tests::HELLO
                .replace(r#""scopes":["operator.read"]"#, r#""scopes":[],"deviceToken":"s3cret-device""#);
            conn.reply(&connect, &hello);
            conn.text("no frame: s3cret-frame");
            conn.event("chat", 1, r#"{"text":"s3cret-event"}"#);
            conn.serve();
        });
        let store = Arc::new(MemoryStore::default());
        store.save_seed_if_absent(&seed).expect("memory");
        let builder = builder(format!("{}/?key=s3cret-query", peer.url()))
            .token("s3cret-token")
            .password("s3cret-password")
            .shared_store(Arc::clone(&store) as Arc<dyn CredentialStore>)
            .no_reconnect();
        let mut show = |what: &dyn std::fmt::Debug| shown += &format!("{what:?} {what:#?}\n");
        show(&builder);
        let client = lane.build(builder).expect("a client");
        let mut events = client.events("chat");
        show(&client.connect().expect("connects"));
        show(&client.request_raw("echo", r#"{"x":"s3cret-params"}"#).expect("answers"));
        show(&events.item());
        show(&client);
        client.shutdown();
        show(&client.connect().expect_err("refused"));
        show(&store);
    }

    let text = String::from_utf8(log.0.lock().unwrap().clone()).expect("UTF-8");
    for expected in ["dialing", "ready", "no frame", "granted less", "stopped"] {
        assert!(text.to_lowercase().contains(expected), "{expected} is missing in:\n{text}");
    }
    assert!(!text.contains("s3cret") && !shown.contains("s3cret"), "{text}\n{shown}");
    for secret in ["s3cret-device", "s3cret-token", "s3cret-password", "s3cret-query"].map(str::as_bytes) {
        for spelling in spellings(secret) {
            assert!(!text.contains(&spelling) && !shown.contains(&spelling), "{spelling}");
        }
    }
    for spelling in spellings(seed.expose()) {
        assert!(!text.contains(&spelling) && !shown.contains(&spelling), "{spelling}");
    }
}
