//! A client's host: a core, its sockets, and somebody who looks at every call.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use openclaw_proto::connect::{Auth, Scope};
use openclaw_proto::credentials::StoredToken;
use openclaw_proto::device::DeviceIdentity;
use openclaw_proto::{Client, ConnId, Input, Instant, NotSent, Now, Output, Request, RequestId, Transmit, UrlError};

use openclaw_proto::record::{RecordLimit, replay};

use super::clock::Clock;
use super::note::Note;
use crate::dice::Dice;
use crate::invariants::REPLAYS;
use crate::net::RoadId;
use crate::reading::Reading;
use crate::script::{ClientSpec, Device, TOKEN};
use crate::watch::{Broken, Call, Facts, Step, View, Watch};

/// A socket of the host's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sock {
    /// The connection, once the gateway has taken it.
    pub(super) road: Option<RoadId>,
    /// The core knows that it is open.
    pub(super) open: bool,
    /// A close frame has been sent.
    pub(super) closing: bool,
    /// Frames were handed over that have not all left.
    pub(super) unflushed: bool,
    /// The bytes that had left when the core was told last.
    pub(super) told_out: u64,
}

/// One of so many clients records itself.
const RECORDERS: u64 = 6;
/// How much of it is kept. No frame of a run is nearly as large as the second of the two.
const RECORD: (usize, usize) = (16 << 20, 1 << 20);
/// How long an answer may take in the end: longer than any way there and back.
const PROOF_LIMIT: Duration = Duration::from_secs(20);

/// The request that shows whether a client is back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Proof {
    /// It has not been made, or did not get its answer.
    #[default]
    Missing,
    /// It is open.
    Asked(u32),
    /// It was answered.
    Given,
}

/// A client with everything around it.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) spec: ClientSpec,
    pub(super) clock: Clock,
    pub(super) sockets: BTreeMap<ConnId, Sock>,
    /// What the core wants, in its order.
    pub(super) wants: VecDeque<Output<u32, String>>,
    pub(super) gateway: usize,
    /// Tokens of the sleeps it is in.
    pub(super) asleep: Vec<(u64, Instant, bool)>,
    /// Tokens of the times it does not read.
    pub(super) not_reading: Vec<u64>,
    /// Events of the script that came while it slept.
    pub(super) put_off: Vec<usize>,
    pub(super) dice: Dice,
    /// When the core wants to be called, by the world's time.
    pub(super) alarm: Option<Instant>,
    pub(super) broken: Vec<Broken>,
    pub(super) notes: Vec<Note>,
    core: Client<u32, String>,
    identity: Option<DeviceIdentity>,
    /// What the core recorded of itself, if it does.
    log: Option<String>,
    watch: Option<Watch>,
    next_waiter: u32,
    /// Calls of the core.
    pub(super) steps: u64,
    /// The request that shows whether a client is back: open, or answered.
    pub(super) proof: Proof,
}

impl Host {
    pub(super) fn new(spec: &ClientSpec, dice: &Dice, watched: Option<Option<&str>>) -> Result<Self, UrlError> {
        let mut dice = dice.clone();
        let config = spec.config(&dice.fork(2).seed())?;
        let identity = config.device.clone();
        let watch = watched.map(|only| Watch::new(&config, only));
        let mut core = Client::new(config, dice.seed());
        // Recording takes time, so some do it for all.
        let records = watch.as_ref().is_some_and(|watch| watch.wants(REPLAYS)) && dice.fork(1).chance(1, RECORDERS);
        let recorded = records && core.record(RecordLimit::bytes(RECORD.0));
        let mut host = Self {
            watch,
            core,
            identity,
            log: recorded.then(String::new),
            clock: Clock::new(dice.below(1_000_000_000_000)),
            spec: spec.clone(),
            sockets: BTreeMap::new(),
            wants: VecDeque::new(),
            gateway: spec.gateway,
            asleep: Vec::new(),
            not_reading: Vec::new(),
            put_off: Vec::new(),
            dice,
            alarm: None,
            broken: Vec::new(),
            notes: Vec::new(),
            next_waiter: 1,
            steps: 0,
            proof: Proof::default(),
        };
        if let Some(stored) = host.known_token() {
            if let Some(watch) = &mut host.watch {
                watch.give(Some(&stored));
            }
            host.core.set_stored_token(Some(stored));
        }
        Ok(host)
    }

    /// Its device, if it has one.
    pub(super) fn identity(&self) -> Option<&DeviceIdentity> {
        self.identity.as_ref()
    }

    /// The token its device was issued before the run, if it was paired by then.
    pub(super) fn known_token(&self) -> Option<StoredToken> {
        let device = self.identity.as_ref().filter(|_| self.spec.device == Device::Known)?;
        let token = format!("token-of-{}", device.id().as_str().get(..16)?);
        Some(StoredToken::new(token, [Scope::Read, Scope::Write]))
    }

