//! A gateway on the loopback interface that does what a test's script says.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::protocol::CloseFrame;
use tungstenite::{Message, WebSocket, accept};

/// No test waits longer than this for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const TOKEN: &str = "the-right-token-1f0c";

/// What the gateway saw of the program.
#[derive(Debug)]
pub(crate) enum Seen {
    /// The params of `connect`.
    Connect(Value),
    /// A request after it.
    Request(Value),
    /// Every scripted frame has been read by the program.
    Taken,
    /// The close frame's code; none for a connection that was cut.
    End(Option<u16>),
}

/// One thing the gateway does.
#[derive(Clone)]
pub(crate) enum Act {
    /// Answers the request at hand.
    Reply(Value),
    /// Answers the request at hand with a payload as it is.
    ReplyRaw(&'static str),
    /// Refuses the request at hand.
    Refuse(Value),
    /// Sends a text as it is.
    Raw(String),
    /// Waits until the program has read everything so far.
    Sync,
    /// Closes.
    Close(u16, &'static str),
}

type Handler = dyn Fn(&str) -> Vec<Act> + Send + Sync;

/// What the gateway does at which occasion.
#[derive(Clone)]
pub(crate) struct Script {
    hello: Value,
    refusal: Option<Value>,
    /// How many connects are still refused; none for all of them.
    refusals: Option<Arc<AtomicUsize>>,
    greeted: Vec<Act>,
    handler: Arc<Handler>,
}

impl Default for Script {
    fn default() -> Self {
        Self { hello: hello(), refusal: None, refusals: None, greeted: Vec::new(), handler: Arc::new(|_| Vec::new()) }
    }
}

impl Script {
    /// Answers `connect` with another hello.
    pub(crate) fn hello(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.hello);
        self
    }

    /// Refuses every `connect`.
    pub(crate) fn refusing(mut self, error: Value) -> Self {
        self.refusal = Some(error);
        self
    }

    /// Refuses the first so many.
    pub(crate) fn refusing_at_first(mut self, times: usize, error: Value) -> Self {
        self.refusals = Some(Arc::new(AtomicUsize::new(times)));
        self.refusing(error)
    }

    fn refuses(&self) -> Option<Value> {
        let left = |left: usize| left.checked_sub(1);
        let refuses = self
            .refusals
            .as_ref()
            .is_none_or(|refusals| refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_ok());
        self.refusal.clone().filter(|_| refuses)
    }

    /// What happens right after the hello.
    pub(crate) fn then(mut self, acts: Vec<Act>) -> Self {
        self.greeted = acts;
        self
    }

    /// What answers a request of that method.
    pub(crate) fn on(mut self, handler: impl Fn(&str) -> Vec<Act> + Send + Sync + 'static) -> Self {
        self.handler = Arc::new(handler);
        self
    }

    pub(crate) fn start(self) -> Gateway {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let (tell, seen) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (script, tell) = (self.clone(), tell.clone());
                std::thread::spawn(move || serve(stream, &script, &tell));
            }
        });
        Gateway { url, seen }
    }
}

/// A gateway under way. Its threads end with the test's process, and their sockets time out before that.
pub(crate) struct Gateway {
    pub(crate) url: String,
    seen: Receiver<Seen>,
}

impl Gateway {
    pub(crate) fn next(&self) -> Seen {
        self.seen.recv_timeout(PATIENCE).expect("the gateway saw nothing")
    }

    pub(crate) fn connect(&self) -> Value {
        match self.next() {
            Seen::Connect(params) => params,
            other => panic!("no connect: {other:?}"),
        }
    }

    pub(crate) fn request(&self) -> Value {
        match self.next() {
            Seen::Request(frame) => frame,
            other => panic!("no request: {other:?}"),
        }
    }

    pub(crate) fn end(&self) -> Option<u16> {
        loop {
            if let Seen::End(code) = self.next() {
                return code;
            }
        }
    }
}

fn hello() -> Value {
    json!({
        "type": "hello-ok",
        "protocol": 4,
        "server": {"version": "2026.9.6", "connId": "conn-1"},
        "features": {"methods": ["health", "agents.list"], "events": ["tick"], "capabilities": []},
        "snapshot": {"presence": [], "health": {}, "stateVersion": {"presence": 1, "health": 1}, "uptimeMs": 61_000},
        "auth": {"role": "operator", "scopes": ["operator.read"], "method": "token"},
        "policy": {"maxPayload": 26_214_400, "maxBufferedBytes": 52_428_800, "tickIntervalMs": 30_000},
    })
}

