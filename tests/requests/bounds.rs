//! Every bound, and what is said at it.

use openclaw_proto::frame::MAX_FRAME_DEFAULT;
use openclaw_proto::{NotSent, Outcome, Request};
use openclaw_tests::{Drive, HELLO, response};

use crate::request;

/// A request whose frame has exactly `size` bytes.
fn of_size(size: usize) -> Request {
    let empty = Request::with_params("m", "").unwrap().frame_len();
    let request = Request::with_params("m", &"x".repeat(size - empty)).unwrap();
    assert_eq!(request.frame_len(), size);
    request
}

fn ready_with_max_payload(limit: usize) -> Drive {
    let mut d = Drive::awaiting_hello(|_| {});
    let connect = d.frame();
    d.text(&response(&connect, &HELLO.replace("26214400", &limit.to_string())));
    d.take();
    d
}

#[test]
fn only_so_many_requests_wait_for_a_connection() {
    let mut d = Drive::new(|c| c.limits.waiting = 2);
    let first = d.request("health", 1).unwrap();
    d.request("health", 2).unwrap();
    assert!(matches!(d.request("health", 3), Err(NotSent::TooManyWaiting { limit: 2 })));
    assert_eq!(d.client.load().1, 2);
    // One goes, one may come.
    d.client.cancel(first);
    d.request("health", 4).unwrap();
    d.connect();
    assert_eq!(d.client.load(), (2, 0, 2 * request("health").frame_len()));
    // Once ready, nobody waits and the bound is out of the way.
    d.request("health", 5).unwrap();
}

#[test]
fn only_so_many_requests_are_in_flight_whether_the_transport_has_taken_them_or_not() {
    let mut d = Drive::ready_with(|c| c.limits.in_flight = 2);
    d.request("health", 1).unwrap();
    let frame = d.frame();
    d.request("health", 2).unwrap();
    assert!(matches!(d.request("health", 3), Err(NotSent::TooManyInFlight { limit: 2 })));
    d.text(&response(&frame, "{}"));
    d.request("health", 4).unwrap();
    assert_eq!(d.client.load().0, 2);
}

#[test]
fn those_that_waited_do_not_push_the_number_in_flight_over_its_bound() {
    let mut d = Drive::new(|c| c.limits.in_flight = 2);
    for waiter in 0..4 {
        d.request("health", waiter).unwrap();
    }
    d.connect();
    assert_eq!(d.client.load().0, 2);
    let outcomes = d.outcomes();
    assert!(
        matches!(
            outcomes.as_slice(),
            [
                (2, Outcome::NotSent(NotSent::TooManyInFlight { limit: 2 })),
                (3, Outcome::NotSent(NotSent::TooManyInFlight { limit: 2 }))
            ]
        ),
        "{outcomes:?}"
    );
    assert_eq!(d.frames().len(), 2);
}

#[test]
fn only_so_many_bytes_wait_for_the_transport() {
    let mut d = Drive::ready_with(|c| c.limits.outgoing_bytes = 300);
    d.submit(of_size(150), 1).unwrap();
    d.submit(of_size(150), 2).unwrap();
    assert_eq!(d.client.load().2, 300);
    assert!(matches!(d.submit(of_size(100), 3), Err(NotSent::OutgoingFull { queued: 300, limit: 300 })));
    d.take_one().unwrap();
    assert!(matches!(d.submit(of_size(151), 4), Err(NotSent::OutgoingFull { queued: 150, limit: 300 })));
    d.submit(of_size(150), 5).unwrap();
    assert!(matches!(d.submit(of_size(301), 6), Err(NotSent::OutgoingFull { .. })));
}

#[test]
fn bytes_that_wait_for_a_connection_count_too() {
    let mut d = Drive::new(|c| c.limits.outgoing_bytes = 300);
    d.submit(of_size(200), 1).unwrap();
    assert!(matches!(d.submit(of_size(101), 2), Err(NotSent::OutgoingFull { queued: 200, limit: 300 })));
    d.connect();
    assert_eq!(d.client.load().2, 200);
    assert!(matches!(d.submit(of_size(101), 3), Err(NotSent::OutgoingFull { queued: 200, limit: 300 })));
    d.frames();
    assert_eq!(d.client.load().2, 0);
}

