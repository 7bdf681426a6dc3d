//! A call that is answered twice: `agent` is accepted at once and finished later.
//!
//! `OPENCLAW_GATEWAY_TOKEN=… cargo run --example two_stages -- "Say hello"`

use std::time::Duration;

use openclaw_tokio::{CallError, Request};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("OPENCLAW_GATEWAY_URL").unwrap_or_else(|_| "ws://127.0.0.1:18789".into());
    let token = std::env::var("OPENCLAW_GATEWAY_TOKEN").unwrap_or_default();
    let message = std::env::args().nth(1).unwrap_or_else(|| "Say hello".into());
    let client = openclaw_tokio::builder(url).token(token).scope("operator.write").connect().await?;

    // The key is the caller's: the gateway answers a repetition with the same key from its memory, for five minutes and
    // until it restarts.
    let params = json!({"message": message, "sessionKey": "agent:main:main", "idempotencyKey": "example-1"});
    let request = Request::with_params("agent", &params)?.final_timeout(Duration::from_secs(120));
    let mut call = client.call(request);
    if let Some(accepted) = call.accepted().await {
        println!("accepted: {}", accepted.as_str());
    }
    match call.await {
        Ok(Some(result)) => println!("result: {:#}", result.deserialize::<Value>()?),
        Ok(None) => println!("finished without a result"),
        Err(CallError::Rejected(rejected)) => {
            println!("refused: {}; it may have run: {}", rejected.error, rejected.may_have_run());
        }
        Err(error) => println!("{error}; it may have run: {}", error.may_have_run()),
    }
    client.shutdown().await;
    Ok(())
}
