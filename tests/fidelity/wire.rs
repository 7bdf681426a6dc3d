//! Running a probe over a WebSocket.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::error::Error;
use tungstenite::handshake::HandshakeError;
use tungstenite::http::{HeaderName, HeaderValue, Response};
use tungstenite::protocol::CloseFrame;
use tungstenite::{Message, WebSocket};

use crate::normal;
use crate::probe::{Frame, Gateway, Probe};

/// How long a gateway may say nothing. Only one that owes an answer is waited for so long, as those do that make
/// guessing slow.
const PATIENCE: Duration = Duration::from_secs(30);

/// The id of the request that a probe ends with. What a gateway has to say about the frames before, it has said or owes
/// them by the time it answers this one.
const LAST: &str = "last";

/// What the gateway does about a probe, in order: answers (those to several requests in the order of the requests, as
/// gateways may give them in any), then how the connection ends if the gateway ends it.
pub fn run(probe: &Probe, gateway: &Gateway) -> Vec<Value> {
    let tcp = TcpStream::connect(&gateway.address).expect("the gateway listens");
    tcp.set_nodelay(true).expect("a socket");
    tcp.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let mut talk = match upgrade(probe, gateway, &tcp) {
        Ok(socket) => Talk { socket, answers: Vec::new(), greeted: false, last: false },
        Err(refusal) => return vec![refusal],
    };
    let challenge = talk.next();
    if let Some(connect) = &probe.connect {
        talk.send(&[connect.clone().into()]);
        talk.read_until(|talk| !talk.answers.is_empty());
        if !talk.greeted {
            return talk.answers;
        }
        talk.answers.clear();
    } else if probe.frames.is_empty() {
        return vec![challenge.unwrap_or_else(|ended| ended)];
    }
    let owed = probe.frames.iter().filter(|frame| frame.is_json()).count();
    talk.send(&probe.frames);
    if talk.greeted || talk.read_until(|talk| talk.greeted) {
        talk.send(&[json!({"type": "req", "id": LAST, "method": "the.last"}).into()]);
        talk.read_until(|talk| talk.last && talk.answers.len() >= owed);
    }
    let asked: Vec<_> = probe.frames.iter().filter_map(Frame::id).collect();
    let rank = |answer: &Value| match answer.get("id") {
        Some(id) => asked.iter().position(|asked| asked == id).unwrap_or_default(),
        None => usize::MAX,
    };
    talk.answers.sort_by_key(rank);
    talk.answers
}

/// Asks for the upgrade; gives the HTTP response if it is refused.
fn upgrade<'a>(probe: &Probe, gateway: &Gateway, tcp: &'a TcpStream) -> Result<WebSocket<&'a TcpStream>, Value> {
    let mut request = format!("ws://{}/", gateway.address).into_client_request().expect("an address");
    for (name, value) in &probe.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a header's value"));
    }
    match tungstenite::client(request, tcp) {
        Ok((socket, _)) => Ok(socket),
        Err(HandshakeError::Failure(Error::Http(response))) => Err(refusal(*response, tcp)),
        Err(other) => panic!("{}: {other}", probe.name),
    }
}

fn refusal(response: Response<Option<Vec<u8>>>, mut tcp: &TcpStream) -> Value {
    let status = response.status().as_u16();
    let length = response.headers().get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
    let mut body = response.into_body().unwrap_or_default();
    // What came later than the head.
    let mut chunk = [0; 4096];
    while length.is_none_or(|length: usize| body.len() < length) {
        match tcp.read(&mut chunk) {
            Ok(size) if size > 0 => body.extend_from_slice(&chunk[..size]),
            _ => break,
        }
    }
    let body = serde_json::from_slice(&body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&body)));
    json!({"http": status, "body": body})
}

struct Talk<'a> {
    socket: WebSocket<&'a TcpStream>,
    answers: Vec<Value>,
    /// A hello has come.
    greeted: bool,
    /// The answer to the last request has come.
    last: bool,
}

impl Talk<'_> {
    /// Sends the frames in one write. A gateway that has closed meanwhile is none of the probe's business.
    fn send(&mut self, frames: &[Frame]) {
        for frame in frames {
            let _ = self.socket.write(match frame {
                Frame::Text(text) => Message::text(text.clone()),
                Frame::Binary(bytes) => Message::binary(bytes.clone()),
            });
        }
        let _ = self.socket.flush();
    }

    /// Collects answers until there are enough; false when the connection ends before.
    fn read_until(&mut self, enough: impl Fn(&Self) -> bool) -> bool {
        while !enough(self) {
            match self.next() {
                Ok(frame) if frame["type"] == "event" => {}
                Ok(frame) if frame["id"] == LAST => self.last = true,
                Ok(frame) => {
                    self.greeted |= frame["hello"].is_object();
                    self.answers.push(frame);
                }
                Err(ended) => {
                    self.answers.push(ended);
                    return false;
                }
            }
        }
        true
    }

    /// The next frame, without what differs every time, or how the connection ended.
    fn next(&mut self) -> Result<Value, Value> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let frame = serde_json::from_str(&text).unwrap_or_else(|_| json!({"text": text.as_str()}));
                    return Ok(normal::frame(frame));
                }
                Ok(Message::Binary(bytes)) => return Ok(json!({"binary": bytes.len()})),
                Ok(Message::Close(frame)) => return Err(self.closed(frame)),
                Ok(_) => {}
                Err(Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(json!({"silent": "an answer is owed"}));
                }
                Err(_) => return Err(json!({"cut": "without a close frame"})),
            }
        }
    }

    fn closed(&mut self, frame: Option<CloseFrame>) -> Value {
        // The gateway shall get the answer to its close frame.
        let _ = self.socket.flush();
        match frame {
            Some(frame) => json!({"close": [u16::from(frame.code), frame.reason.as_str()]}),
            None => json!({"close": []}),
        }
    }
}
