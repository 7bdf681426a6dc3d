//! Reading the lines of a recording.

use std::collections::HashMap;
use std::time::Duration;

use openclaw_client::proto::UnixMillis;
use openclaw_client::proto::frame::{self, Frame, ResponseId, Verdict};
use serde_json::{Map, Value};

use super::entry::{At, Direction, Entry, Tone, Topic};

type Fields = Map<String, Value>;

/// Reads lines one after the other. It takes every line for something: a recording may be damaged.
#[derive(Default)]
pub(super) struct Reader {
    /// The monotonic time of the first line that has one, in nanoseconds.
    begin: Option<u64>,
    /// The time of the line before. Outputs have none of their own.
    now: Option<(u64, UnixMillis)>,
    /// Methods of requests that were sent, and when, by id.
    sent: HashMap<String, (String, u64)>,
    ended: bool,
}

impl Reader {
    /// Reads the first line; none if it is not that of a recording.
    pub(super) fn first(&mut self, line: &str) -> Option<Entry> {
        let fields = fields(line)?;
        let version = fields.get("openclaw-record")?;
        let config = fields.get("config").and_then(Value::as_object);
        let url = config.map(|config| string(config, "url")).unwrap_or_default();
        let library = string(&fields, "library");
        let text = format!("recorded by version {library}, format {version}");
        Some(Entry::new(1, Topic::Log, "recording", url).text(text))
    }

    /// What stands for the end of a recording that has none.
    pub(super) fn missing_end(&self, line: u64) -> Option<Entry> {
        let entry = Entry::new(line, Topic::Log, "end", "none").tone(Tone::Warning);
        (!self.ended).then(|| self.timed(entry.text("the recording was cut off, or its program still runs")))
    }

    /// Reads any other line.
    pub(super) fn read(&mut self, line: u64, text: &str) -> Entry {
        let Some(fields) = fields(text) else {
            return self.timed(Entry::new(line, Topic::Log, "damaged", "").tone(Tone::Bad).text(text));
        };
        if let (Some(mono), Some(unix)) = (number(&fields, "mono"), number(&fields, "unix")) {
            self.begin.get_or_insert(mono);
            self.now = Some((mono, UnixMillis(unix)));
        }
        let mut entry = if fields.contains_key("in") {
            self.input(line, &fields)
        } else if let Some(Value::String(output)) = fields.get("out") {
            self.output(line, output)
        } else if let Some(Value::Object(sent)) = fields.get("tx") {
            let mut entry = self.frame(line, &string(sent, "text"), Direction::Out);
            entry.conn = number(sent, "conn");
            entry
        } else {
            self.log(line, &fields)
        };
        entry.conn = entry.conn.or_else(|| number(&fields, "conn"));
        self.timed(entry)
    }

    fn timed(&self, mut entry: Entry) -> Entry {
        let since = |mono: u64| Duration::from_nanos(mono.saturating_sub(self.begin.unwrap_or(mono)));
        entry.at = self.now.map(|(mono, unix)| At { since: since(mono), unix });
        entry
    }

    fn input(&mut self, line: u64, fields: &Fields) -> Entry {
        let kind = string(fields, "in");
        let socket = |tone| Entry::new(line, Topic::Socket, "socket", kind.as_str()).text(rest(fields)).tone(tone);
        match kind.as_str() {
            "text" => self.frame(line, &string(fields, "text"), Direction::In),
            "binary" => {
                let mut entry = Entry::new(line, Topic::Frame, "binary", "").tone(Tone::Warning);
                entry.direction = Some(Direction::In);
                entry.bytes = number(fields, "len").and_then(|len| usize::try_from(len).ok());
                entry
            }
            "alive" | "flushed" => Entry::new(line, Topic::Bytes, "bytes", kind).text(rest(fields)).notable(false),
            "opened" => socket(Tone::Plain),
            "closed" => socket(Tone::Warning),
            "failed" => socket(Tone::Bad),
            "timeout" => {
                let due = string(fields, "due");
                Entry::new(line, Topic::Timer, "timer", due.as_str()).notable(!due.is_empty())
            }
            "request" => {
                let got = string(fields, "got");
                let taken = got.len() == 36 && got.split('-').count() == 5;
                let mut entry = Entry::new(line, Topic::Request, "request", string(fields, "method"));
                if taken {
                    entry.id = Some(got);
                    entry
                } else {
                    entry.text(format!("refused: {got}")).tone(Tone::Bad)
                }
            }
            "cancel" => {
                let id = string(fields, "id");
                let mut entry = Entry::new(line, Topic::Request, "cancel", self.method(&id));
                entry.id = Some(id);
                let found = fields.get("got") == Some(&Value::Bool(true));
                entry.text(if found { "" } else { "it had ended" })
            }
            "stored" | "auth" | "signed" | "token" => {
                Entry::new(line, Topic::Credential, "device", kind).text(rest(fields))
            }
            _ => Entry::new(line, Topic::Call, "call", kind).text(rest(fields)),
        }
    }

