//! What the core's parts cost, in time and in allocations: `cargo bench -p openclaw-bench`, `-- NAME` for some of them.
//!
//! Nothing here touches a socket. Look at `fastest` and `median` where the machine has other work.
#![allow(clippy::expect_used, reason = "a benchmark whose setting fails has nothing to measure")]

use std::time::Duration;

use divan::{Bencher, black_box};
use openclaw_proto::connect::Auth;
use openclaw_proto::{
    Client, ClientConfig, ConnId, GatewayUrl, Input, Instant, Now, Output, Plaintext, Request, UnixMillis, frame,
};
use serde::Deserialize;
use serde_json::value::RawValue;

#[global_allocator]
static ALLOC: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

type Text = std::sync::Arc<str>;

/// A ready client in time of its own.
struct Ready {
    client: Client<u32, Text>,
    conn: ConnId,
    now: Now,
}

const CHALLENGE: &str = r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n","ts":1}}"#;
const HELLO: &str = r#"{"type":"hello-ok","protocol":4,"server":{"version":"0.0.0","connId":"c"},"features":{"methods":["echo"],"events":["chat"]},"snapshot":{},"auth":{"role":"operator","scopes":["operator.read"]},"policy":{"maxPayload":26214400,"tickIntervalMs":30000}}"#;

impl Ready {
    fn new() -> Self {
        let url = GatewayUrl::parse("ws://127.0.0.1:1", Plaintext::PrivateOnly).expect("an address");
        let mut config = ClientConfig::new(url);
        config.connect.auth = Auth::token("t");
        config.limits.in_flight = usize::MAX;
        config.limits.outgoing_bytes = usize::MAX;
        let now = Now { mono: Instant::from_nanos(1_000), unix: UnixMillis(1_700_000_000_000) };
        let mut client = Client::new(config, [3; 32]);
        client.start(now);
        let mut conn = None;
        while let Some(output) = client.poll_output() {
            if let Output::Dial { conn: dialed, .. } = output {
                conn = Some(dialed);
            }
        }
        let mut ready = Self { client, conn: conn.expect("a dial"), now };
        ready.input(Input::Opened);
        ready.input(Input::Text(CHALLENGE.into()));
        let connect = ready.client.poll_transmit(now).expect("a connect").text;
        ready.input(Input::Text(answer(&connect, HELLO)));
        ready.input(Input::Flushed);
        assert!(ready.client.hello().is_some());
        ready
    }

    fn input(&mut self, input: Input<Text>) {
        self.client.handle_input(self.now, self.conn, input);
        while let Some(output) = self.client.poll_output() {
            black_box(output);
        }
    }

    /// A request that is sent; its frame.
    fn ask(&mut self, request: Request) -> String {
        self.now = self.now.after(Duration::from_nanos(500));
        self.client.request(self.now, request, 1).expect("room");
        self.client.poll_transmit(self.now).expect("a frame").text
    }
}

fn echo() -> Request {
    Request::with_raw_params("echo", PARAMS).expect("good params")
}

