//! A frame's fields, found in one pass.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;

use super::inbound::{FrameError, Oddity, ResponseId, Verdict};
use crate::json;
use crate::scan::{self, Fault, Member, Parts};

/// Which of the three frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Response,
    Event,
}

/// The known fields of all three frames: where their raw values are. A field set to null reads as absent.
pub(crate) struct Envelope<'a> {
    text: &'a str,
    places: Places,
}

/// An empty range where there is none.
#[derive(Default)]
struct Places {
    kind: Range<usize>,
    id: Range<usize>,
    method: Range<usize>,
    ok: Range<usize>,
    payload: Range<usize>,
    params: Range<usize>,
    result: Range<usize>,
    error: Range<usize>,
    event: Range<usize>,
    seq: Range<usize>,
    state_version: Range<usize>,
    traceparent: Range<usize>,
    expected_profile_id: Range<usize>,
    recipient_profile_id: Range<usize>,
    /// A payload field that was there, if only as null.
    null_payload: Range<usize>,
}

impl<'a> Envelope<'a> {
    /// None of them yet.
    #[inline(always)]
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, places: Places::default() }
    }

    /// Finds them, in place: they are many. Payloads are checked to be JSON and otherwise skipped.
    pub(crate) fn fill(&mut self) -> Result<(), FrameError> {
        self.places.fill(self.text).map_err(|fault| why(self.text, fault))
    }

    #[inline]
    pub(crate) fn kind(&self) -> Result<Kind, FrameError> {
        // As they are spelled on the wire, without looking for escapes.
        match self.bytes(&self.places.kind) {
            br#""event""# => Ok(Kind::Event),
            br#""res""# => Ok(Kind::Response),
            _ => self.unusual_kind(),
        }
    }

    fn unusual_kind(&self) -> Result<Kind, FrameError> {
        match &*self.string(&self.places.kind).ok_or(FrameError::NoType)? {
            "event" => Ok(Kind::Event),
            "res" => Ok(Kind::Response),
            "req" => Ok(Kind::Request),
            other => Err(FrameError::UnknownType(other.chars().take(32).collect())),
        }
    }

    #[inline]
    fn bytes(&self, place: &Range<usize>) -> &'a [u8] {
        self.text.as_bytes().get(place.clone()).unwrap_or_default()
    }

    #[inline]
    fn raw(&self, place: &Range<usize>) -> Option<&'a str> {
        if place.is_empty() { None } else { self.text.get(place.clone()) }
    }

    fn string(&self, place: &Range<usize>) -> Option<Cow<'a, str>> {
        self.raw(place).and_then(json::text)
    }

    fn required(&self, place: &Range<usize>, field: &'static str) -> Result<Cow<'a, str>, FrameError> {
        self.string(place).filter(|text| !text.is_empty()).ok_or(FrameError::Field(field))
    }

    /// Where the payload is, if there is one: under the wire's name first, then the two the original Go client used.
    #[inline]
    pub(crate) fn payload_place(&self) -> Option<Range<usize>> {
        let Places { payload, result, params, null_payload, .. } = &self.places;
        [payload, result, params, null_payload].into_iter().find(|place| !place.is_empty()).cloned()
    }

    pub(crate) fn payload(&self) -> Option<&'a str> {
        self.text.get(self.payload_place()?)
    }

    pub(crate) fn error(&self) -> Option<&'a str> {
        self.raw(&self.places.error)
    }

    #[inline]
    pub(crate) fn response_id(&self) -> ResponseId<'a> {
        match self.raw(&self.places.id) {
            None => ResponseId::Missing,
            Some(raw) => json::text(raw).map_or(ResponseId::Other(raw), ResponseId::Text),
        }
    }

    #[inline]
    pub(crate) fn verdict(&self, oddities: &mut Vec<Oddity>) -> Verdict {
        let refused = !self.places.error.is_empty();
        match self.bytes(&self.places.ok) {
            b"true" => {
                if refused {
                    oddities.push(Oddity::ErrorBesideOk);
                }
                Verdict::Ok
            }
            b"false" => Verdict::Error,
            b"" if refused => Verdict::Error,
            b"" => Verdict::Ok,
            _ => {
                oddities.push(Oddity::OkNotABoolean);
                Verdict::Unreadable
            }
        }
    }

    /// An event's name, and where it stands between its quotes.
    #[inline]
    pub(crate) fn event(&self) -> Result<(Range<usize>, Cow<'a, str>), FrameError> {
        let Range { start, end } = self.places.event;
        Ok((start + 1..end.saturating_sub(1), self.required(&self.places.event, "event")?))
    }

    #[inline]
    pub(crate) fn seq(&self, oddities: &mut Vec<Oddity>) -> Option<u64> {
        let raw = self.raw(&self.places.seq)?;
        let seq = json::integer(raw);
        if seq.is_none() {
            oddities.push(Oddity::SeqNotAnInteger);
        }
        seq
    }

    /// Presence and health.
    pub(super) fn state_version(&self, oddities: &mut Vec<Oddity>) -> Option<(u64, u64)> {
        let versions = state_version(self.raw(&self.places.state_version)?);
        if versions.is_none() {
            oddities.push(Oddity::StateVersionShape);
        }
        versions
    }

    /// Where they are, if they are there.
    #[inline]
    pub(crate) fn state_version_place(&self, oddities: &mut Vec<Oddity>) -> Option<Range<usize>> {
        let place = &self.places.state_version;
        if place.is_empty() { None } else { self.state_version(oddities).map(|_| place.clone()) }
    }

    pub(super) fn recipient_profile_id(&self) -> Option<Cow<'a, str>> {
        self.string(&self.places.recipient_profile_id)
    }

    /// Where the recipient's profile stands, if it does; perhaps it is no string.
    #[inline]
    pub(crate) fn recipient_place(&self) -> Option<Range<usize>> {
        let place = &self.places.recipient_profile_id;
        (!place.is_empty()).then(|| place.clone())
    }

    pub(super) fn request_id(&self) -> Result<Cow<'a, str>, FrameError> {
        self.required(&self.places.id, "id")
    }

    pub(super) fn method(&self) -> Result<Cow<'a, str>, FrameError> {
        self.required(&self.places.method, "method")
    }

    pub(super) fn params(&self) -> Option<&'a str> {
        self.raw(&self.places.params)
    }

    pub(super) fn traceparent(&self) -> Option<Cow<'a, str>> {
        self.string(&self.places.traceparent)
    }

    pub(super) fn expected_profile_id(&self) -> Option<Cow<'a, str>> {
        self.string(&self.places.expected_profile_id)
    }
}

