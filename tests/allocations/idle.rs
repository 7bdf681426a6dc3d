//! What an idle client keeps.

use std::path::Path;

use openclaw_tests::Peer;
use openclaw_tests::golden::logs;
use openclaw_tokio::transport::DialOptions;
use openclaw_tokio::{Client, Request};
use serde_json::Value;

use crate::client::{builder, counted, gateway, gateway_that_says, runtime};

/// Live bytes of one idle client more, beside one that is there already.
fn idle(configure: impl Fn(&mut DialOptions)) -> i64 {
    idle_at(&gateway(), configure)
}

fn idle_at(peer: &Peer, configure: impl Fn(&mut DialOptions)) -> i64 {
    let runtime = runtime();
    let mut clients: Vec<Client> = Vec::with_capacity(2);
    let mut connect = async || clients.push(builder(peer).dial_options(&configure).connect().await.unwrap());
    counted(&runtime, &mut connect);
    let bytes = counted(&runtime, &mut connect).bytes_current;
    // It lives.
    let answer = runtime.block_on(clients[1].request_raw("echo", "{}")).unwrap();
    assert!(answer.is_some());
    bytes
}

#[test]
fn an_idle_client_with_a_read_buffer_of_4_kib() {
    let bytes = idle(|dial| dial.read_buffer = 4 << 10);
    assert!((4_096..=7_000).contains(&bytes), "{bytes} bytes");
}

#[test]
fn an_idle_client_as_it_comes() {
    let bytes = idle(|_| {});
    assert!((8_192..=11_100).contains(&bytes), "{bytes} bytes");
}

/// The hello of a real gateway, as a client of ours recorded it.
fn recorded_hello(release: &str) -> String {
    let of_release = |path: &Path| path.parent().is_some_and(|folder| folder.ends_with(release));
    let (_, log) = logs().into_iter().find(|(path, log)| of_release(path) && log.contains("hello-ok")).unwrap();
    let texts = log.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["text"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok())
    });
    let mut payloads = texts.map(|frame| frame["payload"].to_string());
    payloads.find(|payload| payload.contains("hello-ok")).unwrap()
}

#[test]
fn an_idle_client_of_a_real_gateway_keeps_its_hello_once_and_no_buffer_that_held_it() {
    for release in ["2026.5.7", "2026.5.12", "2026.9.6"] {
        let hello = recorded_hello(release);
        let len = i64::try_from(hello.len()).unwrap();
        assert!(len > 8_192, "it does not fit into the read buffer");
        let bytes = idle_at(&gateway_that_says(hello), |_| {});
        assert!((8_192..=10_700).contains(&(bytes - len)), "{release}: {bytes} bytes, {len} of them its hello");
    }
}

#[test]
fn a_giant_answer_leaves_nothing_behind_once_8_kib_more_have_come() {
    let (peer, runtime) = (gateway(), runtime());
    let client = runtime.block_on(async { builder(&peer).connect().await.unwrap() });
    let ask = async |method| {
        let payload = client.call(Request::new(method).unwrap()).await.unwrap().unwrap();
        payload.as_str().len()
    };
    runtime.block_on(async { assert_eq!(ask("small").await, 102) });
    let mut kept = counted(&runtime, async || assert_eq!(ask("big").await, (8 << 20) + 2)).bytes_current;
    assert!(kept <= (8 << 20) + 20_000, "{kept} bytes right after it");
    kept += counted(&runtime, async || {
        for _ in 0..(8 << 10) / 100 {
            assert_eq!(ask("small").await, 102);
        }
    })
    .bytes_current;
    assert!(kept <= 10_000, "{kept} bytes");
}

#[test]
fn a_thousand_requests_in_flight_leave_only_their_slots_behind() {
    let (peer, runtime) = (gateway(), runtime());
    let client = runtime.block_on(async { builder(&peer).connect().await.unwrap() });
    let many = async || {
        let calls: Vec<_> = (0..1_000).map(|_| client.call(Request::new("small").unwrap())).collect();
        for call in calls {
            call.await.unwrap();
        }
    };
    let kept = counted(&runtime, many).bytes_current;
    assert!(kept <= 400_000, "{kept} bytes");
    let again = counted(&runtime, many).bytes_current;
    assert!(again <= 20_000, "{again} bytes more");
}
