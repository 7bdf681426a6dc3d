//! Hostile input: what a broken or malicious peer may say, in every phase, and what becomes of it. The tables state a
//! verdict for each; none is computed.

mod fields;
mod handshakes;
mod syntax;

use std::collections::BTreeMap;

use openclaw_proto::connect::{HelloError, PolicyField};
use openclaw_proto::frame::{FrameError, Oddity};
use openclaw_proto::{
    Down, Input, NotSent, Notice, Outcome, Output, Request, State, StateKind, Stats, StopReason, Stray,
};
use openclaw_tests::{Drive, challenge, event, hello_response, id_of, response};

/// What a client is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The socket is open.
    Challenge,
    /// `connect` has been sent.
    Hello,
    /// One request was answered, one is in flight, one is queued.
    Ready,
    /// Shut down; the peer has not answered the close.
    Closing,
}

const PHASES: [Phase; 4] = [Phase::Challenge, Phase::Hello, Phase::Ready, Phase::Closing];

/// One thing a client says or does because of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Saw {
    Malformed(Why),
    Odd(Oddity),
    Stray(Stray),
    Unattributed,
    Binary,
    /// The name; a long one as its size.
    Event(&'static str),
    SecondChallenge,
    ChallengeAfterHello,
    /// A connect is waiting to be sent.
    Connect,
    Ready,
    Policy(PolicyField),
    Shortfall,
    /// The request in flight completed.
    Replied,
    /// The same, with the error's code.
    Rejected(&'static str),
    Unreadable,
    /// The connection is over, closed with that code.
    Ends(End, u16),
}

/// Why a text is no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    NotJson,
    Truncated,
    NotAnObject,
    NoType,
    UnknownType,
    Field(&'static str),
    Request,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    NoNonce,
    Refused(&'static str),
    NotAnObject,
    WrongType,
    NoProtocol,
    NotOffered,
    UnreadableAnswer,
    TooLarge,
}

type Seen = &'static [Saw];

/// The client says nothing.
const NOTHING: Seen = &[];

const NOT_JSON: Seen = &[Saw::Malformed(Why::NotJson)];
const TRUNCATED: Seen = &[Saw::Malformed(Why::Truncated)];
const NOT_AN_OBJECT: Seen = &[Saw::Malformed(Why::NotAnObject)];
const NO_TYPE: Seen = &[Saw::Malformed(Why::NoType)];
const UNKNOWN_TYPE: Seen = &[Saw::Malformed(Why::UnknownType)];
const NO_EVENT_NAME: Seen = &[Saw::Malformed(Why::Field("event"))];
const FOREIGN: Seen = &[Saw::Stray(Stray::Foreign)];
const UNATTRIBUTED: Seen = &[Saw::Unattributed];
const REPLIED: Seen = &[Saw::Replied];
const TICK: Seen = &[Saw::Event("tick")];
const ODD_TICK: Seen = &[Saw::Odd(Oddity::SeqNotAnInteger), Saw::Event("tick")];
const NO_HELLO: Seen = &[Saw::Ends(End::NotAnObject, 1008)];

/// One input and its verdict in each phase.
struct Case {
    name: &'static str,
    input: Said,
    verdicts: [Seen; 4],
}

enum Said {
    /// A text message; see [`Case::text`] for what is filled in.
    Text(String),
    Binary(usize),
}

/// The verdict is the same wherever a text is read at all.
const fn same(verdict: Seen) -> [Seen; 4] {
    [verdict, verdict, verdict, NOTHING]
}

/// The verdicts in the three phases that read.
const fn each(challenge: Seen, hello: Seen, ready: Seen) -> [Seen; 4] {
    [challenge, hello, ready, NOTHING]
}

/// A text message. `$ID` is the id the phase waits for an answer to, `$QUEUED` that of a request the transport has not
/// taken, `$OLD` that of one that was answered; where there is no such request, it is a stranger's.
fn case(name: &'static str, text: impl Into<String>, verdicts: [Seen; 4]) -> Case {
    Case { name, input: Said::Text(text.into()), verdicts }
}

const STRANGER: &str = "3f2b0c1e-6f1a-4a55-9d0e-0d6a7a1f2b3c";

struct Stage {
    drive: Drive,
    phase: Phase,
    /// The connect or the request in flight.
    awaited: Option<String>,
    old: Option<String>,
    queued: String,
}

fn endless(method: &str) -> Request {
    Request::new(method).unwrap().no_timeout()
}

impl Stage {
    /// Waiter 1 is in flight and waiter 2 queued as far as the phase has such; before, both wait.
    fn new(phase: Phase) -> Self {
        let mut drive = Drive::default();
        let (mut awaited, mut old) = (None, None);
        let queued;
        if matches!(phase, Phase::Challenge | Phase::Hello) {
            drive.submit(endless("one"), 1).unwrap();
            queued = drive.submit(endless("two"), 2).unwrap().to_string();
            drive.start();
            drive.input(Input::Opened);
            if phase == Phase::Hello {
                drive.text(&challenge("n"));
                awaited = Some(drive.frame());
            }
        } else {
            drive.connect();
            drive.submit(endless("zero"), 0).unwrap();
            let answered = drive.frame();
            drive.text(&response(&answered, "{}"));
            old = Some(id_of(&answered));
            // The waiter of the older one took slot 0; this one is the slot's next tenant.
            drive.submit(endless("one"), 1).unwrap();
            awaited = Some(drive.frame());
            queued = drive.submit(endless("two"), 2).unwrap().to_string();
        }
        if phase == Phase::Closing {
            drive.shutdown();
        }
        drive.take();
        Self { drive, phase, awaited, old, queued }
    }

    /// Says it and gives back what came of it, in the words of [`Saw`].
    fn say(&mut self, said: &Said) -> Vec<String> {
        let quiet = !self.drive.client.wants_transmit();
        match said {
            Said::Binary(len) => self.drive.input(Input::Binary { len: *len }),
            Said::Text(text) => {
                let id = self.awaited.as_deref().map_or_else(|| STRANGER.into(), id_of);
                let fill = |text: String, place: &str, id: &str| {
                    if text.contains(place) { text.replace(place, id) } else { text }
                };
                let text = fill(text.clone(), "$ID", &id);
                let text = fill(text, "$OLD", self.old.as_deref().unwrap_or(STRANGER));
                let text = fill(text, "$QUEUED", &self.queued);
                self.drive.input(Input::Text(text));
            }
        }
        let mut seen: Vec<String> = self.drive.outputs.iter().filter_map(saw).collect();
        if let Some(State::Stopped { why: StopReason::Down(down) }) = self.drive.last_state() {
            let codes = self.drive.endings();
            assert_eq!(codes.len(), 1, "one socket, one end");
            seen.push(format!("Ends({}, {})", end(down), codes[0].unwrap_or(0)));
        } else if quiet && self.phase != Phase::Ready && self.drive.client.wants_transmit() && seen.is_empty() {
            seen.push("Connect".into());
        }
        seen
    }

    /// Whether the client still does what it is for, and every request completes exactly once.
    fn must_be_well(mut self, row: &str) {
        let mut outcomes = self.drive.outcomes();
        let in_flight = self.phase == Phase::Ready;
        match self.drive.client.state() {
            StateKind::Stopping => {
                assert_eq!(self.phase, Phase::Closing, "{row}");
                self.drive.input(Input::Closed { code: Some(1000), reason: String::new() });
                assert!(
                    matches!(self.drive.last_state(), Some(State::Stopped { why: StopReason::Requested })),
                    "{row}"
                );
                assert!(outcomes.is_empty(), "{row}");
            }
            StateKind::Stopped => {
                outcomes.sort_by_key(|(waiter, _)| *waiter);
                let ok = match outcomes.as_slice() {
                    [(1, Outcome::OutcomeUnknown(_)), (2, Outcome::NotSent(NotSent::ConnectionLost(_)))] => in_flight,
                    [(1, Outcome::NotSent(NotSent::Stopped)), (2, Outcome::NotSent(NotSent::Stopped))] => !in_flight,
                    _ => false,
                };
                assert!(ok, "{row}: {outcomes:?}");
            }
            _ => {
                let before = outcomes.len();
                self.go_on(row);
                outcomes.extend(self.drive.outcomes());
                let mut waiters: Vec<u32> = outcomes.iter().map(|(waiter, _)| *waiter).collect();
                waiters.sort_unstable();
                assert_eq!(waiters, [1, 2], "{row}: {outcomes:?}");
                assert!(
                    outcomes.iter().skip(before).all(|(_, outcome)| matches!(outcome, Outcome::Replied(_))),
                    "{row}: {outcomes:?}"
                );
                self.drive.input(Input::Closed { code: Some(1000), reason: String::new() });
            }
        }
        assert_eq!(self.drive.client.load(), (0, 0, 0), "{row}");
        // And it can begin anew.
        self.drive.connect();
        self.drive.take();
        self.drive.request("after", 3).unwrap();
        let frame = self.drive.frame();
        self.drive.text(&response(&frame, "{}"));
        assert!(matches!(self.drive.outcomes().as_slice(), [(3, Outcome::Replied(_))]), "{row}");
    }

    /// From wherever it is to the answers of all requests, as if nothing had happened.
    fn go_on(&mut self, row: &str) {
        if self.phase == Phase::Challenge {
            if !self.drive.client.wants_transmit() {
                self.drive.text(&challenge("n"));
            }
            self.awaited = Some(self.drive.frame());
        }
        let awaited = self.awaited.take().unwrap();
        if self.drive.client.state() == StateKind::Handshaking {
            self.drive.text(&hello_response(&awaited));
        } else if self.phase == Phase::Ready {
            // Late or duplicate if the hostile frame was itself an answer.
            self.drive.text(&response(&awaited, "{}"));
        }
        assert_eq!(self.drive.client.state(), StateKind::Ready, "{row}");
        for frame in self.drive.frames() {
            self.drive.text(&response(&frame, "{}"));
        }
        let before = self.drive.events().len();
        self.drive.text(&event("legit", 1_000_000, "{}"));
        assert_eq!(self.drive.events().len(), before + 1, "{row}");
    }
}

fn short(text: &str) -> String {
    if text.len() > 64 { format!("<{} bytes>", text.len()) } else { text.to_owned() }
}

/// An output in the words of [`Saw`]; none for those that only belong to the end of a connection.
fn saw(output: &Output<u32, String>) -> Option<String> {
    let saw = match output {
        Output::Event(e) => return Some(format!("Event({:?})", short(e.name()))),
        Output::State(State::Ready { .. }) => Saw::Ready,
        Output::Completed { waiter: 1, outcome: Outcome::Replied(_) } => Saw::Replied,
        Output::Completed { waiter: 1, outcome: Outcome::Rejected(rejected) } => {
            return Some(format!("Rejected({:?})", short(rejected.error.code.as_str())));
        }
        Output::Completed { waiter: 1, outcome: Outcome::UnreadableAnswer } => Saw::Unreadable,
        Output::Notice(notice) => match notice {
            Notice::Malformed { error, .. } => Saw::Malformed(match error {
                FrameError::NotJson { .. } => Why::NotJson,
                FrameError::Truncated => Why::Truncated,
                FrameError::NotAnObject => Why::NotAnObject,
                FrameError::NoType => Why::NoType,
                FrameError::UnknownType(_) => Why::UnknownType,
                FrameError::Field(name) => Why::Field(name),
                FrameError::RequestFromGateway => Why::Request,
                other => panic!("{other:?}"),
            }),
            Notice::Odd(oddity) => Saw::Odd(*oddity),
            Notice::Binary { .. } => Saw::Binary,
            Notice::StrayResponse { stray, .. } => Saw::Stray(*stray),
            Notice::UnattributedError(_) => Saw::Unattributed,
            Notice::SecondChallenge => Saw::SecondChallenge,
            Notice::ChallengeAfterHello => Saw::ChallengeAfterHello,
            Notice::ScopeShortfall { .. } => Saw::Shortfall,
            Notice::PolicyOutOfRange(field) => Saw::Policy(*field),
            other => panic!("{other:?}"),
        },
        Output::Close { .. } | Output::Abort { .. } | Output::State(State::Stopped { .. }) => return None,
        Output::Completed { outcome: Outcome::OutcomeUnknown(_) | Outcome::NotSent(_), .. } => return None,
        other => panic!("{other:?}"),
    };
    Some(format!("{saw:?}"))
}

fn end(down: &Down) -> String {
    let end = match down {
        Down::ChallengeWithoutNonce => End::NoNonce,
        Down::Refused(error) => return format!("Refused({:?})", short(error.code.as_str())),
        Down::InvalidHello(HelloError::NotAnObject) => End::NotAnObject,
        Down::InvalidHello(HelloError::WrongType(_)) => End::WrongType,
        Down::InvalidHello(HelloError::NoProtocol) => End::NoProtocol,
        Down::InvalidHello(HelloError::ProtocolNotOffered { .. }) => End::NotOffered,
        Down::UnreadableConnectAnswer => End::UnreadableAnswer,
        Down::FrameTooLarge { .. } => End::TooLarge,
        other => panic!("{other:?}"),
    };
    format!("{end:?}")
}

/// What the counters must say after an input with that verdict.
fn counted(mut stats: Stats, said: &Said, phase: Phase, verdict: Seen) -> Stats {
    if phase == Phase::Closing {
        return stats;
    }
    if matches!(said, Said::Text(_)) {
        stats.frames_in += 1;
    }
    for saw in verdict {
        let counter = match saw {
            Saw::Malformed(_) => &mut stats.malformed,
            Saw::Odd(_) => &mut stats.odd,
            Saw::Stray(Stray::Duplicate) => &mut stats.duplicate_responses,
            Saw::Stray(Stray::Late) => &mut stats.late_responses,
            Saw::Stray(Stray::Stale) => &mut stats.stale_responses,
            Saw::Stray(_) => &mut stats.foreign_responses,
            Saw::Unattributed => &mut stats.unattributed_errors,
            Saw::Binary => &mut stats.binary,
            Saw::Event(_) => &mut stats.events,
            Saw::SecondChallenge | Saw::ChallengeAfterHello => &mut stats.surplus_challenges,
            Saw::Ready => &mut stats.hellos,
            Saw::Replied | Saw::Rejected(_) | Saw::Unreadable => &mut stats.responses,
            Saw::Ends(..) => &mut stats.downs,
            Saw::Connect | Saw::Policy(_) | Saw::Shortfall => continue,
        };
        *counter += 1;
    }
    stats
}

fn classes() -> Vec<(&'static str, Vec<Case>)> {
    let mut classes = syntax::classes();
    classes.extend(fields::classes());
    classes.extend(handshakes::classes());
    classes
}

#[test]
fn every_hostile_input_has_the_verdict_the_tables_state() {
    let (mut rows, mut wrong, mut per_class) = (0, Vec::new(), BTreeMap::new());
    let classes = classes();
    for (class, cases) in &classes {
        for case in cases {
            for (phase, verdict) in PHASES.into_iter().zip(case.verdicts) {
                let row = format!("{class} / {} / {phase:?}", case.name);
                rows += 1;
                *per_class.entry(*class).or_insert(0) += 1;
                let mut stage = Stage::new(phase);
                let before = stage.drive.client.stats();
                let seen = stage.say(&case.input);
                let expected: Vec<String> = verdict.iter().map(|saw| format!("{saw:?}")).collect();
                if seen != expected {
                    wrong.push(format!("{row}\n  expected {expected:?}\n  seen     {seen:?}"));
                    continue;
                }
                assert_eq!(stage.drive.client.stats(), counted(before, &case.input, phase, verdict), "{row}");
                stage.must_be_well(&row);
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {rows} rows\n{}", wrong.len(), wrong.join("\n"));
    for (class, count) in &per_class {
        println!("{count:4}  {class}");
    }
    println!("{rows:4}  rows in {} classes", per_class.len());
    assert!(per_class.len() >= 15);
    assert!(rows >= 300);
    assert_eq!(per_class.len(), classes.len(), "no class has two parts");
}

#[test]
fn no_two_cases_of_a_class_have_the_same_name() {
    for (class, cases) in classes() {
        for (i, case) in cases.iter().enumerate() {
            assert!(cases.iter().skip(i + 1).all(|other| other.name != case.name), "{class}: {}", case.name);
        }
    }
}

#[test]
fn all_hostile_texts_in_a_row_over_one_connection_leave_it_working() {
    let mut d = Drive::ready();
    d.submit(endless("health"), 1).unwrap();
    let frame = d.frame();
    for (_, cases) in classes() {
        for case in cases {
            match case.input {
                // These end a connection, so they are left out.
                Said::Text(text) if text.len() > 26_214_400 => {}
                Said::Text(text) => d.text(&text),
                Said::Binary(len) => d.input(Input::Binary { len }),
            }
        }
    }
    assert_eq!(d.client.state(), StateKind::Ready);
    d.text(&response(&frame, "{}"));
    assert!(matches!(d.outcomes().as_slice(), [(1, Outcome::Replied(_))]));
}

/// What no transport should report at that time. A late, repeated or premature word changes nothing that matters.
#[test]
fn reports_out_of_turn_harm_nothing() {
    type Report = fn() -> Input<String>;
    let reports: [(&str, Report); 5] = [
        ("opened again", || Input::Opened),
        ("flushed what was never handed over", || Input::Flushed),
        ("totals at their end", || Input::Alive { bytes_in: u64::MAX, bytes_out: u64::MAX }),
        ("totals that shrink", || Input::Alive { bytes_in: 0, bytes_out: 0 }),
        ("an empty binary message", || Input::Binary { len: 0 }),
    ];
    for (name, report) in reports {
        for phase in PHASES {
            let mut stage = Stage::new(phase);
            let before = stage.drive.client.state();
            for _ in 0..3 {
                stage.drive.input(report());
            }
            assert_eq!(stage.drive.client.state(), before, "{name} / {phase:?}");
            stage.must_be_well(&format!("{name} / {phase:?}"));
        }
    }
}

#[test]
fn a_peer_that_talks_before_the_socket_is_said_to_be_open_gets_no_answer() {
    let mut d = Drive::default();
    d.submit(endless("one"), 1).unwrap();
    d.start();
    d.take();
    d.text(&challenge("early"));
    d.text(r#"{"type":"res","id":"invalid","ok":false,"error":{"code":"X"}}"#);
    d.text(r#"{"type":"res","id":"x","ok":true,"payload":{"protocol":4}}"#);
    d.text("garbage");
    assert!(d.frames().is_empty());
    assert_eq!(d.client.state(), StateKind::Dialing);
    assert!(d.outcomes().is_empty());
    d.input(Input::Opened);
    d.text(&challenge("n"));
    d.say_hello();
    assert_eq!(d.client.state(), StateKind::Ready);
}

#[test]
fn the_end_of_a_connection_is_told_once_however_often_it_is_reported() {
    for phase in PHASES {
        let mut stage = Stage::new(phase);
        for _ in 0..3 {
            stage.drive.input(Input::Closed { code: Some(1006), reason: "x".repeat(1 << 20) });
            stage.drive.input(Input::Failed(openclaw_proto::TransportError::Io("again".into())));
        }
        let stopped = stage.drive.take().iter().filter(|o| matches!(o, Output::State(State::Stopped { .. }))).count();
        assert_eq!(stopped, 1, "{phase:?}");
        assert_eq!(stage.drive.client.load(), (0, 0, 0), "{phase:?}");
        assert_eq!(stage.drive.client.stats().stale_inputs, 5, "{phase:?}");
    }
}