pub(crate) fn event(name: &str, seq: u64, payload: &Value) -> Act {
    Act::Raw(json!({"type": "event", "event": name, "seq": seq, "payload": payload}).to_string())
}

type Socket = WebSocket<TcpStream>;

fn serve(stream: TcpStream, script: &Script, tell: &Sender<Seen>) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let Ok(mut socket) = accept(stream) else { return };
    // A test that has seen enough is no failure, so what cannot be told is not.
    let _ = tell.send(Seen::End(converse(&mut socket, script, tell)));
}

fn converse(socket: &mut Socket, script: &Script, tell: &Sender<Seen>) -> Option<u16> {
    let challenge = json!({"nonce": "n-1", "ts": 1_795_349_339_751_u64});
    send(socket, &json!({"type": "event", "event": "connect.challenge", "payload": challenge}).to_string())?;
    let connect = read(socket).ok()?;
    let id = &connect["id"];
    let _ = tell.send(Seen::Connect(connect["params"].clone()));
    let mismatch = json!({"code": "INVALID_REQUEST", "message": "unauthorized: gateway token mismatch",
        "details": {"code": "AUTH_TOKEN_MISMATCH", "recommendedNextStep": "update_auth_credentials"}});
    let known = connect["params"]["auth"]["token"] == TOKEN;
    let refusal = script.refuses().or(if known { None } else { Some(mismatch) });
    if let Some(error) = refusal {
        send(socket, &json!({"type": "res", "id": id, "ok": false, "error": error}).to_string())?;
        return close(socket, 1008, "refused");
    }
    send(socket, &json!({"type": "res", "id": id, "ok": true, "payload": script.hello}).to_string())?;
    if let Err(code) = perform(socket, &script.greeted, &Value::Null, tell) {
        return code;
    }
    loop {
        let request = match read(socket) {
            Ok(request) => request,
            Err(code) => return code,
        };
        let acts = (script.handler)(request["method"].as_str().unwrap());
        let id = request["id"].clone();
        let _ = tell.send(Seen::Request(request));
        if let Err(code) = perform(socket, &acts, &id, tell) {
            return code;
        }
    }
}

fn perform(socket: &mut Socket, acts: &[Act], id: &Value, tell: &Sender<Seen>) -> Result<(), Option<u16>> {
    for act in acts {
        match act {
            Act::Reply(payload) => {
                send(socket, &json!({"type": "res", "id": id, "ok": true, "payload": payload}).to_string())
            }
            Act::Refuse(error) => {
                send(socket, &json!({"type": "res", "id": id, "ok": false, "error": error}).to_string())
            }
            Act::ReplyRaw(payload) => {
                send(socket, &format!(r#"{{"type":"res","id":{id},"ok":true,"payload":{payload}}}"#))
            }
            Act::Raw(text) => send(socket, text),
            Act::Sync => {
                socket.send(Message::Ping("sync".into())).map_err(|_gone| None)?;
                loop {
                    match socket.read() {
                        Ok(Message::Pong(_)) => break,
                        Ok(Message::Close(frame)) => return Err(frame.map(|frame| frame.code.into())),
                        Ok(_) => {}
                        Err(_) => return Err(None),
                    }
                }
                let _ = tell.send(Seen::Taken);
                Some(())
            }
            Act::Close(code, reason) => return Err(close(socket, *code, reason)),
        }
        .ok_or(None)?;
    }
    Ok(())
}

fn send(socket: &mut Socket, text: &str) -> Option<()> {
    socket.send(Message::text(text)).ok()
}

/// The next frame, or how the connection ended.
fn read(socket: &mut Socket) -> Result<Value, Option<u16>> {
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).unwrap()),
            Ok(Message::Close(frame)) => {
                // Writes the answer to the close.
                let _ = socket.flush();
                return Err(Some(frame.map_or(1005, |frame| frame.code.into())));
            }
            Ok(_) => {}
            Err(_) => return Err(None),
        }
    }
}

fn close(socket: &mut Socket, code: u16, reason: &'static str) -> Option<u16> {
    socket.close(Some(CloseFrame { code: code.into(), reason: reason.into() })).ok()?;
    while socket.read().is_ok() {}
    Some(code)
}
