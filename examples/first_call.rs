//! Connects, makes a call, and prints the events of ten seconds.
//!
//! `OPENCLAW_GATEWAY_TOKEN=… cargo run --example first_call`

use std::time::Duration;

use openclaw_tokio::EventFilter;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("OPENCLAW_GATEWAY_URL").unwrap_or_else(|_| "ws://127.0.0.1:18789".into());
    let token = std::env::var("OPENCLAW_GATEWAY_TOKEN").unwrap_or_default();
    let client = openclaw_tokio::builder(url).token(token).connect().await?;

    let mut events = client.events(EventFilter::all());
    let agents: serde_json::Value = client.request("agents.list", &serde_json::json!({})).await?;
    println!("agents: {agents}");

    let listen = async {
        while let Some(Ok(event)) = events.next().await {
            println!("{} {:?}", event.name(), event.sequence);
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(10), listen).await;
    client.shutdown().await;
    Ok(())
}
