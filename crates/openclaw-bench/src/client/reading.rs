//! What a program makes of payloads with `--parse`: structs of its own, with borrowed strings where there are no escapes.

use std::borrow::Cow;
use std::hint::black_box;

use openclaw_proto::{Event, Payload};
use serde::Deserialize;
use tungstenite::Message;

/// What payloads are read into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// They stay as they came.
    Raw,
    Echo,
    Event,
    History,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "read to be measured")]
struct Echo<'a> {
    #[serde(borrow)]
    session_key: Cow<'a, str>,
    limit: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "read to be measured")]
struct Chat<'a> {
    #[serde(borrow)]
    run_id: Cow<'a, str>,
    #[serde(borrow)]
    session_key: Cow<'a, str>,
    #[serde(borrow)]
    state: Cow<'a, str>,
    #[serde(borrow)]
    delta_text: Cow<'a, str>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "read to be measured")]
struct History<'a> {
    #[serde(borrow)]
    messages: Vec<Spoken<'a>>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "read to be measured")]
struct Spoken<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    role: Cow<'a, str>,
    timestamp: u64,
    #[serde(borrow)]
    content: Vec<Part<'a>>,
    usage: Usage,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "read to be measured")]
struct Part<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "read to be measured")]
struct Usage {
    input: u64,
    output: u64,
}

/// What a client has to know of a frame, with the payload typed in place: the least that reads it.
#[derive(Deserialize)]
#[allow(dead_code, reason = "read to be measured")]
struct Envelope<'a, P> {
    r#type: &'a str,
    id: Option<&'a str>,
    event: Option<&'a str>,
    ok: Option<bool>,
    seq: Option<u64>,
    payload: Option<P>,
}

type Read<T> = Result<T, serde_json::Error>;

/// Keeps what was read from being left out, and then drops it as a program would.
fn used<T>(read: Read<T>) -> Read<()> {
    read.map(|value| drop(black_box(value)))
}

impl Reading {
    /// Looks into an event, and gives its size.
    pub(super) fn event<T: AsRef<str>>(self, event: &Event<T>) -> Read<u64> {
        if self == Self::Event {
            used(event.deserialize::<Chat<'_>>())?;
        }
        Ok(event.frame().as_ref().len() as u64)
    }

    /// Looks into an answer, and gives its size. What ends a flood holds nothing.
    pub(super) fn answer<T: AsRef<str>>(self, payload: Option<&Payload<T>>) -> Read<u64> {
        let Some(payload) = payload else { return Ok(0) };
        match self {
            Self::Raw | Self::Event => {}
            Self::Echo => used(payload.deserialize::<Echo<'_>>())?,
            Self::History => used(payload.deserialize::<History<'_>>())?,
        }
        Ok(payload.as_str().len() as u64)
    }

    /// Looks into a whole frame, and gives its size.
    pub(super) fn frame(self, message: &Message) -> anyhow::Result<u64> {
        let text = if self == Self::Raw { "" } else { message.to_text()? };
        match self {
            Self::Raw => {}
            Self::Echo => used(serde_json::from_str::<Envelope<'_, Echo<'_>>>(text))?,
            Self::Event => used(serde_json::from_str::<Envelope<'_, Chat<'_>>>(text))?,
            Self::History => used(serde_json::from_str::<Envelope<'_, History<'_>>>(text))?,
        }
        Ok(message.len() as u64)
    }
}
