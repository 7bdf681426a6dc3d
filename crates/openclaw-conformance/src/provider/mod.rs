//! A model provider on loopback that does what the user's text says.
//!
//! It speaks the chat completions protocol over HTTP/1.1. A text that holds a line `script #NAME: STEP; STEP…`
//! decides what the model does with it ([`Step`] lists the steps), and NAME is how its calls are counted; any other
//! text is repeated. After a tool was called, the model repeats what the tool said.

mod answer;
mod http;
mod log;
mod script;
#[cfg(test)]
mod tests;
mod turn;

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

pub(crate) use log::{Call, End};
pub(crate) use script::{Script, Step};
pub(crate) use turn::Turn;

use answer::Answer;
use http::Connection;
use log::Log;

/// The name of the provider in a gateway's configuration, and of its model.
const PROVIDER: &str = "scripted";
const MODEL: &str = "scripted-1";

/// What the threads share.
#[derive(Debug, Default)]
struct Shared {
    log: Log,
    stopped: AtomicBool,
}

/// A running provider; dropping it ends it.
#[derive(Debug)]
pub struct Provider {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Provider {
    /// Starts a provider on a free loopback port.
    ///
    /// # Errors
    ///
    /// When there is no port.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Ok(Self { shared, address, thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What makes a gateway use this provider and no other, for its configuration.
    #[must_use]
    pub fn config(&self) -> Value {
        let model = json!({
            "id": MODEL, "name": "Scripted", "reasoning": false, "input": ["text"],
            "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
            "contextWindow": 200_000, "maxTokens": 8192,
        });
        let provider = json!({
            "baseUrl": format!("http://{}/v1", self.address()), "apiKey": "none", "api": "openai-completions",
            "models": [model],
        });
        json!({
            "models": {"mode": "replace", "providers": {PROVIDER: provider}},
            "agents": {"defaults": {"model": {"primary": format!("{PROVIDER}/{MODEL}")}}},
        })
    }

    /// All questions so far, oldest first.
    #[must_use]
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.log.calls()
    }

    /// The questions of one turn: how often it was asked, and how each ended.
    #[must_use]
    pub(crate) fn calls_of(&self, turn: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.turn.as_deref() == Some(turn)).collect()
    }

    /// Requests that are none of a model's, and scripts that cannot be read.
    #[must_use]
    pub(crate) fn strange(&self) -> Vec<String> {
        self.shared.log.strangeness()
    }

    /// Waits until the questions pass; gives them, or none when `limit` is over before.
    pub(crate) fn wait(&self, limit: Duration, passes: impl Fn(&[Call]) -> bool) -> Option<Vec<Call>> {
        self.shared.log.wait(limit, passes)
    }

    /// Lets a turn that holds go on; one that comes to its hold later does not stop there.
    pub(crate) fn release(&self, turn: &str) {
        self.shared.log.release(turn);
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Serves each connection on a thread of its own; ends after all of them.
fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::Relaxed) {
            break;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        threads.retain(|thread| !thread.is_finished());
        threads.push(std::thread::spawn(move || {
            let mut connection = Connection::new(stream);
            if let Err(error) = serve(&mut connection, &shared) {
                shared.log.strange(error.to_string());
            }
            connection.close();
        }));
    }
    threads.into_iter().for_each(|thread| drop(thread.join()));
}

fn serve(connection: &mut Connection, shared: &Shared) -> anyhow::Result<()> {
    let request = match connection.request() {
        Ok(request) => request,
        // A gateway that is killed breaks off in the middle of a word.
        Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", path) if path.ends_with("/models") => {
            let models = json!({"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0}]});
            Ok(connection.answer(200, &models.to_string())?)
        }
        ("POST", path) if path.ends_with("/chat/completions") => complete(connection, shared, &request.body),
        (method, path) => {
            shared.log.strange(format!("{method} {path}"));
            Ok(connection.answer(404, "{}")?)
        }
    }
}

fn complete(connection: &mut Connection, shared: &Shared, body: &[u8]) -> anyhow::Result<()> {
    let body: Value = serde_json::from_slice(body)?;
    let flag = |pointer: &str| body.pointer(pointer).and_then(Value::as_bool).unwrap_or_default();
    let messages = body.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let turn = match Turn::read(messages) {
        Ok(turn) => turn,
        Err(error) => {
            let answer = json!({"error": {"message": format!("{error:#}"), "type": "script"}});
            connection.answer(400, &answer.to_string())?;
            return Err(error);
        }
    };
    let streamed = flag("/stream");
    let (number, attempt) = shared.log.begin(Call {
        turn: turn.script.turn.clone(),
        attempt: 0,
        streamed,
        after_tool: turn.tool_said.is_some(),
        shown: turn.shown.clone(),
        answers: turn.answers,
        end: None,
    });
    let answer = Answer {
        connection,
        shared,
        turn: &turn,
        number,
        attempt,
        model: body.get("model").unwrap_or(&Value::Null),
        usage: flag("/stream_options/include_usage"),
        streamed,
    };
    shared.log.end(number, answer.give());
    Ok(())
}
