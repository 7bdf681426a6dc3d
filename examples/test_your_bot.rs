//! How to test a bot without a gateway: `cargo test --example test_your_bot`.
//!
//! The bot answers `ping` events: it reads the text, asks the agent, and gives back what the agent said.

use std::time::Duration;

use openclaw_tokio::{CallError, Client, EventFilter, Request};

/// The bot: waits for one `ping` event and has the agent answer it. Busy gateways are asked again.
///
/// # Errors
/// What the gateway says of the run, unless it says to come again.
async fn answer_one_ping(client: &Client) -> Result<String, Box<dyn std::error::Error>> {
    let mut pings = client.events(EventFilter::names(["ping"]));
    let event = pings.next().await.ok_or("the client has ended")??;
    let payload: serde_json::Value = serde_json::from_str(event.payload().unwrap_or("{}"))?;
    let params = serde_json::json!({ "message": payload.get("text"), "idempotencyKey": "ping-1" });
    loop {
        match client.call(Request::with_params("agent", &params)?).await {
            Ok(done) => return Ok(done.map(|payload| payload.as_str().to_owned()).unwrap_or_default()),
            Err(error) => tokio::time::sleep(come_again(error)?).await,
        }
    }
}

/// How long to wait before the same request may be made again.
fn come_again(error: CallError) -> Result<Duration, CallError> {
    let retryable = !error.may_have_run() && error.gateway_error().is_some_and(|body| body.retryable == Some(true));
    if !retryable {
        return Err(error);
    }
    Ok(error.gateway_error().and_then(|body| body.retry_after).unwrap_or(Duration::from_millis(20)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("OPENCLAW_GATEWAY_URL").unwrap_or_else(|_| "ws://127.0.0.1:18789".into());
    let token = std::env::var("OPENCLAW_GATEWAY_TOKEN").unwrap_or_default();
    let client = openclaw_tokio::builder(url).token(token).scope("operator.write").connect().await?;
    println!("{}", answer_one_ping(&client).await?);
    client.shutdown().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use openclaw_testkit::{GatewayConfig, Reply, Server, error};
    use openclaw_tokio::Client;
    use serde_json::json;

    use super::answer_one_ping;

    async fn connect(server: &Server) -> Client {
        let builder = openclaw_tokio::builder(server.url()).token(server.token()).scope("operator.write");
        builder.connect().await.unwrap()
    }

    /// Runs the bot and pings it until it has answered: an event before its subscription would pass it by.
    async fn pinged(server: &Server, client: &Client) -> Result<String, String> {
        let pings = async {
            loop {
                server.broadcast("ping", &json!({ "text": "are you there" }));
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            answer = answer_one_ping(client) => answer.map_err(|error| error.to_string()),
            () = pings => unreachable!("pings do not end"),
        }
    }

    #[tokio::test]
    async fn a_ping_is_answered_with_what_the_agent_says() {
        let server = Server::start(GatewayConfig::new()).await.unwrap();
        let client = connect(&server).await;
        let answer = pinged(&server, &client).await.unwrap();
        assert!(answer.contains("you said: are you there"), "{answer}");
        let journal = server.journal();
        assert_eq!((journal.len(), journal[0].method.as_str()), (1, "agent"));
        assert_eq!(journal[0].params["message"], "are you there");
    }

    #[tokio::test]
    async fn a_busy_gateway_is_asked_again() {
        let asked = AtomicUsize::new(0);
        let config = GatewayConfig::new().method("agent", "operator.write", move |_| {
            let mut busy = error("UNAVAILABLE", "not now");
            busy["retryable"] = json!(true);
            match asked.fetch_add(1, Ordering::Relaxed) {
                0 | 1 => vec![Reply::Error(busy)],
                _ => vec![Reply::Accepted(json!({})), Reply::Ok(json!({ "status": "ok" }))],
            }
        });
        let server = Server::start(config).await.unwrap();
        let client = connect(&server).await;
        assert!(pinged(&server, &client).await.is_ok());
        assert_eq!(server.journal().len(), 3);
    }

    #[tokio::test]
    async fn a_refusal_that_will_not_change_is_passed_on() {
        let config = GatewayConfig::new().method("agent", "operator.admin", |_| Vec::new());
        let server = Server::start(config).await.unwrap();
        let client = connect(&server).await;
        let why = pinged(&server, &client).await.unwrap_err();
        assert!(why.contains("operator.admin"), "{why}");
    }

    #[tokio::test]
    async fn a_restart_of_the_gateway_does_not_end_the_bot() {
        let server = Server::start(GatewayConfig::new()).await.unwrap();
        let client = connect(&server).await;
        server.restart().await.unwrap();
        assert!(pinged(&server, &client).await.is_ok());
    }
}
