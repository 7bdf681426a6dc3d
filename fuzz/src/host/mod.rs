//! A host without sockets: what happens to a client, told by a script, and what must be true after every step.
//!
//! | step | what happens |
//! |---|---|
//! | `o` | the socket opens |
//! | `c` `h` `d` | a challenge; a hello; a refusal, of the connect or of a request |
//! | `a` `m` | an answer to a request; one with the connect's id |
//! | `e` `E` | an event; the numbers of events go on from somewhere else |
//! | `x` `b` | a text of the script's own; a binary message |
//! | `v` `f` | bytes were read and written; all is written |
//! | `k` `F` | the peer closes; the transport fails |
//! | `p` `P` | the transport takes a frame; all frames, and writes them |
//! | `q` `Q` `n` | a request; one with params of the script's own; one is cancelled |
//! | `t` `T` | time passes to the next timer; some time passes |
//! | `s` `S` `N` | shutdown, start, nudge |
//! | `j` `J` | the wall clock steps forward; back |
//! | `u` `U` | other credentials; another stored token |
//! | `l` | the next input is of the connection before |

mod ask;
mod config;
mod ear;
mod failure;
mod speech;

use std::collections::VecDeque;
use std::time::Duration;

use openclaw_proto::credentials::StoredToken;
use openclaw_proto::record::RecordLimit;
use openclaw_proto::{Client, ClientConfig, ConnId, Input, Instant, Now, Output, RequestId, StateKind, UnixMillis};
use openclaw_sim::watch::{Call, Step, View, Watch};

use super::script::Script;
pub use config::config;
use ear::Ear;

/// The promises that hold whatever a gateway says. The simulator's others know only what its own gateways say; of those,
/// the ear does what is about events and answers.
const PROMISES: [&str; 12] = [
    "completes_once",
    "by_deadline",
    "sent_once",
    "sent_in_order",
    "hello_first",
    "pause_is_silence",
    "no_spin",
    "never_too_much",
    "quiet_after_shutdown",
    "socket_life",
    "liveness",
    "counters",
];

/// The steps of one socket's life.
pub const SOCKET: &[u8] = b"ochdaeEmxbvfkFpPqQnTts";
/// The steps of a client's life.
pub const LIFE: &[u8] = b"ochdaeEmxbvfkFpPqQnTtsSNjJuUl";

/// Time ends some centuries ahead, in nanoseconds, before it no longer fits in the core's clock.
const END_OF_TIME: Instant = Instant::from_nanos(1 << 63);
/// So many ids are remembered.
const REMEMBERED: usize = 8;
/// More than any call may put out beside the ends of open requests.
const MOST_OUTPUTS: usize = 24;

/// A client's host.
#[derive(Debug)]
pub struct Host {
    client: Client<u32, String>,
    now: Now,
    watch: Option<Watch>,
    ear: Ear,
    outputs: Vec<Output<u32, String>>,
    conn: Option<ConnId>,
    /// The connection before.
    old: Option<ConnId>,
    /// The next input is a late word of the connection before.
    late: bool,
    /// The id of the present connection's `connect`.
    connect: String,
    /// Ids that the transport has taken, the newest last.
    taken: VecDeque<String>,
    /// Ids of requests made.
    asked: VecDeque<RequestId>,
    waiter: u32,
    seq: u64,
    bytes: (u64, u64),
}