fn answer(frame: &str, payload: &str) -> Text {
    let id = frame.get(20..56).expect("an id");
    format!(r#"{{"type":"res","id":"{id}","ok":true,"payload":{payload}}}"#).into()
}

const PARAMS: &str = r#"{"sessionKey":"agent:main:main","limit":20}"#;

/// An event frame of that many bytes.
fn flat_event(size: usize) -> String {
    let frame = |fill: &str| {
        format!(
            r#"{{"type":"event","event":"chat","payload":{{"runId":"r","sessionKey":"agent:main:main","state":"delta","deltaText":"{fill}"}},"seq":7}}"#
        )
    };
    frame(&"x".repeat(size - frame("").len()))
}

/// A response whose payload is a history of that many bytes.
fn history(size: usize) -> String {
    let mut text =
        String::from(r#"{"type":"res","id":"00000000-0000-8000-8000-000000000000","ok":true,"payload":{"messages":["#);
    while text.len() < size {
        text.push_str(r#"{"id":"m1","role":"assistant","timestamp":1700000000000,"content":[{"type":"text","text":"A line of what was said, with \"quotes\" and a line\nbreak."}],"usage":{"input":1,"output":17}},"#);
    }
    text.push_str("null]}}");
    text
}

mod encode {
    use super::*;

    #[divan::bench]
    fn raw_params() -> Request {
        Request::with_raw_params(black_box("chat.history"), black_box(PARAMS)).expect("good params")
    }

    #[divan::bench]
    fn serialised_params() -> Request {
        #[derive(serde::Serialize)]
        struct Params<'a> {
            #[serde(rename = "sessionKey")]
            session_key: &'a str,
            limit: u32,
        }
        let params = Params { session_key: black_box("agent:main:main"), limit: 20 };
        Request::with_params(black_box("chat.history"), &params).expect("good params")
    }
}

mod decode {
    use super::*;

    const KIB: usize = 1_024;

    /// What a client has to know of a frame, with serde_json, borrowed, the payload raw.
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "read to be compared")]
    struct Envelope<'a> {
        r#type: &'a str,
        id: Option<&'a str>,
        event: Option<&'a str>,
        ok: Option<bool>,
        seq: Option<u64>,
        #[serde(borrow)]
        payload: Option<&'a RawValue>,
    }

    #[divan::bench(args = [200, 4 * KIB])]
    fn event(bencher: Bencher<'_, '_>, size: usize) {
        let text = flat_event(size);
        bencher.bench_local(|| drop(black_box(frame::parse(black_box(&text)))));
    }

    #[divan::bench(args = [200, 4 * KIB])]
    fn event_by_serde_json(bencher: Bencher<'_, '_>, size: usize) {
        let text = flat_event(size);
        bencher.bench_local(|| drop(black_box(serde_json::from_str::<Envelope<'_>>(black_box(&text)))));
    }

    #[divan::bench(args = [3 * KIB, 1_024 * KIB])]
    fn answer(bencher: Bencher<'_, '_>, size: usize) {
        let text = history(size);
        bencher.bench_local(|| drop(black_box(frame::parse(black_box(&text)))));
    }

    #[divan::bench(args = [3 * KIB, 1_024 * KIB])]
    fn answer_by_serde_json(bencher: Bencher<'_, '_>, size: usize) {
        let text = history(size);
        bencher.bench_local(|| drop(black_box(serde_json::from_str::<Envelope<'_>>(black_box(&text)))));
    }
}

mod correlate {
    use super::*;

    /// How many: microseconds of the whole are nanoseconds of one.
    const TIMES: usize = 1_000;

    /// A thousand requests and as many answers, none to the one before, while that many others wait.
    #[divan::bench(args = [1, 1_000, 1_000_000], sample_count = 20, sample_size = 1)]
    fn thousand_asks_and_answers(bencher: Bencher<'_, '_>, waiting: usize) {
        // The ids are the same in every run, so one of them shows what the answers will be.
        let (mut ready, mut frames) = among(waiting);
        let mut random = 1_usize;
        let mut texts = Vec::new();
        for _ in 0..TIMES {
            frames.push(ready.ask(echo()));
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let text = answer(&frames.swap_remove((random >> 33) % frames.len()), "{}");
            ready.input(Input::Text(Text::clone(&text)));
            texts.push(text);
        }
        bencher
            .with_inputs(|| (among(waiting).0, (0..TIMES).map(|_| echo()).collect::<Vec<_>>(), texts.clone()))
            .bench_local_values(|(mut ready, requests, texts)| {
                for (request, text) in requests.into_iter().zip(texts) {
                    drop(ready.ask(request));
                    ready.input(Input::Text(text));
                }
                ready
            });
    }

    fn among(waiting: usize) -> (Ready, Vec<String>) {
        let mut ready = Ready::new();
        let frames = (0..waiting).map(|_| ready.ask(echo())).collect();
        (ready, frames)
    }
}

mod timers {
    use super::*;

    /// The next deadline among that many requests.
    #[divan::bench(args = [1, 1_000, 100_000])]
    fn next_deadline(bencher: Bencher<'_, '_>, waiting: usize) {
        let mut ready = Ready::new();
        (0..waiting).for_each(|_| drop(ready.ask(echo())));
        bencher.bench_local(|| black_box(ready.client.poll_timeout()));
    }

    /// A request that is made, sent and given up, among that many others.
    #[divan::bench(args = [1, 1_000, 100_000])]
    fn ask_and_expire(bencher: Bencher<'_, '_>, waiting: usize) {
        let mut ready = Ready::new();
        (0..waiting).for_each(|_| drop(ready.ask(echo())));
        bencher.bench_local(|| {
            drop(ready.ask(echo().timeout(Duration::from_nanos(1))));
            let due = ready.now.after(Duration::from_nanos(2));
            ready.client.handle_timeout(due);
            assert!(matches!(ready.client.poll_output(), Some(Output::Completed { .. })));
        });
    }
}

mod turn {
    use super::*;

    /// An event goes in, and comes out.
    #[divan::bench(args = [200, 4_096])]
    fn event(bencher: Bencher<'_, '_>, size: usize) {
        let text: Text = flat_event(size).into();
        let mut ready = Ready::new();
        bencher.bench_local(|| ready.input(Input::Text(Text::clone(&text))));
    }

    /// A request from its params to its outcome, everything a transport tells between.
    #[divan::bench(sample_size = 500)]
    fn call(bencher: Bencher<'_, '_>) {
        let mut ready = Ready::new();
        let mut text = answer(&ready.ask(echo()), "{}");
        ready.input(Input::Text(Text::clone(&text)));
        bencher.bench_local(|| {
            let frame = ready.ask(echo());
            ready.input(Input::Flushed);
            text = answer(&frame, "{}");
            ready.input(Input::Text(Text::clone(&text)));
            ready.input(Input::Alive { bytes_in: 1, bytes_out: 1 });
            black_box(ready.client.poll_timeout());
        });
    }
}
