//! What a text from a gateway says, read by other means than the core's.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What a text says.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// Longer than the client takes.
    TooLarge,
    /// No frame a gateway may send.
    NoFrame,
    /// A challenge.
    Challenge {
        /// Whether there is a nonce in it.
        nonce: bool,
        /// Whether it says what time it is.
        time: bool,
    },
    /// An event.
    Event {
        /// Its name.
        name: String,
        /// Its number.
        seq: Option<u64>,
        /// Its payload.
        payload: Value,
    },
    /// An answer.
    Answer(Answer),
}

/// A response.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The request's id, where it is a text.
    pub id: Option<String>,
    /// What it says.
    pub says: Says,
    /// The payload.
    pub payload: Value,
    /// The error, where there is one.
    pub error: Option<Fault>,
}

/// Whether a response says yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Nobody can tell.
    Unclear,
}

/// What is of use in an error body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// `code`.
    pub code: String,
    /// `message`.
    pub message: String,
    /// `details.code`.
    pub detail: String,
    /// `details.reason`.
    pub reason: String,
    /// `details.recommendedNextStep`.
    pub advice: String,
    /// `details.canRetryWithDeviceToken`.
    pub device_token: bool,
    /// `details.pauseReconnect`, where it is no.
    pub goes_on: bool,
    /// `retryable`.
    pub retryable: bool,
    /// `retryAfterMs`, at the top or in the details.
    pub after: Option<Duration>,
}

impl Reading {
    /// Reads a text that came to a client which takes so many bytes.
    #[must_use]
    pub fn of(text: &str, limit: usize) -> Self {
        if text.len() > limit {
            return Self::TooLarge;
        }
        let Ok(Value::Object(mut frame)) = serde_json::from_str(text) else { return Self::NoFrame };
        match text_of(&frame, "type") {
            Some("res") => Self::Answer(answer(frame)),
            Some("event") => match text_of(&frame, "event") {
                None | Some("") => Self::NoFrame,
                Some("connect.challenge") => {
                    let payload = payload(&mut frame);
                    let nonce =
                        payload.get("nonce").and_then(Value::as_str).is_some_and(|nonce| !nonce.trim().is_empty());
                    let time = payload.get("ts").and_then(integer).is_some();
                    Self::Challenge { nonce, time }
                }
                Some(name) => {
                    let (name, seq) = (name.into(), frame.get("seq").and_then(integer));
                    Self::Event { name, seq, payload: payload(&mut frame) }
                }
            },
            _ => Self::NoFrame,
        }
    }

    /// The id of a request of the client's.
    #[must_use]
    pub fn id_of_request(frame: &str) -> Option<String> {
        #[derive(Deserialize)]
        struct Request {
            id: String,
        }
        serde_json::from_str::<Request>(frame).ok().map(|request| request.id)
    }
}

impl Answer {
    /// Whether it could be about any request: its id is absent, no text, empty, or `invalid`.
    #[must_use]
    pub fn is_nobodys(&self) -> bool {
        self.id.as_deref().is_none_or(|id| matches!(id, "" | "invalid"))
    }

    /// How long the gateway says it will be away, if it says by this that it goes.
    #[must_use]
    pub fn says_farewell(&self) -> Option<Option<Duration>> {
        let fault = self.error.as_ref().filter(|_| self.says == Says::No)?;
        let going =
            fault.code == "UNAVAILABLE" && matches!(&*fault.reason, "gateway-restarting" | "gateway-suspending");
        going.then_some(fault.after)
    }
}

fn answer(mut frame: Map<String, Value>) -> Answer {
    let error = present(&frame, "error");
    let says = match present(&frame, "ok") {
        Some(Value::Bool(true)) => Says::Yes,
        Some(Value::Bool(false)) => Says::No,
        Some(_) => Says::Unclear,
        None if error.is_some() => Says::No,
        None => Says::Yes,
    };
    let (id, error) = (text_of(&frame, "id").map(str::to_owned), error.map(fault));
    Answer { id, says, payload: payload(&mut frame), error }
}

fn fault(error: &Value) -> Fault {
    let Value::Object(error) = error else {
        return Fault { message: error.as_str().unwrap_or_default().into(), ..Fault::default() };
    };
    let none = Map::new();
    let details = error.get("details").and_then(Value::as_object).unwrap_or(&none);
    let text = |object, name| text_of(object, name).unwrap_or_default().to_owned();
    let hint = |object: &Map<String, Value>| object.get("retryAfterMs").and_then(millis);
    Fault {
        code: text(error, "code"),
        message: text(error, "message"),
        detail: text(details, "code"),
        reason: text(details, "reason"),
        advice: text(details, "recommendedNextStep"),
        device_token: details.get("canRetryWithDeviceToken") == Some(&Value::Bool(true)),
        goes_on: details.get("pauseReconnect") == Some(&Value::Bool(false)),
        retryable: error.get("retryable") == Some(&Value::Bool(true)),
        after: hint(error).or_else(|| hint(details)),
    }
}

fn present<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

fn text_of<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// The wire's name first, then those of the original Go client.
fn payload(frame: &mut Map<String, Value>) -> Value {
    let names = ["payload", "result", "params"];
    names.iter().find_map(|name| frame.remove(*name).filter(|value| !value.is_null())).unwrap_or_default()
}

/// A non-negative whole number, however it is spelled.
pub(crate) fn integer(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let float = value.as_f64().filter(|float| *float >= 0.0 && float.fract() == 0.0)?;
        format!("{float:.0}").parse().ok()
    })
}

/// A time in milliseconds, rounded up.
pub(crate) fn millis(value: &Value) -> Option<Duration> {
    let whole = integer(value).or_else(|| {
        let float = value.as_f64().filter(|float| *float >= 0.0)?;
        format!("{:.0}", float.ceil()).parse().ok()
    })?;
    Some(Duration::from_millis(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_apart() {
        let of = |text| Reading::of(text, 100);
        assert_eq!(
            of(r#"{"type":"event","event":"connect.challenge","payload":{"nonce":" "}}"#),
            Reading::Challenge { nonce: false, time: false }
        );
        assert!(matches!(of(r#"{"type":"event","event":"tick","seq":3.0}"#), Reading::Event { seq: Some(3), .. }));
        assert!(matches!(of(r#"{"type":"res","id":"a"}"#), Reading::Answer(Answer { says: Says::Yes, .. })));
        assert!(
            matches!(of(r#"{"type":"res","id":7,"error":"x"}"#), Reading::Answer(a) if a.says == Says::No && a.is_nobodys())
        );
        for text in ["", "[]", "{}", r#"{"type":"event"}"#, r#"{"type":"req","id":"a","method":"b"}"#] {
            assert_eq!(of(text), Reading::NoFrame, "{text}");
        }
        assert_eq!(of(&" ".repeat(101)), Reading::TooLarge);
    }

    #[test]
    fn hints_are_rounded_up() {
        let of = |text: &str| millis(&serde_json::from_str(text).unwrap());
        assert_eq!(of("500"), Some(Duration::from_millis(500)));
        assert_eq!(of("500.2"), Some(Duration::from_millis(501)));
        assert_eq!(of("-5"), None);
    }
}
