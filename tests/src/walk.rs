//! A long aimless walk through everything a client can meet, with a model beside it that keeps count.

use std::collections::BTreeMap;
use std::time::Duration;

use openclaw_proto::{
    ClientConfig, Input, NotSent, Notice, Outcome, Output, Request, RequestId, State, StateKind, TransportError,
    TwoStage, WhenNotReady,
};

use crate::{Drive, HELLO, Lcg, challenge, event, id_of, refusal, response};

/// Bounds small enough to be reached all the time.
const IN_FLIGHT: usize = 8;
const WAITING: usize = 10;
const OUTGOING_BYTES: usize = 3_000;
const MAX_PAYLOAD: usize = 400;

/// What the model knows of a request that has not ended.
#[derive(Debug)]
struct Open {
    id: RequestId,
    len: usize,
    /// How many of these bytes are trace context that not every gateway takes.
    trace: usize,
    taken: bool,
    accepted: bool,
    two_stage: bool,
}

impl Open {
    fn leave_trace_out(&mut self) {
        self.len -= std::mem::take(&mut self.trace);
    }
}

/// A client, what happens to it, and what must be true of it after every step.
#[derive(Debug)]
pub struct Walk {
    drive: Drive,
    script: Lcg,
    open: BTreeMap<u32, Open>,
    /// Ids of frames the transport has taken, with their waiters; old ones stay a while, for late answers.
    taken: Vec<(String, u32)>,
    connect: Option<String>,
    /// Whether the gateway connected to last takes trace context.
    traces: bool,
    next: u32,
    seq: u64,
    /// Every output and every frame, as text.
    pub transcript: Vec<String>,
    /// How often what happened.
    pub tally: BTreeMap<&'static str, usize>,
}

impl Walk {
    /// A walk along the script of that number, by a client of that seed.
    #[must_use]
    pub fn new(seed: [u8; 32], script: u64) -> Self {
        Self::configured(seed, script, |_| {})
    }

    /// The same with something else configured.
    #[must_use]
    pub fn configured(seed: [u8; 32], script: u64, configure: impl FnOnce(&mut ClientConfig)) -> Self {
        let drive = Drive::seeded(seed, |c| {
            configure(c);
            c.limits.in_flight = IN_FLIGHT;
            c.limits.waiting = WAITING;
            c.limits.outgoing_bytes = OUTGOING_BYTES;
        });
        Self {
            drive,
            script: Lcg::new(script),
            open: BTreeMap::new(),
            taken: Vec::new(),
            connect: None,
            traces: false,
            next: 0,
            seq: 0,
            transcript: Vec::new(),
            tally: BTreeMap::new(),
        }
    }

    /// Records the walk from here, the client's first step.
    ///
    /// # Panics
    /// When a step has been taken already.
    #[must_use]
    pub fn recorded(mut self) -> Self {
        assert!(self.drive.client.record(openclaw_proto::record::RecordLimit::default()));
        self
    }

    /// Ends the recording and gives the log.
    pub fn log(&mut self) -> String {
        self.drive.log()
    }

