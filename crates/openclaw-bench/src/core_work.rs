//! The core at fixed work, so that its instructions can be counted: `core-work NAME TIMES`.
//!
//! Without arguments it prints what it can do, and how often that is best done. What is prepared does not depend on how often
//! it is done, up to twice of that: the difference of two runs is the work alone. `cargo xtask bench instructions` counts.

use std::hint::black_box;
use std::process::ExitCode;

use openclaw_bench::{Answers, Crowd, PARAMS, Ready, Text, echo, flat_event, history};
use openclaw_proto::{Input, Request, frame};

struct Work {
    name: &'static str,
    /// How often it is best done.
    times: usize,
    /// Prepares for up to so often, and does it so often.
    run: fn(prepared: usize, times: usize),
}

const KIB: usize = 1_024;

const WORK: &[Work] = &[
    Work { name: "event of 200 B", times: 2_000, run: |_, times| event(200, times) },
    Work { name: "event of 4 KiB", times: 1_000, run: |_, times| event(4 * KIB, times) },
    Work { name: "answer of 3 KiB, parsed", times: 500, run: |_, times| parse(3 * KIB, times) },
    Work { name: "answer of 1 MiB, parsed", times: 2, run: |_, times| parse(KIB * KIB, times) },
    Work { name: "request, encoded", times: 2_000, run: |_, times| encode(times) },
    Work { name: "ask and answer, 1000 waiting", times: 1_000, run: ask_and_answer },
    Work { name: "ask and answer in the table, 1000 waiting", times: 1_000, run: in_the_table },
    Work { name: "call, a turn at a time", times: 500, run: call },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => {
            let lines: Vec<_> = WORK.iter().map(|work| format!("{} {}", work.times, work.name)).collect();
            // Nobody else is told if this fails.
            let _ = std::io::Write::write_all(&mut std::io::stdout(), (lines.join("\n") + "\n").as_bytes());
            ExitCode::SUCCESS
        }
        [name, times] => match (WORK.iter().find(|work| work.name == *name), times.parse()) {
            (Some(work), Ok(times)) if times <= 2 * work.times => {
                (work.run)(2 * work.times, times);
                ExitCode::SUCCESS
            }
            _ => ExitCode::FAILURE,
        },
        _ => ExitCode::FAILURE,
    }
}

/// Comes in as a frame, and goes out as an event.
fn event(size: usize, times: usize) {
    let text: Text = flat_event(size).into();
    let mut ready = Ready::new();
    for _ in 0..times {
        ready.input(Input::Text(Text::clone(&text)));
    }
}

fn parse(size: usize, times: usize) {
    let text = history(size);
    for _ in 0..times {
        drop(black_box(frame::parse(black_box(&text))));
    }
}

fn encode(times: usize) {
    for _ in 0..times {
        drop(black_box(Request::with_raw_params(black_box("echo"), black_box(PARAMS))));
    }
}

/// A request and an answer to any of those in flight. The request is encoded before.
fn ask_and_answer(prepared: usize, times: usize) {
    let answers = Answers::among(1_000, prepared);
    let mut ready = answers.ready();
    let requests: Vec<Request> = (0..prepared).map(|_| echo()).collect();
    let mut sent = Vec::with_capacity(prepared);
    for (request, text) in requests.into_iter().zip(&answers.texts).take(times) {
        sent.push(ready.ask(request));
        ready.input(Input::Text(Text::clone(text)));
    }
    black_box(sent);
}

/// The same without frames and outputs: what it costs to find whom an answer is for.
fn in_the_table(prepared: usize, times: usize) {
    let crowd = Crowd::among(1_000, prepared);
    let mut table = crowd.table();
    for id in crowd.answers().take(times) {
        black_box(table.ask());
        black_box(table.answer(id));
    }
}

/// A request from its params to its outcome, with all that a transport tells between.
fn call(prepared: usize, times: usize) {
    let answers = Answers::among(0, prepared);
    let mut ready = answers.ready();
    for text in answers.texts.iter().take(times) {
        ready.call(Text::clone(text));
    }
}
