//! What the core's parts cost, in time and in allocations: `cargo bench -p openclaw-bench`, `-- NAME` for some of them.
//!
//! Nothing here touches a socket. Look at `fastest` and `median` where the machine has other work.
#![allow(clippy::expect_used, reason = "a benchmark whose setting fails has nothing to measure")]

use std::time::Duration;

use divan::{Bencher, black_box};
use openclaw_bench::{Answers, Crowd, PARAMS, Ready, Text, echo, flat_event, history, versioned_event};
use openclaw_proto::{Input, Output, Request, frame};
use serde::Deserialize;
use serde_json::value::RawValue;

#[global_allocator]
static ALLOC: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
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

    /// With an object in its envelope.
    #[divan::bench(args = [200, 4 * KIB])]
    fn versioned_event(bencher: Bencher<'_, '_>, size: usize) {
        let text = super::versioned_event(size);
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

    /// What one run needs. Requests are encoded beforehand, and nothing is given back to the allocator while it is timed:
    /// what was sent and what came is kept until after that.
    struct Prepared {
        ready: Ready,
        requests: Vec<Request>,
        texts: Vec<Text>,
        kept: Vec<Text>,
        sent: Vec<String>,
    }

    fn prepare(waiting: usize) -> impl FnMut() -> Prepared {
        let answers = Answers::among(waiting, TIMES);
        move || {
            let ready = answers.ready();
            // Made anew, so that a million others have not pushed them out of the caches.
            let texts: Vec<Text> = answers.texts.iter().map(|text| Text::from(&**text)).collect();
            let kept = texts.clone();
            let requests = (0..TIMES).map(|_| echo()).collect();
            Prepared { ready, requests, texts, kept, sent: Vec::with_capacity(TIMES) }
        }
    }

    /// A thousand requests and as many answers, none to the one before, while that many others wait.
    #[divan::bench(args = [1, 1_000, 1_000_000], sample_count = 20, sample_size = 1)]
    fn thousand_asks_and_answers(bencher: Bencher<'_, '_>, waiting: usize) {
        bencher.with_inputs(prepare(waiting)).bench_local_values(|prepared| {
            let Prepared { mut ready, requests, texts, kept, mut sent } = prepared;
            for (request, text) in requests.into_iter().zip(texts) {
                sent.push(ready.ask(request));
                ready.input(Input::Text(text));
            }
            (ready, kept, sent)
        });
    }

    /// The table alone: as many requests get their ids, deadlines and places in the queue to the transport, and as many ids of
    /// answers find whom they are for. No frames.
    #[divan::bench(args = [1, 1_000, 1_000_000], sample_count = 20, sample_size = 1)]
    fn thousand_in_the_table(bencher: Bencher<'_, '_>, waiting: usize) {
        let crowd = Crowd::among(waiting, TIMES);
        bencher.with_inputs(|| crowd.table()).bench_local_values(|mut table| {
            for id in crowd.answers() {
                black_box(table.ask());
                assert!(table.answer(id));
            }
            table
        });
    }

    /// The same answers, only parsed: what is to be taken from the whole for what correlation costs.
    #[divan::bench(args = [1, 1_000, 1_000_000], sample_count = 20, sample_size = 1)]
    fn thousand_answers_parsed(bencher: Bencher<'_, '_>, waiting: usize) {
        bencher.with_inputs(prepare(waiting)).bench_local_values(|prepared| {
            let Prepared { ready, requests, texts, kept, sent } = prepared;
            for text in texts {
                drop(black_box(frame::parse(black_box(&text))));
            }
            (ready, requests, kept, sent)
        });
    }
}

mod timers {
    use super::*;

    /// The next deadline among that many requests.
    #[divan::bench(args = [1, 1_000, 100_000])]
    fn next_deadline(bencher: Bencher<'_, '_>, waiting: usize) {
        let ready = Ready::among(waiting).0;
        bencher.bench_local(|| black_box(ready.client.poll_timeout()));
    }

    /// A request that is made, sent and given up, among that many others.
    #[divan::bench(args = [1, 1_000, 100_000])]
    fn ask_and_expire(bencher: Bencher<'_, '_>, waiting: usize) {
        let mut ready = Ready::among(waiting).0;
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

    /// A thousand requests from their params to their outcome, one after the other, everything a transport tells between.
    #[divan::bench(sample_size = 1)]
    fn thousand_calls(bencher: Bencher<'_, '_>) {
        let answers = Answers::among(0, 1_000);
        bencher.with_inputs(|| (answers.ready(), answers.texts.clone())).bench_local_values(|(mut ready, texts)| {
            texts.into_iter().for_each(|text| ready.call(text));
            ready
        });
    }
}
