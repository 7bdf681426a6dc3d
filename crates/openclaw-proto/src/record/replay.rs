//! Running a client over a log once more.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};

use super::RecordLimit;
use super::header::{self, VERSION};
use super::input::{self, Happened};
use super::line::{Fields, Unusable};
use super::log::describe;
use super::mask::Mask;
use super::tape;
use crate::client::Client;
use crate::json;

/// What a log held; the client did all of it again in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Replayed {
    /// Calls and inputs.
    pub inputs: u64,
    /// Outputs, each as recorded.
    pub outputs: u64,
    /// Frames given to the transport, each as recorded.
    pub transmits: u64,
    /// Whether the log has its proper end. One that was cut off, or that reached its limit, has not.
    pub complete: bool,
}

/// Why a log cannot be replayed to its end. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// There is nothing in it.
    #[error("the log is empty")]
    Empty,
    /// The first line is no header of a log, or lacks something.
    #[error("the first line is no header: {0:?} is missing or unusable")]
    Header(&'static str),
    /// A version of the format that this library cannot read.
    #[error("the log has format version {0}, this library reads version 1")]
    Version(u64),
    /// A line cannot be read.
    #[error("line {number} cannot be read: {what:?} is missing or unusable")]
    Line {
        /// Which.
        number: u64,
        /// The field at fault.
        what: &'static str,
    },
    /// The log holds the last of a longer one: what led to the state it begins in is gone.
    #[error("the log has lost its first {lines} lines, and without them it cannot be replayed")]
    BeginningLost {
        /// How many lines were dropped.
        lines: u64,
    },
    /// The client did something else than what was recorded.
    #[error("line {number}: recorded {expected:?}, replayed {got:?}")]
    Diverged {
        /// Which line.
        number: u64,
        /// What was recorded.
        expected: String,
        /// What the client did now; none if nothing.
        got: Option<String>,
    },
}

/// Runs a client over a whole log and compares everything it does with what was recorded.
///
/// Pure: no clock is read, no socket is made, and any text gives a result. A last line that was cut off in writing is
/// left out.
///
/// # Errors
/// At the first line that cannot be read or that the client does not repeat.
pub fn replay(log: &str) -> Result<Replayed, ReplayError> {
    run(log, How { recorded: false, compared: true }).map(|replay| replay.told)
}

/// Runs a client over a whole log, as [`replay`] does, and gives the log of that run: byte for byte the same, if the log
/// has its proper end and this version of the library wrote it.
///
/// # Errors
/// See [`replay`].
pub fn rerecord(log: &str) -> Result<String, ReplayError> {
    run(log, How { recorded: true, compared: true }).map(|replay| replay.written)
}

/// Runs a client over the inputs of a log, whatever came of them then, and gives the log of that run: for a log whose
/// inputs were edited, or that another version of the library wrote. Outputs are taken where some were taken then, frames
/// where and as many as then.
///
/// # Errors
/// At the first line that cannot be read.
pub fn retake(log: &str) -> Result<String, ReplayError> {
    run(log, How { recorded: true, compared: false }).map(|replay| replay.written)
}

/// What is made of a log.
#[derive(Clone, Copy)]
struct How {
    /// A log of this run.
    recorded: bool,
    /// A comparison with what it says.
    compared: bool,
}

fn run(log: &str, how: How) -> Result<Replay, ReplayError> {
    let mut lines = (1..).zip(log.split_inclusive('\n'));
    let (_, first) = lines.next().ok_or(ReplayError::Empty)?;
    let mut replay = Replay::new(first, how)?;
    let mut lines = lines.peekable();
    if let Some((_, next)) = lines.peek() {
        replay.tell(next);
    }
    while let Some((number, line)) = lines.next() {
        // What the log tells the replay stands behind the input it is needed for.
        if let Some((_, next)) = lines.peek() {
            replay.tell(next);
        }
        match replay.line(number, line) {
            Err(ReplayError::Line { .. }) if !line.ends_with('\n') && Fields::parse(line).is_none() => break,
            Err(ReplayError::Diverged { .. }) if !how.compared => {}
            other => other?,
        }
        let outputs = |line: &str| Fields::parse(line).is_some_and(|fields| fields.0.get("out").is_some());
        if !how.compared && outputs(line) && !lines.peek().is_some_and(|(_, next)| outputs(next)) {
            while replay.client.poll_output().is_some() {}
        }
        replay.write();
    }
    Ok(replay)
}

struct Replay {
    client: Client<u64, String>,
    /// The replayed client knows masked credentials only, but what stands under telltale keys is masked here too.
    mask: Mask,
    told: Replayed,
    ended: bool,
    /// The log of this run, if it is recorded.
    written: String,
}

impl Replay {
    fn new(first: &str, how: How) -> Result<Self, ReplayError> {
        if first.trim().is_empty() {
            return Err(ReplayError::Empty);
        }
        let header = |Unusable(what)| ReplayError::Header(what);
        let fields = Fields::parse(first).ok_or(ReplayError::Header("openclaw-record"))?;
        let version = fields.number("openclaw-record").map_err(header)?;
        if version != VERSION {
            return Err(ReplayError::Version(version));
        }
        let (config, seed) = header::decode(&fields).map_err(header)?;
        let mut client = Client::new(config, seed);
        client.tape = Some(Box::default());
        let mut replay =
            Self { client, mask: Mask::default(), told: Replayed::default(), ended: false, written: String::new() };
        if how.recorded {
            replay.client.record(RecordLimit::bytes(usize::MAX));
            replay.write();
        }
        Ok(replay)
    }

