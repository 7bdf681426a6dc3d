//! Talking to a gateway's agent: what is said, and what is heard of the runs it starts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use openclaw_client::connect::Scope;
use openclaw_client::{Backlog, Builder, CallError, Event, GatewayError, Request};
use openclaw_tests::lane::{Client, Stream};
use serde_json::{Value, json};

use crate::release::Release;
use crate::stage::Stage;

/// The first run on a gateway that has just started takes eight seconds before the model is asked, and much longer on a
/// busy machine.
pub(crate) const RUN_LIMIT: Duration = Duration::from_secs(90);

/// Whether it does with its agent as the releases of May 2026 did, on either wire; the embedded gateway of wire v3 is like
/// one of them.
pub(crate) fn is_early(release: Release) -> bool {
    release.model().map_or_else(|| release.name(), |model| model.number).starts_with("2026.5.")
}

/// An event of a run.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// `chat` or `agent`.
    pub(crate) event: String,
    /// All of it.
    pub(crate) payload: Value,
}

impl Heard {
    fn read(event: &Event) -> Option<Self> {
        let payload = event.payload().and_then(|payload| serde_json::from_str(payload).ok())?;
        Some(Self { event: event.name().to_owned(), payload })
    }

    fn text_at(&self, pointer: &str) -> &str {
        self.payload.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn run(&self) -> &str {
        self.text_at("/runId")
    }

    pub(crate) fn session(&self) -> &str {
        self.text_at("/sessionKey")
    }

    /// The state of a `chat` event, the stream of an `agent` event.
    pub(crate) fn kind(&self) -> &str {
        self.text_at(if self.event == "chat" { "/state" } else { "/stream" })
    }

    /// What the agent has said so far.
    pub(crate) fn text(&self) -> &str {
        self.text_at(if self.event == "chat" { "/message/content/0/text" } else { "/data/text" })
    }

    /// Whether the agent has said so much and goes on. Old gateways hold `chat` events back for a while, and for as long as
    /// nothing else is said; `agent` events they tell at once.
    pub(crate) fn says(&self, text: &str) -> bool {
        (self.is_chat("delta") || self.event == "agent" && self.kind() == "assistant") && self.text().trim_end() == text
    }

    pub(crate) fn seq(&self) -> Option<u64> {
        self.payload.get("seq").and_then(Value::as_u64)
    }

    /// Whether it is a `chat` event in that state.
    pub(crate) fn is_chat(&self, state: &str) -> bool {
        self.event == "chat" && self.kind() == state
    }

    /// Whether it ends its run, for whoever waits for an answer.
    pub(crate) fn is_end(&self) -> bool {
        self.event == "chat" && matches!(self.kind(), "final" | "aborted" | "error")
    }
}

/// A session with the agent, and a client that hears its events.
#[derive(Debug)]
pub(crate) struct Talk<'a> {
    stage: &'a Stage,
    pub(crate) client: Client,
    events: Stream<Event>,
    /// The session's key.
    pub(crate) session: String,
    /// Everything heard so far.
    pub(crate) heard: Vec<Heard>,
}

