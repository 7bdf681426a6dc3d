//! A connection of a scene.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::error::Error;
use tungstenite::http::{HeaderValue, header};
use tungstenite::{Message, WebSocket};

use crate::probe::Gateway;

/// How long a gateway may owe an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often somebody looks whether that has passed: what else comes meanwhile does not count.
const LOOK: Duration = Duration::from_millis(500);

/// A connection whose events wait until somebody asks for them.
pub struct Line {
    socket: WebSocket<TcpStream>,
    pub challenge: Value,
    events: VecDeque<Value>,
    /// Answers that nobody has waited for yet.
    answers: Vec<Value>,
    asked: u32,
}

impl Line {
    /// Connects and waits for the challenge.
    pub fn open(gateway: &Gateway, origin: Option<&str>) -> Self {
        let tcp = TcpStream::connect(&gateway.address).expect("the gateway listens");
        tcp.set_nodelay(true).expect("a socket");
        tcp.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let mut request = format!("ws://{}/", gateway.address).into_client_request().expect("an address");
        if let Some(origin) = origin {
            request.headers_mut().insert(header::ORIGIN, HeaderValue::from_str(origin).expect("an origin"));
        }
        let (socket, _) = tungstenite::client(request, tcp).expect("an upgrade");
        socket.get_ref().set_read_timeout(Some(LOOK)).expect("a socket");
        let mut line = Self { socket, challenge: Value::Null, events: VecDeque::new(), answers: Vec::new(), asked: 0 };
        let challenge = line.read().expect("a challenge");
        line.challenge = challenge["payload"].clone();
        line
    }

    /// Asks and waits for the answer, or for the end of the connection.
    pub fn ask(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.send(method, params);
        self.answer(&id)
    }

    /// Asks without waiting; gives the request's id.
    pub fn send(&mut self, method: &str, params: Value) -> String {
        self.asked += 1;
        let id = self.asked.to_string();
        let frame = json!({"type": "req", "id": id, "method": method, "params": params});
        // A gateway may have closed the connection meanwhile.
        let _ = self.socket.send(Message::text(frame.to_string()));
        id
    }

    /// Waits for the answer to a request.
    pub fn answer(&mut self, id: &str) -> Result<Value, Value> {
        if let Some(early) = self.answers.iter().position(|answer| answer["id"] == id) {
            return Ok(self.answers.swap_remove(early));
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let frame = self.read_until(deadline)?;
            if frame["type"] == "event" {
                self.events.push_back(frame);
            } else if frame["id"] == id {
                return Ok(frame);
            } else {
                self.answers.push(frame);
            }
        }
    }

    /// The events that have come by now.
    pub fn events(&mut self) -> Vec<Value> {
        // What was sent before the answer has come by then.
        let _ = self.ask("health", json!({}));
        self.events.drain(..).collect()
    }

    /// The next frame, or how the connection ended.
    pub fn read(&mut self) -> Result<Value, Value> {
        self.read_until(Instant::now() + PATIENCE)
    }

    fn read_until(&mut self, deadline: Instant) -> Result<Value, Value> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).expect("gateways send JSON")),
                Ok(Message::Close(frame)) => {
                    let _ = self.socket.flush();
                    let frame = frame.map(|frame| json!([u16::from(frame.code), frame.reason.as_str()]));
                    return Err(json!({"close": frame.unwrap_or(json!([]))}));
                }
                Ok(_) => {}
                Err(Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if Instant::now() >= deadline {
                        return Err(json!({"silent": "an answer is owed"}));
                    }
                }
                Err(_) => return Err(json!({"cut": "without a close frame"})),
            }
        }
    }
}
