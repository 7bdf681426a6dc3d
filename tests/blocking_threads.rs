//! Many threads and one client of the blocking adapter: whoever waits drives, and nobody waits in vain.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use openclaw_blocking::{Client, Request, State};
use openclaw_tests::Peer;
use openclaw_tests::lane::observed;

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(20);

fn serving() -> Peer {
    Peer::start(|conn| {
        conn.handshake();
        conn.serve();
    })
}

/// Serves, and sends an event `asked` before the answer to each `event`. Tells the methods it was asked for.
fn telling() -> (Peer, Receiver<String>) {
    let (tell, asked) = channel();
    let tell = Mutex::new(tell);
    let peer = Peer::start(move |conn| {
        conn.handshake();
        let mut seq = 0;
        while let Some(request) = conn.next_request() {
            let _ = tell.lock().unwrap().send(request.method.clone());
            if request.method == "event" {
                seq += 1;
                conn.event("asked", seq, &request.params.to_string());
            }
            if request.method != "withheld" {
                conn.reply(&request, &request.params.to_string());
            }
        }
    });
    (peer, asked)
}

fn connected(peer: &Peer) -> Client {
    observed(openclaw_blocking::builder(peer.url())).token("test-token").no_reconnect().connect().expect("connects")
}

/// A thread of a test, which must end in time.
fn within_patience<V: Send + 'static>(work: impl FnOnce() -> V + Send + 'static) -> impl FnOnce() -> V {
    let (done, result) = channel();
    let thread = thread::spawn(move || {
        let _ = done.send(work());
    });
    move || match result.recv_timeout(PATIENCE) {
        Ok(value) => value,
        Err(error) => {
            assert!(thread.is_finished(), "a thread waits in vain: {error}");
            std::panic::resume_unwind(thread.join().expect_err("it sent nothing"))
        }
    }
}

fn echo(client: &Client, n: usize) {
    let answer = client.request_raw("echo", &format!("[{n}]")).unwrap().unwrap();
    assert_eq!(answer.as_str(), format!("[{n}]"));
}

/// Rests of another length each time, so that threads meet at other places each time.
fn spin(n: usize) {
    for _ in 0..(n * 37) % 400 {
        std::hint::spin_loop();
    }
}

#[test]
fn many_threads_each_get_their_own_answers() {
    let peer = serving();
    let client = connected(&peer);
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let client = client.clone();
            within_patience(move || (0..500).for_each(|n| echo(&client, thread * 1_000 + n)))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread());
    assert_eq!(client.stats().stale_responses, 0);
}

#[test]
fn an_event_reaches_one_thread_while_another_calls_and_calls() {
    let (peer, _asked) = telling();
    let client = connected(&peer);
    let mut events = client.events("asked");
    let waits = within_patience(move || {
        (0..200).for_each(|n| {
            let event = events.recv().unwrap().unwrap();
            assert_eq!(event.payload().unwrap(), format!("[{n}]"));
        });
    });
    let (told, handled) = channel();
    client.on_event("asked", move |event| told.send(event.payload().unwrap().to_owned()).unwrap());
    for n in 0..200 {
        (0..5).for_each(|n| echo(&client, n));
        client.request_raw("event", &format!("[{n}]")).unwrap();
    }
    waits();
    for n in 0..200 {
        assert_eq!(handled.recv_timeout(PATIENCE).unwrap(), format!("[{n}]"));
    }
}

#[test]
fn a_handler_may_call_while_others_call() {
    let (peer, _asked) = telling();
    let client = connected(&peer);
    let (told, handled) = channel();
    let caller = client.clone();
    client.on_event("asked", move |_| {
        echo(&caller, 7);
        told.send(()).unwrap();
    });
    let asks = {
        let client = client.clone();
        within_patience(move || (0..200).for_each(|_| drop(client.request_raw("event", "[]").unwrap())))
    };
    (0..200).for_each(|n| echo(&client, n));
    asks();
    (0..200).for_each(|_| handled.recv_timeout(PATIENCE).unwrap());
}

#[test]
fn calls_that_nobody_waits_for_arrive() {
    let (peer, asked) = telling();
    let client = connected(&peer);
    let mut held = Vec::new();
    for n in 0..50 {
        // A caller has just led, leads no more, and does not come back: alone, with others, and when all is quiet.
        echo(&client, n);
        assert_eq!(asked.recv_timeout(PATIENCE).unwrap(), "echo");
        for _ in 0..n % 4 {
            held.push(client.call(Request::new("withheld").unwrap()));
        }
        (0..n % 4).for_each(|_| assert_eq!(asked.recv_timeout(PATIENCE).unwrap(), "withheld"));
        if n % 3 == 0 {
            held.clear();
        }
    }
    // The handle for executors has its requests driven too.
    let _call = client.handle().call(Request::new("withheld").unwrap());
    assert_eq!(asked.recv_timeout(PATIENCE).unwrap(), "withheld");
}

