//! From `call()` on one thread to the frame at its peer: what the blocking client adds to a bare socket.
//!
//! `cargo bench -p openclaw-tests --bench wake_latency`. Both sides are in this process and share a clock. The floor is
//! tungstenite written to on the caller's own thread; rounds of both alternate.

use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use openclaw_blocking::Request;
use openclaw_tests::{Conn, Peer};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

const ROUNDS: usize = 9;
const CALLS: usize = 2_000;

/// A peer that tells when each frame has come.
fn clocked(script: impl Fn(&mut Conn, &Sender<Instant>) + Send + Sync + 'static) -> (Peer, Receiver<Instant>) {
    let (tx, rx) = channel();
    let tx = Mutex::new(tx);
    let peer = Peer::start(move |conn| {
        let tx = tx.lock().expect("whole").clone();
        script(conn, &tx);
    });
    (peer, rx)
}

fn bare() -> (WebSocket<MaybeTlsStream<TcpStream>>, Peer, Receiver<Instant>) {
    let (peer, arrivals) = clocked(|conn, tx| {
        while let Some(Message::Text(text)) = conn.message() {
            let _ = tx.send(Instant::now());
            conn.text(&text);
        }
    });
    let (mut socket, _) = tungstenite::connect(peer.url()).expect("connects");
    if let MaybeTlsStream::Plain(tcp) = socket.get_mut() {
        tcp.set_nodelay(true).expect("an option");
    }
    (socket, peer, arrivals)
}

fn main() {
    let (mut socket, _bare, bare_arrivals) = bare();
    let (peer, arrivals) = clocked(|conn, tx| {
        conn.handshake();
        while let Some(asked) = conn.next_request() {
            let _ = tx.send(Instant::now());
            conn.reply(&asked, "{}");
        }
    });
    let client = openclaw_blocking::builder(peer.url()).no_reconnect().connect().expect("connects");
    let frame = r#"{"type":"req","id":"01234567-89ab-4cde-8f01-23456789abcd","method":"health","params":{}}"#;
    let (mut floor, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let mut direct: Vec<Duration> = (0..CALLS)
            .map(|_| {
                let begin = Instant::now();
                socket.send(Message::text(frame)).expect("writes");
                let arrived = bare_arrivals.recv().expect("arrives");
                socket.read().expect("reads");
                arrived.saturating_duration_since(begin)
            })
            .collect();
        let mut driven: Vec<Duration> = (0..CALLS)
            .map(|_| {
                let request = Request::with_raw_params("health", "{}").expect("a request");
                let begin = Instant::now();
                let call = client.call(request);
                let arrived = arrivals.recv().expect("arrives");
                call.wait().expect("answers");
                arrived.saturating_duration_since(begin)
            })
            .collect();
        direct.sort_unstable();
        driven.sort_unstable();
        // The first round warms up.
        if round > 0 {
            ratios.push(middle(&driven).as_secs_f64() / middle(&direct).as_secs_f64());
            floor.append(&mut direct);
            ours.append(&mut driven);
        }
    }
    floor.sort_unstable();
    ours.sort_unstable();
    ratios.sort_by(f64::total_cmp);
    println!("from the call to the frame at its peer, {ROUNDS} rounds of {CALLS}, one at a time");
    println!("  bare socket, same thread   median {:>9.1?}  p99 {:>9.1?}", middle(&floor), p99(&floor));
    println!("  openclaw-blocking          median {:>9.1?}  p99 {:>9.1?}", middle(&ours), p99(&ours));
    println!(
        "  ratio of medians, by round {:.2} ({:.2} to {:.2}); added: {:.1?}",
        ratios[ratios.len() / 2],
        ratios[0],
        ratios[ratios.len() - 1],
        middle(&ours).saturating_sub(middle(&floor)),
    );
}

fn middle(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() / 2]
}

fn p99(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() * 99 / 100]
}
