//! Follows a gateway for ever: every state, every event, over every restart. Ctrl-C ends it with a proper close.
//!
//! `OPENCLAW_GATEWAY_TOKEN=… cargo run --example watch_events`

use openclaw_tokio::{EventFilter, State};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("OPENCLAW_GATEWAY_URL").unwrap_or_else(|_| "ws://127.0.0.1:18789".into());
    let token = std::env::var("OPENCLAW_GATEWAY_TOKEN").unwrap_or_default();
    let client = openclaw_tokio::builder(url).token(token).build()?;

    // Both may be asked for before the client is started, and go on over reconnects.
    let mut states = client.states();
    let mut events = client.events(EventFilter::all());
    client.start();
    loop {
        tokio::select! {
            Some(Ok(state)) = states.next() => match state {
                State::Ready { hello, .. } => println!("ready: gateway {:?}", hello.server().version),
                State::Backoff { why, delay, .. } => println!("{why}; next attempt in {delay:?}"),
                State::Paused { why, reason, .. } => println!("paused ({reason:?}): {why}"),
                State::Draining { hint, .. } => println!("the gateway is about to go, back in {hint:?}"),
                other => println!("{other:?}"),
            },
            Some(event) = events.next() => match event {
                Ok(event) => println!("{} {:?} {} bytes", event.name(), event.sequence, event.frame().as_ref().len()),
                Err(lagged) => println!("{lagged}"),
            },
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    client.shutdown().await;
    Ok(())
}