    /// Takes that many steps, then shuts down.
    ///
    /// # Panics
    /// When an invariant breaks.
    pub fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            self.step();
        }
        self.drive.shutdown();
        self.settle(None);
        self.drive.advance(Duration::from_secs(1));
        self.settle(None);
        assert!(self.open.is_empty(), "never completed: {:?}", self.open);
        assert_eq!(self.drive.client.load(), (0, 0, 0));
        assert_eq!(self.drive.client.state(), StateKind::Stopped);
        assert_eq!(self.drive.client.poll_timeout(), None);
        assert!(!self.drive.client.wants_transmit());
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    fn step(&mut self) {
        let mut answered = None;
        match self.script.below(100) {
            0..26 => self.request(),
            26..48 => self.transmit(),
            48..68 => answered = self.answer(),
            68..74 => self.cancel(),
            74..80 => self.advance(),
            80..86 => self.event(),
            86 if self.script.chance(1, 3) => self.disconnect(),
            87 if self.script.chance(1, 4) => self.drive.shutdown(),
            // Slowly, so that requests pile up in front of the handshake.
            88.. if self.script.chance(1, 2) => self.on_the_way_to_ready(),
            _ => {}
        }
        self.settle(answered);
    }

    fn request(&mut self) {
        let waiter = self.next;
        self.next += 1;
        let Some(method) = self.script.pick(&["health", "agent", "exec.approval.request", "chat.send"]).copied() else {
            return;
        };
        let two_phase = self.script.chance(1, 2);
        let mut length = self.script.below(200);
        if self.script.chance(1, 40) {
            length += MAX_PAYLOAD;
        }
        let padding = "x".repeat(length);
        let params = serde_json::json!({ "padding": padding, "twoPhase": two_phase });
        let Ok(mut request) = Request::with_params(method, &params) else { return };
        let mut two_stage = method == "agent" || (method == "exec.approval.request" && two_phase);
        match self.script.below(8) {
            0 => request = request.timeout(Duration::from_secs(2)),
            1 => request = request.no_timeout(),
            2 => request = request.final_timeout(Duration::from_secs(45)),
            3 => {
                two_stage = true;
                request = request.two_stage(TwoStage::Expect { within: Duration::from_secs(20) });
            }
            4 => {
                two_stage = false;
                request = request.two_stage(TwoStage::Never);
            }
            5 => request = request.when_not_ready(WhenNotReady::Refuse),
            6 => {
                request = match request.expected_profile_id("p") {
                    Ok(request) => request,
                    Err(e) => unreachable!("{e}"),
                };
            }
            _ => {}
        }
        let mut trace = 0;
        if self.script.chance(1, 3) {
            let before = request.frame_len();
            request = match request.traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") {
                Ok(request) => request,
                Err(e) => unreachable!("{e}"),
            };
            trace = request.frame_len() - before;
        }
        let len = request.frame_len();
        match self.drive.submit(request, waiter) {
            Ok(id) => {
                self.count("accepted by the client");
                let mut open = Open { id, len, trace, taken: false, accepted: false, two_stage };
                if self.drive.client.state() == StateKind::Ready && !self.traces {
                    open.leave_trace_out();
                }
                assert!(self.open.insert(waiter, open).is_none());
            }
            Err(why) => self.count(match why {
                NotSent::NotReady => "refused: not ready",
                NotSent::Stopped => "refused: stopped",
                NotSent::TooManyWaiting { limit: WAITING } => "refused: too many waiting",
                NotSent::TooManyInFlight { limit: IN_FLIGHT } => "refused: too many in flight",
                NotSent::OutgoingFull { limit: OUTGOING_BYTES, .. } => "refused: outgoing full",
                NotSent::FrameTooLarge { limit: MAX_PAYLOAD, .. } => "refused: frame too large",
                NotSent::ProfileBindingUnsupported => "refused: profile binding",
                other => unreachable!("{other:?}"),
            }),
        }
    }

    fn transmit(&mut self) {
        for _ in 0..=self.script.below(6) {
            let Some(frame) = self.drive.take_one() else { break };
            self.transcript.push(frame.clone());
            if frame.contains(r#""method":"connect""#) {
                self.connect = Some(frame);
                continue;
            }
            let id = id_of(&frame);
            let found = self.open.iter_mut().find(|(_, open)| open.id.to_string() == id);
            let Some((waiter, open)) = found else { unreachable!("a frame of no open request: {frame}") };
            assert!(!open.taken, "sent twice: {frame}");
            assert_eq!(open.len, frame.len());
            open.taken = true;
            self.taken.push((id, *waiter));
            if self.taken.len() > 40 {
                self.taken.remove(0);
            }
        }
        if self.script.chance(3, 4) {
            self.drive.input(Input::Flushed);
        }
    }

    /// Answers something taken before, ended or not. Gives back whom, if that one is still open.
    fn answer(&mut self) -> Option<u32> {
        let (id, waiter) = self.script.pick(&self.taken)?.clone();
        let frame = format!(r#"{{"id":"{id}"}}"#);
        let text = match self.script.below(8) {
            0..3 => response(&frame, r#"{"status":"accepted"}"#),
            3 => refusal(&frame, r#"{"code":"UNAVAILABLE","message":"no"}"#),
            4 => format!(r#"{{"type":"res","id":"{id}","ok":"yes"}}"#),
            _ => response(&frame, "{}"),
        };
        if self.drive.client.state() != StateKind::Ready {
            return None;
        }
        let before = self.drive.outputs.len();
        self.drive.text(&text);
        let spoke = |o: &&Output<u32, String>| match o {
            Output::Completed { waiter: w, .. } | Output::Accepted { waiter: w, .. } => *w == waiter,
            Output::Notice(Notice::StrayResponse { .. }) => !self.open.contains_key(&waiter),
            _ => false,
        };
        assert_eq!(self.drive.outputs.iter().skip(before).filter(spoke).count(), 1, "one answer, one consequence");
        self.open.contains_key(&waiter).then_some(waiter)
    }

    fn cancel(&mut self) {
        let open: Vec<u32> = self.open.keys().copied().collect();
        let Some(waiter) = self.script.pick(&open).copied() else { return };
        let Some(gone) = self.open.remove(&waiter) else { return };
        assert_eq!(self.drive.client.cancel(gone.id), Some(waiter));
        assert_eq!(self.drive.client.cancel(gone.id), None, "only once");
        self.count("cancelled");
    }

    fn advance(&mut self) {
        let limit = if self.script.chance(1, 12) { 90_000 } else { 4_000 };
        let by = Duration::from_millis(self.script.below(limit) as u64);
        let fired = self.drive.advance(by);
        self.transcript.push(format!("{fired:?}"));
    }

    fn event(&mut self) {
        self.seq += 1;
        let text = match self.script.below(6) {
            0 => "{".into(),
            1 => challenge("n"),
            2 => r#"{"type":"res","id":"invalid","ok":false,"error":{"code":"INVALID_REQUEST"}}"#.into(),
            _ => event("tick", self.seq, "{}"),
        };
        if self.drive.client.state() == StateKind::Ready {
            self.drive.text(&text);
        }
    }

    fn disconnect(&mut self) {
        self.drive.input(match self.script.below(3) {
            0 => Input::Closed { code: Some(1012), reason: "service restart".into() },
            1 => Input::Closed { code: None, reason: String::new() },
            _ => Input::Failed(TransportError::Io("reset".into())),
        });
    }

    fn on_the_way_to_ready(&mut self) {
        match self.drive.client.state() {
            StateKind::Idle | StateKind::Stopped => {
                self.connect = None;
                self.drive.start();
            }
            StateKind::Dialing => self.drive.input(Input::Opened),
            StateKind::Handshaking => match self.connect.take() {
                None => self.drive.text(&challenge("n")),
                Some(connect) if self.script.chance(1, 10) => {
                    self.drive.text(&refusal(&connect, r#"{"code":"UNAVAILABLE"}"#));
                }
                Some(connect) => {
                    self.traces = self.script.chance(1, 2);
                    let boot = if self.traces { "bootId" } else { "x" };
                    let limit = MAX_PAYLOAD.to_string();
                    let hello = HELLO.replace("26214400", &limit).replace("profile-binding-v1", "x");
                    let hello = hello.replace("bootId", boot);
                    self.drive.text(&response(&connect, &hello));
                }
            },
            StateKind::Stopping => self.drive.input(Input::Closed { code: Some(1000), reason: String::new() }),
            _ => {}
        }
    }

    /// Compares what the core has said with what the model allows.
    fn settle(&mut self, answered: Option<u32>) {
        for output in self.drive.take() {
            self.transcript.push(format!("{output:?}"));
            match output {
                Output::Completed { waiter, outcome } => {
                    let Some(open) = self.open.remove(&waiter) else {
                        unreachable!("{waiter} completed twice or was never open: {outcome:?}")
                    };
                    self.completed(waiter, &open, &outcome, answered);
                }
                Output::Accepted { waiter, id, .. } => {
                    let Some(open) = self.open.get_mut(&waiter) else { unreachable!("accepted after its end") };
                    assert!(open.taken && open.two_stage && !open.accepted && answered == Some(waiter));
                    assert_eq!(open.id, id);
                    open.accepted = true;
                    self.count("accepted by the gateway");
                }
                Output::State(State::Ready { .. }) => {
                    self.count("ready");
                    if !self.traces {
                        self.open.values_mut().filter(|open| !open.taken).for_each(Open::leave_trace_out);
                    }
                }
                Output::Notice(Notice::StrayResponse { .. }) => self.count("stray"),
                _ => {}
            }
        }
        let (in_flight, waiting, bytes) = self.drive.client.load();
        assert_eq!(in_flight + waiting, self.open.len());
        let queued: usize = self.open.values().filter(|open| !open.taken).map(|open| open.len).sum();
        assert_eq!(bytes, queued);
        assert!(in_flight <= IN_FLIGHT && waiting <= WAITING && bytes <= OUTGOING_BYTES);
    }

    fn completed(&mut self, waiter: u32, open: &Open, outcome: &Outcome<String>, answered: Option<u32>) {
        let (name, by_answer, taken) = match outcome {
            Outcome::Replied(_) => ("replied", true, true),
            Outcome::Rejected(rejected) => {
                assert_eq!(rejected.accepted, open.accepted);
                ("rejected", true, true)
            }
            Outcome::UnreadableAnswer => ("unreadable", true, true),
            Outcome::OutcomeUnknown(_) => ("outcome unknown", false, true),
            Outcome::TimedOut { sent: true } => ("timed out, sent", false, true),
            Outcome::TimedOut { sent: false } => ("timed out, unsent", false, false),
            Outcome::NotSent(NotSent::ConnectionLost(_)) => ("not sent: connection lost", false, false),
            Outcome::NotSent(NotSent::Stopped) => ("not sent: stopped", false, false),
            Outcome::NotSent(NotSent::ShutDown) => ("not sent: shut down", false, false),
            Outcome::NotSent(NotSent::FrameTooLarge { .. }) => ("not sent: frame too large", false, false),
            Outcome::NotSent(NotSent::ProfileBindingUnsupported) => ("not sent: profile binding", false, false),
            Outcome::NotSent(NotSent::TooManyInFlight { .. }) => ("not sent: too many in flight", false, false),
            other => unreachable!("{other:?}"),
        };
        assert_eq!(open.taken, taken, "{waiter}: {outcome:?}");
        assert_eq!(answered == Some(waiter), by_answer, "{waiter}: {outcome:?}");
        self.count(name);
    }
}
