//! The core against a gateway that dies, in virtual time: an hour of reconnecting in a few microseconds.
//!
//! `cargo run --example virtual_time`

use openclaw_proto::{
    Client, ClientConfig, GatewayUrl, Input, Instant, Now, Output, Plaintext, State, TransportError, UnixMillis,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = GatewayUrl::parse("ws://127.0.0.1:18789", Plaintext::PrivateOnly)?;
    let mut client: Client<(), String> = Client::new(ClientConfig::new(url), [1; 32]);
    let mut now = Now { mono: Instant::ZERO, unix: UnixMillis(1_795_000_000_000) };
    let hour = Instant::from_nanos(3_600_000_000_000);

    client.start(now);
    while now.mono < hour {
        while let Some(output) = client.poll_output() {
            match output {
                // Nobody listens.
                Output::Dial { conn, .. } => {
                    let refused = TransportError::Connect("connection refused".into());
                    client.handle_input(now, conn, Input::Failed(refused));
                }
                Output::State(State::Backoff { attempt, delay, .. }) if attempt <= 8 => {
                    println!("{:>10.3?}  attempt {attempt} failed, the next one in {delay:.3?}", now.mono);
                }
                _ => {}
            }
        }
        let Some((at, _)) = client.poll_timeout() else { break };
        now = now.after(at.since(now.mono));
        client.handle_timeout(now);
    }
    println!("{} attempts in an hour", client.stats().dials);
    Ok(())
}
