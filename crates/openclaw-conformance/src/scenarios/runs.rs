//! Runs: aborted, interrupted by another message, and found again.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::chat::NO_MODEL;
use crate::provider::End;
use crate::scenario::Seen;
use crate::stage::{PATIENCE, Stage};
use crate::talk::{TALKER, Talk, fresh, words};

pub(super) fn abort(stage: &Stage) -> Result<Seen> {
    let mut talk = Talk::begin(stage)?;
    let turn = fresh("turn");
    let run = talk.start(&format!("script #{turn}: words 3 every 1; hold"))?;
    talk.next("the three words", |heard| heard.is_chat("delta") && heard.text() == words(3))?;
    let answer = talk.call("chat.abort", &json!({"sessionKey": talk.session, "runId": run}))?;
    stage.note("chat.abort", &answer);
    ensure!(answer == json!({"ok": true, "aborted": true, "runIds": [run]}), "the answer to chat.abort is {answer}");
    let end = talk.end_of(&run)?;
    ensure!(end.is_chat("aborted"), "it ended with {}", end.payload);
    ensure!(end.payload.get("stopReason") == Some(&"rpc".into()), "{}", end.payload);
    ensure!(end.text() == words(3), "what it had said is {:?}", end.text());
    // Nothing else ends it.
    talk.listen(Duration::from_secs(1))?;
    let ends: Vec<_> = talk.heard.iter().filter(|heard| heard.is_end() && heard.run() == run).collect();
    ensure!(ends.iter().all(|heard| heard.is_chat("aborted")), "it ended again: {ends:?}");
    if stage.is_embedded() {
        return Seen::holds(format!("told {} times", ends.len()));
    }
    let left = stage.provider()?.wait(PATIENCE, |calls| {
        calls.iter().any(|call| call.turn.as_deref() == Some(turn.as_str()) && call.end == Some(End::Left))
    });
    ensure!(left.is_some(), "the model was not left");
    ensure!(stage.provider()?.calls_of(&turn).len() == 1, "the model was asked again");
    Seen::holds(format!("told {} times", ends.len()))
}

pub(super) fn busy(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply(NO_MODEL);
    }
    let mut talk = Talk::begin(stage)?;
    let (one, two) = (fresh("turn"), fresh("turn"));
    let first = talk.start(&format!("script #{one}: words 2; hold; words 1"))?;
    talk.next("the first words", |heard| heard.is_chat("delta") && heard.run() == first)?;
    let second = talk.start(&format!("script #{two}: words 4"))?;
    let early = talk.next_within(PATIENCE, "an empty end of the second run", |heard| {
        heard.is_end() && heard.run() == second
    });
    stage.provider()?.release(&one);
    let end = talk.end_of(&first)?;
    let mut detail = format!("the first answer: {:?}", end.text());
    match early {
        Ok(early) => {
            ensure!(early.is_chat("final") && early.payload.get("message").is_none(), "it is {}", early.payload);
            let other = |run: &str| run != first && run != second;
            let real = talk.next("the answer to the second message", |heard| heard.is_end() && other(heard.run()))?;
            ensure!(real.is_chat("final") && real.text() == words(4), "it ended with {}", real.payload);
            detail.push_str("; the second under another run");
        }
        Err(error) => {
            let real = talk.end_of(&second).with_context(|| format!("{error:#}"))?;
            detail = format!("{detail}; the second under its own run: {:?}", real.text());
        }
    }
    let counts = [one, two].map(|turn| stage.provider().map_or(0, |provider| provider.calls_of(&turn).len()));
    ensure!(counts == [1, 1], "the model was asked {counts:?} times");
    Seen::holds(detail)
}

pub(super) fn adopted(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply(NO_MODEL);
    }
    let mut talk = Talk::begin(stage)?;
    let turn = fresh("turn");
    let run = talk.start(&format!("script #{turn}: words 3 every 1; hold; words 3 every 1"))?;
    let last = talk.next("the first words", |heard| heard.is_chat("delta") && heard.text() == words(3))?;
    talk.client.shutdown();

    let mut again = Talk::join(stage, stage.builder().scopes(TALKER), talk.session.clone())?;
    let history = again.history()?;
    let flight = history.get("inFlightRun").cloned().unwrap_or_default();
    let text = |key: &str| flight.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let found = text("runId") == run && text("text") == words(3);
    stage.provider()?.release(&turn);
    let end = again.end_of(&run)?;
    ensure!(end.is_chat("final") && end.text() == words(6), "it ended with {}", end.payload);
    let next = again.chats(&run, "delta").next().unwrap_or(&end);
    ensure!(next.seq() > last.seq(), "the numbers begin again: {:?} after {:?}", next.seq(), last.seq());
    ensure!(stage.provider()?.calls_of(&turn).len() == 1, "the model was asked again");
    let keys = flight.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    if stage.wire() >= 4 {
        ensure!(found, "the history has the run as {flight}");
    }
    Seen::holds(format!("inFlightRun has {keys:?}, found: {found}"))
}
