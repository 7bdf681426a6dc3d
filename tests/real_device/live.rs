//! The core on a real socket, driven by hand: no adapter between the test and it.

use std::net::TcpStream;
use std::time::{Duration, Instant as Clock, SystemTime, UNIX_EPOCH};

use openclaw_proto::{
    Client, ClientConfig, ConnId, GatewayUrl, Input, Instant, Now, Outcome, Output, Plaintext, Request, State,
    StateKind, TransportError, UnixMillis,
};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Error, Message, Utf8Bytes, WebSocket};

/// No step takes longer than this.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client with its socket.
pub struct Live {
    /// The core.
    pub core: Client<u32, Utf8Bytes>,
    /// What it has told, but for dials and events.
    pub told: Vec<Output<u32, Utf8Bytes>>,
    socket: Option<(ConnId, WebSocket<MaybeTlsStream<TcpStream>>)>,
    origin: Clock,
}

impl Live {
    /// A client for that address.
    pub fn new(url: &str, configure: impl FnOnce(&mut ClientConfig)) -> Self {
        let mut config = ClientConfig::new(GatewayUrl::parse(url, Plaintext::PrivateOnly).expect("loopback"));
        configure(&mut config);
        Self { core: Client::new(config, [42; 32]), told: Vec::new(), socket: None, origin: Clock::now() }
    }

    fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        Now {
            mono: Instant::from_elapsed(self.origin.elapsed()),
            unix: UnixMillis(u64::try_from(unix).expect("a time")),
        }
    }

    /// Connects, and gives the state in which the client comes to rest.
    pub fn start(&mut self) -> State {
        self.core.start(self.now());
        self.settle()
    }

    /// Makes an attempt now.
    pub fn nudge(&mut self) -> State {
        self.core.nudge(self.now());
        self.settle()
    }

    /// Stops and connects anew.
    pub fn restart(&mut self) -> State {
        self.core.shutdown(self.now());
        self.run(|live| live.core.state() == StateKind::Stopped);
        self.start()
    }

    fn settle(&mut self) -> State {
        self.run(|live| matches!(live.core.state(), StateKind::Ready | StateKind::Paused | StateKind::Stopped));
        let state = |output: &Output<u32, Utf8Bytes>| match output {
            Output::State(state) => Some(state.clone()),
            _ => None,
        };
        self.told.iter().rev().find_map(state).expect("a state was told")
    }

    /// Makes a request; its answer is awaited with [`answer`](Self::answer).
    pub fn ask(&mut self, waiter: u32, method: &str, params: &serde_json::Value) {
        let request = Request::with_params(method, params).expect("a request").timeout(PATIENCE);
        let now = self.now();
        self.core.request(now, request, waiter).expect("accepted");
        self.run(|live| !live.core.wants_transmit());
    }

    /// The answer to a request made before, as JSON text.
    pub fn answer(&mut self, waiter: u32) -> Result<String, String> {
        let found = |live: &Self| {
            live.told.iter().position(|o| matches!(o, Output::Completed { waiter: w, .. } if *w == waiter))
        };
        self.run(|live| found(live).is_some());
        match found(self).map(|at| self.told.remove(at)) {
            Some(Output::Completed { outcome: Outcome::Replied(payload), .. }) => {
                Ok(payload.map_or_else(|| "null".into(), |payload| payload.as_str().into()))
            }
            other => Err(format!("{other:?}")),
        }
    }

    /// Asks and waits for the answer.
    pub fn call(&mut self, method: &str, params: &serde_json::Value) -> Result<String, String> {
        self.ask(9, method, params);
        self.answer(9)
    }

    fn run(&mut self, done: impl Fn(&Self) -> bool) {
        let begin = Clock::now();
        loop {
            while let Some(output) = self.core.poll_output() {
                self.output(output);
            }
            if done(self) {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "{:?} after {PATIENCE:?}: {:?}", self.core, self.told);
            self.turn();
        }
    }

    fn output(&mut self, output: Output<u32, Utf8Bytes>) {
        match output {
            Output::Dial { conn, plan, .. } => {
                let input = match tungstenite::connect(plan.url.as_str()) {
                    Ok((socket, _)) => {
                        if let MaybeTlsStream::Plain(tcp) = socket.get_ref() {
                            tcp.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout");
                        }
                        self.socket = Some((conn, socket));
                        Input::Opened
                    }
                    Err(error) => Input::Failed(TransportError::Connect(error.to_string())),
                };
                self.core.handle_input(self.now(), conn, input);
            }
            Output::Close { conn, .. } | Output::Abort { conn } => {
                self.socket = None;
                self.core.handle_input(self.now(), conn, Input::Closed { code: None, reason: String::new() });
            }
            Output::Event(_) => {}
            other => self.told.push(other),
        }
    }

    fn turn(&mut self) {
        let now = self.now();
        if let Some((conn, socket)) = &mut self.socket {
            while let Some(frame) = self.core.poll_transmit(now) {
                socket.send(Message::text(frame.text)).expect("the gateway reads");
            }
            let input = match socket.read() {
                Ok(Message::Text(text)) => Some(Input::Text(text)),
                Ok(Message::Close(frame)) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |f| (f.code.into(), f.reason.to_string()));
                    Some(Input::Closed { code: Some(code), reason })
                }
                Ok(_) => None,
                Err(Error::Io(e))
                    if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
                {
                    None
                }
                Err(error) => Some(Input::Failed(TransportError::Io(error.to_string()))),
            };
            if let Some(input) = input {
                self.core.handle_input(now, *conn, input);
            }
        } else {
            std::thread::sleep(Duration::from_millis(5));
        }
        if self.core.poll_timeout().is_some_and(|(at, _)| at <= self.now().mono) {
            let now = self.now();
            self.core.handle_timeout(now);
        }
    }
}