#[test]
fn whoever_only_looks_now_and_then_gets_answers_and_events() {
    let (peer, _asked) = telling();
    let client = connected(&peer);
    let mut events = client.events("asked");
    for _ in 0..20 {
        let mut call = client.call(Request::new("event").unwrap());
        let begin = Instant::now();
        let (mut answered, mut told) = (false, false);
        while !(answered && told) {
            answered = answered || call.try_wait().is_some();
            told = told || events.try_recv().is_ok();
            assert!(begin.elapsed() < PATIENCE);
            thread::yield_now();
        }
    }
}

#[test]
fn the_lead_goes_on_when_the_leaders_call_ends_and_others_still_wait() {
    let (peer, _asked) = telling();
    let client = connected(&peer);
    for round in 0..50 {
        let mut events = client.events("asked");
        let waits = within_patience(move || events.recv().unwrap().unwrap());
        let withheld = {
            let client = client.clone();
            within_patience(move || {
                let mut call = client.call(Request::new("withheld").unwrap());
                spin(round);
                assert!(call.wait_timeout(Duration::from_millis(2)).is_none());
            })
        };
        spin(round * 3);
        echo(&client, round);
        withheld();
        // Nobody but the one who waits for it is left.
        let _ask = client.call(Request::new("event").unwrap());
        waits();
    }
}

#[test]
fn dropping_the_client_closes_whoever_leads_and_in_every_pause() {
    for round in 0..60 {
        let (closed, tell) = channel();
        let closed = Mutex::new(closed);
        let peer = Peer::start(move |conn| {
            conn.handshake();
            closed.lock().unwrap().send(conn.serve()).unwrap();
        });
        let client = connected(&peer);
        let mut states = client.states();
        echo(&client, round);
        // Sometimes the background thread lingers, sometimes it drives already, and sometimes somebody else does.
        let waits = (round % 3 == 2).then(|| {
            let mut events = client.events("never");
            within_patience(move || assert!(events.recv().is_none()))
        });
        if round % 3 == 1 {
            thread::sleep(Duration::from_micros(500 * round as u64 % 5_000));
        }
        drop(client);
        assert_eq!(tell.recv_timeout(PATIENCE).unwrap(), Some(1000));
        if let Some(waits) = waits {
            waits();
        }
        // The streams end with the driver, whichever thread has it.
        let stopped = within_patience(move || states.by_ref().map(Result::unwrap).last());
        assert!(matches!(stopped(), Some(State::Stopped { .. })));
    }
}

#[test]
fn shutting_down_ends_every_wait() {
    for round in 0..30 {
        let (peer, _asked) = telling();
        let client = connected(&peer);
        let barrier = Arc::new(Barrier::new(5));
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let (client, barrier) = (client.clone(), Arc::clone(&barrier));
                within_patience(move || {
                    let call = client.call(Request::new("withheld").unwrap());
                    barrier.wait();
                    assert!(call.wait().is_err());
                })
            })
            .collect();
        barrier.wait();
        spin(round);
        client.shutdown();
        waiting.into_iter().for_each(|waits| waits());
    }
}

#[test]
fn threads_that_come_and_go_never_miss_their_wake_up() {
    let (peer, _asked) = telling();
    let client = connected(&peer);
    for round in 0..40 {
        let threads: Vec<_> = (0..6)
            .map(|thread| {
                let client = client.clone();
                within_patience(move || {
                    for n in 0..20 {
                        spin(round * 31 + thread * 7 + n);
                        match (thread + n) % 4 {
                            0 => echo(&client, n),
                            1 => drop(client.call(Request::new("withheld").unwrap())),
                            2 => {
                                let mut call = client.call(Request::new("withheld").unwrap());
                                assert!(call.wait_timeout(Duration::from_micros(50)).is_none());
                            }
                            _ => {
                                let calls: Vec<_> =
                                    (0..5).map(|_| client.call(Request::new("health").unwrap())).collect();
                                calls.into_iter().for_each(|call| drop(call.wait().unwrap()));
                            }
                        }
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread());
    }
}