    fn frame(&mut self, line: u64, text: &str, direction: Direction) -> Entry {
        let payload = |raw: Option<&str>| raw.unwrap_or_default().to_owned();
        let mut entry = match frame::parse(text) {
            Ok(Frame::Request(request)) => {
                let id = request.id.into_owned();
                if let Some((mono, _)) = self.now {
                    self.sent.insert(id.clone(), (request.method.clone().into_owned(), mono));
                }
                let mut entry = Entry::new(line, Topic::Frame, "req", request.method);
                entry.id = Some(id);
                entry.text(payload(request.params))
            }
            Ok(Frame::Response(response)) => {
                let id = match response.id {
                    ResponseId::Text(id) => id.into_owned(),
                    ResponseId::Other(raw) => raw.to_owned(),
                    ResponseId::Missing => String::new(),
                };
                let mut entry = Entry::new(line, Topic::Frame, "res", self.method(&id));
                entry.took = self
                    .sent
                    .get(&id)
                    .zip(self.now)
                    .map(|((_, sent), (now, _))| Duration::from_nanos(now.saturating_sub(*sent)));
                entry.id = Some(id);
                match response.verdict {
                    Verdict::Ok => entry.text(payload(response.payload)).tone(Tone::Good),
                    Verdict::Error | Verdict::Unreadable => entry.text(payload(response.error)).tone(Tone::Bad),
                }
            }
            Ok(Frame::Event(event)) => {
                Entry::new(line, Topic::Frame, "event", event.event).text(payload(event.payload))
            }
            Err(error) => Entry::new(line, Topic::Frame, "broken", error.to_string()).text(text).tone(Tone::Bad),
        };
        entry.direction = Some(direction);
        entry.bytes = Some(text.len());
        entry
    }

    /// The method of a request that was sent.
    fn method(&self, id: &str) -> String {
        self.sent.get(id).map_or_else(|| "?".into(), |(method, _)| method.clone())
    }

    /// Outputs are kept in the words of `Debug`, which are meant for people.
    fn output(&self, line: u64, output: &str) -> Entry {
        let (kind, inner) = word(output);
        let inner = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(inner);
        let (name, text) = word(inner);
        let mut entry = match kind {
            "State" => Entry::new(line, Topic::State, "state", name).text(text).tone(match name {
                "Ready" => Tone::Good,
                "Backoff" | "Draining" => Tone::Warning,
                "Paused" => Tone::Bad,
                "Stopped" if !text.contains("Requested") => Tone::Bad,
                _ => Tone::Plain,
            }),
            "Completed" => Entry::new(line, Topic::Request, "outcome", name).text(text).tone(match name {
                "Replied" => Tone::Good,
                _ => Tone::Warning,
            }),
            "Accepted" => {
                let id = inner.split(',').next().unwrap_or_default();
                let mut entry = Entry::new(line, Topic::Request, "accepted", self.method(id)).tone(Tone::Good);
                entry.id = Some(id.to_owned());
                entry
            }
            "Dial" | "Close" | "Abort" => {
                Entry::new(line, Topic::Socket, "socket", kind.to_ascii_lowercase()).text(inner)
            }
            "TokenIssued" | "TokenRejected" => {
                let name = if kind == "TokenIssued" { "issued" } else { "rejected" };
                Entry::new(line, Topic::Credential, "token", name).text(inner)
            }
            "Event" => {
                let odd = ["Gap", "Duplicate", "Regressed"]
                    .into_iter()
                    .find(|odd| inner.contains(&format!("sequence: {odd}")));
                let tone = if odd.is_some() { Tone::Warning } else { Tone::Plain };
                Entry::new(line, Topic::Notice, "sequence", odd.unwrap_or_default())
                    .text(inner)
                    .tone(tone)
                    .notable(odd.is_some())
            }
            _ => Entry::new(line, Topic::Notice, "notice", name).text(text).tone(Tone::Warning),
        };
        entry.conn = inner
            .split_once("ConnId(")
            .and_then(|(_, rest)| rest.split_once(')'))
            .and_then(|(number, _)| number.parse().ok());
        if let (Topic::State, Some(conn)) = (entry.topic, entry.conn) {
            // It has a column of its own.
            let shown = format!("conn: ConnId({conn})");
            entry.text = entry.text.replace(&format!("{shown}, "), "").replace(&format!("{{ {shown} }}"), "");
        }
        entry
    }

    fn log(&mut self, line: u64, fields: &Fields) -> Entry {
        if let Some(lost) = number(fields, "lost") {
            let text = format!("{lost} lines are gone: this is the end of a longer recording");
            return Entry::new(line, Topic::Log, "lost", lost.to_string()).text(text).tone(Tone::Warning);
        }
        let how = string(fields, "end");
        self.ended = !how.is_empty();
        match how.as_str() {
            "done" => Entry::new(line, Topic::Log, "end", how),
            "limit" => Entry::new(line, Topic::Log, "end", how)
                .text("the recording was as large as it may become; the client went on")
                .tone(Tone::Warning),
            _ => Entry::new(line, Topic::Log, "damaged", "").text(rest(fields)).tone(Tone::Bad),
        }
    }
}

fn fields(line: &str) -> Option<Fields> {
    match serde_json::from_str(line) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

fn string(fields: &Fields, key: &str) -> String {
    match fields.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn number(fields: &Fields, key: &str) -> Option<u64> {
    fields.get(key).and_then(Value::as_u64)
}

/// Everything that no column of its own shows.
fn rest(fields: &Fields) -> String {
    let known = ["in", "mono", "unix", "conn"];
    let rest: Vec<String> = fields
        .iter()
        .filter(|(key, value)| !known.contains(&key.as_str()) && **value != Value::String(String::new()))
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    rest.join(" ")
}

/// The word a text begins with, and the rest of it.
fn word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    (word, rest.trim_start())
}
