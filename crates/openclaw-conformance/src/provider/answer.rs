//! The model's answer, piece by piece.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::Shared;
use super::http::{Connection, Paused};
use super::log::End;
use super::script::Step;
use super::turn::Turn;

/// A held answer does not wait longer for its release, lest a scenario that fails leave it behind.
const HOLD_LIMIT: Duration = Duration::from_secs(600);
/// The arguments of a tool come in pieces too.
const ARGUMENT_PIECE: usize = 8;
/// What a tool said is repeated up to here.
const TOOL_TEXT: usize = 200;

/// Only a gateway that leaves breaks a connection on loopback.
impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Left
    }
}

pub(super) struct Answer<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) shared: &'a Shared,
    pub(super) turn: &'a Turn,
    /// Which call it answers, of all and of its turn.
    pub(super) number: usize,
    pub(super) attempt: usize,
    /// The model's name in the request.
    pub(super) model: &'a Value,
    /// Whether the request wants numbers of tokens.
    pub(super) usage: bool,
    pub(super) streamed: bool,
}

impl Answer<'_> {
    /// Answers, and tells how that ended.
    pub(super) fn give(mut self) -> End {
        let (Ok(end) | Err(end)) = self.run();
        end
    }

    fn run(&mut self) -> Result<End, End> {
        if let Some(Step::Status { code, times }) = self.turn.script.steps.first() {
            if self.attempt <= *times {
                let error = json!({"error": {"message": format!("scripted status {code}"), "type": "scripted"}});
                self.connection.answer(*code, &error.to_string())?;
                return Ok(End::Refused(*code));
            }
        }
        if !self.streamed {
            let message = json!({"role": "assistant", "content": "a short answer"});
            let answer = json!({
                "id": self.id(), "object": "chat.completion", "created": 0, "model": self.model,
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": tokens(),
            });
            self.connection.answer(200, &answer.to_string())?;
            return Ok(End::Finished);
        }
        self.connection.begin()?;
        self.delta(&json!({"role": "assistant", "content": ""}))?;
        if let Some(said) = &self.turn.tool_said {
            let said: String = said.chars().take(TOOL_TEXT).collect();
            let words: Vec<String> = format!("the tool said: {said}").split_whitespace().map(str::to_owned).collect();
            self.say(&words, Duration::ZERO)?;
            return self.finish("stop");
        }
        let mut said = 0;
        for (index, step) in self.turn.script.steps.iter().enumerate() {
            if index > 0 && matches!(step, Step::Words { .. } | Step::Say(_)) {
                self.delta(&json!({"content": " "}))?;
            }
            match step {
                Step::Words { count, pause } => {
                    let words: Vec<String> = (said + 1..=said + count).map(|n| format!("w{n}")).collect();
                    self.say(&words, *pause)?;
                    said += count;
                }
                Step::Bytes { count, piece } => self.bytes(*count, *piece)?,
                Step::Call { name, arguments } => return self.call_tool(name, arguments),
                Step::Drop { times } if self.attempt <= *times => {
                    self.connection.close();
                    return Ok(End::Dropped);
                }
                Step::Drop { .. } | Step::Status { .. } => {}
                Step::Hold => {
                    let turn = self.turn.script.turn.as_deref().unwrap_or_default();
                    self.pause(HOLD_LIMIT, |shared| shared.log.is_released(turn))?;
                }
                Step::Say(text) => {
                    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
                    self.say(&words, Duration::ZERO)?;
                }
            }
        }
        self.finish("stop")
    }

    fn say(&mut self, words: &[String], pause: Duration) -> Result<(), End> {
        for (index, word) in words.iter().enumerate() {
            if index == 0 {
                self.delta(&json!({"content": word}))?;
            } else {
                self.pause(pause, |_| false)?;
                self.delta(&json!({"content": format!(" {word}")}))?;
            }
        }
        Ok(())
    }

    fn bytes(&mut self, count: usize, piece: usize) -> Result<(), End> {
        let mut left = count;
        while left > 0 {
            let now = left.min(piece);
            self.delta(&json!({"content": "x".repeat(now)}))?;
            left -= now;
            self.pause(Duration::ZERO, |_| false)?;
        }
        Ok(())
    }

    fn call_tool(&mut self, name: &str, arguments: &Value) -> Result<End, End> {
        let id = format!("call_{}", self.number);
        let function = json!({"name": name, "arguments": ""});
        self.delta(&json!({"tool_calls": [{"index": 0, "id": id, "type": "function", "function": function}]}))?;
        let arguments: Vec<char> = arguments.to_string().chars().collect();
        for piece in arguments.chunks(ARGUMENT_PIECE) {
            let piece: String = piece.iter().collect();
            self.delta(&json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}))?;
        }
        self.finish("tool_calls")?;
        Ok(End::CalledTool)
    }

    fn finish(&mut self, reason: &str) -> Result<End, End> {
        self.piece(&json!([{"index": 0, "delta": {}, "finish_reason": reason}]), false)?;
        if self.usage {
            self.piece(&json!([]), true)?;
        }
        self.connection.event("[DONE]")?;
        self.connection.end()?;
        Ok(End::Finished)
    }

    fn delta(&mut self, delta: &Value) -> Result<(), End> {
        self.piece(&json!([{"index": 0, "delta": delta, "finish_reason": null}]), false)
    }

    fn piece(&mut self, choices: &Value, usage: bool) -> Result<(), End> {
        let mut piece = json!({
            "id": self.id(), "object": "chat.completion.chunk", "created": 0, "model": self.model, "choices": choices,
        });
        if let (true, Some(piece)) = (usage, piece.as_object_mut()) {
            piece.insert("usage".to_owned(), tokens());
        }
        Ok(self.connection.event(&piece.to_string())?)
    }

    /// Waits, unless the gateway leaves or the provider ends.
    fn pause(&mut self, limit: Duration, over: impl Fn(&Shared) -> bool) -> Result<(), End> {
        let shared = self.shared;
        let stopped = || shared.stopped.load(Ordering::Relaxed);
        match self.connection.pause(limit, || stopped() || over(shared))? {
            Paused::Left => Err(End::Left),
            Paused::Over if stopped() => Err(End::Stopped),
            Paused::Over => Ok(()),
        }
    }

    fn id(&self) -> String {
        format!("completion-{}", self.number)
    }
}

/// Numbers a gateway can count with; nobody checks them.
fn tokens() -> Value {
    json!({"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17})
}
