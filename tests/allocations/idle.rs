//! What an idle client keeps.

use openclaw_tokio::Client;
use openclaw_tokio::transport::DialOptions;

use crate::client::{builder, counted, gateway, runtime};

/// Live bytes of one idle client more, beside one that is there already.
fn idle(configure: impl Fn(&mut DialOptions)) -> i64 {
    let (peer, runtime) = (gateway(), runtime());
    let mut clients: Vec<Client> = Vec::with_capacity(2);
    let mut connect = async || clients.push(builder(&peer).dial_options(&configure).connect().await.unwrap());
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
    assert!((4_096..=9_300).contains(&bytes), "{bytes} bytes");
}

#[test]
fn an_idle_client_as_it_comes() {
    let bytes = idle(|_| {});
    assert!((8_192..=13_400).contains(&bytes), "{bytes} bytes");
}
