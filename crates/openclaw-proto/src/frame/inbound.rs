//! Reading a frame's envelope.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::json::{self, RawObject};
use crate::scan::{self, Fault, Parts};

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
    let raw = Envelope::read(text).map_err(|fault| why(text, fault))?;
    let kind = match raw.kind {
        // As they are spelled on the wire, without looking for escapes.
        Some(r#""event""#) => Cow::Borrowed("event"),
        Some(r#""res""#) => Cow::Borrowed("res"),
        other => other.and_then(json::text).ok_or(FrameError::NoType)?,
    };
    match &*kind {
        "res" => Ok(Frame::Response(raw.into_response())),
        "event" => raw.into_event().map(Frame::Event),
        "req" => raw.into_request().map(Frame::Request),
        other => Err(FrameError::UnknownType(other.chars().take(32).collect())),
    }
}

fn why(text: &str, fault: Option<Fault>) -> FrameError {
    let Some(fault) = fault else { return FrameError::NotAnObject };
    let Some(place) = fault.place(text) else { return FrameError::Truncated };
    let (line, column) = scan::position(text, place);
    FrameError::NotJson { line, column }
}

/// The known fields of all three frames, raw. A field set to null reads as absent.
#[derive(Default)]
struct Envelope<'a> {
    kind: Option<&'a str>,
    id: Option<&'a str>,
    method: Option<&'a str>,
    ok: Option<&'a str>,
    payload: Option<&'a str>,
    params: Option<&'a str>,
    result: Option<&'a str>,
    error: Option<&'a str>,
    event: Option<&'a str>,
    seq: Option<&'a str>,
    state_version: Option<&'a str>,
    traceparent: Option<&'a str>,
    expected_profile_id: Option<&'a str>,
    recipient_profile_id: Option<&'a str>,
    /// A payload field that was there, if only as null.
    null_payload: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    /// The fault is none where the text is no object, whether or not it is JSON otherwise.
    fn read(text: &'a str) -> Result<Self, Option<Fault>> {
        let Some(mut members) = Parts::of_object(text) else {
            return Err(if Parts::of_array(text).is_some() { None } else { scan::check(text).err() });
        };
        let mut envelope = Self::default();
        while let Some((name, raw)) = members.member()? {
            let Some(field) = Field::of(name) else { continue };
            let null = raw == "null";
            if null && matches!(field, Field::Payload | Field::Result | Field::Params) {
                envelope.null_payload = Some(raw);
            }
            *envelope.slot(field) = (!null).then_some(raw);
        }
        Ok(envelope)
    }

    fn slot(&mut self, field: Field) -> &mut Option<&'a str> {
        match field {
            Field::Kind => &mut self.kind,
            Field::Id => &mut self.id,
            Field::Method => &mut self.method,
            Field::Ok => &mut self.ok,
            Field::Payload => &mut self.payload,
            Field::Params => &mut self.params,
            Field::Result => &mut self.result,
            Field::Error => &mut self.error,
            Field::Event => &mut self.event,
            Field::Seq => &mut self.seq,
            Field::StateVersion => &mut self.state_version,
            Field::Traceparent => &mut self.traceparent,
            Field::ExpectedProfileId => &mut self.expected_profile_id,
            Field::RecipientProfileId => &mut self.recipient_profile_id,
        }
    }

    /// The wire's name first, then the two the original Go client used.
    fn payload(&self) -> Option<&'a str> {
        self.payload.or(self.result).or(self.params).or(self.null_payload)
    }

    fn into_response(self) -> ResponseFrame<'a> {
        let mut oddities = Vec::new();
        let verdict = match self.ok.map(json::boolean) {
            Some(Some(true)) => {
                if self.error.is_some() {
                    oddities.push(Oddity::ErrorBesideOk);
                }
                Verdict::Ok
            }
            Some(Some(false)) => Verdict::Error,
            Some(None) => {
                oddities.push(Oddity::OkNotABoolean);
                Verdict::Unreadable
            }
            None if self.error.is_some() => Verdict::Error,
            None => Verdict::Ok,
        };
        let id = match self.id {
            None => ResponseId::Missing,
            Some(raw) => json::text(raw).map_or(ResponseId::Other(raw), ResponseId::Text),
        };
        ResponseFrame { id, verdict, payload: self.payload(), error: self.error, oddities }
    }

    fn into_event(self) -> Result<EventFrame<'a>, FrameError> {
        let event = required(self.event, "event")?;
        let mut oddities = Vec::new();
        let seq = self.seq.and_then(json::integer);
        if self.seq.is_some() && seq.is_none() {
            oddities.push(Oddity::SeqNotAnInteger);
        }
        let state_version = self.state_version.and_then(state_version);
        if self.state_version.is_some() && state_version.is_none() {
            oddities.push(Oddity::StateVersionShape);
        }
        Ok(EventFrame {
            event,
            payload: self.payload(),
            seq,
            state_version,
            recipient_profile_id: self.recipient_profile_id.and_then(json::text),
            oddities,
        })
    }

    fn into_request(self) -> Result<RequestFrame<'a>, FrameError> {
        Ok(RequestFrame {
            id: required(self.id, "id")?,
            method: required(self.method, "method")?,
            params: self.params,
            traceparent: self.traceparent.and_then(json::text),
            expected_profile_id: self.expected_profile_id.and_then(json::text),
        })
    }
}

fn required<'a>(raw: Option<&'a str>, field: &'static str) -> Result<Cow<'a, str>, FrameError> {
    raw.and_then(json::text).filter(|text| !text.is_empty()).ok_or(FrameError::Field(field))
}

pub(crate) fn state_version(raw: &str) -> Option<(u64, u64)> {
    let object = RawObject::parse(raw)?;
    Some((object.integer("presence")?, object.integer("health")?))
}

#[derive(Clone, Copy)]
enum Field {
    Kind,
    Id,
    Method,
    Ok,
    Payload,
    Params,
    Result,
    Error,
    Event,
    Seq,
    StateVersion,
    Traceparent,
    ExpectedProfileId,
    RecipientProfileId,
}

impl Field {
    /// The field of a raw name. One without text (half a surrogate pair) is merely unknown.
    fn of(raw: &str) -> Option<Self> {
        Self::spelled(raw).or_else(|| if raw.contains('\\') { Self::named(&json::text(raw)?) } else { None })
    }

    /// The field of a name with escapes.
    fn named(name: &str) -> Option<Self> {
        Self::spelled(&format!("\"{name}\""))
    }

    fn spelled(raw: &str) -> Option<Self> {
        Some(match raw {
            r#""type""# => Self::Kind,
            r#""id""# => Self::Id,
            r#""method""# => Self::Method,
            r#""ok""# => Self::Ok,
            r#""payload""# => Self::Payload,
            r#""params""# => Self::Params,
            r#""result""# => Self::Result,
            r#""error""# => Self::Error,
            r#""event""# => Self::Event,
            r#""seq""# => Self::Seq,
            r#""stateVersion""# => Self::StateVersion,
            r#""traceparent""# => Self::Traceparent,
            r#""expectedProfileId""# => Self::ExpectedProfileId,
            r#""recipientProfileId""# => Self::RecipientProfileId,
            _ => return None,
        })
    }
}
