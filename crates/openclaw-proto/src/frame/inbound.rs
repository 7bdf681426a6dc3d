//! Reading a frame's envelope.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::envelope::{Envelope, Kind};

/// A frame whose envelope has been read. Everything borrows from the frame's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// `type:"req"`.
    Request(RequestFrame<'a>),
    /// `type:"res"`.
    Response(ResponseFrame<'a>),
    /// `type:"event"`.
    Event(EventFrame<'a>),
}

/// A request frame, as a gateway receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFrame<'a> {
    /// The correlation id.
    pub id: Cow<'a, str>,
    /// The method's name.
    pub method: Cow<'a, str>,
    /// `params` as raw JSON.
    pub params: Option<&'a str>,
    /// W3C trace context.
    pub traceparent: Option<Cow<'a, str>>,
    /// The profile the sender believes it acts as.
    pub expected_profile_id: Option<Cow<'a, str>>,
}

/// A response frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseFrame<'a> {
    /// Whom it answers.
    pub id: ResponseId<'a>,
    /// What it says.
    pub verdict: Verdict,
    /// `payload` (or `result`, or `params`) as raw JSON; may be there beside an error.
    pub payload: Option<&'a str>,
    /// `error` as raw JSON.
    pub error: Option<&'a str>,
    /// What was read with a shrug.
    pub oddities: Vec<Oddity>,
}

/// The id of a response. A gateway echoes an invalid request's id verbatim, whatever its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseId<'a> {
    /// A string; possibly empty, or the literal `invalid` when the gateway could read none.
    Text(Cow<'a, str>),
    /// Another JSON value, raw.
    Other(&'a str),
    /// None at all.
    Missing,
}

/// Whether a response says yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `ok:true`, or no `ok` and no error (the original Go client's shape).
    Ok,
    /// `ok:false`, or no `ok` but an error.
    Error,
    /// `ok` is there but is no boolean: nobody can say.
    Unreadable,
}

/// An event frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFrame<'a> {
    /// The event's name.
    pub event: Cow<'a, str>,
    /// `payload` (or `params`) as raw JSON.
    pub payload: Option<&'a str>,
    /// The connection's event counter.
    pub seq: Option<u64>,
    /// The state version: `(presence, health)`.
    pub state_version: Option<(u64, u64)>,
    /// The profile a broadcast was addressed to.
    pub recipient_profile_id: Option<Cow<'a, str>>,
    /// What was read with a shrug.
    pub oddities: Vec<Oddity>,
}

/// A field that was present but could not be used. The frame counts all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Oddity {
    /// `seq` is no non-negative integer; the event counts as unsequenced.
    SeqNotAnInteger,
    /// `stateVersion` has another shape.
    StateVersionShape,
    /// `ok` is no boolean.
    OkNotABoolean,
    /// `ok:true` beside an error: `ok` wins.
    ErrorBesideOk,
}

/// Why a text is not a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Not JSON, or more than one value.
    #[error("not JSON (line {line}, column {column})")]
    NotJson {
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault.
        column: usize,
    },
    /// The text ends inside a value.
    #[error("JSON ends too early")]
    Truncated,
    /// JSON, but not an object.
    #[error("not a JSON object")]
    NotAnObject,
    /// There is no `type`, or it is no string.
    #[error("no frame type")]
    NoType,
    /// A `type` this protocol does not have, cut to 32 characters.
    #[error("unknown frame type {0:?}")]
    UnknownType(String),
    /// A required field is absent, empty or of the wrong type.
    #[error("frame field {0:?} is missing or unusable")]
    Field(&'static str),
    /// A frame only a client may send.
    #[error("a request frame came from the gateway")]
    RequestFromGateway,
}

/// Reads a frame's envelope in one pass. Payloads are checked to be JSON and otherwise skipped.
///
/// # Errors
/// When the text is no frame. No text makes it panic, however long or deeply nested it is.
pub fn parse(text: &str) -> Result<Frame<'_>, FrameError> {
    let mut envelope = Envelope::new(text);
    envelope.fill()?;
    match envelope.kind()? {
        Kind::Response => Ok(Frame::Response(ResponseFrame::of(&envelope))),
        Kind::Event => EventFrame::of(&envelope).map(Frame::Event),
        Kind::Request => RequestFrame::of(&envelope).map(Frame::Request),
    }
}

impl<'a> RequestFrame<'a> {
    pub(crate) fn of(envelope: &Envelope<'a>) -> Result<Self, FrameError> {
        Ok(Self {
            id: envelope.request_id()?,
            method: envelope.method()?,
            params: envelope.params(),
            traceparent: envelope.traceparent(),
            expected_profile_id: envelope.expected_profile_id(),
        })
    }
}

impl<'a> ResponseFrame<'a> {
    pub(crate) fn of(envelope: &Envelope<'a>) -> Self {
        let mut oddities = Vec::new();
        Self {
            id: envelope.response_id(),
            verdict: envelope.verdict(&mut oddities),
            payload: envelope.payload(),
            error: envelope.error(),
            oddities,
        }
    }
}

impl<'a> EventFrame<'a> {
    fn of(envelope: &Envelope<'a>) -> Result<Self, FrameError> {
        let mut oddities = Vec::new();
        Ok(Self {
            event: envelope.event()?.1,
            payload: envelope.payload(),
            seq: envelope.seq(&mut oddities),
            state_version: envelope.state_version(&mut oddities),
            recipient_profile_id: envelope.recipient_profile_id(),
            oddities,
        })
    }
}