#[test]
fn a_frame_of_exactly_the_gateways_limit_is_sent_and_one_byte_more_is_not() {
    for limit in [100, 524_288] {
        let mut d = ready_with_max_payload(limit);
        d.submit(of_size(limit), 1).unwrap();
        assert_eq!(d.frame().len(), limit);
        match d.submit(of_size(limit + 1), 2) {
            Err(NotSent::FrameTooLarge { size, limit: stated }) => assert_eq!((size, stated), (limit + 1, limit)),
            other => panic!("{other:?}"),
        }
        assert!(d.frames().is_empty());
    }
}

#[test]
fn a_frame_that_can_never_be_sent_is_refused_as_such_even_while_there_is_no_room_for_any() {
    let mut d = Drive::awaiting_hello(|c| c.limits.outgoing_bytes = 500);
    let connect = d.frame();
    d.text(&response(&connect, &HELLO.replace("26214400", "400").replace("profile-binding-v1", "x")));
    d.submit(of_size(400), 1).unwrap();
    assert!(matches!(d.submit(of_size(401), 2), Err(NotSent::FrameTooLarge { size: 401, limit: 400 })));
    let bound = of_size(200).expected_profile_id("p").unwrap();
    assert!(matches!(d.submit(bound, 3), Err(NotSent::ProfileBindingUnsupported)));
    assert!(matches!(d.submit(of_size(101), 4), Err(NotSent::OutgoingFull { .. })));
}

#[test]
fn the_limit_of_every_known_gateway_is_met_to_the_byte() {
    let mut d = ready_with_max_payload(MAX_FRAME_DEFAULT);
    d.submit(of_size(MAX_FRAME_DEFAULT), 1).unwrap();
    assert_eq!(d.frame().len(), 26_214_400);
    let over = d.submit(of_size(MAX_FRAME_DEFAULT + 1), 2);
    assert!(matches!(over, Err(NotSent::FrameTooLarge { size: 26_214_401, limit: 26_214_400 })));
}

#[test]
fn a_request_made_before_the_limit_is_known_is_measured_when_it_is() {
    let mut d = Drive::awaiting_hello(|_| {});
    let connect = d.frame();
    d.submit(of_size(300), 1).unwrap();
    d.submit(of_size(301), 2).unwrap();
    d.submit(of_size(299), 3).unwrap();
    d.text(&response(&connect, &HELLO.replace("26214400", "300")));
    assert!(matches!(
        d.outcomes().as_slice(),
        [(2, Outcome::NotSent(NotSent::FrameTooLarge { size: 301, limit: 300 }))]
    ));
    let sizes: Vec<usize> = d.frames().iter().map(String::len).collect();
    assert_eq!(sizes, [300, 299]);
    assert_eq!(d.client.load(), (2, 0, 0));
}

#[test]
fn the_next_connection_has_its_own_limit() {
    let mut d = ready_with_max_payload(100);
    assert!(d.submit(of_size(101), 1).is_err());
    d.input(openclaw_proto::Input::Closed { code: Some(1012), reason: String::new() });
    d.connect();
    d.submit(of_size(101), 2).unwrap();
    assert_eq!(d.frame().len(), 101);
}

#[test]
fn a_bound_of_zero_refuses_everything_and_breaks_nothing() {
    let mut d = Drive::ready_with(|c| {
        c.limits.in_flight = 0;
        c.limits.waiting = 0;
    });
    assert!(matches!(d.request("health", 1), Err(NotSent::TooManyInFlight { limit: 0 })));
    d.input(openclaw_proto::Input::Closed { code: None, reason: String::new() });
    d.start();
    assert!(matches!(d.request("health", 2), Err(NotSent::TooManyWaiting { limit: 0 })));
    assert_eq!(d.client.load(), (0, 0, 0));
}
