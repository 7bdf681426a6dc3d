//! Building a request frame.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
use core::time::Duration;

use super::{MAX_PROFILE_ID, MAX_TRACEPARENT};
use serde_json::value::RawValue;

use crate::json::{self, RawObject};
use crate::request::RequestId;

/// Length of a correlation id on the wire: a hyphenated UUID.
pub(crate) const ID_LEN: usize = 36;

/// Stands in the frame until the core knows the id.
const ID_PLACE: &str = "00000000-0000-0000-0000-000000000000";
const ID_RANGE: Range<usize> = {
    let start = r#"{"type":"req","id":""#.len();
    start..start + ID_LEN
};

/// A request, serialised: what is left to fill in is its id.
///
/// The text is built once, outside of any lock, and becomes the message that is sent; the core writes the id
/// into the place kept for it.
///
/// ```
/// use openclaw_proto::Request;
/// let request = Request::with_params("chat.history", &serde_json::json!({"limit": 20}))?;
/// # Ok::<(), openclaw_proto::RequestError>(())
/// ```
#[derive(Clone)]
pub struct Request {
    pub(crate) text: Vec<u8>,
    pub(crate) method: String,
    /// Fields that only some gateways know, as they will stand in the frame.
    pub(crate) profile: Option<Vec<u8>>,
    pub(crate) trace: Option<Vec<u8>>,
    pub(crate) timeout: Timeout,
    pub(crate) final_timeout: Option<Duration>,
    pub(crate) two_stage: bool,
    pub(crate) when_not_ready: WhenNotReady,
}

/// A request's deadline as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timeout {
    /// The client's default.
    Default,
    After(Duration),
    Never,
}

/// What becomes of a request made while the connection is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum WhenNotReady {
    /// It waits, its deadline running, among a bounded number.
    #[default]
    Wait,
    /// It is refused at once.
    Refuse,
}

/// Whether the gateway answers a request twice on the same id: `accepted` now, the result later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TwoStage {
    /// As the method is known to behave: `agent` always; `exec.approval.request` and
    /// `plugin.approval.request` when their params say `twoPhase:true`; every other method answers once.
    #[default]
    ByMethod,
    /// The first answer is the result, whatever it says.
    Never,
    /// A second answer is expected if the first says `accepted`. Methods that answer once may say `accepted`
    /// too, so the wait for the second one has an end.
    Expect {
        /// How long to wait for the result, counted from acceptance.
        within: Duration,
    },
}

/// Why a request cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The gateway refuses an empty method name.
    #[error("the method name is empty")]
    EmptyMethod,
    /// The params do not serialise.
    #[error("the params cannot be serialised: {0}")]
    Params(serde_json::Error),
    /// The raw params are not one JSON value.
    #[error("the params are not one JSON value: {0}")]
    RawParams(serde_json::Error),
    /// Longer than 128 characters: the gateway would refuse the whole frame.
    #[error("traceparent is longer than 128 characters")]
    TraceparentTooLong,
    /// Empty or longer than 128 characters.
    #[error("the expected profile id must have 1 to 128 characters")]
    ProfileIdLength,
}

impl Request {
    /// A request without params.
    ///
    /// # Errors
    /// When the method's name is empty.
    pub fn new(method: &str) -> Result<Self, RequestError> {
        Self::build::<()>(method, None)
    }

    /// A request with params.
    ///
    /// # Errors
    /// When the method's name is empty or the params do not serialise.
    pub fn with_params<P: serde::Serialize + ?Sized>(method: &str, params: &P) -> Result<Self, RequestError> {
        Self::build(method, Some(params))
    }

    /// A request whose params are JSON already.
    ///
    /// # Errors
    /// When the method's name is empty or `params` is not one JSON value.
    pub fn with_raw_params(method: &str, params: &str) -> Result<Self, RequestError> {
        let params: &RawValue = serde_json::from_str(params).map_err(RequestError::RawParams)?;
        Self::build(method, Some(params))
    }

