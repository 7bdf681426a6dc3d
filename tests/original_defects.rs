//! What the original Go client got wrong, and that this core does not. One test per defect, as far as a core without
//! sockets can show it.

use std::time::Duration;

use openclaw_proto::connect::{ClientId, ClientMode, ConnectParams, StateVersion};
use openclaw_proto::{
    Down, GatewayUrl, Input, NotSent, Outcome, Output, Plaintext, Request, Sequence, StateKind, StopReason, UrlError,
};
use openclaw_tests::{Drive, HELLO, challenge, event, hello_response, id_of, refusal, response};

const SECOND: Duration = Duration::from_secs(1);

fn connect_params(d: &mut Drive) -> serde_json::Value {
    let frame: serde_json::Value = serde_json::from_str(&d.frame()).unwrap();
    assert_eq!(frame["method"], "connect");
    frame["params"].clone()
}

#[test]
fn original_01_protocol_3_only_is_refused_by_todays_gateways_so_3_and_4_are_offered() {
    let params = connect_params(&mut Drive::awaiting_hello(|_| {}));
    assert_eq!((params["minProtocol"].as_u64(), params["maxProtocol"].as_u64()), (Some(3), Some(4)));
    for (answered, ready) in [(3, true), (4, true), (2, false), (5, false)] {
        let mut d = Drive::awaiting_hello(|_| {});
        let connect = d.frame();
        d.text(&response(&connect, &format!(r#"{{"type":"hello-ok","protocol":{answered}}}"#)));
        assert_eq!(d.client.state() == StateKind::Ready, ready, "{answered}");
    }
}

#[test]
fn original_02_client_id_and_mode_are_ones_that_gateways_know() {
    let params = connect_params(&mut Drive::awaiting_hello(|_| {}));
    assert_eq!(
        (params["client"]["id"].as_str(), params["client"]["mode"].as_str()),
        (Some("gateway-client"), Some("backend"))
    );
    assert_eq!((ClientId::KNOWN.len(), ClientMode::KNOWN.len()), (17, 8));
    let names = |unknown: &str| {
        ClientId::KNOWN.iter().any(|id| id.as_str() == unknown)
            || ClientMode::KNOWN.iter().any(|mode| mode.as_str() == unknown)
    };
    assert!(!names("control-center") && !names("operator"));
}

#[test]
fn original_03_payload_is_read_where_the_wire_has_it() {
    let mut d = Drive::awaiting_hello(|_| {});
    let connect = d.frame();
    d.text(&response(&connect, HELLO));
    d.request("health", 1).unwrap();
    let frame = d.frame();
    d.take();
    d.text(&response(&frame, r#"{"ok":true}"#));
    d.text(&event("tick", 1, r#"{"ts":1}"#));
    match d.take().as_slice() {
        [Output::Completed { waiter: 1, outcome: Outcome::Replied(Some(reply)) }, Output::Event(event)] => {
            assert_eq!((reply.as_str(), event.payload()), (r#"{"ok":true}"#, Some(r#"{"ts":1}"#)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn original_04_an_error_code_in_words_is_an_error_and_no_broken_connection() {
    for (code, shown) in [(r#""UNAVAILABLE""#, "UNAVAILABLE"), ("-32000", "-32000"), ("null", "")] {
        let mut d = Drive::ready();
        d.request("health", 1).unwrap();
        let frame = d.frame();
        d.text(&refusal(&frame, &format!(r#"{{"code":{code},"message":"m"}}"#)));
        assert!(
            matches!(d.outcomes().as_slice(), [(1, Outcome::Rejected(r))] if r.error.code.as_str() == shown),
            "{code}"
        );
        assert_eq!(d.client.state(), StateKind::Ready);
    }
}

#[test]
fn original_05_the_connection_id_is_read_inside_server() {
    let mut d = Drive::awaiting_hello(|_| {});
    d.say_hello();
    assert_eq!(d.client.hello().unwrap().server().conn_id.as_deref(), Some("c-1"));
}

#[test]
fn original_06_events_and_foreign_answers_before_the_hello_do_not_break_the_handshake() {
    let mut d = Drive::awaiting_hello(|_| {});
    let connect = d.frame();
    d.text(&event("health", 1, "{}"));
    // An error, but of another request: the id is looked at first.
    d.text(r#"{"type":"res","id":"another","ok":false,"error":{"code":"FORBIDDEN","message":"m"}}"#);
    d.text(&event("presence", 2, "{}"));
    assert_eq!(d.client.state(), StateKind::Handshaking);
    d.text(&hello_response(&connect));
    assert_eq!(d.client.state(), StateKind::Ready);
    assert_eq!(d.events().len(), 2, "and they are not lost");
}

#[test]
fn original_09_every_wait_has_an_end_and_a_half_open_link_is_found() {
    let mut dialing = Drive::default();
    dialing.start();
    let mut silent = Drive::awaiting_challenge(|_| {});
    let mut mute = Drive::awaiting_hello(|_| {});
    mute.frames();
    let mut half_open = Drive::ready();
    for (d, down) in [
        (&mut dialing, Down::DialTimeout),
        (&mut silent, Down::ChallengeTimeout),
        (&mut mute, Down::ConnectTimeout),
        (&mut half_open, Down::Silent),
    ] {
        d.advance(61 * SECOND);
        assert_eq!(d.down(), down);
    }
}

#[test]
fn original_10_a_quiet_socket_stops_when_asked_to() {
    // The core's half: everything ends at once, and the socket is cut if the peer does not answer.
    let mut d = Drive::ready();
    d.submit(Request::new("agent").unwrap().no_timeout(), 1).unwrap();
    d.frames();
    d.shutdown();
    assert!(matches!(d.outcomes().as_slice(), [(1, Outcome::OutcomeUnknown(down))] if **down == Down::ShutDown));
    d.advance(SECOND / 4);
    assert!(matches!(d.take().as_slice(), [Output::Abort { .. }, Output::State(_)]));
    assert_eq!(d.client.state(), StateKind::Stopped);
}

#[test]
fn original_11_a_request_made_while_an_event_is_handled_is_answered() {
    // The core's half: outputs that are still to be handled do not stand in the way of anything.
    let mut d = Drive::ready();
    let conn = d.conn.unwrap();
    d.client.handle_input(d.now, conn, Input::Text(event("tick", 1, "{}")));
    let Some(Output::Event(_)) = d.client.poll_output() else { panic!("no event") };
    d.client.handle_input(d.now, conn, Input::Text(event("tick", 2, "{}")));
    d.client.request(d.now, Request::new("health").unwrap(), 7).unwrap();
    let frame = d.transmit().unwrap().text;
    d.client.handle_input(d.now, conn, Input::Text(response(&frame, "{}")));
    assert!(matches!(d.client.poll_output(), Some(Output::Event(_))));
    assert!(matches!(d.client.poll_output(), Some(Output::Completed { waiter: 7, outcome: Outcome::Replied(_) })));
}

#[test]
fn original_12_a_request_before_or_during_the_handshake_waits_for_its_end() {
    let mut d = Drive::default();
    d.request("before", 1).unwrap();
    d.start();
    d.request("dialing", 2).unwrap();
    d.input(Input::Opened);
    d.request("open", 3).unwrap();
    assert!(d.frames().is_empty());
    d.text(&challenge("n"));
    d.request("challenged", 4).unwrap();
    let connect = d.frame();
    assert!(connect.contains(r#""method":"connect""#));
    d.request("connecting", 5).unwrap();
    assert!(d.frames().is_empty());
    d.text(&hello_response(&connect));
    assert_eq!(d.frames().len(), 5);
}

#[test]
fn original_13_what_is_pending_ends_with_the_connection_not_with_its_deadline() {
    let mut d = Drive::ready();
    for waiter in 0..10 {
        d.request("health", waiter).unwrap();
    }
    d.frames();
    d.input(Input::Closed { code: None, reason: String::new() });
    assert_eq!(d.outcomes().len(), 10);
    assert_eq!(d.client.poll_timeout(), None);
}

#[test]
fn original_14_an_error_keeps_its_body_and_its_hint_to_retry() {
    let mut d = Drive::ready();
    d.request("chat.send", 1).unwrap();
    let frame = d.frame();
    let body = r#"{"code":"UNAVAILABLE","message":"busy","retryable":true,"retryAfterMs":750}"#;
    d.text(&refusal(&frame, body));
    match d.outcomes().as_slice() {
        [(1, Outcome::Rejected(rejected))] => {
            let error = &rejected.error;
            assert_eq!(error.body, body);
            assert_eq!((error.retryable, error.retry_after), (Some(true), Some(Duration::from_millis(750))));
            assert!(!rejected.may_have_run(), "the rate limit answers before the method runs");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn original_15_a_request_can_be_cancelled_has_its_own_deadline_and_no_stuck_write_blocks_it() {
    let mut d = Drive::ready_with(|c| c.timeouts.write_stall = 20 * SECOND);
    d.submit(Request::new("stuck").unwrap().no_timeout(), 1).unwrap();
    d.take_one().unwrap();
    // The write of the first one makes no progress; others come and go all the same.
    let cancelled = d.request("second", 2).unwrap();
    assert_eq!(d.client.cancel(cancelled), Some(2));
    d.submit(Request::new("third").unwrap().timeout(SECOND), 3).unwrap();
    d.advance(SECOND);
    assert!(matches!(d.outcomes().as_slice(), [(3, Outcome::TimedOut { sent: false })]));
    d.advance(19 * SECOND);
    assert_eq!(d.down(), Down::WriteStalled);
}

#[test]
fn original_16_size_sequence_state_version_and_close_code_are_all_looked_at() {
    let mut d = Drive::ready();
    d.text(&event("tick", 1, "{}"));
    d.text(r#"{"type":"event","event":"health","payload":{},"seq":4,"stateVersion":{"presence":2,"health":3}}"#);
    {
        let events = d.events();
        assert_eq!(events[1].sequence, Sequence::Gap { missing: 2 });
        assert_eq!(events[1].state_version(), Some(StateVersion { presence: 2, health: 3 }));
    }
    d.text(&" ".repeat(26_214_401));
    assert_eq!(d.down(), Down::FrameTooLarge { size: 26_214_401, limit: 26_214_400 });
    assert_eq!(d.endings(), [Some(1009)]);

    let mut d = Drive::ready();
    d.input(Input::Closed { code: Some(1012), reason: "service restart".into() });
    assert_eq!(d.down(), Down::Closed { code: Some(1012), reason: "service restart".into(), after_hello: true });
}

#[test]
fn original_17_no_token_travels_in_clear_to_a_host_that_is_not_private() {
    for address in ["ws://host.docker.internal:18789", "http://gateway.example.com", "ws://8.8.8.8"] {
        assert!(
            matches!(GatewayUrl::parse(address, Plaintext::default()), Err(UrlError::PlaintextRefused { .. })),
            "{address}"
        );
    }
    assert!(GatewayUrl::parse("wss://gateway.example.com", Plaintext::default()).is_ok());
    assert!(ConnectParams::default().auth.is_empty(), "and there is none unless it is given");
}

#[test]
fn original_18_each_socket_has_a_name_and_a_shutdown_means_the_present_one() {
    let mut d = Drive::ready();
    let old = d.conn.unwrap();
    d.request("health", 1).unwrap();
    let frame = d.frame();
    d.input(Input::Closed { code: Some(1012), reason: String::new() });
    d.connect();
    let new = d.conn.unwrap();
    d.take();
    // Late words of the old socket touch nothing.
    d.client.handle_input(d.now, old, Input::Closed { code: Some(1000), reason: String::new() });
    d.client.handle_input(d.now, old, Input::Text(response(&frame, "{}")));
    assert!(d.transmit_on(old).is_none());
    assert_eq!((d.client.state(), d.client.stats().stale_inputs), (StateKind::Ready, 2));
    d.shutdown();
    assert!(d.take().iter().any(|o| matches!(o, Output::Close { conn, .. } if *conn == new)));
    d.client.handle_input(d.now, old, Input::Closed { code: None, reason: String::new() });
    assert_eq!(d.client.state(), StateKind::Stopping, "only the present socket's end is the end");
    d.input(Input::Closed { code: Some(1000), reason: String::new() });
    assert!(matches!(d.last_state(), Some(openclaw_proto::State::Stopped { why: StopReason::Requested })));
    assert!(matches!(d.request("health", 2), Err(NotSent::Stopped)));
    assert_eq!(id_of(&frame).len(), 36);
}
