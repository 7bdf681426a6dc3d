//! The core driven by hand, in virtual time.

use std::time::Duration;

use openclaw_proto::{
    Client, ClientConfig, ConnId, Down, Event, GatewayUrl, Input, Instant, Notice, Now, Outcome, Output, Plaintext,
    Request, RequestId, State, StopReason, TimerKind, Transmit, UnixMillis,
};

use crate::frames::Scribe;

/// A hello as a v4 gateway sends it, cut to what matters.
pub const HELLO: &str = r#"{"type":"hello-ok","protocol":4,"server":{"version":"2026.9.6","connId":"c-1","bootId":"b-1"},"features":{"methods":["health"],"events":["tick"],"capabilities":["profile-binding-v1"]},"snapshot":{"presence":[],"health":{},"stateVersion":{"presence":1,"health":1},"uptimeMs":5},"auth":{"role":"operator","scopes":["operator.read"]},"policy":{"maxPayload":26214400,"maxBufferedBytes":52428800,"tickIntervalMs":30000}}"#;

/// A challenge event.
#[must_use]
pub fn challenge(nonce: &str) -> String {
    format!(r#"{{"type":"event","event":"connect.challenge","payload":{{"nonce":"{nonce}","ts":1}}}}"#)
}

/// An event frame.
#[must_use]
pub fn event(name: &str, seq: u64, payload: &str) -> String {
    format!(r#"{{"type":"event","event":"{name}","payload":{payload},"seq":{seq}}}"#)
}

/// An `ok:true` response to the request in `frame`.
#[must_use]
pub fn response(frame: &str, payload: &str) -> String {
    format!(r#"{{"type":"res","id":"{}","ok":true,"payload":{payload}}}"#, id_of(frame))
}

/// An `ok:false` response to the request in `frame`.
#[must_use]
pub fn refusal(frame: &str, error: &str) -> String {
    format!(r#"{{"type":"res","id":"{}","ok":false,"error":{error}}}"#, id_of(frame))
}

/// The hello that answers the connect in `frame`.
#[must_use]
pub fn hello_response(frame: &str) -> String {
    response(frame, HELLO)
}

/// The id of the request in `frame`.
#[must_use]
pub fn id_of(frame: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(frame).unwrap_or_default();
    value.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned()
}

/// A client whose transport and clock are the test. Waiters are numbers.
#[derive(Debug)]
pub struct Drive {
    /// The core.
    pub client: Client<u32, String>,
    /// What time it is.
    pub now: Now,
    /// Everything the core has said, oldest first, until taken.
    pub outputs: Vec<Output<u32, String>>,
    /// The connection dialed last.
    pub conn: Option<ConnId>,
    scribe: Scribe,
}

impl Default for Drive {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl Drive {
    /// A client for a local gateway.
    #[must_use]
    pub fn new(configure: impl FnOnce(&mut ClientConfig)) -> Self {
        Self::seeded([7; 32], configure)
    }

    /// The same with a seed of the test's own.
    #[must_use]
    pub fn seeded(seed: [u8; 32], configure: impl FnOnce(&mut ClientConfig)) -> Self {
        let Ok(url) = GatewayUrl::parse("ws://127.0.0.1:18789", Plaintext::PrivateOnly) else {
            unreachable!("a loopback address passes the policy")
        };
        let mut config = ClientConfig::new(url);
        // Most tests look at one connection; those that look at the next one say so.
        config.backoff.max_attempts = Some(0);
        configure(&mut config);
        let now = Now { mono: Instant::from_nanos(1_000), unix: UnixMillis(1_795_000_000_000) };
        Self { client: Client::new(config, seed), now, outputs: Vec::new(), conn: None, scribe: Scribe::new() }
    }

    /// A client that is ready; what it said on the way is gone.
    #[must_use]
    pub fn ready() -> Self {
        Self::ready_with(|_| {})
    }

    /// A client of that configuration that is ready.
    #[must_use]
    pub fn ready_with(configure: impl FnOnce(&mut ClientConfig)) -> Self {
        let mut drive = Self::awaiting_hello(configure);
        drive.say_hello();
        drive.outputs.clear();
        drive
    }

    /// A client whose socket is open and which has been given nothing yet.
    #[must_use]
    pub fn awaiting_challenge(configure: impl FnOnce(&mut ClientConfig)) -> Self {
        let mut drive = Self::new(configure);
        drive.start();
        drive.input(Input::Opened);
        drive
    }

    /// A client that has queued its connect.
    #[must_use]
    pub fn awaiting_hello(configure: impl FnOnce(&mut ClientConfig)) -> Self {
        let mut drive = Self::awaiting_challenge(configure);
        drive.text(&challenge("n-1"));
        drive
    }

    /// Answers the connect with [`HELLO`].
    pub fn say_hello(&mut self) {
        let frames = self.frames();
        if let Some(connect) = frames.first() {
            self.text(&hello_response(connect));
        }
    }

    /// Starts the client, or starts it again, and brings it all the way to ready.
    pub fn connect(&mut self) {
        self.start();
        self.input(Input::Opened);
        self.text(&challenge("n-2"));
        self.say_hello();
    }

    /// Starts the client.
    pub fn start(&mut self) {
        self.client.start(self.now);
        self.collect();
    }

    /// Asks for an attempt now.
    pub fn nudge(&mut self) {
        self.client.nudge(self.now);
        self.collect();
    }

    /// Lets the wall clock run ahead, as it does while the machine sleeps, and calls the core.
    pub fn sleep(&mut self, by: Duration) {
        self.now.unix.0 += u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.client.handle_timeout(self.now);
        self.collect();
    }

    /// Shuts the client down.
    pub fn shutdown(&mut self) {
        self.client.shutdown(self.now);
        self.collect();
    }

    /// Gives the present connection an input.
    pub fn input(&mut self, input: Input<String>) {
        if let Some(conn) = self.conn {
            if let Input::Text(text) = &input {
                self.scribe.received(text);
            }
            self.client.handle_input(self.now, conn, input);
        }
        self.collect();
    }

    /// Gives the present connection a text message.
    pub fn text(&mut self, text: &str) {
        self.input(Input::Text(text.to_owned()));
    }

    /// The next frame the core wants sent.
    pub fn transmit(&mut self) -> Option<Transmit> {
        let transmit = self.client.poll_transmit(self.now)?;
        self.scribe.sent(&transmit.text);
        Some(transmit)
    }

    /// The next frame the core wants sent on that connection.
    pub fn transmit_on(&mut self, conn: ConnId) -> Option<Transmit> {
        let transmit = self.client.poll_transmit_on(self.now, conn)?;
        self.scribe.sent(&transmit.text);
        Some(transmit)
    }

    /// Everything the core wants sent, as a transport that always has room takes it.
    pub fn frames(&mut self) -> Vec<String> {
        let mut frames = Vec::new();
        while let Some(transmit) = self.transmit() {
            frames.push(transmit.text);
        }
        if !frames.is_empty() {
            self.input(Input::Flushed);
        }
        frames
    }

    /// The one frame the core wants sent.
    ///
    /// # Panics
    /// When it wants none or more than one sent.
    pub fn frame(&mut self) -> String {
        let mut frames = self.frames();
        assert_eq!(frames.len(), 1, "one frame, and no other");
        frames.remove(0)
    }

    /// Takes the next frame as a transport does that then has no more room, and says nothing of it being written.
    pub fn take_one(&mut self) -> Option<String> {
        let frame = self.transmit().map(|transmit| transmit.text);
        self.collect();
        frame
    }

    /// Makes a request.
    ///
    /// # Errors
    /// With the core's refusal.
    pub fn request(&mut self, method: &str, waiter: u32) -> Result<RequestId, openclaw_proto::NotSent> {
        match Request::new(method) {
            Ok(request) => self.submit(request, waiter),
            Err(e) => unreachable!("the tests' method names are good: {e}"),
        }
    }

    /// Makes a request that was built elsewhere.
    ///
    /// # Errors
    /// With the core's refusal.
    pub fn submit(&mut self, request: Request, waiter: u32) -> Result<RequestId, openclaw_proto::NotSent> {
        let result = self.client.request(self.now, request, waiter).map_err(|refused| refused.why);
        self.collect();
        result
    }

    /// Lets time pass, firing every timer on the way at its exact time. Returns the kinds that fired.
    pub fn advance(&mut self, by: Duration) -> Vec<TimerKind> {
        let end = self.now.after(by);
        let mut fired = Vec::new();
        while let Some((at, kind)) = self.client.poll_timeout().filter(|(at, _)| *at <= end.mono) {
            let step = at.since(self.now.mono);
            self.now = self.now.after(step);
            self.client.handle_timeout(self.now);
            fired.push(kind);
            self.collect();
        }
        self.now = end;
        self.client.handle_timeout(self.now);
        self.collect();
        fired
    }

    /// Takes what the core has said so far.
    pub fn take(&mut self) -> Vec<Output<u32, String>> {
        std::mem::take(&mut self.outputs)
    }

    /// Takes the outcomes among what the core has said; the rest is dropped.
    pub fn outcomes(&mut self) -> Vec<(u32, Outcome<String>)> {
        self.take()
            .into_iter()
            .filter_map(|output| match output {
                Output::Completed { waiter, outcome } => Some((waiter, outcome)),
                _ => None,
            })
            .collect()
    }

    /// Why the client went down, as told last.
    ///
    /// # Panics
    /// When the last state told is another.
    #[must_use]
    pub fn down(&self) -> Down {
        match self.last_state() {
            Some(State::Stopped { why: StopReason::Down(down) }) => (**down).clone(),
            other => panic!("not down: {other:?}"),
        }
    }

    /// How sockets were let go, oldest first: the close code, or none for one dropped at once.
    #[must_use]
    pub fn endings(&self) -> Vec<Option<u16>> {
        self.outputs
            .iter()
            .filter_map(|output| match output {
                Output::Close { code, .. } => Some(Some(*code)),
                Output::Abort { .. } => Some(None),
                _ => None,
            })
            .collect()
    }

    /// The events among what the core has said.
    #[must_use]
    pub fn events(&self) -> Vec<&Event<String>> {
        self.outputs.iter().filter_map(|o| if let Output::Event(event) = o { Some(event) } else { None }).collect()
    }

    /// The notices among what the core has said.
    #[must_use]
    pub fn notices(&self) -> Vec<&Notice> {
        self.outputs.iter().filter_map(|o| if let Output::Notice(notice) = o { Some(notice) } else { None }).collect()
    }

    /// The last state told, if any is among what the core has said.
    #[must_use]
    pub fn last_state(&self) -> Option<&State> {
        self.outputs.iter().rev().find_map(|output| match output {
            Output::State(state) => Some(state),
            _ => None,
        })
    }

    /// Ends the recording and gives the log.
    pub fn log(&mut self) -> String {
        self.client.end_record();
        self.log_so_far()
    }

    /// What has been recorded since last asked.
    pub fn log_so_far(&mut self) -> String {
        let mut log = String::new();
        while let Some(line) = self.client.poll_record() {
            log.push_str(&line);
            log.push('\n');
        }
        log
    }

    fn collect(&mut self) {
        while let Some(output) = self.client.poll_output() {
            if let Output::Dial { conn, .. } = &output {
                self.conn = Some(*conn);
            }
            self.outputs.push(output);
        }
    }
}
