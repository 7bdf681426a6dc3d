//! Heap allocations of the core in steady state.

use allocation_counter::{AllocationInfo, measure};
use openclaw_proto::{Input, Outcome, Output, Request};
use openclaw_tests::{Drive, event, response};

/// How often everything is done while it is counted.
const TIMES: u64 = 1_000;
/// How often before, so that every queue has its size.
const BEFORE: u64 = 100;

/// What the core's part of something cost that was done [`TIMES`] times; `part` counts it, as it does what is not counted
/// around it.
fn steady(mut part: impl FnMut(u64) -> AllocationInfo) -> u64 {
    for index in 0..BEFORE {
        part(index);
    }
    (BEFORE..BEFORE + TIMES).map(|index| part(index).count_total).sum()
}

/// A ready client, and what it takes to receive a text and to look at what comes of it.
fn receive(drive: &mut Drive, text: String, mut look: impl FnMut(Output<u32, String>)) -> AllocationInfo {
    let (now, conn) = (drive.now, drive.conn.unwrap());
    measure(|| {
        drive.client.handle_input(now, conn, Input::Text(text));
        while let Some(output) = drive.client.poll_output() {
            look(output);
        }
    })
}

#[test]
fn an_event_costs_none() {
    let mut drive = Drive::ready();
    let mut seen = 0;
    let state_version = r#"{"type":"event","event":"presence","payload":{"presence":[]},"seq":SEQ,"stateVersion":{"presence":4,"health":5}}"#;
    let frames: [fn(u64) -> String; 2] = [
        |seq| event("chat", seq, r#"{"runId":"r","state":"delta","deltaText":"some text","nested":[{"a":[1,2,3]}]}"#),
        |seq| event("tick", seq, &format!(r#"{{"text":"{}"}}"#, "long \\n".repeat(2_000))),
    ];
    for frame in frames {
        let count = steady(|seq| {
            receive(&mut drive, frame(seq), |output| seen += u64::from(matches!(output, Output::Event(_))))
        });
        assert_eq!(count, 0);
    }
    assert_eq!(seen, 2 * (BEFORE + TIMES));
    // Nor does an object in its envelope.
    let count = steady(|seq| receive(&mut drive, state_version.replace("SEQ", &seq.to_string()), drop));
    assert_eq!(count, 0);
}

/// Asks and answers one request at a time while `waiting` others wait, and gives what that cost the core.
fn ask_and_answer(waiting: u32) -> u64 {
    let mut drive = Drive::ready_with(|config| config.limits.in_flight = usize::MAX);
    for waiter in 0..waiting {
        drive.request("health", waiter).unwrap();
    }
    drive.frames();
    let mut answered = 0;
    let count = steady(|index| {
        let request = Request::with_raw_params("echo", r#"{"limit":20}"#).unwrap();
        drive.now = drive.now.after(std::time::Duration::from_millis(1));
        let (now, mut frame) = (drive.now, None);
        let mut info = measure(|| {
            drive.client.request(now, request, 7).unwrap();
            frame = drive.client.poll_transmit(now);
        });
        let answer = response(&frame.unwrap().text, &format!("{{\"number\":{index}}}"));
        info += receive(&mut drive, answer, |output| {
            answered += u64::from(matches!(output, Output::Completed { waiter: 7, outcome: Outcome::Replied(_) }));
        });
        info
    });
    assert_eq!(answered, BEFORE + TIMES);
    count
}

#[test]
fn to_ask_and_to_be_answered_costs_none_beside_the_message() {
    for waiting in [0, 1_000] {
        assert_eq!(ask_and_answer(waiting), 0, "with {waiting} waiting");
    }
}

#[test]
fn a_request_is_one_allocation() {
    let params = r#"{"sessionKey":"agent:main:main","limit":20}"#;
    let count = |build: &dyn Fn() -> Request| {
        let info = measure(|| drop(build()));
        (info.count_total, info.bytes_total)
    };
    let frame_len = Request::with_raw_params("echo", params).unwrap().frame_len() as u64;
    assert_eq!(count(&|| Request::new("health").unwrap()).0, 1);
    // Its size is known, so that nothing is left over: the message is what was allocated.
    assert_eq!(count(&|| Request::with_raw_params("echo", params).unwrap()), (1, frame_len));
    let long = format!(r#"{{"text":"{}"}}"#, "long ".repeat(10_000));
    assert_eq!(count(&|| Request::with_raw_params("chat.send", &long).unwrap()).0, 1);
    // What has to be serialised has a size that nobody knows before: it grows.
    let value = serde_json::json!({"limit": 20});
    assert_eq!(count(&|| Request::with_params("chat.history", &value).unwrap()).0, 1);
    let long = serde_json::json!({"text": "long ".repeat(1_000)});
    assert!(count(&|| Request::with_params("chat.send", &long).unwrap()).0 <= 3);
}
