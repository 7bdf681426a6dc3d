//! What a user's text tells the model to do.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// What introduces a script in a text, up to the end of its line: `script: …` or `script #NAME: …`.
const HEAD: &str = "script";
/// The pause between two words when the script names none.
const WORD_PAUSE: Duration = Duration::from_millis(10);
const BYTES_IN_CHUNK: usize = 4096;
/// A text without a script is repeated up to here, in characters.
const ECHO: usize = 2000;

/// One thing the model does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// `words N [every MS]`: that many words, one piece each.
    Words {
        /// How many.
        count: usize,
        /// Before each but the first.
        pause: Duration,
    },
    /// `bytes N [in PIECE]`: one long text in pieces of that size.
    Bytes {
        /// The size of the text.
        count: usize,
        /// The size of a piece.
        piece: usize,
    },
    /// `call NAME {…}`: a tool. It is the last step: its arguments go on to the end of the line.
    Call {
        /// The tool.
        name: String,
        /// Its arguments.
        arguments: Value,
    },
    /// `status CODE [TIMES]`: an HTTP error, for that many calls of the turn; by default for all.
    Status {
        /// The HTTP status.
        code: u16,
        /// For how many calls.
        times: usize,
    },
    /// `drop [TIMES]`: the connection ends without a word, for that many calls of the turn; by default for all.
    Drop {
        /// For how many calls.
        times: usize,
    },
    /// `hold`: nothing until the turn is released.
    Hold,
    /// `say TEXT`: that text, up to the next step. Also what the model says to a text without a script.
    Say(String),
}

/// The steps of a turn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Script {
    /// The name of the turn, by which its calls are counted.
    pub(crate) turn: Option<String>,
    /// What to do.
    pub(crate) steps: Vec<Step>,
}

impl Script {
    /// The last script of a text, if it has one.
    ///
    /// # Errors
    ///
    /// When it has one and that cannot be read.
    pub(crate) fn find(text: &str) -> Result<Option<Self>> {
        let Some((turn, body)) = text.lines().rev().find_map(split) else { return Ok(None) };
        let steps = steps(body).with_context(|| format!("the script {body:?}"))?;
        Ok(Some(Self { turn: turn.map(str::to_owned), steps }))
    }

    /// The names of all scripts in a text.
    pub(crate) fn turns(text: &str) -> impl Iterator<Item = &str> {
        text.lines().filter_map(|line| split(line)?.0)
    }

    /// What is done with a text without a script: it is repeated.
    #[must_use]
    pub(crate) fn echo(text: &str) -> Self {
        let text: String = text.chars().take(ECHO).collect();
        Self { turn: None, steps: vec![Step::Say(format!("heard: {}", text.trim()))] }
    }
}

/// The name and the body of a script. Gateways put words of their own in front of what the user says.
fn split(line: &str) -> Option<(Option<&str>, &str)> {
    line.rmatch_indices(HEAD).find_map(|(at, _)| {
        if line.get(..at)?.ends_with(char::is_alphanumeric) {
            return None; // Some other word, such as "transcript".
        }
        let (head, body) = line.get(at + HEAD.len()..)?.split_once(':')?;
        let turn = match head.trim() {
            "" => None,
            name => Some(name.strip_prefix('#').filter(|name| !name.is_empty() && !name.contains(' '))?),
        };
        Some((turn, body))
    })
}

fn steps(body: &str) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = body.trim();
    while !rest.is_empty() {
        if let Some(call) = rest.strip_prefix("call ") {
            let (name, arguments) = call.trim().split_once(' ').unwrap_or_else(|| (call.trim(), "{}"));
            let arguments = serde_json::from_str(arguments).context("the arguments of the tool")?;
            steps.push(Step::Call { name: name.to_owned(), arguments });
            break;
        }
        let (first, others) = rest.split_once(';').unwrap_or((rest, ""));
        steps.push(step(first)?);
        rest = others.trim();
    }
    if steps.is_empty() {
        bail!("no step");
    }
    Ok(steps)
}

fn step(text: &str) -> Result<Step> {
    if let Some(said) = text.trim().strip_prefix("say ") {
        return Ok(Step::Say(said.trim().to_owned()));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    Ok(match words.as_slice() {
        ["words", count] => Step::Words { count: count.parse()?, pause: WORD_PAUSE },
        ["words", count, "every", pause] => {
            Step::Words { count: count.parse()?, pause: Duration::from_millis(pause.parse()?) }
        }
        ["bytes", count] => Step::Bytes { count: count.parse()?, piece: BYTES_IN_CHUNK },
        ["bytes", count, "in", piece] => Step::Bytes { count: count.parse()?, piece: piece.parse::<usize>()?.max(1) },
        ["status", code] => Step::Status { code: code.parse()?, times: usize::MAX },
        ["status", code, times] => Step::Status { code: code.parse()?, times: times.parse()? },
        ["drop"] => Step::Drop { times: usize::MAX },
        ["drop", times] => Step::Drop { times: times.parse()? },
        ["hold"] => Step::Hold,
        _ => bail!("no such step: {text:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn script(text: &str) -> Script {
        Script::find(text).unwrap().unwrap()
    }

    #[test]
    fn the_last_script_of_a_text_counts_whatever_stands_in_front() {
        let text = "script #a: hold\n[Sun 2026-11-22] someone: script #b: words 3 every 50; drop 1; words 2\nbye";
        let script = script(text);
        assert_eq!(script.turn.as_deref(), Some("b"));
        let pause = Duration::from_millis(50);
        let steps =
            [Step::Words { count: 3, pause }, Step::Drop { times: 1 }, Step::Words { count: 2, pause: WORD_PAUSE }];
        assert_eq!(script.steps, steps);
        assert_eq!(Script::turns(text).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn the_arguments_of_a_tool_may_hold_anything() {
        let script = script(r#"script: words 1; call exec {"command": "echo a; echo b"}"#);
        let call = Step::Call { name: "exec".into(), arguments: json!({"command": "echo a; echo b"}) };
        assert_eq!(script.steps.last(), Some(&call));
        assert_eq!(script.turn, None);
    }

    #[test]
    fn a_text_may_be_given() {
        assert_eq!(script("script: say of course; hold").steps, [Step::Say("of course".into()), Step::Hold]);
    }

    #[test]
    fn a_text_without_script_has_none() {
        for text in
            ["", "hello", "a description of it: words", "script without colon", "script # : hold", "transcript: a"]
        {
            assert_eq!(Script::find(text).unwrap(), None, "{text}");
        }
        assert_eq!(Script::echo(" a b ").steps, [Step::Say("heard: a b".into())]);
    }

    #[test]
    fn a_script_that_cannot_be_read_is_an_error() {
        for text in ["script:", "script: dance", "script: words", "script: words x", "script: call exec {"] {
            assert!(Script::find(text).is_err(), "{text}");
        }
    }
}
