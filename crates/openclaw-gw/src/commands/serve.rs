//! `serve`: the embedded gateway as a server, for people who test clients in any language.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use openclaw_testkit::{Dialect, Drain, GatewayConfig, Server};
use serde_json::json;

use crate::cli::{Serve, ServeProtocol};
use crate::commands::Halt;
use crate::failure::Failure;
use crate::output::look::{GOOD, Look};
use crate::output::stdout::Stdout;
use crate::settings::Settings;

/// How long clients may take to read that the gateway ends.
const GOODBYE: Duration = Duration::from_secs(5);

/// Serves until `stop`, then says goodbye as real gateways do: the event `shutdown`, and close 1012.
pub(crate) async fn run(
    args: &Serve,
    settings: &Settings,
    look: Look,
    stop: impl Future<Output = ()>,
) -> Result<(), Halt> {
    let dialect = match args.protocol {
        ServeProtocol::V4 => Dialect::V4,
        ServeProtocol::V3 => Dialect::V3,
        ServeProtocol::Original => Dialect::Original,
    };
    let mut config = GatewayConfig::new().dialect(dialect).tick(args.tick);
    let chosen = settings.auth.token.as_ref();
    if let Some(token) = chosen {
        config = config.token(token.expose());
    }
    let server = Server::start_on(args.port, config)
        .await
        .map_err(|error| Failure::system(&format!("cannot listen on port {}", args.port), &error))?;

    let server = Arc::new(server);
    let mut stdout = Stdout::new();
    // A token of the user's own is known to the user and to nobody else.
    let shown = chosen.is_none().then(|| server.token().to_owned());
    let line = if look.json {
        json!({"url": server.url(), "token": shown, "protocol": dialect.protocol()}).to_string()
    } else {
        let token = shown.map_or_else(|| "the token you gave".to_owned(), |token| format!("token {token}"));
        format!("{} {} (protocol {}, {token})", look.out.paint(GOOD, "listening on"), server.url(), dialect.protocol())
    };
    tokio::pin!(stop);
    tokio::select! {
        biased;
        () = &mut stop => {}
        told = stdout.line(&line) => {
            told?;
            for event in &args.events {
                tokio::spawn(repeat(Arc::clone(&server), event.name.clone(), event.period));
            }
            stop.await;
        }
    }
    // A client that does not take its leave shall not keep the others waiting.
    let _ = tokio::time::timeout(GOODBYE, server.drain(Drain::default())).await;
    Ok(())
}

/// Sends an event again and again.
async fn repeat(server: Arc<Server>, name: String, period: Duration) {
    let mut n: u64 = 0;
    loop {
        tokio::time::sleep(period).await;
        n += 1;
        server.broadcast(&name, &json!({ "n": n }));
    }
}
