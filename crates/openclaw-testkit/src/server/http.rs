//! As much of HTTP as a gateway's port needs: the upgrade, its refusal, and the two probes.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::door::Stream;
use crate::gateway::{HttpRefusal, Phase};

/// No request head is longer.
const HEAD: usize = 16 * 1024;

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    /// What has come behind it already.
    pub(crate) rest: Vec<u8>,
}

impl Head {
    /// Reads a request head; none when there is no such thing.
    pub(crate) async fn read(stream: &mut Box<dyn Stream>) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            if bytes.len() > HEAD || stream.read_buf(&mut bytes).await? == 0 {
                return Ok(None);
            }
        };
        let rest = bytes.split_off(end + 4);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut lines = text.split("\r\n");
        let Some(path) = lines.next().and_then(|line| line.split(' ').nth(1)) else { return Ok(None) };
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        Ok(Some(Self { path: path.to_owned(), headers, rest }))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The key of a request that asks for WebSocket.
    pub(crate) fn websocket_key(&self) -> Option<&str> {
        let asked = self.get("upgrade").is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"));
        self.get("sec-websocket-key").filter(|_| asked)
    }
}

/// The response that grants an upgrade.
pub(crate) fn upgrade(key: &str) -> String {
    let accept = derive_accept_key(key.as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// What a path that is no WebSocket answers.
pub(crate) fn page(path: &str, phase: Phase) -> HttpRefusal {
    let page = |status, body: &str| HttpRefusal::new(status, body).header("Content-Type", "application/json");
    match (path, phase) {
        ("/healthz", _) => page(200, r#"{"ok":true,"status":"live"}"#),
        ("/readyz", Phase::Ready) => page(200, r#"{"ready":true,"failing":[]}"#),
        ("/readyz", _) => page(503, r#"{"ready":false,"failing":["startup-sidecars"]}"#),
        _ => HttpRefusal::new(404, "Not Found"),
    }
}

/// Answers a request and ends the connection.
pub(crate) async fn answer(stream: &mut Box<dyn Stream>, response: &HttpRefusal) -> io::Result<()> {
    let (status, body) = (response.status, &response.body);
    let mut head = format!("HTTP/1.1 {status} {}\r\nConnection: close\r\n", phrase(status));
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(head.as_bytes()).await?;
    stream.shutdown().await
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Refused",
    }
}
