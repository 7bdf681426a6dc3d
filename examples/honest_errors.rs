//! What a failed call says, and when repeating it is safe.
//!
//! `OPENCLAW_GATEWAY_TOKEN=… cargo run --example honest_errors`

use std::time::Duration;

use openclaw_tokio::{CallError, Client, NotSent, Request};

/// Repeats a call for as long as that cannot repeat an effect.
async fn persistent(client: &Client, method: &str, attempts: u32) -> Result<String, CallError> {
    let mut attempt = 1;
    loop {
        let error = match client.call(Request::new(method)?.timeout(Duration::from_secs(5))).await {
            Ok(payload) => return Ok(payload.map_or_else(String::new, |p| p.as_str().to_owned())),
            Err(error) => error,
        };
        let hint = error.gateway_error().and_then(|body| body.retry_after);
        let hopeless = matches!(&error, CallError::Rejected(r) if r.error.retryable != Some(true))
            || matches!(&error, CallError::NotSent(NotSent::FrameTooLarge { .. } | NotSent::Stopped));
        if hopeless || error.may_have_run() || attempt == attempts {
            return Err(error);
        }
        tokio::time::sleep(hint.unwrap_or(Duration::from_millis(500))).await;
        attempt += 1;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("OPENCLAW_GATEWAY_URL").unwrap_or_else(|_| "ws://127.0.0.1:18789".into());
    let token = std::env::var("OPENCLAW_GATEWAY_TOKEN").unwrap_or_default();
    let client = openclaw_tokio::builder(url).token(token).connect().await?;
    for method in ["health", "no.such.method"] {
        match persistent(&client, method, 3).await {
            Ok(payload) => println!("{method}: {} bytes", payload.len()),
            Err(error) => println!("{method}: {error} (may have run: {})", error.may_have_run()),
        }
    }
    client.shutdown().await;
    Ok(())
}
