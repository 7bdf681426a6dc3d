//! Building a request frame.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
use core::time::Duration;

use super::{MAX_PROFILE_ID, MAX_TRACEPARENT};
use serde_json::value::RawValue;

use crate::json::{self, RawObject};
use crate::scan;

/// Length of a correlation id on the wire: a hyphenated UUID.
pub(crate) const ID_LEN: usize = 36;

/// Stands in the frame until the core knows the id.
const ID_PLACE: &str = "00000000-0000-0000-0000-000000000000";
const ID_RANGE: Range<usize> = {
    let start = r#"{"type":"req","id":""#.len();
    start..start + ID_LEN
};
/// What stands before the method.
const HEAD: &str = r#"{"type":"req","id":"00000000-0000-0000-0000-000000000000","method":"#;
const PARAMS: &str = r#","params":"#;

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
    pub(crate) method: Method,
    /// Boxed, since it is rare and a request is handed on several times.
    pub(crate) extra: Option<Box<Extra>>,
    pub(crate) timeout: Timeout,
    pub(crate) final_timeout: Option<Duration>,
    pub(crate) two_stage: bool,
    pub(crate) when_not_ready: WhenNotReady,
}

/// Fields that only some gateways know, as they will stand in the frame.
#[derive(Clone, Default)]
pub(crate) struct Extra {
    pub(crate) profile: Option<Vec<u8>>,
    pub(crate) trace: Option<Vec<u8>>,
}

impl Extra {
    fn len(&self) -> usize {
        [&self.profile, &self.trace].into_iter().flatten().map(Vec::len).sum()
    }
}

/// A request's method: a part of the frame, or a copy where it has escapes there.
#[derive(Clone)]
pub(crate) enum Method {
    /// Of that length.
    InFrame(usize),
    Owned(Box<str>),
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
        Ok(Self::of(head(method, 0)?, method))
    }

    /// A request with params.
    ///
    /// # Errors
    /// When the method's name is empty or the params do not serialise.
    pub fn with_params<P: serde::Serialize + ?Sized>(method: &str, params: &P) -> Result<Self, RequestError> {
        #[derive(serde::Serialize)]
        struct Frame<'a, P: ?Sized> {
            r#type: &'static str,
            id: &'static str,
            method: &'a str,
            params: &'a P,
        }
        if method.is_empty() {
            return Err(RequestError::EmptyMethod);
        }
        // In one go, as nobody knows the size: one growing allocation.
        let frame = Frame { r#type: "req", id: ID_PLACE, method, params };
        let mut text = serde_json::to_vec(&frame).map_err(RequestError::Params)?;
        text.pop(); // the closing brace, until every field is in
        Ok(Self::of(text, method))
    }

    /// A request whose params are JSON already.
    ///
    /// # Errors
    /// When the method's name is empty or `params` is not one JSON value.
    pub fn with_raw_params(method: &str, params: &str) -> Result<Self, RequestError> {
        if scan::check(params).is_err() {
            // For its words of what is wrong.
            serde_json::from_str::<&RawValue>(params).map_err(RequestError::RawParams)?;
        }
        let params = params.trim_matches([' ', '\t', '\n', '\r']);
        let mut text = head(method, PARAMS.len() + params.len())?;
        text.extend_from_slice(PARAMS.as_bytes());
        text.extend_from_slice(params.as_bytes());
        Ok(Self::of(text, method))
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
            TwoStage::ByMethod => self.two_stage = answers_twice(self.method(), &self.text),
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
        self.extra.get_or_insert_default().trace = Some(field("traceparent", traceparent));
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
        self.extra.get_or_insert_default().profile = Some(field("expectedProfileId", id));
        Ok(self)
    }

    /// The method's name.
    #[must_use]
    pub fn method(&self) -> &str {
        match &self.method {
            Method::InFrame(len) => {
                let name = self.text.get(HEAD.len() + 1..HEAD.len() + 1 + len).unwrap_or_default();
                core::str::from_utf8(name).unwrap_or_default()
            }
            Method::Owned(name) => name,
        }
    }

    /// The size of the frame in bytes.
    #[must_use]
    pub fn frame_len(&self) -> usize {
        self.text.len() + self.extra.as_ref().map_or(0, |extra| extra.len()) + 1
    }

    pub(crate) fn needs_profile_binding(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.profile.is_some())
    }

    /// `text` is a frame without its closing brace.
    fn of(text: Vec<u8>, method: &str) -> Self {
        let name = if is_plain(method) { Method::InFrame(method.len()) } else { Method::Owned(method.into()) };
        let two_stage = answers_twice(method, &text);
        Self {
            text,
            method: name,
            extra: None,
            timeout: Timeout::Default,
            final_timeout: None,
            two_stage,
            when_not_ready: WhenNotReady::Wait,
        }
    }

    /// Writes the id and closes the frame. Also gives the size of the trace context, which stands last.
    pub(crate) fn finish(mut self, id: &[u8; ID_LEN]) -> (String, usize) {
        let mut trace_len = 0;
        if let Some(extra) = self.extra {
            self.text.extend(extra.profile.into_iter().flatten());
            let trace = extra.trace.unwrap_or_default();
            self.text.extend_from_slice(&trace);
            trace_len = trace.len();
        }
        self.text.push(b'}');
        if let Some(place) = self.text.get_mut(ID_RANGE) {
            place.copy_from_slice(id);
        }
        // Serialisers write UTF-8; were one to lie, the gateway would see its replacement characters, not a panic.
        let text = String::from_utf8(self.text).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        (text, trace_len)
    }
}

