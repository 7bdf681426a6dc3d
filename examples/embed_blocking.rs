//! The core driven by hand over blocking tungstenite: no adapter, no runtime, one thread.
//!
//! `OPENCLAW_GATEWAY_TOKEN=… cargo run --example embed_blocking`

use std::time::{Duration, Instant as Clock, SystemTime, UNIX_EPOCH};

use openclaw_proto::connect::Auth;
use openclaw_proto::{
    Client, ClientConfig, GatewayUrl, Input, Instant, Now, Output, Plaintext, Request, State, TransportError,
    UnixMillis,
};
use tungstenite::{Error, Message, Utf8Bytes};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("OPENCLAW_GATEWAY_URL").unwrap_or_else(|_| "ws://127.0.0.1:18789".into());
    let mut config = ClientConfig::new(GatewayUrl::parse(&url, Plaintext::PrivateOnly)?);
    config.connect.auth = Auth::token(std::env::var("OPENCLAW_GATEWAY_TOKEN").unwrap_or_default());

    let origin = Clock::now();
    let now = || Now {
        mono: Instant::from_elapsed(origin.elapsed()),
        unix: UnixMillis(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() * 1000)),
    };
    // A real program takes the seed from the operating system; `()` is the waiter: there is only one request.
    let mut core: Client<(), Utf8Bytes> = Client::new(config, [42; 32]);
    let mut socket = None;
    core.request(now(), Request::new("health")?, ())?;
    core.start(now());

    loop {
        // 1. What the core has to say.
        while let Some(output) = core.poll_output() {
            match output {
                Output::Dial { conn, plan, .. } => match tungstenite::connect(plan.url.as_str()) {
                    Ok((ws, _)) => {
                        if let tungstenite::stream::MaybeTlsStream::Plain(tcp) = ws.get_ref() {
                            tcp.set_read_timeout(Some(Duration::from_millis(50)))?;
                        }
                        socket = Some((conn, ws));
                        core.handle_input(now(), conn, Input::Opened);
                    }
                    Err(e) => core.handle_input(now(), conn, Input::Failed(TransportError::Connect(e.to_string()))),
                },
                Output::Close { .. } | Output::Abort { .. } => socket = None,
                Output::Completed { outcome, .. } => {
                    println!("health: {outcome:?}");
                    core.shutdown(now());
                }
                Output::Event(event) => println!("event {}", event.name()),
                Output::State(State::Stopped { why }) => {
                    println!("stopped: {why:?}");
                    return Ok(());
                }
                other => println!("{other:?}"),
            }
        }
        // 2. What it wants sent, 3. what has come, 4. what time it is.
        if let Some((conn, ws)) = &mut socket {
            while let Some(frame) = core.poll_transmit(now()) {
                ws.send(Message::text(frame.text))?;
            }
            let input = match ws.read() {
                Ok(Message::Text(text)) => Some(Input::Text(text)),
                Ok(Message::Close(_)) => Some(Input::Closed { code: None, reason: String::new() }),
                Ok(_) => None,
                Err(Error::Io(e)) if e.kind() == std::io::ErrorKind::WouldBlock => None,
                Err(e) => Some(Input::Failed(TransportError::Io(e.to_string()))),
            };
            if let Some(input) = input {
                core.handle_input(now(), *conn, input);
            }
        }
        core.handle_timeout(now());
    }
}
