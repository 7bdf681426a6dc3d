//! Who leads when, without a background thread that could hide a mistake by taking over.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::task::{Wake, Waker};
use std::thread;
use std::time::Duration;

use openclaw_client::Request;
use tungstenite::Message;

use super::{Crew, MANY, Watch};
use crate::client::Client;
use crate::event_loop::{EventLoop, Turn};
use crate::waiting::Waiting;

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(20);

const CHALLENGE: &str = r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n","ts":1}}"#;
const HELLO: &str = r#"{"type":"hello-ok","protocol":4,"server":{"version":"1","connId":"c"},"features":{"methods":[],"events":[]},"snapshot":{"presence":[],"health":{},"stateVersion":{"presence":1,"health":1},"uptimeMs":5},"auth":{"role":"operator","scopes":["operator.read"]},"policy":{"maxPayload":26214400,"maxBufferedBytes":52428800,"tickIntervalMs":30000}}"#;

/// Answers one client, and tells the methods it asks for.
fn gateway() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let (tell, asked) = channel();
    thread::spawn(move || {
        let (tcp, _) = listener.accept().unwrap();
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut socket = tungstenite::accept(tcp).unwrap();
        socket.send(Message::text(CHALLENGE)).unwrap();
        while let Ok(message) = socket.read() {
            let Message::Text(text) = message else { continue };
            let request: serde_json::Value = serde_json::from_str(&text).unwrap();
            let payload = if request["method"] == "connect" { HELLO } else { "{}" };
            let _ = tell.send(request["method"].as_str().unwrap().to_owned());
            let answer = format!(r#"{{"type":"res","id":{},"ok":true,"payload":{payload}}}"#, request["id"]);
            socket.send(Message::text(answer)).unwrap();
        }
    });
    (url, asked)
}

/// A client that only those drive who wait for it.
fn alone(url: &str) -> (Client, Arc<Crew>) {
    let (client, event_loop) = EventLoop::new(crate::builder(url).no_reconnect()).unwrap();
    let crew = Arc::new(Crew::new(event_loop));
    (client.waiting_by(Waiting::crew(Arc::clone(&crew))), crew)
}

