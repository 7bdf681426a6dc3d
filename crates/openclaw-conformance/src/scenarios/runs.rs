//! Runs: aborted, interrupted by another message, and found again.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::chat::NO_MODEL;
use crate::provider::End;
use crate::scenario::Seen;
use crate::stage::{PATIENCE, Stage};
use crate::talk::{Heard, TALKER, Talk, fresh, is_early, words};

/// How long what may follow is listened for.
const SETTLE: Duration = Duration::from_secs(1);

pub(super) fn abort(stage: &Stage) -> Result<Seen> {
    let mut talk = Talk::begin(stage)?;
    let turn = fresh("turn");
    let run = talk.start(&format!("script #{turn}: words 3 every 1; hold"))?;
    talk.next("the three words", |heard| heard.says(&words(3)))?;
    let answer = talk.call("chat.abort", &json!({"sessionKey": talk.session, "runId": run}))?;
    stage.note("chat.abort", &answer);
    ensure!(answer == json!({"ok": true, "aborted": true, "runIds": [run]}), "the answer to chat.abort is {answer}");
    let end = talk.end_of(&run)?;
    ensure!(end.is_chat("aborted"), "it ended with {}", end.payload);
    ensure!(end.payload.get("stopReason") == Some(&"rpc".into()), "it ended with {}", end.payload);
    ensure!(end.text() == words(3), "what it had said is {:?}", end.text());
    // Nothing else ends it.
    talk.listen(SETTLE)?;
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

/// What is said while an answer is held or tried again, and where its answer was heard.
struct Interruption {
    /// The texts with which runs ended: the first one, that of the interruption, and runs the gateway named nobody.
    first: Vec<String>,
    second: Vec<String>,
    others: Vec<String>,
}

impl Interruption {
    /// Has the first message answered by this script up to a point, says another one, and hears everything until both are
    /// answered. The model is asked once for the other one.
    fn play(stage: &Stage, talk: &mut Talk<'_>, script: &str, ready: impl Fn(&Heard) -> bool) -> Result<Self> {
        let [one, two] = [fresh("turn"), fresh("turn")];
        let first = talk.start(&format!("script #{one}: {script}"))?;
        talk.next("the right moment", ready)?;
        let second = talk.start(&format!("script #{two}: words 4"))?;
        talk.listen(SETTLE)?;
        stage.provider()?.release(&one);
        let answered = |heard: &Heard| heard.is_end() && heard.text().ends_with(&words(4));
        if !talk.heard.iter().any(answered) {
            talk.next("the second answer", answered)?;
        }
        talk.listen(SETTLE)?;
        let calls = stage.provider()?.calls_of(&two).len();
        ensure!(calls == 1, "the model was asked {calls} times for the second message");
        let ends = |of: &dyn Fn(&str) -> bool| {
            let ends = talk.heard.iter().filter(|heard| heard.is_end() && of(heard.run()));
            ends.map(|heard| heard.text().to_owned()).collect()
        };
        Ok(Self {
            first: ends(&|run| run == first),
            second: ends(&|run| run == second),
            others: ends(&|run| run != first && run != second),
        })
    }

    /// Both messages are answered, each once, and the two runs the gateway named end.
    fn check(&self) -> Result<String> {
        let texts = format!("first {:?}, second {:?}, others {:?}", self.first, self.second, self.others);
        let ([first], [second]) = (self.first.as_slice(), self.second.as_slice()) else {
            bail!("a run does not end once: {texts}");
        };
        let joined = ["\n\n", ""].map(|between| format!("{}{between}{}", words(3), words(4)));
        let place = match (first, second, self.others.as_slice()) {
            (first, second, []) if second.is_empty() && joined.contains(first) => "joins the first run",
            (first, second, []) if *first == words(3) && *second == words(4) => "is answered under its own run",
            (first, second, [other]) if *first == words(3) && second.is_empty() && *other == words(4) => {
                "is answered under a run nobody was told of"
            }
            _ => bail!("nobody expects such ends: {texts}"),
        };
        Ok(place.to_owned())
    }
}

pub(super) fn busy(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply(NO_MODEL);
    }
    let mut detail = Vec::new();
    for (what, before, script) in [
        ("held", None, "words 2 every 1; hold; words 1"),
        ("held, queue followup", Some("/queue followup"), "words 2 every 1; hold; words 1"),
        ("tried again", None, "words 2 every 1; drop 2; words 1"),
    ] {
        if script.contains("drop") && is_early(stage.release()) {
            continue; // What is dropped is not tried again.
        }
        let mut talk = Talk::begin(stage)?;
        if let Some(command) = before {
            let run = talk.start(command)?;
            talk.end_of(&run)?;
            talk.heard.clear();
        }
        let seen = Interruption::play(stage, &mut talk, script, |heard| heard.says(&words(2)));
        detail.push(format!("{what}: {}", seen?.check().with_context(|| what.to_owned())?));
        talk.client.shutdown();
    }
    Seen::holds(detail.join("; "))
}

pub(super) fn adopted(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply(NO_MODEL);
    }
    let mut talk = Talk::begin(stage)?;
    let turn = fresh("turn");
    let run = talk.start(&format!("script #{turn}: words 3 every 1; hold; words 3 every 1"))?;
    let last = talk.next("the first words", |heard| heard.says(&words(3)))?;
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
    if !is_early(stage.release()) {
        ensure!(found, "the history has the run as {flight}");
    }
    Seen::holds(format!("inFlightRun has {keys:?}, found: {found}"))
}