    /// Its user gives it the gateway's shared token.
    pub(super) fn give_shared_token(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.other_auth();
        }
        self.core.set_auth(Auth::token(TOKEN));
    }

    pub(super) fn core(&self) -> &Client<u32, String> {
        &self.core
    }

    pub(super) fn watch(&mut self) -> Option<&mut Watch> {
        self.watch.as_mut()
    }

    pub(super) fn is_asleep(&self) -> bool {
        !self.asleep.is_empty()
    }

    /// Whether it takes what has come.
    pub(super) fn reads(&self) -> bool {
        self.asleep.is_empty() && self.not_reading.is_empty()
    }

    fn view(&self) -> View {
        View {
            state: self.core.state(),
            timeout: self.core.poll_timeout(),
            load: self.core.load(),
            stats: self.core.stats(),
            wants_transmit: self.core.wants_transmit(),
        }
    }

    /// Drains the core after a call and lets the call be looked at.
    fn called(&mut self, now: Now, before: View, call: Call<'_>) {
        self.steps += 1;
        let first = self.wants.len();
        while let Some(output) = self.core.poll_output() {
            self.wants.push_back(output);
        }
        self.keep_record();
        let after = self.view();
        let Some(watch) = &mut self.watch else { return };
        let outputs = self.wants.make_contiguous().get(first..).unwrap_or_default();
        let limit = self.spec.inbound_frame;
        let reading = match &call {
            Call::Input { input: Input::Text(text), .. } => Some(Reading::of(text, limit)),
            _ => None,
        };
        let step = Step { now, call, reading, outputs, before, after };
        Note::of(&step, &mut self.notes);
        match watch.step(&step) {
            Ok(rows) => self.notes.extend(rows.into_iter().map(Note::Row)),
            Err(broken) => self.broken.extend(broken),
        }
        self.notes.extend(watch.take_draw().map(Note::Draw));
    }

    fn keep_record(&mut self) {
        let Some(log) = &mut self.log else { return };
        while let Some(line) = self.core.poll_record() {
            log.push_str(&line);
            log.push('\n');
        }
    }

    /// Runs another core over what this one recorded of itself.
    pub(super) fn replay(&mut self) -> Result<(), String> {
        self.core.end_record();
        self.keep_record();
        let full = self.log.as_ref().is_some_and(|log| log.len() + RECORD.1 > RECORD.0);
        match self.log.as_deref().map(replay) {
            Some(Err(error)) => Err(error.to_string()),
            Some(Ok(replayed)) if !replayed.complete && !full => Err("the record is not complete".into()),
            _ => Ok(()),
        }
    }

    fn call(&mut self, now: Now, call: Call<'_>, act: impl FnOnce(&mut Client<u32, String>)) {
        let before = self.view();
        act(&mut self.core);
        self.called(now, before, call);
    }

    pub(super) fn start(&mut self, at: Instant) {
        let now = self.clock.now(at);
        self.call(now, Call::Start, |core| core.start(now));
    }

    pub(super) fn nudge(&mut self, at: Instant) {
        let now = self.clock.now(at);
        self.call(now, Call::Nudge, |core| core.nudge(now));
    }

    pub(super) fn shutdown(&mut self, at: Instant) {
        let now = self.clock.now(at);
        self.call(now, Call::Shutdown, |core| core.shutdown(now));
    }

    pub(super) fn timeout(&mut self, at: Instant) {
        let now = self.clock.now(at);
        self.call(now, Call::Timeout, |core| core.handle_timeout(now));
    }

    pub(super) fn tell(&mut self, at: Instant, conn: ConnId, input: &Input<String>) {
        let (now, given) = (self.clock.now(at), input.clone());
        self.call(now, Call::Input { conn, input }, |core| core.handle_input(now, conn, given));
    }

    pub(super) fn ask(&mut self, at: Instant, request: Request, facts: Facts) -> Result<RequestId, NotSent> {
        let (now, waiter, before) = (self.clock.now(at), self.next_waiter, self.view());
        self.next_waiter += 1;
        let result = self.core.request(now, request, waiter).map_err(|refused| refused.why);
        self.called(now, before, Call::Request { waiter, facts, result: result.as_ref().copied() });
        result
    }

    pub(super) fn cancel(&mut self, at: Instant, id: RequestId) {
        let (now, before) = (self.clock.now(at), self.view());
        let waiter = self.core.cancel(id);
        self.called(now, before, Call::Cancel { id, waiter });
    }

    /// The next frame of a connection.
    pub(super) fn transmit(&mut self, at: Instant, conn: ConnId) -> Option<String> {
        let (now, before) = (self.clock.now(at), self.view());
        let frame: Option<Transmit> = self.core.poll_transmit_on(now, conn);
        self.called(now, before, Call::Transmit { conn, frame: frame.as_ref() });
        frame.map(|frame| frame.text)
    }

    /// Asks for a proof that there is somebody at the other end. What is in its way is given up.
    pub(super) fn ask_for_proof(&mut self, at: Instant) {
        for id in self.some_open(u32::MAX) {
            self.cancel(at, id);
        }
        let Ok(request) = Request::new("health") else { return };
        let facts = Facts { len: request.frame_len(), limit: Some(PROOF_LIMIT), ..Facts::default() };
        let waiter = self.next_waiter;
        if self.ask(at, request.timeout(PROOF_LIMIT), facts).is_ok() {
            self.proof = Proof::Asked(waiter);
        }
    }

    /// Some of the requests that are open.
    pub(super) fn some_open(&mut self, count: u32) -> Vec<RequestId> {
        let Some(watch) = &self.watch else { return Vec::new() };
        let mut ids: Vec<RequestId> = watch.known().open.values().map(|open| open.id).collect();
        let count = usize::try_from(count).unwrap_or_default().min(ids.len());
        (0..count).map(|_| ids.swap_remove(self.dice.place(ids.len()))).collect()
    }

    /// Arms the alarm anew. Gives the old one and the new one.
    pub(super) fn arm(&mut self) -> (Option<Instant>, Option<Instant>) {
        let armed = self.core.poll_timeout().filter(|_| !self.is_asleep());
        let alarm = armed.map(|(at, _)| self.clock.world(at));
        (std::mem::replace(&mut self.alarm, alarm), alarm)
    }
}
