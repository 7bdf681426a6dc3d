//! Answers of the agent, streamed.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use openclaw_testkit::{ChatReply, GatewayConfig};
use serde_json::{Value, json};

use crate::provider::{End, Script, Step};
use crate::scenario::Seen;
use crate::setup::Setup;
use crate::stage::{PATIENCE, Stage};
use crate::talk::{Heard, TALKER, Talk, fresh, is_early, refused, words};

/// A gateway with a model.
pub(crate) static MODEL: Setup = Setup::new("model").provider().embedded(scripted);

/// The embedded gateway's agent does of a script what it can: words and errors. It holds for ever.
fn scripted(config: GatewayConfig) -> Option<GatewayConfig> {
    Some(config.chat(|text| {
        let script = Script::find(text).ok().flatten().unwrap_or_else(|| Script::echo(text));
        let mut said = 0;
        let mut reply = ChatReply::text("");
        for step in script.steps {
            reply = match step {
                Step::Words { count, pause } => {
                    said += count;
                    ChatReply::text(&words(said)).every(pause)
                }
                Step::Say(text) => ChatReply::text(&text),
                Step::Hold => return reply.hangs(),
                _ => return reply.fails("the provider is scripted to fail"),
            };
        }
        reply
    }))
}

/// How long a release that never says so is listened to.
const SILENCE: Duration = Duration::from_secs(20);

pub(super) const NO_MODEL: &str = "its agent has no model behind it";

/// A script whose six words take their time: until the turn is released, or on the embedded gateway a second.
pub(super) fn slowly(stage: &Stage) -> &'static str {
    if stage.is_embedded() { "words 6 every 160" } else { "words 3 every 1; hold; words 3 every 1" }
}

/// Lets such a script go on.
pub(super) fn release(stage: &Stage, turn: &str) -> Result<()> {
    if !stage.is_embedded() {
        stage.provider()?.release(turn);
    }
    Ok(())
}

pub(super) fn streamed(stage: &Stage) -> Result<Seen> {
    let mut talk = Talk::begin(stage)?;
    let turn = fresh("turn");
    let run = talk.start(&format!("script #{turn}: words 30 every 20"))?;
    let end = talk.end_of(&run)?;
    ensure!(end.is_chat("final"), "it ended with {}", end.payload);
    ensure!(end.text() == words(30), "the final text is {:?}", end.text());

    let deltas: Vec<_> = talk.chats(&run, "delta").collect();
    ensure!(deltas.len() >= 3, "{} deltas", deltas.len());
    let mut before = String::new();
    for delta in &deltas {
        ensure!(delta.text().starts_with(&before) && delta.text().len() > before.len(), "a delta is not cumulative");
        if stage.wire() >= 4 {
            let new = delta.payload.get("deltaText").and_then(Value::as_str).unwrap_or_default();
            ensure!(delta.text() == format!("{before}{new}"), "deltaText is not what is new");
        }
        before = delta.text().to_owned();
    }
    let seqs: Vec<_> = deltas.iter().chain([&&end]).filter_map(|heard| heard.seq()).collect();
    ensure!(seqs.len() == deltas.len() + 1 && seqs.is_sorted(), "the run's numbers are {seqs:?}");

    if stage.is_embedded() {
        return Seen::holds(format!("{} deltas", deltas.len()));
    }
    let messages = talk.messages()?;
    let said =
        |who: &str, what: &str| messages.iter().filter(|(role, text)| role == who && text.contains(what)).count();
    ensure!(said("assistant", &words(30)) == 1 && said("user", &turn) == 1, "the history is {messages:?}");
    let calls = stage.provider()?.calls_of(&turn);
    ensure!(calls.len() == 1, "the model was asked {} times", calls.len());
    let statuses = talk.chats(&run, "status").count();
    Seen::holds(format!("{} deltas, {statuses} of its status", deltas.len()))
}

pub(super) fn tool(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply(NO_MODEL);
    }
    let mut talk = Talk::begin_with(stage, stage.builder().scopes(TALKER).cap("tool-events"))?;
    let mut observer = Talk::join(stage, stage.builder(), talk.session.clone())?;
    let turn = fresh("turn");
    let run = talk.start(&format!("script #{turn}: call exec {{\"command\": \"echo {turn}-done\"}}"))?;
    let end = talk.end_of(&run)?;
    let text = end.text();
    ensure!(text.starts_with("the tool said: ") && text.contains(&format!("{turn}-done")), "the answer is {text:?}");
    observer.end_of(&run)?;

    let tools = |talk: &Talk<'_>| {
        let tools = talk.heard.iter().filter(|heard| heard.event == "agent" && heard.kind() == "tool");
        tools.filter_map(|heard| heard.payload.pointer("/data/phase")?.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let (wanted, unwanted) = (tools(&talk), tools(&observer));
    ensure!(wanted.first().is_some_and(|phase| phase == "start"), "the tool's phases are {wanted:?}");
    ensure!(wanted.last().is_some_and(|phase| phase == "result"), "the tool's phases are {wanted:?}");
    ensure!(unwanted.is_empty(), "a client without the capability hears of {unwanted:?}");

    let ends: Vec<_> = stage.provider()?.calls_of(&turn).into_iter().filter_map(|call| call.end).collect();
    ensure!(ends == [End::CalledTool, End::Finished], "the model's answers ended with {ends:?}");
    Seen::holds(format!("tool events: {}", wanted.join(", ")))
}

