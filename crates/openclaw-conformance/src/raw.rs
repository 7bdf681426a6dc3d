//! A connection without our client: a WebSocket whose every frame is up to the scenario.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::error::Error;
use tungstenite::handshake::HandshakeError;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};

use crate::stage::PATIENCE;

/// How often somebody looks whether the time is over.
const LOOK: Duration = Duration::from_millis(200);
/// No gateway's frames are as large.
const LARGEST: usize = 256 << 20;

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With a close frame: its code and reason. 1005 stands for one without a code.
    Closed(u16, String),
    /// Without one.
    Cut,
    /// Not at all: nothing came in time.
    Silent,
}

impl Ended {
    /// A short name: the code, `cut` or `silent`.
    pub fn name(&self) -> String {
        match self {
            Self::Closed(code, _) => format!("close {code}"),
            Self::Cut => "cut".into(),
            Self::Silent => "silent".into(),
        }
    }
}

/// A connection.
#[derive(Debug)]
pub struct Raw {
    socket: WebSocket<TcpStream>,
    wire: u8,
    token: String,
    /// The first frame the gateway sent.
    pub challenge: Value,
    /// Pings that came and were answered.
    pub pings: Vec<Instant>,
}

impl Raw {
    pub(crate) fn open(address: &str, wire: u8, token: &str) -> Result<Self> {
        let tcp = TcpStream::connect(address).context("the gateway does not listen")?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        let request = format!("ws://{address}/").into_client_request()?;
        let config = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
        let socket = match tungstenite::client::client_with_config(request, tcp, Some(config)) {
            Ok((socket, _)) => socket,
            Err(HandshakeError::Failure(error)) => return Err(error).context("the upgrade is refused"),
            Err(HandshakeError::Interrupted(_)) => bail!("the upgrade takes too long"),
        };
        socket.get_ref().set_read_timeout(Some(LOOK))?;
        let mut raw = Self { socket, wire, token: token.to_owned(), challenge: Value::Null, pings: Vec::new() };
        match raw.next(PATIENCE) {
            Ok(challenge) => raw.challenge = challenge,
            Err(ended) => bail!("no challenge: {ended:?}"),
        }
        Ok(raw)
    }

    /// A connect request that is granted: a program on this machine that knows the token and wants `operator.read`.
    pub fn connect_frame(&self) -> Value {
        json!({"type": "req", "id": "c", "method": "connect", "params": {
            "minProtocol": self.wire,
            "maxProtocol": self.wire,
            "client": {"id": "gateway-client", "version": "0.1.0", "platform": "linux", "mode": "backend"},
            "role": "operator",
            "scopes": ["operator.read"],
            "caps": [],
            "auth": {"token": self.token},
        }})
    }

    /// Connects, and gives the hello.
    ///
    /// # Errors
    /// When it is not let in.
    pub fn greet(&mut self) -> Result<Value> {
        let connect = self.connect_frame();
        self.send(connect.to_string())?;
        let answer = self.answer("c")?;
        if answer.get("ok") != Some(&Value::Bool(true)) {
            bail!("not let in: {answer}");
        }
        Ok(answer.get("payload").cloned().unwrap_or_default())
    }

    /// Sends a text message.
    ///
    /// # Errors
    /// When the connection has ended, or the gateway does not read for [`PATIENCE`].
    pub fn send(&mut self, text: impl Into<String>) -> Result<()> {
        self.socket.send(Message::text(text.into())).context("cannot send")
    }

    /// Sends several text messages in one write, as far as they fit.
    ///
    /// # Errors
    /// When the connection has ended.
    pub fn send_together(&mut self, texts: impl IntoIterator<Item = String>) -> Result<()> {
        for text in texts {
            self.socket.write(Message::text(text)).context("cannot send")?;
        }
        self.socket.flush().context("cannot send")
    }

    /// Sends a binary message.
    ///
    /// # Errors
    /// When the connection has ended.
    pub fn send_binary(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.socket.send(Message::binary(bytes)).context("cannot send")
    }

    /// The next frame.
    ///
    /// # Errors
    /// How the connection ended, or that nothing came in time.
    pub fn next(&mut self, limit: Duration) -> Result<Value, Ended> {
        let begin = Instant::now();
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    return Ok(serde_json::from_str(&text).unwrap_or_else(|_| json!({"text": text.as_str()})));
                }
                Ok(Message::Close(frame)) => {
                    let _ = self.socket.flush();
                    return Err(frame.map_or(Ended::Closed(1005, String::new()), |frame| {
                        Ended::Closed(frame.code.into(), frame.reason.to_string())
                    }));
                }
                Ok(Message::Ping(_)) => {
                    self.pings.push(Instant::now());
                    let _ = self.socket.flush();
                }
                Ok(_) => {}
                Err(Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return Err(Ended::Cut),
            }
            if begin.elapsed() >= limit {
                return Err(Ended::Silent);
            }
        }
    }

    /// The next frame that is no event.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn next_answer(&mut self, limit: Duration) -> Result<Value, Ended> {
        let begin = Instant::now();
        loop {
            let frame = self.next(limit.saturating_sub(begin.elapsed()))?;
            if frame.get("type").is_none_or(|kind| kind != "event") {
                return Ok(frame);
            }
        }
    }

    /// The answer to the request of that id. Other answers before it are lost.
    ///
    /// # Errors
    /// When the connection ends before, or nothing comes in time.
    pub fn answer(&mut self, id: &str) -> Result<Value> {
        loop {
            match self.next_answer(PATIENCE) {
                Ok(frame) if frame.get("id").is_some_and(|found| found == id) => return Ok(frame),
                Ok(_) => {}
                Err(ended) => bail!("no answer to {id}: {ended:?}"),
            }
        }
    }

    /// How the gateway ends the connection.
    ///
    /// # Errors
    /// When it does not, in time.
    pub fn ended(&mut self, limit: Duration) -> Result<Ended> {
        let begin = Instant::now();
        loop {
            match self.next(limit.saturating_sub(begin.elapsed())) {
                Ok(_) => {}
                Err(Ended::Silent) => bail!("the connection is still open after {limit:?}"),
                Err(ended) => return Ok(ended),
            }
        }
    }
}