    /// A deadline for the answer (for two-stage requests: for the acceptance). Default: the client's, 30 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Timeout::After(timeout);
        self
    }

    /// No deadline: the request ends with its answer or with the connection.
    #[must_use]
    pub fn no_timeout(mut self) -> Self {
        self.timeout = Timeout::Never;
        self
    }

    /// A deadline for the second answer of a two-stage request, counted from acceptance. Default: none, the
    /// result ends with the connection at the latest.
    #[must_use]
    pub fn final_timeout(mut self, timeout: Duration) -> Self {
        self.final_timeout = Some(timeout);
        self
    }

    /// Overrides what is known of the method's answers.
    #[must_use]
    pub fn two_stage(mut self, two_stage: TwoStage) -> Self {
        match two_stage {
            TwoStage::ByMethod => {
                self.two_stage = self.method == "agent";
                return self.recognise_two_phase();
            }
            TwoStage::Never => self.two_stage = false,
            TwoStage::Expect { within } => {
                self.two_stage = true;
                self.final_timeout = Some(within);
            }
        }
        self
    }

    /// What to do while the connection is not ready. Default: wait.
    #[must_use]
    pub fn when_not_ready(mut self, when_not_ready: WhenNotReady) -> Self {
        self.when_not_ready = when_not_ready;
        self
    }

    /// Adds W3C trace context.
    ///
    /// Old gateways refuse a frame for it (2026.5.12, wire v4, still does), and nothing in a hello says who takes it; so
    /// it is sent to gateways whose hello names a `bootId`, as those that take it do, and left out for others.
    ///
    /// # Errors
    /// When it is longer than the gateway takes.
    pub fn traceparent(mut self, traceparent: &str) -> Result<Self, RequestError> {
        if traceparent.chars().count() > MAX_TRACEPARENT {
            return Err(RequestError::TraceparentTooLong);
        }
        self.trace = Some(field("traceparent", traceparent));
        Ok(self)
    }

    /// Binds the request to a profile: the gateway refuses it if the connection acts as another one.
    ///
    /// Only gateways that advertise `profile-binding-v1` know the field, and older ones refuse the frame for it;
    /// with those the request is not sent but completes with
    /// [`NotSent::ProfileBindingUnsupported`](crate::NotSent::ProfileBindingUnsupported).
    ///
    /// # Errors
    /// When the id is empty or longer than 128 characters.
    pub fn expected_profile_id(mut self, id: &str) -> Result<Self, RequestError> {
        if id.is_empty() || id.chars().count() > MAX_PROFILE_ID {
            return Err(RequestError::ProfileIdLength);
        }
        self.profile = Some(field("expectedProfileId", id));
        Ok(self)
    }

    /// The method's name.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The size of the frame in bytes.
    #[must_use]
    pub fn frame_len(&self) -> usize {
        let optional = |field: &Option<Vec<u8>>| field.as_ref().map_or(0, Vec::len);
        self.text.len() + optional(&self.profile) + optional(&self.trace) + 1
    }

    pub(crate) fn needs_profile_binding(&self) -> bool {
        self.profile.is_some()
    }

    /// Serialises the whole frame in one go: one growing allocation that later becomes the message.
    fn build<P: serde::Serialize + ?Sized>(method: &str, params: Option<&P>) -> Result<Self, RequestError> {
        #[derive(serde::Serialize)]
        struct Frame<'a, P: ?Sized> {
            r#type: &'static str,
            id: &'a str,
            method: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            params: Option<&'a P>,
        }
        if method.is_empty() {
            return Err(RequestError::EmptyMethod);
        }
        let frame = Frame { r#type: "req", id: ID_PLACE, method, params };
        let mut text = serde_json::to_vec(&frame).map_err(RequestError::Params)?;
        text.pop(); // the closing brace, until every field is in
        Ok(Self {
            text,
            method: method.into(),
            profile: None,
            trace: None,
            timeout: Timeout::Default,
            final_timeout: None,
            two_stage: method == "agent",
            when_not_ready: WhenNotReady::Wait,
        }
        .recognise_two_phase())
    }

    /// The approval methods answer twice only when asked to.
    fn recognise_two_phase(mut self) -> Self {
        if matches!(self.method.as_str(), "exec.approval.request" | "plugin.approval.request") {
            let mut whole = self.text.clone();
            whole.push(b'}');
            let asked = core::str::from_utf8(&whole)
                .ok()
                .and_then(RawObject::parse)
                .and_then(|frame| frame.object("params"))
                .and_then(|params| params.boolean("twoPhase"));
            self.two_stage = asked == Some(true);
        }
        self
    }

    /// Writes the id and closes the frame. Also gives the size of the trace context, which stands last.
    pub(crate) fn finish(mut self, id: RequestId) -> (String, usize) {
        self.text.extend(self.profile.into_iter().flatten());
        let trace = self.trace.unwrap_or_default();
        self.text.extend_from_slice(&trace);
        self.text.push(b'}');
        let mut buffer = [0; ID_LEN];
        let wire = id.encode(&mut buffer);
        if let Some(place) = self.text.get_mut(ID_RANGE) {
            place.copy_from_slice(wire.as_bytes());
        }
        // Serialisers write UTF-8; were one to lie, the gateway would see its replacement characters, not a panic.
        let text = String::from_utf8(self.text).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        (text, trace.len())
    }
}

/// Takes the trace context out of a finished frame.
pub(crate) fn strip_trace(frame: &mut String, trace_len: usize) {
    let end = frame.len().saturating_sub(1 + trace_len);
    if trace_len > 0 && frame.is_char_boundary(end) {
        frame.truncate(end);
        frame.push('}');
    }
}

fn field(name: &str, value: &str) -> Vec<u8> {
    let mut text = Vec::from([b',']);
    json::push_string(&mut text, name);
    text.push(b':');
    json::push_string(&mut text, value);
    text
}

/// Params may hold anything, so only the method and the size are shown.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("frame_len", &self.frame_len())
            .field("two_stage", &self.two_stage)
            .finish_non_exhaustive()
    }
}

/// The deadline a request asks for, given the client's default.
pub(crate) fn timeout_of(request: &Request, default: Option<Duration>) -> Option<Duration> {
    match request.timeout {
        Timeout::Default => default,
        Timeout::After(timeout) => Some(timeout),
        Timeout::Never => None,
    }
}