pub(super) fn provider_error(stage: &Stage) -> Result<Seen> {
    let mut talk = Talk::begin(stage)?;
    let turn = fresh("turn");
    let run = talk.start(&format!("script #{turn}: status 400"))?;
    let failed =
        |heard: &Heard| heard.is_chat("error") || heard.payload.pointer("/data/phase") == Some(&"error".into());
    talk.next("the error", failed)?;
    // Some releases never say so in `chat` events, others after fifteen seconds, or twice.
    let silent = stage.release().name() == "2026.5.12";
    if silent {
        talk.listen(SILENCE)?;
    } else if talk.chats(&run, "error").next().is_none() {
        talk.next("the error in a chat event", |heard| heard.is_chat("error"))?;
    }
    talk.listen(Duration::from_secs(1))?;
    let ends: Vec<_> = talk.heard.iter().filter(|heard| heard.is_end()).collect();
    let says =
        |heard: &&Heard| heard.payload.get("errorMessage").and_then(Value::as_str).is_some_and(|m| !m.is_empty());
    ensure!(ends.iter().all(|heard| heard.is_chat("error") && says(heard)), "it ended with {ends:?}");
    ensure!(ends.is_empty() == silent, "it ended with {ends:?}");
    let waited = talk.call("agent.wait", &json!({"runId": run, "timeoutMs": 2000}))?;
    // The early ones take a message that was dealt with for a run that succeeded.
    let status = if is_early(stage.release()) { "ok" } else { "error" };
    ensure!(waited.get("status") == Some(&status.into()), "agent.wait says {waited}");
    let detail = format!("told {} times in chat events", ends.len());
    if stage.is_embedded() {
        return Seen::holds(detail);
    }
    let calls = stage.provider()?.calls_of(&turn);
    ensure!(calls.iter().all(|call| call.end == Some(End::Refused(400))), "the model's answers are {calls:?}");
    Seen::holds(format!("{detail}; the model was asked {} times", calls.len()))
}

pub(super) fn provider_drops(stage: &Stage) -> Result<Seen> {
    if stage.is_embedded() {
        return Seen::does_not_apply(NO_MODEL);
    }
    let mut talk = Talk::begin(stage)?;
    let turn = fresh("turn");
    let run = talk.start(&format!("script #{turn}: words 3; drop 2; words 2"))?;
    let end = talk.end_of(&run)?;
    let calls = stage.provider()?.calls_of(&turn);
    let ends: Vec<_> = calls.iter().filter_map(|call| call.end.clone()).collect();
    let resets = talk.heard.iter().filter(|heard| heard.payload.get("replace") == Some(&Value::Bool(true))).count();
    let retries = talk.heard.iter().filter(|heard| {
        heard.kind() == "run_status" && heard.payload.pointer("/data/phase") == Some(&"retrying".into())
    });
    let detail = format!("{ends:?}; {} retries told, {resets} texts reset", retries.count());
    ensure!(end.is_chat("final"), "it ended with {}; {detail}", end.payload);
    if is_early(stage.release()) {
        ensure!(end.text() == words(3) && ends == [End::Dropped], "the final text is {:?}; {detail}", end.text());
        return Seen::holds("not asked again: half an answer is taken for a whole one");
    }
    ensure!(end.text() == words(5), "the final text is {:?}; {detail}", end.text());
    ensure!(ends == [End::Dropped, End::Dropped, End::Finished], "{detail}");
    Seen::holds(detail)
}

pub(super) fn repeated(stage: &Stage) -> Result<Seen> {
    let mut talk = Talk::begin(stage)?;
    let (turn, key) = (fresh("turn"), fresh("key"));
    let text = format!("script #{turn}: {}", slowly(stage));
    let first = talk.say_as(&key, &text)?;
    talk.next("the first words", |heard| heard.says(&words(3)))?;
    let during = talk.say_as(&key, &text)?;
    release(stage, &turn)?;
    talk.end_of(&key)?;
    // A run is over a moment after its end is told.
    let mut after = talk.say_as(&key, &text)?;
    let begun = Instant::now();
    while after == during && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(100));
        after = talk.say_as(&key, &text)?;
    }
    let status = |answer: &Value| answer.get("status").and_then(Value::as_str).unwrap_or_default().to_owned();
    let statuses = [status(&first), status(&during), status(&after)];
    ensure!(statuses == ["started", "in_flight", "ok"], "the statuses are {statuses:?}");
    let other = talk.say_as(&key, "something else");
    let other =
        if !is_early(stage.release()) { refused(other)?.finest_code().to_owned() } else { format!("{}", other?) };
    talk.listen(Duration::from_secs(1))?;
    if stage.is_embedded() {
        return Seen::holds(format!("another text under the same key: {other}"));
    }
    let calls = stage.provider()?.calls_of(&turn).len();
    ensure!(calls == 1, "the model was asked {calls} times");
    let answers = talk.messages()?.iter().filter(|(role, _)| role == "assistant").count();
    ensure!(answers == 1, "the history has {answers} answers");
    Seen::holds(format!("another text under the same key: {other}"))
}
