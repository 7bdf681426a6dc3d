//! What a client does can be recorded and run again, and does not depend on its adapter.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use openclaw_client::record::{RecordLimit, ReplayError, replay, rerecord};
use openclaw_client::{Builder, Request, State};
use openclaw_testkit::{GatewayConfig, RestartPlan};
use openclaw_tests::lane::{Lane, PATIENCE, background};
use openclaw_tests::{Conn, LogWriter, Peer};
use serde_json::{Value, json};

use crate::scene::{client_of, gateway, steady};
use crate::secured::Secured;

/// Two connections' worth of life. Every step waits for the one before, so that nothing depends on speed.
fn life(lane: Lane, seed: [u8; 32]) -> String {
    let (writer, rx) = LogWriter::new();
    let lives = std::sync::atomic::AtomicUsize::new(0);
    let peer = Peer::start(move |conn: &mut Conn| {
        conn.handshake();
        let first = lives.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        while let Some(asked) = conn.next_request() {
            match asked.method.as_str() {
                "agent" => {
                    conn.reply(&asked, r#"{"status":"accepted"}"#);
                    let go = conn.ask();
                    conn.reply(&go, "{}");
                    conn.reply(&asked, r#"{"status":"ok"}"#);
                }
                "mute" => {}
                "no" => conn.refuse(&asked, r#"{"code":"UNAVAILABLE","message":"no"}"#),
                "say" => {
                    conn.event("chat", 1, r#"{"n":1}"#);
                    conn.event("chat", 4, r#"{"n":4}"#);
                    conn.text("this is no frame");
                    conn.reply(&asked, "{}");
                }
                "go" if first => {
                    conn.close(1012, "service restart");
                    return;
                }
                _ => conn.reply(&asked, "{}"),
            }
        }
    });
    let builder: Builder<()> = steady(&peer).seed(seed).record(writer);
    let client = lane.build(builder).unwrap();
    let mut chats = client.events("chat");
    client.connect().unwrap();
    let mut two = client.call(Request::with_params("agent", &json!({"message": "x"})).unwrap());
    two.accepted().unwrap();
    client.request_raw("go on", "{}").unwrap();
    two.wait().unwrap();
    client.request_raw("no", "{}").unwrap_err();
    client.request_raw("say", "{}").unwrap();
    assert_eq!((chats.item().seq, chats.item().seq), (Some(1), Some(4)));
    client.request_raw("go", "{}").unwrap_err();
    client.until(|state| matches!(state, State::Ready { .. }));
    client.request_raw("last", "{}").unwrap();
    client.call(Request::new("mute").unwrap().timeout(Duration::from_millis(20))).wait().unwrap_err();
    client.shutdown();
    drop((client, chats));
    rx.recv_timeout(PATIENCE).expect("the log")
}

pub fn a_recording_replays_to_the_last_line(lane: Lane) {
    let log = life(lane, [1; 32]);
    let replayed = replay(&log).unwrap_or_else(|error| panic!("{error}\n{log}"));
    assert!(replayed.complete);
    assert!(replayed.inputs > 20 && replayed.outputs > 20 && replayed.transmits > 7, "{replayed:?}");
    assert!(!log.contains("test-token"));
    assert_eq!(rerecord(&log), Ok(log));
}

pub fn a_session_with_a_gateway_is_replayed_byte_for_byte(lane: Lane) {
    let server = gateway(GatewayConfig::v4());
    let (writer, rx) = LogWriter::new();
    let client = lane.build(client_of(&server).record(writer)).unwrap();
    let mut events = client.events("made.up");
    client.connect().unwrap();
    for round in 0..3 {
        client.request_raw("health", "{}").unwrap();
        client.request("agents.list", &json!({"token": "s3cr3t"})).unwrap_err();
        client.request_raw("no.such.method", "{}").unwrap_err();
        server.broadcast("made.up", &json!({"round": round}));
        assert_eq!(events.item().payload(), Some(json!({"round": round}).to_string().as_str()));
        background().block_on(server.restart(RestartPlan::default())).unwrap();
        client.until(|state| matches!(state, State::Ready { .. }));
        background().block_on(server.connected(1));
    }
    client.shutdown();
    drop((client, events));
    let log = rx.recv_timeout(PATIENCE).expect("the log");
    assert!(!log.contains(server.token()) && !log.contains("s3cr3t"));
    let told = replay(&log).unwrap_or_else(|error| panic!("{error}\n{log}"));
    assert!(told.complete && told.transmits >= 13, "{told:?}");
    assert_eq!(rerecord(&log), Ok(log));
}

pub fn the_last_of_a_recording_is_there_while_the_client_lives(lane: Lane) {
    let server = gateway(GatewayConfig::v4());
    let client = lane.build(client_of(&server).record_ring(1 << 20)).unwrap();
    client.connect().unwrap();
    client.request_raw("health", "{}").unwrap();
    let log = client.recording().expect("a ring");
    assert!(replay(&log).unwrap_or_else(|error| panic!("{error}\n{log}")).transmits == 2);
    client.request_raw("health", "{}").unwrap();
    assert!(client.recording().expect("a ring").starts_with(&log));

    let small = lane.build(client_of(&server).record_ring(8_000)).unwrap();
    small.connect().unwrap();
    for _ in 0..40 {
        small.request_raw("health", "{}").unwrap();
    }
    let log = small.recording().expect("a ring");
    assert!(log.len() <= 8_000, "{}", log.len());
    assert!(matches!(replay(&log), Err(ReplayError::BeginningLost { lines }) if lines > 20));
    assert!(!log.contains(server.token()));
    assert_eq!(lane.build(client_of(&server)).unwrap().recording(), None);
}

pub fn the_last_of_a_recording_reaches_the_writer_at_the_end(lane: Lane) {
    let server = gateway(GatewayConfig::v4());
    let (writer, rx) = LogWriter::new();
    let builder = client_of(&server).record(writer).record_limit(RecordLimit::last(8_000));
    let client = lane.connect(builder).unwrap();
    for _ in 0..40 {
        client.request_raw("health", "{}").unwrap();
    }
    client.shutdown();
    drop(client);
    let log = rx.recv_timeout(PATIENCE).expect("the log");
    assert!(log.len() <= 8_000 && log.ends_with("{\"end\":\"done\",\"left\":0}\n"), "{log}");
    assert!(matches!(replay(&log), Err(ReplayError::BeginningLost { lines }) if lines > 20));
}

pub fn a_recording_tells_how_the_gateway_is_known_and_replays(lane: Lane) {
    let secured = Secured::start(|conn| {
        conn.handshake();
        conn.serve();
    });
    let recorded = |builder: Builder<()>| {
        let (writer, rx) = LogWriter::new();
        let client = lane.build(builder.record(writer)).unwrap();
        let outcome = client.connect();
        drop(client);
        let log = rx.recv_timeout(PATIENCE).expect("the log");
        assert!(replay(&log).unwrap_or_else(|error| panic!("{error}\n{log}")).complete);
        (outcome.is_ok(), log)
    };
    let (ready, log) = recorded(secured.trusting());
    assert!(ready && log.contains(r#""certificatePinned":false"#), "{log}");
    let (ready, log) = recorded(secured.builder().pin(secured.identity.sha256()));
    assert!(ready && log.contains(r#""certificatePinned":true"#), "{log}");
    let (ready, log) = recorded(secured.builder().pin("00".repeat(32)));
    assert!(!ready && log.contains(r#""error":"pin""#) && log.contains(&secured.identity.sha256()), "{log}");
}

pub fn a_recording_that_cannot_be_written_costs_nothing_but_itself(lane: Lane) {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no space"))
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let peer = Peer::start(|conn| {
        conn.handshake();
        conn.serve();
    });
    let client = lane.connect(steady(&peer).record(Full)).unwrap();
    for n in 0..200 {
        let answer = client.request_raw("echo", &n.to_string()).unwrap().unwrap();
        assert_eq!(answer.as_str(), n.to_string());
    }
    client.shutdown();
}

/// What each lane's outputs were, as the first word of each.
static LIVES: OnceLock<Mutex<BTreeMap<Lane, Vec<String>>>> = OnceLock::new();

pub fn a_scripted_life_has_the_same_outputs_on_every_lane(lane: Lane) {
    let log = life(lane, [2; 32]);
    let kinds: Vec<String> = log.lines().filter_map(kind).collect();
    let mut lives = LIVES.get_or_init(Mutex::default).lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    lives.insert(lane, kinds.clone());
    for (other, theirs) in lives.iter() {
        assert_eq!(kinds, *theirs, "{lane} and {other}");
    }
}

/// An output's kind; none for a line of another sort.
fn kind(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).expect("a line of JSON");
    let output = line.get("out")?.as_str().expect("text");
    Some(output.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned())
}
