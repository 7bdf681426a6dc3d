//! A bot, and how to test it without a gateway: `cargo test --example test_your_bot`.
//!
//! To see it at work against a real one: `OPENCLAW_GATEWAY_TOKEN=… cargo run --example test_your_bot`

use openclaw_tokio::{CallError, Client};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("OPENCLAW_GATEWAY_URL").unwrap_or_else(|_| "ws://127.0.0.1:18789".into());
    let token = std::env::var("OPENCLAW_GATEWAY_TOKEN").unwrap_or_default();
    let client = openclaw_tokio::builder(url).token(token).scope("operator.write").build()?;
    client.start();
    Ok(run_bot(client).await?)
}

/// Answers what is said in any session, but not what is said to the bot itself.
async fn run_bot(client: Client) -> Result<(), CallError> {
    let mut chats = client.events("chat");
    while let Some(event) = chats.next().await {
        let Ok(event) = event else { continue };
        let chat: Value = event.deserialize().map_err(CallError::Decode)?;
        let text = |pointer| chat.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (run, said) = (text("/runId"), text("/message/content/0/text"));
        if text("/state") != "final" || run.starts_with("bot-") {
            continue;
        }
        let answer = json!({
            "sessionKey": text("/sessionKey"),
            "message": format!("I heard: {said}"),
            // The gateway knows an answer by its key, so that sending it again does not say it twice.
            "idempotencyKey": format!("bot-{run}"),
        });
        while let Err(error) = client.request::<_, Value>("chat.send", &answer).await {
            if error.gateway_error().is_some_and(|error| error.retryable != Some(true)) {
                return Err(error);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use openclaw_testkit::{ChatReply, Effect, Fault, GatewayConfig, Point, RestartPlan, Server};
    use tokio::task::JoinHandle;
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A gateway, and the bot connected to it with that scope.
    async fn start(config: GatewayConfig, scope: &str) -> (Server, JoinHandle<Result<(), CallError>>) {
        let server = Server::start(config.chat(|_| ChatReply::text("noted"))).await.unwrap();
        let builder = openclaw_tokio::builder(server.url()).token(server.token()).scope(scope);
        let client = builder.backoff(|backoff| backoff.base = Duration::from_millis(10)).build().unwrap();
        // The bot listens before it is connected, so that it misses nothing.
        let bot = tokio::spawn(run_bot(client.clone()));
        tokio::task::yield_now().await;
        client.connect().await.unwrap();
        (server, bot)
    }

    /// Somebody says something.
    fn say(server: &Server, run: &str, text: &str) {
        let message = json!({"role": "assistant", "content": [{"type": "text", "text": text}]});
        let chat = json!({"runId": run, "sessionKey": "agent:main:main", "state": "final", "message": message});
        server.broadcast("chat", &chat);
    }

    /// The texts of the bot's first `count` calls.
    async fn answers(server: &Server, count: usize) -> Vec<String> {
        let asked = timeout(PATIENCE, server.asked("chat.send", count)).await.unwrap();
        asked.iter().map(|asked| asked.json()["message"].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn it_answers_what_is_said() {
        let (server, _bot) = start(GatewayConfig::v4(), "operator.write").await;
        say(&server, "r1", "hello");
        say(&server, "r2", "anybody there?");
        assert_eq!(answers(&server, 2).await, ["I heard: hello", "I heard: anybody there?"]);
    }

    #[tokio::test]
    async fn it_does_not_answer_itself() {
        let (server, _bot) = start(GatewayConfig::v4(), "operator.write").await;
        say(&server, "r1", "hello");
        answers(&server, 1).await;
        // The gateway's agent answers the bot; that ends with a `final` too.
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(server.requests().len(), 1);
    }

    #[tokio::test]
    async fn it_goes_on_after_a_restart_of_the_gateway() {
        let (server, _bot) = start(GatewayConfig::v4(), "operator.write").await;
        server.restart(RestartPlan::default()).await.unwrap();
        timeout(PATIENCE, server.connected(1)).await.unwrap();
        say(&server, "r1", "still here?");
        assert_eq!(answers(&server, 1).await, ["I heard: still here?"]);
    }

    #[tokio::test]
    async fn it_repeats_an_answer_whose_fate_it_does_not_know_under_the_same_key() {
        let lost = Fault::new(Point::Response("chat.send".into()), Effect::Abort).once();
        let (server, _bot) = start(GatewayConfig::v3().fault(lost), "operator.write").await;
        say(&server, "r1", "hello");
        let asked = timeout(PATIENCE, server.asked("chat.send", 2)).await.unwrap();
        assert_eq!(asked[0].json(), asked[1].json());
    }

    #[tokio::test]
    async fn it_gives_up_when_it_may_not_speak() {
        let (server, bot) = start(GatewayConfig::v4(), "operator.read").await;
        say(&server, "r1", "hello");
        let error = timeout(PATIENCE, bot).await.unwrap().unwrap().unwrap_err();
        assert_eq!(error.gateway_error().unwrap().missing_scope.as_deref(), Some("operator.write"));
    }
}
