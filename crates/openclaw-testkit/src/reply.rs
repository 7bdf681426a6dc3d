//! What a method answers.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::json;

/// The `error` of a response.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorBody {
    /// The top-level code, for example `INVALID_REQUEST`.
    pub code: String,
    /// The message for people.
    pub message: String,
    /// Finer codes and facts.
    pub details: Option<Value>,
    /// Whether the same request may succeed later.
    pub retryable: Option<bool>,
    /// How long to wait first.
    pub retry_after: Option<Duration>,
}

impl ErrorBody {
    /// An error of any code.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), details: None, retryable: None, retry_after: None }
    }

    /// `INVALID_REQUEST`.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("INVALID_REQUEST", message)
    }

    /// `UNAVAILABLE`.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new("UNAVAILABLE", message)
    }

    /// Adds details.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// Says that the request may be repeated, after a while if one is given.
    #[must_use]
    pub fn retryable(mut self, after: impl Into<Option<Duration>>) -> Self {
        self.retryable = Some(true);
        self.retry_after = after.into();
        self
    }

    /// The body as the wire has it.
    pub(crate) fn to_value(&self) -> Value {
        let mut body = json!({"code": self.code, "message": self.message});
        if let Some(members) = body.as_object_mut() {
            let mut put = |name: &str, value: Option<Value>| {
                if let Some(value) = value {
                    members.insert(name.into(), value);
                }
            };
            put("details", self.details.clone());
            put("retryable", self.retryable.map(Value::from));
            put("retryAfterMs", self.retry_after.map(|after| millis(after).into()));
        }
        body
    }

    /// The integer code of the original Go client's dialect.
    pub(crate) fn integer_code(&self) -> i32 {
        match self.code.as_str() {
            "INVALID_REQUEST" => 400,
            "NOT_PAIRED" => 401,
            "FORBIDDEN" => 403,
            "UNAVAILABLE" => 503,
            _ => 500,
        }
    }
}

/// Whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What a method answers, and when: nothing, once, or several times on the same request.
///
/// ```
/// use openclaw_testkit::{ErrorBody, Reply};
/// use serde_json::json;
/// use std::time::Duration;
///
/// let now = Reply::ok(json!({"count": 3}));
/// let late = Reply::ok(json!({})).after(Duration::from_millis(50));
/// let refused = Reply::error(ErrorBody::invalid("no such card"));
/// let in_two_stages = Reply::accepted().then_after(Duration::from_secs(1), Reply::ok(json!({"status": "ok"})));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Reply {
    pub(crate) steps: VecDeque<Step>,
}

/// One answer and how long after the one before it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) delay: Duration,
    pub(crate) answer: Answer,
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Ok(Option<String>),
    Error(Option<String>, ErrorBody),
    Close(u16, String),
    Abort,
}

impl Reply {
    fn once(answer: Answer) -> Self {
        Self { steps: VecDeque::from([Step { delay: Duration::ZERO, answer }]) }
    }

    /// Success with a payload.
    pub fn ok(payload: impl Serialize) -> Self {
        Self::once(Answer::Ok(Some(json::text_of(&payload))))
    }

    /// Success with a payload that is JSON text already.
    pub fn raw(payload: impl Into<String>) -> Self {
        Self::once(Answer::Ok(Some(payload.into())))
    }

    /// Success without a payload.
    pub fn empty() -> Self {
        Self::once(Answer::Ok(None))
    }

    /// The first half of a two-stage answer: `{"status":"accepted"}`.
    pub fn accepted() -> Self {
        Self::ok(json!({"status": "accepted"}))
    }

    /// An error.
    pub fn error(error: ErrorBody) -> Self {
        Self::once(Answer::Error(None, error))
    }

    /// An error beside a payload, as runs that fail answer.
    pub fn failed(payload: impl Serialize, error: ErrorBody) -> Self {
        Self::once(Answer::Error(Some(json::text_of(&payload)), error))
    }

    /// No answer at all.
    pub fn never() -> Self {
        Self::default()
    }

    /// The caller's connection is closed instead.
    pub fn close(code: u16, reason: impl Into<String>) -> Self {
        Self::once(Answer::Close(code, reason.into()))
    }

    /// The caller's connection is cut without a close frame instead.
    pub fn abort() -> Self {
        Self::once(Answer::Abort)
    }

    /// The same, later.
    pub fn after(mut self, delay: Duration) -> Self {
        if let Some(first) = self.steps.front_mut() {
            first.delay += delay;
        }
        self
    }

    /// Another answer on the same request.
    pub fn then(mut self, next: Self) -> Self {
        self.steps.extend(next.steps);
        self
    }

    /// Another answer on the same request, so long after this one.
    pub fn then_after(self, delay: Duration, next: Self) -> Self {
        self.then(next.after(delay))
    }
}

impl From<Result<Value, ErrorBody>> for Reply {
    fn from(result: Result<Value, ErrorBody>) -> Self {
        result.map_or_else(Self::error, Self::ok)
    }
}