fn idle() -> (Client, Arc<Crew>) {
    alone("ws://127.0.0.1:9")
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn follower() -> (Arc<Count>, Waker) {
    let count = Arc::new(Count::default());
    (Arc::clone(&count), Waker::from(count))
}

fn request(method: &str) -> Request {
    Request::with_raw_params(method, "{}").unwrap()
}

#[test]
fn the_lead_goes_from_one_who_waits_to_the_next() {
    let (_client, crew) = idle();
    let ((first, first_waker), (second, second_waker)) = (follower(), follower());
    let lead = crew.lead().unwrap();
    assert!(crew.lead().is_none());
    assert!(crew.lead_or_queue(&first_waker).is_none() && crew.lead_or_queue(&second_waker).is_none());
    assert!(crew.lead_or_queue(&first_waker).is_none(), "and stands in the queue once");
    drop(lead);
    assert_eq!((first.0.load(Ordering::SeqCst), second.0.load(Ordering::SeqCst)), (1, 0));
    // The first one's result has come meanwhile.
    crew.leave_queue(&first_waker);
    assert_eq!((first.0.load(Ordering::SeqCst), second.0.load(Ordering::SeqCst)), (1, 1));
    drop(crew.lead_or_queue(&second_waker).unwrap());
    assert_eq!((first.0.load(Ordering::SeqCst), second.0.load(Ordering::SeqCst)), (1, 1));
    crew.leave_queue(&second_waker);
}

#[test]
fn one_who_leaves_the_queue_is_not_offered_the_lead() {
    let (_client, crew) = idle();
    let (count, waker) = follower();
    let lead = crew.lead().unwrap();
    assert!(crew.lead_or_queue(&waker).is_none());
    crew.leave_queue(&waker);
    drop(lead);
    assert_eq!(count.0.load(Ordering::SeqCst), 0);
}

#[test]
fn the_background_takes_over_when_nobody_has_led_for_a_while() {
    let (client, crew) = idle();
    let mut saw = None;
    assert!(matches!(crew.watch(&mut saw), Watch::Linger));
    crew.lead().unwrap().advance();
    assert!(matches!(crew.watch(&mut saw), Watch::Linger), "somebody led meanwhile");
    drop(crew.lead().unwrap());
    assert!(client.events("never").try_recv().is_err(), "looking is not leading, however often");
    assert!(matches!(crew.watch(&mut saw), Watch::Lead(_)));
}

#[test]
fn the_background_looks_less_often_while_one_call_comes_after_the_other() {
    let (_client, crew) = idle();
    let mut saw = None;
    assert!(matches!(crew.watch(&mut saw), Watch::Linger));
    (0..MANY).for_each(|_| assert_eq!(crew.lead().unwrap().advance(), Turn::Running));
    assert!(matches!(crew.watch(&mut saw), Watch::LingerLong));
    crew.lead().unwrap().advance();
    assert!(matches!(crew.watch(&mut saw), Watch::Linger));
    assert!(matches!(crew.watch(&mut saw), Watch::Lead(_)));
}

#[test]
fn the_background_sleeps_while_one_leads_for_long_and_looks_again_afterwards() {
    let (_client, crew) = idle();
    let mut saw = None;
    let lead = crew.lead().unwrap();
    assert!(matches!(crew.watch(&mut saw), Watch::Linger));
    assert!(matches!(crew.watch(&mut saw), Watch::Sleep));
    drop(lead);
    assert!(matches!(crew.watch(&mut saw), Watch::Linger), "whoever led may lead again");
    assert!(matches!(crew.watch(&mut saw), Watch::Lead(_)));
}

#[test]
fn the_background_gives_way_to_whoever_waits() {
    let (_client, crew) = idle();
    let mut saw = None;
    assert!(matches!(crew.watch(&mut saw), Watch::Linger));
    let Watch::Lead(mut lead) = crew.watch(&mut saw) else { panic!("nobody else leads") };
    assert!(!lead.is_wanted());
    let (count, waker) = follower();
    assert!(crew.lead_or_queue(&waker).is_none());
    // It was interrupted, so this does not sleep.
    lead.turn(None);
    assert!(lead.is_wanted());
    drop(lead);
    assert_eq!(count.0.load(Ordering::SeqCst), 1);
}

#[test]
fn what_is_done_while_nobody_drives_calls_the_background() {
    let (client, crew) = idle();
    crew.lead().unwrap().advance();
    let mut saw = None;
    assert!(matches!(crew.watch(&mut saw), Watch::Linger));
    client.start();
    drop(crew.lead().unwrap());
    let Watch::Lead(mut lead) = crew.watch(&mut saw) else { panic!("called, and who led since did nothing about it") };
    lead.advance();
    client.nudge();
    drop(lead);
    assert!(matches!(crew.watch(&mut saw), Watch::Lead(_)), "what came after the turn is not left undone");
}

#[test]
fn a_lone_request_leaves_at_once_and_those_after_it_with_the_next_turn() {
    let (url, asked) = gateway();
    let (client, crew) = alone(&url);
    client.connect().unwrap();
    assert_eq!(asked.recv_timeout(PATIENCE).unwrap(), "connect");
    let first = client.call(request("first"));
    assert_eq!(asked.recv_timeout(PATIENCE).unwrap(), "first", "nobody drives, and nobody waits");
    let (second, third) = (client.call(request("second")), client.call(request("third")));
    assert_eq!(asked.try_recv(), Err(TryRecvError::Empty));
    let mut saw = None;
    assert!(matches!(crew.watch(&mut saw), Watch::Linger), "nobody was called for them");
    third.wait().unwrap();
    assert_eq!(asked.recv_timeout(PATIENCE).unwrap(), "second");
    assert_eq!(asked.recv_timeout(PATIENCE).unwrap(), "third");
    drop((first, second));
    let fourth = client.call(request("fourth"));
    assert_eq!(asked.recv_timeout(PATIENCE).unwrap(), "fourth", "alone again");
    drop(fourth);
}

#[test]
fn whoever_waits_drives_with_nobody_else_there() {
    let (url, _asked) = gateway();
    let (client, crew) = alone(&url);
    client.connect().unwrap();
    for _ in 0..100 {
        client.request_raw("echo", "{}").unwrap();
    }
    let mut never = client.events("never");
    assert!(never.recv_timeout(Duration::from_millis(1)).is_err());
    client.shutdown();
    drop(client);
    // Whoever still waits finds the end.
    assert!(never.recv().is_none());
    assert!(crew.lead().is_none());
    assert!(matches!(crew.watch(&mut None), Watch::End));
}

#[test]
fn a_leader_that_panics_while_it_looks_hands_on() {
    let (client, crew) = idle();
    let waiting = Waiting::crew(Arc::clone(&crew));
    let panicked = thread::spawn(move || waiting.block_on(async { panic!("on purpose") })).join();
    assert!(panicked.is_err());
    assert!(crew.lead().is_some());
    drop(client);
}