    /// Takes what this run has recorded.
    fn write(&mut self) {
        while let Some(line) = self.client.poll_record() {
            self.written.push_str(&line);
            self.written.push('\n');
        }
    }

    /// Lets the client know ahead what the next line says, if it says what the client cannot work out.
    fn tell(&mut self, next: &str) {
        if let Some(Ok(Some(told))) = Fields::parse(next).map(|fields| tape::decode(&fields)) {
            self.client.tape.get_or_insert_default().push_back(told);
        }
    }

    fn line(&mut self, number: u64, line: &str) -> Result<(), ReplayError> {
        let bad = |Unusable(what)| ReplayError::Line { number, what };
        let fields = Fields::parse(line).ok_or(ReplayError::Line { number, what: "line" })?;
        if self.ended {
            return Err(ReplayError::Line { number, what: "end" });
        }
        if fields.0.get("lost").is_some() {
            return Err(ReplayError::BeginningLost { lines: fields.number("lost").map_err(bad)? });
        }
        if let Some(told) = tape::decode(&fields).map_err(bad)? {
            self.told.inputs += 1;
            // The input before this line has asked for it, if it did what it did when it was recorded.
            let unasked = self.client.tape.as_mut().is_some_and(|tape| tape.pop_front().is_some());
            return same(number, unasked.then(|| format!("an answer nobody asked for: {}", told.name())), None);
        }
        if fields.0.get("in").is_some() {
            self.told.inputs += 1;
            let kind = fields.text("in").map_err(bad)?;
            let (expected, got) = self.happened(&kind, &fields).map_err(bad)?;
            return same(number, expected, got);
        }
        if fields.0.get("out").is_some() {
            self.told.outputs += 1;
            let expected = fields.text("out").map_err(bad)?;
            let got = self.client.poll_output().map(|output| describe(&output));
            return same(number, Some(expected), got);
        }
        if fields.0.get("tx").is_some() {
            self.told.transmits += 1;
            let now = fields.now().map_err(bad)?;
            let frame = fields.object("tx").map_err(bad)?;
            let conn: u64 = frame.number("conn").map_err(bad)?;
            let expected = shown_frame(conn, &frame.text("text").map_err(bad)?);
            let got = self.client.poll_transmit(now);
            let got = got.map(|transmit| shown_frame(transmit.conn.0, &self.mask.json(&transmit.text)));
            return same(number, Some(expected), got);
        }
        self.end(number, &fields)
    }

    /// Does what happened. Gives what was recorded of its result, and the result.
    fn happened(&mut self, kind: &str, fields: &Fields<'_>) -> Result<(Option<String>, Option<String>), Unusable> {
        let recorded = || fields.get("got").map(|raw| json::text(raw).unwrap_or_else(|| raw.into()).into_owned());
        match input::decode(kind, fields)? {
            Happened::Start(now) => self.client.start(now),
            Happened::Nudge(now) => self.client.nudge(now),
            Happened::Shutdown(now) => self.client.shutdown(now),
            Happened::Timeout(now) => self.client.handle_timeout(now),
            Happened::Input(now, conn, input) => self.client.handle_input(now, conn, input),
            Happened::Request(now, request) => {
                let result = self.client.request(now, request, self.told.inputs).map_err(|refused| refused.why);
                let got = input::answer_of(result.as_ref().copied(), &self.mask);
                return Ok((Some(recorded()?), Some(got)));
            }
            Happened::Stored(token) => self.client.set_stored_token(token),
            Happened::Auth(auth) => self.client.set_auth(auth),
            Happened::Cancel(id) => {
                let found = self.client.cancel(id).is_some();
                return Ok((Some(recorded()?), Some(found.to_string())));
            }
        }
        Ok((None, None))
    }

    fn end(&mut self, number: u64, fields: &Fields<'_>) -> Result<(), ReplayError> {
        let bad = |Unusable(what)| ReplayError::Line { number, what };
        self.ended = true;
        match fields.text("end").map_err(bad)?.as_str() {
            "limit" => Ok(()),
            "done" => {
                let left: u64 = fields.number("left").map_err(bad)?;
                self.client.end_record();
                let mut got = 0_u64;
                while self.client.poll_output().is_some() {
                    got += 1;
                }
                self.told.complete = true;
                same(number, Some(left.to_string()), Some(got.to_string()))
            }
            _ => Err(ReplayError::Line { number, what: "end" }),
        }
    }
}

fn shown_frame(conn: u64, text: &str) -> String {
    format!("#{conn} {text}")
}

fn same(number: u64, expected: Option<String>, got: Option<String>) -> Result<(), ReplayError> {
    if expected == got {
        return Ok(());
    }
    Err(ReplayError::Diverged { number, expected: expected.unwrap_or_default(), got })
}