/// Whether a method is known to answer twice; the approval methods do when asked to. `text` is the frame without its
/// closing brace.
fn answers_twice(method: &str, text: &[u8]) -> bool {
    if !matches!(method, "exec.approval.request" | "plugin.approval.request") {
        return method == "agent";
    }
    let mut whole = text.to_vec();
    whole.push(b'}');
    let frame = core::str::from_utf8(&whole).ok().and_then(RawObject::parse);
    frame.and_then(|frame| frame.object("params")).and_then(|params| params.boolean("twoPhase")) == Some(true)
}

/// A frame up to its method, with room for so many bytes more and the closing brace: one allocation of the right size, which
/// becomes the message.
fn head(method: &str, room: usize) -> Result<Vec<u8>, RequestError> {
    if method.is_empty() {
        return Err(RequestError::EmptyMethod);
    }
    let mut text = Vec::with_capacity(HEAD.len() + method.len() + 2 + room + 1);
    text.extend_from_slice(HEAD.as_bytes());
    if is_plain(method) {
        text.push(b'"');
        text.extend_from_slice(method.as_bytes());
        text.push(b'"');
    } else {
        json::push_string(&mut text, method);
    }
    Ok(text)
}

/// Whether a text stands in JSON as it is.
fn is_plain(text: &str) -> bool {
    !text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
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
            .field("method", &self.method())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::RequestId;
    use crate::rng::Rng;
    use alloc::format;

    fn finished(request: Request) -> String {
        request.finish(&RequestId::new(1, 2, Rng::from_seed([5; 32]).next_u64()).encode()).0
    }

    #[test]
    fn raw_params_and_serialised_ones_make_the_same_frame() {
        for method in ["echo", "", "a\"b", "back\\slash", "é\u{1}", "agent"] {
            for params in ["{}", " [1, {\"a\":null}]\n", "\"text\"", "-0.5e3", "null"] {
                let raw: &RawValue = serde_json::from_str(params).unwrap();
                match (Request::with_raw_params(method, params), Request::with_params(method, raw)) {
                    (Ok(ours), Ok(theirs)) => {
                        assert_eq!((ours.method(), ours.frame_len()), (theirs.method(), theirs.frame_len()));
                        assert_eq!(ours.method(), method);
                        assert_eq!(finished(ours), finished(theirs));
                    }
                    (ours, theirs) => assert!(method.is_empty() && ours.is_err() && theirs.is_err()),
                }
            }
            if let Ok(request) = Request::new(method) {
                let name = serde_json::to_string(method).unwrap();
                let frame = finished(request);
                assert!(frame.ends_with(&format!(r#"","method":{name}}}"#)), "{frame}");
            }
        }
    }

    #[test]
    fn raw_params_that_are_no_json_are_refused_with_the_reason() {
        for params in ["", "{", "{} {}", "tru", "[1,]"] {
            let error = Request::with_raw_params("echo", params).unwrap_err();
            assert!(matches!(&error, RequestError::RawParams(e) if e.line() > 0 || params.is_empty()), "{error}");
        }
    }
}
