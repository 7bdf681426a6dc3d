//! What events cost that are kept, and those that nobody wants.

use openclaw_tokio::{Client, Event, Receiver, Request};

use crate::client::{builder, counted, gateway, runtime, settle};

/// Asks for a thousand events and waits until all of them have come.
async fn thousand(client: &Client) {
    client.call(Request::new("events").unwrap()).await.unwrap();
    settle().await;
}

async fn read(events: &mut Receiver<Event>) {
    for _ in 0..1_000 {
        let event = events.next().await.unwrap().unwrap();
        assert_eq!((event.name(), event.frame().as_ref().len()), ("chat", 200));
    }
}

#[test]
fn a_thousand_small_events_that_are_kept_cost_less_than_a_mebibyte() {
    let (peer, runtime) = (gateway(), runtime());
    let (mut events, client) = runtime.block_on(async {
        let client = builder(&peer).connect().await.unwrap();
        (client.events("chat"), client)
    });
    let kept = counted(&runtime, async || thousand(&client).await).bytes_current;
    assert!((200_000..=1 << 20).contains(&kept), "{kept} bytes");
    runtime.block_on(read(&mut events));
}

#[test]
fn who_does_not_want_an_event_costs_no_memory() {
    let (peer, runtime) = (gateway(), runtime());
    let client = runtime.block_on(async { builder(&peer).connect().await.unwrap() });
    let allocations = |wanted: usize, unwanted: usize| {
        let others: Vec<_> = (0..unwanted).map(|_| client.events("presence")).collect();
        let mut readers: Vec<_> = (0..wanted).map(|_| client.events("chat")).collect();
        let info = counted(&runtime, async || {
            thousand(&client).await;
            for events in &mut readers {
                read(events).await;
            }
        });
        drop(others);
        info.count_total
    };
    allocations(1, 0);
    // What is not per event: turns of the driver, reads, the call itself.
    let none = allocations(0, 0);
    assert!(none < 700, "{none}");
    let unwanted = allocations(0, 100);
    assert!(unwanted < 700, "{unwanted}");
    // One copy of a small text, however many share it.
    let (one, hundred) = (allocations(1, 0), allocations(100, 100));
    assert!((1_000..1_700).contains(&one), "{one}");
    assert!((1_000..4_000).contains(&hundred), "{hundred}");
}