fn why(text: &str, fault: Option<Fault>) -> FrameError {
    let Some(fault) = fault else { return FrameError::NotAnObject };
    let Some(place) = fault.place(text) else { return FrameError::Truncated };
    let (line, column) = scan::position(text, place);
    FrameError::NotJson { line, column }
}

/// Presence and health of a raw state version. Its members are read where they are: nothing is built.
pub(crate) fn state_version(raw: &str) -> Option<(u64, u64)> {
    let mut parts = Parts::of_object(raw)?;
    let (mut presence, mut health) = (None, None);
    while let Some((name, value)) = parts.member().ok()? {
        match &*json::text(name).unwrap_or_default() {
            "presence" => presence = Some(value),
            "health" => health = Some(value),
            _ => {}
        }
    }
    Some((json::integer(presence?)?, json::integer(health?)?))
}

impl Places {
    /// The fault is none where the text is no object, whether or not it is JSON otherwise.
    #[inline(always)]
    fn fill(&mut self, text: &str) -> Result<(), Option<Fault>> {
        let Some(mut members) = Parts::of_object(text) else {
            return Err(if Parts::of_array(text).is_some() { None } else { scan::check(text).err() });
        };
        while let Some(Member { name, value }) = members.member_places()? {
            let Some(field) = Field::of(text, name) else { continue };
            let null = value.len() == 4 && text.as_bytes().get(value.clone()) == Some(b"null");
            if null && matches!(field, Field::Payload | Field::Result | Field::Params) {
                self.null_payload = value.clone();
            }
            *self.slot(field) = if null { 0..0 } else { value };
        }
        Ok(())
    }

    fn slot(&mut self, field: Field) -> &mut Range<usize> {
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
    #[inline(always)]
    fn of(text: &str, name: Range<usize>) -> Option<Self> {
        let raw = text.as_bytes().get(name.clone()).unwrap_or_default();
        match Self::spelled(raw) {
            None if raw.contains(&b'\\') => Self::named(&json::text(text.get(name)?)?),
            field => field,
        }
    }

    /// The field of a name with escapes.
    #[cold]
    fn named(name: &str) -> Option<Self> {
        Self::spelled(format!("\"{name}\"").as_bytes())
    }

    fn spelled(raw: &[u8]) -> Option<Self> {
        Some(match raw {
            br#""type""# => Self::Kind,
            br#""id""# => Self::Id,
            br#""method""# => Self::Method,
            br#""ok""# => Self::Ok,
            br#""payload""# => Self::Payload,
            br#""params""# => Self::Params,
            br#""result""# => Self::Result,
            br#""error""# => Self::Error,
            br#""event""# => Self::Event,
            br#""seq""# => Self::Seq,
            br#""stateVersion""# => Self::StateVersion,
            br#""traceparent""# => Self::Traceparent,
            br#""expectedProfileId""# => Self::ExpectedProfileId,
            br#""recipientProfileId""# => Self::RecipientProfileId,
            _ => return None,
        })
    }
}
