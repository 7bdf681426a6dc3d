//! Which script a request to the model is about.

use anyhow::Result;
use serde_json::Value;

use super::script::Script;

/// What a gateway asked the model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Turn {
    /// What to do.
    pub(crate) script: Script,
    /// What the tool answered, if one was called in this turn.
    pub(crate) tool_said: Option<String>,
    /// The named turns the request shows, oldest first, as often as each occurs.
    pub(crate) shown: Vec<String>,
    /// Answers of the model the request shows.
    pub(crate) answers: usize,
}

impl Turn {
    /// Reads the messages of a chat completions request.
    ///
    /// # Errors
    ///
    /// When the script cannot be read.
    pub(crate) fn read(messages: &[Value]) -> Result<Self> {
        // A gateway adds messages in the user's name, so the script may be in any of those after the last answer.
        let begin = messages.iter().rposition(is_answer).map_or(0, |at| at + 1);
        let now = messages.get(begin..).unwrap_or_default();
        let said: Vec<String> = now.iter().filter(|message| role(message) == "user").map(text).collect();
        let mut script = None;
        for text in said.iter().rev() {
            script = script.or(Script::find(text)?);
        }
        // An attempt that follows a broken one may show what that one had said before it broke.
        if said.is_empty() {
            for message in messages.iter().rev().filter(|message| role(message) == "user") {
                script = script.or(Script::find(&text(message))?);
            }
        }
        let users = messages.iter().filter(|message| role(message) == "user").map(text);
        Ok(Self {
            script: script.unwrap_or_else(|| Script::echo(said.first().map_or("", String::as_str))),
            tool_said: now.iter().rev().find(|message| role(message) == "tool").map(text),
            shown: users.flat_map(|text| Script::turns(&text).map(str::to_owned).collect::<Vec<_>>()).collect(),
            answers: messages.iter().filter(|message| is_answer(message)).count(),
        })
    }
}

fn role(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

/// An answer in words; one that calls a tool is in the middle of a turn.
fn is_answer(message: &Value) -> bool {
    let calls = message.get("tool_calls").and_then(Value::as_array).is_some_and(|calls| !calls.is_empty());
    role(message) == "assistant" && !calls
}

/// The content is a string or a list of parts.
fn text(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect::<Vec<_>>().join("")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::script::Step;
    use serde_json::json;

    fn read(messages: &Value) -> Turn {
        Turn::read(messages.as_array().unwrap()).unwrap()
    }

    #[test]
    fn the_script_is_found_among_what_a_gateway_adds() {
        let turn = read(&json!([
            {"role": "system", "content": "script: drop"},
            {"role": "user", "content": "script #a: drop"},
            {"role": "assistant", "content": "w1"},
            {"role": "user", "content": [{"type": "text", "text": "script #b: "}, {"type": "text", "text": "hold"}]},
            {"role": "user", "content": "context"},
        ]));
        assert_eq!(turn.script, Script { turn: Some("b".into()), steps: vec![Step::Hold] });
        assert_eq!((turn.shown.as_slice(), turn.answers), (["a".to_owned(), "b".to_owned()].as_slice(), 1));
    }

    #[test]
    fn a_script_of_an_earlier_turn_is_over() {
        let messages = json!([
            {"role": "user", "content": "script #a: drop"},
            {"role": "assistant", "content": "w1"},
            {"role": "user", "content": "hello"},
        ]);
        assert_eq!(read(&messages).script.steps, [Step::Say("heard: hello".into())]);
    }

    #[test]
    fn the_tools_answer_is_of_this_turn_only() {
        let call = json!({"role": "assistant", "content": "", "tool_calls": [{"id": "c"}]});
        let messages = json!([
            {"role": "user", "content": "script #a: call exec {}"}, call,
            {"role": "tool", "tool_call_id": "c", "content": "done"},
        ]);
        assert_eq!(read(&messages).tool_said.as_deref(), Some("done"));
        let messages = json!([
            {"role": "user", "content": "script #a: call exec {}"}, call,
            {"role": "tool", "tool_call_id": "c", "content": "done"},
            {"role": "assistant", "content": "fine"},
            {"role": "user", "content": "script #b: call exec {}"},
        ]);
        assert_eq!(read(&messages).tool_said, None);
    }

    #[test]
    fn an_attempt_that_shows_half_an_answer_is_of_the_same_turn() {
        let messages = json!([{"role": "user", "content": "script #a: hold"}, {"role": "assistant", "content": "w1"}]);
        assert_eq!(read(&messages).script.turn.as_deref(), Some("a"));
    }
}