/// A name nobody has used yet.
pub(crate) fn fresh(what: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("{what}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The scopes of somebody who talks.
pub(crate) const TALKER: [Scope; 2] = [Scope::Read, Scope::Write];

impl<'a> Talk<'a> {
    /// A new session.
    pub(crate) fn begin(stage: &'a Stage) -> Result<Self> {
        Self::join(stage, stage.builder().scopes(TALKER), format!("agent:main:{}", fresh("talk")))
    }

    /// The same with more to the client.
    pub(crate) fn begin_with(stage: &'a Stage, builder: Builder<()>) -> Result<Self> {
        Self::join(stage, builder, format!("agent:main:{}", fresh("talk")))
    }

    /// A session that may exist.
    pub(crate) fn join(stage: &'a Stage, builder: Builder<()>, session: String) -> Result<Self> {
        let client = stage.build(builder)?;
        let backlog = Backlog { items: 20_000, ..Backlog::default() };
        let events = client.events_with(["chat", "agent"], backlog);
        client.connect().context("whoever talks is not let in")?;
        Ok(Self { stage, client, events, session, heard: Vec::new() })
    }

    /// Says something, and gives the key of it, which is the run's id, and the gateway's answer.
    pub(crate) fn say(&self, text: &str) -> Result<(String, Value)> {
        let key = fresh("key");
        let answer = self.say_as(&key, text)?;
        Ok((key, answer))
    }

    /// The same with a key.
    pub(crate) fn say_as(&self, key: &str, text: &str) -> Result<Value> {
        let params = json!({"sessionKey": self.session, "message": text, "idempotencyKey": key});
        self.call("chat.send", &params)
    }

    /// Says something that starts a run at once, and gives the run's id.
    pub(crate) fn start(&self, text: &str) -> Result<String> {
        let (key, answer) = self.say(text)?;
        ensure!(answer == json!({"runId": key, "status": "started"}), "the answer to chat.send is {answer}");
        self.stage.note("chat.send", &answer);
        Ok(key)
    }

    /// Calls a method.
    pub(crate) fn call(&self, method: &str, params: &Value) -> Result<Value> {
        let request = Request::with_params(method, params)?.timeout(RUN_LIMIT);
        let answer = self.client.call(request).wait_for(RUN_LIMIT).with_context(|| format!("{method} hangs"))?;
        let answer = answer.with_context(|| method.to_owned())?.context("no payload")?;
        Ok(answer.deserialize()?)
    }

    /// The next event of the session that passes; what comes before it is kept in [`heard`](Self::heard), and so is it.
    pub(crate) fn next(&mut self, what: &str, passes: impl Fn(&Heard) -> bool) -> Result<Heard> {
        self.next_within(RUN_LIMIT, what, passes)
    }

    fn next_within(&mut self, limit: Duration, what: &str, passes: impl Fn(&Heard) -> bool) -> Result<Heard> {
        let heard = self.hear(limit, passes).with_context(|| what.to_owned())?;
        heard.with_context(|| format!("waited {limit:?} in vain: {what}; heard: {}", self.summary()))
    }

    /// Hears until something passes; none if nothing does within `limit`.
    fn hear(&mut self, limit: Duration, passes: impl Fn(&Heard) -> bool) -> Result<Option<Heard>> {
        let begun = Instant::now();
        loop {
            let left = limit.saturating_sub(begun.elapsed());
            let event = match self.events.next_within(left) {
                Ok(Some(event)) => event.context("events were lost")?,
                Ok(None) => bail!("the client has ended"),
                Err(_) => return Ok(None),
            };
            let Some(heard) = Heard::read(&event).filter(|heard| heard.session() == self.session) else { continue };
            if heard.event == "chat" {
                self.stage.note(format!("chat {}", heard.kind()), &heard.payload);
            }
            self.heard.push(heard.clone());
            if passes(&heard) {
                return Ok(Some(heard));
            }
        }
    }

    /// How a run ends.
    pub(crate) fn end_of(&mut self, run: &str) -> Result<Heard> {
        self.next("the end of the run", |heard| heard.is_end() && heard.run() == run)
    }

    /// Hears what comes within `time`.
    pub(crate) fn listen(&mut self, time: Duration) -> Result<()> {
        self.hear(time, |_| false).map(drop)
    }

    /// The `chat` events of a run in that state.
    pub(crate) fn chats<'t>(&'t self, run: &'t str, state: &'t str) -> impl Iterator<Item = &'t Heard> {
        self.heard.iter().filter(move |heard| heard.is_chat(state) && heard.run() == run)
    }

    /// The session as the gateway keeps it.
    pub(crate) fn history(&self) -> Result<Value> {
        self.call("chat.history", &json!({"sessionKey": self.session, "limit": 200}))
    }

    /// What was said in the session, by whom: `user`, `assistant` and others.
    pub(crate) fn messages(&self) -> Result<Vec<(String, String)>> {
        Ok(messages(&self.history()?))
    }

    fn summary(&self) -> String {
        self.heard.iter().map(|heard| format!("{}/{}", heard.event, heard.kind())).collect::<Vec<_>>().join(" ")
    }
}

/// Who said what, in an answer to `chat.history`.
pub(crate) fn messages(history: &Value) -> Vec<(String, String)> {
    let text = |message: &Value| match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect::<String>()
        }
        _ => String::new(),
    };
    let rows = history.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let role = |message: &Value| message.get("role").and_then(Value::as_str).unwrap_or_default().to_owned();
    rows.iter().map(|message| (role(message), text(message))).collect()
}

/// The first words a script makes the model say.
pub(crate) fn words(count: usize) -> String {
    (1..=count).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ")
}

/// The error the gateway answered with.
pub(crate) fn refused(result: Result<Value>) -> Result<GatewayError> {
    match result {
        Ok(answer) => bail!("not refused: {answer}"),
        Err(error) => {
            let refusal = error.downcast_ref().and_then(|error: &CallError| error.gateway_error().cloned());
            refusal.with_context(|| format!("not refused by the gateway: {error:#}"))
        }
    }
}
