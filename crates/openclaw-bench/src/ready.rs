//! A client that has had its hello.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use openclaw_proto::connect::Auth;
use openclaw_proto::{
    Client, ClientConfig, ConnId, GatewayUrl, Input, Instant, Now, Output, Plaintext, Request, UnixMillis,
};

use crate::pick::Pick;
use crate::samples::{answer, echo};

/// What a transport hands over. It can be shared, so that to hand over a copy costs next to nothing.
pub type Text = Arc<str>;

/// A ready client in time of its own.
pub struct Ready {
    /// The client itself.
    pub client: Client<u32, Text>,
    /// Its time.
    pub now: Now,
    conn: ConnId,
}

const CHALLENGE: &str = r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n","ts":1}}"#;
const HELLO: &str = r#"{"type":"hello-ok","protocol":4,"server":{"version":"0.0.0","connId":"c"},"features":{"methods":["echo"],"events":["chat"]},"snapshot":{},"auth":{"role":"operator","scopes":["operator.read"]},"policy":{"maxPayload":26214400,"tickIntervalMs":30000}}"#;

impl Ready {
    /// A client that has had its hello, and has no bounds that a measurement would meet.
    ///
    /// # Panics
    /// When it does not become ready.
    #[must_use]
    pub fn new() -> Self {
        let url = GatewayUrl::parse("ws://127.0.0.1:1", Plaintext::PrivateOnly).expect("an address");
        let mut config = ClientConfig::new(url);
        config.connect.auth = Auth::token("t");
        config.limits.in_flight = usize::MAX;
        config.limits.outgoing_bytes = usize::MAX;
        let now = Now { mono: Instant::from_nanos(1_000), unix: UnixMillis(1_700_000_000_000) };
        let mut client = Client::new(config, [3; 32]);
        client.start(now);
        let mut conn = None;
        while let Some(output) = client.poll_output() {
            if let Output::Dial { conn: dialed, .. } = output {
                conn = Some(dialed);
            }
        }
        let mut ready = Self { client, conn: conn.expect("a dial"), now };
        ready.input(Input::Opened);
        ready.input(Input::Text(CHALLENGE.into()));
        let connect = ready.client.poll_transmit(now).expect("a connect").text;
        ready.input(Input::Text(answer(&connect, HELLO)));
        ready.input(Input::Flushed);
        assert!(ready.client.hello().is_some());
        ready
    }

    /// One with so many requests in flight; their frames. Equal in each run, ids too.
    #[must_use]
    pub fn among(waiting: usize) -> (Self, Vec<String>) {
        let mut ready = Self::new();
        let frames = (0..waiting).map(|_| ready.ask(echo())).collect();
        (ready, frames)
    }

    /// Takes an input in, and all outputs out.
    pub fn input(&mut self, input: Input<Text>) {
        self.client.handle_input(self.now, self.conn, input);
        while let Some(output) = self.client.poll_output() {
            black_box(&output);
        }
    }

    /// A request that is sent; its frame.
    ///
    /// # Panics
    /// When it is refused.
    pub fn ask(&mut self, request: Request) -> String {
        self.now = self.now.after(Duration::from_nanos(500));
        self.client.request(self.now, request, 1).expect("room");
        self.client.poll_transmit(self.now).expect("a frame").text
    }

    /// A request from its params to its outcome, by that answer, with all that a transport tells between.
    pub fn call(&mut self, answer: Text) {
        drop(self.ask(echo()));
        self.input(Input::Flushed);
        self.input(Input::Text(answer));
        self.input(Input::Alive { bytes_in: 1, bytes_out: 1 });
        black_box(self.client.poll_timeout());
    }
}

impl Default for Ready {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready").field("now", &self.now).finish_non_exhaustive()
    }
}

/// Answers to come, one for each new request: not to that one, but to one at random of those in flight, whose number stays.
#[derive(Debug)]
pub struct Answers {
    waiting: usize,
    /// Those by which every queue comes to its size.
    before: Vec<Text>,
    /// Those to measure with.
    pub texts: Vec<Text>,
}

impl Answers {
    /// So many of them, and as many before, while so many requests wait.
    #[must_use]
    pub fn among(waiting: usize, count: usize) -> Self {
        // The ids are the same in every run, so one of them shows what the answers will be.
        let (mut ready, mut frames) = Ready::among(waiting);
        let mut pick = Pick::new();
        let mut before: Vec<Text> = (0..2 * count)
            .map(|_| {
                frames.push(ready.ask(echo()));
                let text = answer(&pick.out_of(&mut frames), "{}");
                ready.input(Input::Text(Text::clone(&text)));
                text
            })
            .collect();
        let texts = before.split_off(count);
        Self { waiting, before, texts }
    }

    /// A client that the first of [`texts`](Self::texts) is for, once it has asked for one thing more.
    #[must_use]
    pub fn ready(&self) -> Ready {
        let (mut ready, _) = Ready::among(self.waiting);
        for text in &self.before {
            drop(ready.ask(echo()));
            ready.input(Input::Text(Text::clone(text)));
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_that_was_prepared_is_for_a_request_in_flight() {
        let answers = Answers::among(10, 100);
        let mut ready = answers.ready();
        for text in answers.texts {
            drop(ready.ask(echo()));
            ready.client.handle_input(ready.now, ready.conn, Input::Text(text));
            assert!(matches!(ready.client.poll_output(), Some(Output::Completed { .. })));
            assert!(ready.client.poll_output().is_none());
        }
    }
}
