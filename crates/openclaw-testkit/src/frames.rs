//! Building the frames a gateway sends, in each dialect.

use serde_json::Value;

use crate::dialect::Dialect;
use crate::json::text_of;
use crate::reply::{Answer, ErrorBody};

/// A response. `id` is JSON text; none for answers that are no frame.
pub(crate) fn response(dialect: Dialect, id: &str, answer: &Answer) -> Option<String> {
    let (payload, error) = match answer {
        Answer::Ok(payload) => (payload.as_deref(), None),
        Answer::Error(payload, error) => (payload.as_deref(), Some(error)),
        Answer::Close(..) | Answer::Abort => return None,
    };
    let mut text = format!(r#"{{"type":"res","id":{id}"#);
    if dialect == Dialect::Original {
        match error {
            None => push(&mut text, "result", payload.unwrap_or("null")),
            Some(error) => push(&mut text, "error", &original_error(error)),
        }
    } else {
        push(&mut text, "ok", if error.is_none() { "true" } else { "false" });
        if let Some(payload) = payload {
            push(&mut text, "payload", payload);
        }
        if let Some(error) = error {
            push(&mut text, "error", &text_of(&error.to_value()));
        }
    }
    text.push('}');
    Some(text)
}

fn original_error(error: &ErrorBody) -> String {
    text_of(&serde_json::json!({"code": error.integer_code(), "message": error.message}))
}

/// The parts of an event that are the same for every recipient.
#[derive(Clone, Debug)]
pub(crate) struct EventBody {
    head: String,
    state_version: Option<(u64, u64)>,
}

impl EventBody {
    pub(crate) fn new(dialect: Dialect, name: &str, payload: &Value, state_version: Option<(u64, u64)>) -> Self {
        let mut head = format!(r#"{{"type":"event","event":{}"#, text_of(name));
        let field = if dialect == Dialect::Original { "params" } else { "payload" };
        push(&mut head, field, &text_of(payload));
        Self { head, state_version }
    }

    /// The event for one recipient.
    pub(crate) fn frame(&self, seq: Option<u64>, recipient: Option<&str>) -> String {
        let mut text = self.head.clone();
        if let Some(seq) = seq {
            push(&mut text, "seq", &seq.to_string());
        }
        if let Some((presence, health)) = self.state_version {
            push(&mut text, "stateVersion", &format!(r#"{{"presence":{presence},"health":{health}}}"#));
        }
        if let Some(recipient) = recipient {
            push(&mut text, "recipientProfileId", &text_of(recipient));
        }
        text.push('}');
        text
    }
}

fn push(text: &mut String, name: &str, value: &str) {
    text.push_str(",\"");
    text.push_str(name);
    text.push_str("\":");
    text.push_str(value);
}

/// A close reason as a gateway cuts it: 120 bytes.
pub(crate) fn reason(text: &str) -> String {
    let mut end = text.len().min(120);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_dialect_spells_a_response_its_own_way() {
        let (ok, error) = (Answer::Ok(Some("[1]".into())), Answer::Error(None, ErrorBody::invalid("no")));
        assert_eq!(response(Dialect::V4, "\"a\"", &ok).unwrap(), r#"{"type":"res","id":"a","ok":true,"payload":[1]}"#);
        assert_eq!(
            response(Dialect::V3, "7", &error).unwrap(),
            r#"{"type":"res","id":7,"ok":false,"error":{"code":"INVALID_REQUEST","message":"no"}}"#
        );
        assert_eq!(response(Dialect::Original, "\"a\"", &ok).unwrap(), r#"{"type":"res","id":"a","result":[1]}"#);
        assert_eq!(
            response(Dialect::Original, "\"a\"", &error).unwrap(),
            r#"{"type":"res","id":"a","error":{"code":400,"message":"no"}}"#
        );
    }

    #[test]
    fn an_event_carries_what_it_has() {
        let body = EventBody::new(Dialect::V4, "presence", &json!({}), Some((2, 3)));
        assert_eq!(
            body.frame(Some(9), Some("p")),
            concat!(
                r#"{"type":"event","event":"presence","payload":{},"seq":9,"#,
                r#""stateVersion":{"presence":2,"health":3},"recipientProfileId":"p"}"#
            )
        );
        let body = EventBody::new(Dialect::Original, "tick", &json!(1), None);
        assert_eq!(body.frame(None, None), r#"{"type":"event","event":"tick","params":1}"#);
    }

    #[test]
    fn a_close_reason_is_cut_between_characters() {
        assert_eq!(reason("short"), "short");
        let long = format!("{}äöü", "x".repeat(119));
        assert_eq!(reason(&long), "x".repeat(119));
    }
}