impl Host {
    /// A host whose client has done nothing yet.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        let watch = Watch::at(&config, |name| PROMISES.contains(&name));
        Self {
            client: Client::new(config, [7; 32]),
            now: Now { mono: Instant::from_nanos(1_000), unix: UnixMillis(1_795_000_000_000) },
            watch: Some(watch),
            ear: Ear::default(),
            outputs: Vec::new(),
            conn: None,
            old: None,
            late: false,
            connect: String::new(),
            taken: VecDeque::new(),
            asked: VecDeque::new(),
            waiter: 1,
            seq: 0,
            bytes: (0, 0),
        }
    }

    /// Records everything, and looks at nothing.
    #[must_use]
    pub fn recorded(mut self) -> Self {
        assert!(self.client.record(RecordLimit::default()), "a fresh client can be recorded");
        self.watch = None;
        self
    }

    /// Ends the recording and gives the log.
    pub fn log(&mut self) -> String {
        self.client.end_record();
        let mut log = String::new();
        while let Some(line) = self.client.poll_record() {
            log.push_str(&line);
            log.push('\n');
        }
        log
    }

    fn view(&self) -> View {
        View {
            state: self.client.state(),
            timeout: self.client.poll_timeout(),
            load: self.client.load(),
            stats: self.client.stats(),
            wants_transmit: self.client.wants_transmit(),
        }
    }

    /// Drains the core after a call and looks at what came of it.
    fn called(&mut self, before: View, call: Call<'_>) {
        self.outputs.clear();
        while let Some(output) = self.client.poll_output() {
            match &output {
                Output::Dial { conn, .. } => {
                    self.old = self.conn.replace(*conn);
                    (self.connect, self.bytes) = (String::new(), (0, 0));
                }
                Output::State(state) => {
                    let command = state.pairing().map(|pairing| pairing.approve_command());
                    assert!(command.is_none_or(|command| !command.contains([';', '$', '`', '\n'])));
                }
                _ => {}
            }
            self.outputs.push(output);
        }
        let after = self.view();
        let Some(watch) = &mut self.watch else { return };
        let known = watch.known();
        assert!(self.outputs.len() <= known.open.len() + MOST_OUTPUTS, "{:?}", self.outputs);
        match &call {
            Call::Input { conn, input: Input::Text(text) } => self.ear.heard(*conn, text, &self.outputs, known),
            _ => ear::answers_nothing(&self.outputs, known),
        }
        let step = Step { now: self.now, call, reading: None, outputs: &self.outputs, before, after };
        if let Err(broken) = watch.step(&step) {
            panic!("{broken:?}\n{step:?}");
        }
    }

    fn call(&mut self, call: Call<'_>, act: impl FnOnce(&mut Client<u32, String>, Now)) {
        let before = self.view();
        act(&mut self.client, self.now);
        self.called(before, call);
    }

    fn tell(&mut self, input: &Input<String>) {
        let late = std::mem::take(&mut self.late);
        self.outputs.clear();
        let Some(conn) = self.old.filter(|_| late).or(self.conn) else { return };
        let given = input.clone();
        self.call(Call::Input { conn, input }, |client, now| client.handle_input(now, conn, given));
    }

    fn text(&mut self, text: String) {
        self.tell(&Input::Text(text));
    }

    /// Starts the client.
    pub fn start(&mut self) {
        self.call(Call::Start, |client, now| client.start(now));
    }

    fn timeout(&mut self) {
        self.call(Call::Timeout, |client, now| client.handle_timeout(now));
    }

    /// Lets time pass to the next timer, and lets all go off that are due then.
    fn ring(&mut self) -> bool {
        let Some((at, _)) = self.client.poll_timeout().filter(|(at, _)| *at < END_OF_TIME) else { return false };
        self.now = self.now.after(at.since(self.now.mono));
        for _ in 0..8 {
            self.timeout();
            if self.client.poll_timeout().is_none_or(|(at, _)| at > self.now.mono) {
                return true;
            }
        }
        panic!("the timer does not move: {:?} at {:?}", self.client.poll_timeout(), self.now.mono);
    }

    /// Takes a frame as a transport does that has room for one.
    fn take(&mut self) -> bool {
        let Some(conn) = self.conn else { return false };
        let before = self.view();
        let frame = self.client.poll_transmit_on(self.now, conn);
        assert!(frame.is_some() == before.wants_transmit, "it wants to send, and says {frame:?}");
        self.called(before, Call::Transmit { conn, frame: frame.as_ref() });
        let Some(frame) = frame else { return false };
        let id = frame.text.get(20..56).unwrap_or_default().to_owned();
        if self.client.hello().is_none() {
            self.connect = id;
        } else {
            remember(&mut self.taken, id);
        }
        true
    }

    fn ask(&mut self, script: &mut Script<'_>, raw: bool) {
        let Some((request, facts)) = ask::ask(script, self.client.config(), raw) else { return };
        let (before, waiter) = (self.view(), self.waiter);
        self.waiter += 1;
        let result = self.client.request(self.now, request, waiter);
        let result = result.map_err(|refused| {
            assert_eq!(refused.waiter, waiter, "the waiter comes back");
            refused.why
        });
        self.called(before, Call::Request { waiter, facts, result: result.as_ref().copied() });
        if let Ok(id) = result {
            remember(&mut self.asked, id);
        }
    }

    fn cancel(&mut self, script: &mut Script<'_>) {
        let place = usize::from(script.number());
        let Some(id) = self.asked.get(place % self.asked.len().max(1)).copied() else { return };
        let before = self.view();
        let waiter = self.client.cancel(id);
        self.called(before, Call::Cancel { id, waiter });
    }

    /// The id a frame of the script is about: that of the connect before hello, else of a request that has been sent.
    fn id(&self, script: &mut Script<'_>) -> String {
        if self.client.hello().is_none() {
            return self.connect.clone();
        }
        let place = usize::from(script.number());
        self.taken.iter().rev().nth(place % self.taken.len().max(1)).cloned().unwrap_or_default()
    }

    /// A text of the script's own, in which `$` stands for the id it is about.
    fn raw(&mut self, script: &mut Script<'_>) {
        let id = if self.client.hello().is_none() { Some(&self.connect) } else { self.taken.back() };
        let text = script.line().replace('$', id.map_or("", |id| id));
        self.text(text);
    }

    /// Lets the next step of the script happen; false at its end.
    pub fn play(&mut self, script: &mut Script<'_>, letters: &[u8]) -> bool {
        let Some(letter) = script.step(letters) else { return false };
        match letter {
            b'o' => self.tell(&Input::Opened),
            b'c' => self.text(speech::challenge(script)),
            b'h' => {
                let hello = speech::hello(script, &self.connect);
                self.text(hello);
            }
            b'd' => {
                let id = self.id(script);
                self.text(speech::refusal(script, &id));
            }
            b'a' => {
                let id = self.id(script);
                self.text(speech::answer(script, &id));
            }
            b'e' => {
                let event = speech::some_event(script, &mut self.seq);
                self.text(event);
            }
            b'E' => self.seq = [0, 1, u64::MAX, (1 << 53) - 1][usize::from(script.number() % 4)],
            // An answer with the connect's id at any time.
            b'm' => self.text(speech::answer(script, &self.connect.clone())),
            b'x' => self.raw(script),
            b'b' => self.tell(&Input::Binary { len: usize::from(script.number()) }),
            b'v' => {
                self.bytes.0 += u64::from(script.number());
                self.bytes.1 += u64::from(script.number());
                self.tell(&Input::Alive { bytes_in: self.bytes.0, bytes_out: self.bytes.1 });
            }
            b'f' => self.tell(&Input::Flushed),
            b'k' => {
                let closed = failure::closed(script);
                self.tell(&closed);
            }
            b'F' => {
                let failure = failure::failure(script);
                self.tell(&Input::Failed(failure));
            }
            b'p' => drop(self.take()),
            b'P' => {
                while self.take() {}
                self.tell(&Input::Flushed);
            }
            b'q' => self.ask(script, false),
            b'Q' => self.ask(script, true),
            b'n' => self.cancel(script),
            b'T' => {
                let wait = [0, 1, 250, 5_000, 60_000, 3_600_000, 2_592_000_000];
                let then = self.now.after(Duration::from_millis(script.pick(&wait)));
                if then.mono < END_OF_TIME {
                    self.now = then;
                }
                self.timeout();
            }
            b't' => drop(self.ring()),
            b's' => self.call(Call::Shutdown, |client, now| client.shutdown(now)),
            b'S' => self.start(),
            b'N' => self.call(Call::Nudge, |client, now| client.nudge(now)),
            // The wall clock steps; the core sees it with the next input or timeout.
            b'j' => self.now.unix.0 = self.now.unix.0.saturating_add(1_000 << (script.number() % 24)),
            b'J' => self.now.unix.0 = self.now.unix.0.saturating_sub(1_000 << (script.number() % 24)),
            b'u' => {
                let auth = config::auth(script);
                self.client.set_auth(auth);
            }
            b'U' => self.client.set_stored_token(stored(script)),
            b'l' => self.late = true,
            _ => unreachable!("every letter has its step"),
        }
        true
    }

    /// Ends the client's life: everything completes, and nothing comes after that.
    pub fn end(&mut self) {
        self.call(Call::Shutdown, |client, now| client.shutdown(now));
        for _ in 0..4 {
            self.ring();
        }
        assert_eq!(self.client.state(), StateKind::Stopped);
        assert_eq!((self.client.load(), self.client.poll_timeout()), ((0, 0, 0), None));
        self.late = false;
        let before = self.client.stats();
        for input in [Input::Opened, Input::Flushed, Input::Text("{}".into()), Input::Binary { len: 1 }] {
            self.tell(&input);
            assert!(self.is_silent(), "{:?}", self.outputs);
        }
        self.now = self.now.after(Duration::from_secs(3_600));
        self.timeout();
        assert!(self.is_silent() && !self.take(), "{:?}", self.outputs);
        let stale = if self.conn.is_some() { 4 } else { 0 };
        assert_eq!(self.client.stats().stale_inputs, before.stale_inputs + stale);
        if let Some(watch) = &mut self.watch {
            watch.finish().unwrap_or_else(|broken| panic!("{broken:?}"));
        }
    }

    /// Whether the last call put nothing out; that a clock has jumped may still be told.
    fn is_silent(&self) -> bool {
        self.outputs.iter().all(|output| matches!(output, Output::Notice(openclaw_proto::Notice::ClockJump { .. })))
    }
}

fn stored(script: &mut Script<'_>) -> Option<StoredToken> {
    let scopes: &[&str] = match script.number() % 4 {
        0 => return None,
        1 => &[],
        2 => &["operator.read"],
        _ => &["operator.admin", "operator.talk"],
    };
    Some(StoredToken::new("s3cret-stored-token", scopes.iter().map(|scope| (*scope).into())))
}

fn remember<T>(ids: &mut VecDeque<T>, id: T) {
    ids.push_back(id);
    if ids.len() > REMEMBERED {
        ids.pop_front();
    }
}
