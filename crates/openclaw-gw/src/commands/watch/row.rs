//! One line of output: an event, a change of the connection, a loss.

use anstyle::Style;
use openclaw_client::connect::{Scope, ServerInfo};
use openclaw_client::proto::UnixMillis;
use openclaw_client::{Event, Sequence, State};
use serde::Serialize;
use serde_json::value::RawValue;

use super::phase::{names, particulars, reason, state_name, state_style, wait};
use crate::output::json;
use crate::output::line::{Line, width};
use crate::output::look::{LABEL, NAME, Stream, WARNING};
use crate::output::pairing::PairingObject;
use crate::output::sanitise::escape;
use crate::output::time::{rfc3339, time_of_day};

/// Names up to this length have their payloads below each other.
const NAME_COLUMN: usize = 16;

/// A line of output.
pub(super) enum Row<'a> {
    Event(&'a Event),
    State { state: &'a State, missing: &'a [Scope], at: UnixMillis },
    Lagged { missed: u64, at: UnixMillis },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventRow<'a> {
    event: &'a str,
    seq: Option<u64>,
    state_version: Option<Versions>,
    payload: Option<&'a RawValue>,
    received_at: String,
}

#[derive(Serialize)]
struct Versions {
    presence: u64,
    health: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StateRow<'a> {
    state: &'static str,
    #[serde(flatten)]
    ready: Option<ReadyFacts<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairing: Option<PairingObject<'a>>,
    received_at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReadyFacts<'a> {
    version: Option<String>,
    conn_id: Option<String>,
    protocol: u32,
    scopes: Option<Vec<&'a str>>,
    missing_scopes: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LaggedRow {
    lagged: u64,
    received_at: String,
}

impl Row<'_> {
    /// The row as a JSON object.
    pub(super) fn json(&self, stream: Stream) -> String {
        let pairing = match self {
            Self::State { state, .. } => state.pairing(),
            _ => None,
        };
        let json = match self {
            Self::Event(event) => serde_json::to_string(&EventRow {
                event: event.name(),
                seq: event.seq,
                state_version: event.state_version().map(|v| Versions { presence: v.presence, health: v.health }),
                payload: event.payload().and_then(|payload| serde_json::from_str(payload).ok()),
                received_at: rfc3339(event.received.unix),
            }),
            Self::State { state, missing, at } => serde_json::to_string(&StateRow {
                state: state_name(state),
                ready: match state {
                    State::Ready { hello, .. } => {
                        let ServerInfo { version, conn_id, .. } = hello.server();
                        let (protocol, scopes) = (hello.protocol, hello.scopes().map(names));
                        Some(ReadyFacts { version, conn_id, protocol, scopes, missing_scopes: names(missing) })
                    }
                    _ => None,
                },
                reason: reason(state),
                wait_ms: wait(state).map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
                pairing: pairing.as_ref().map(PairingObject::from),
                received_at: rfc3339(*at),
            }),
            Self::Lagged { missed, at } => {
                serde_json::to_string(&LaggedRow { lagged: *missed, received_at: rfc3339(*at) })
            }
        };
        // None of these types can fail to serialise.
        let json = json.unwrap_or_else(|_| "{}".into());
        json::line(&json, stream).into_owned()
    }

    /// The row for people, cut to the terminal's width.
    pub(super) fn text(&self, stream: Stream) -> String {
        self.text_within(stream, width(stream))
    }

    fn text_within(&self, stream: Stream, width: Option<usize>) -> String {
        let mut line = Line::new(stream, width);
        match self {
            Self::Event(event) => {
                line.push(LABEL, &time_of_day(event.received.unix));
                line.push(NAME, &format!("  {:NAME_COLUMN$}", escape(event.name())));
                line.push(LABEL, &event.seq.map_or_else(|| "     ".into(), |seq| format!(" {:<4}", format!("#{seq}"))));
                line.push(WARNING, &annotation(event.sequence));
                line.push(Style::new(), " ");
                line.push(Style::new(), event.payload().map(json::one_line).as_deref().unwrap_or(""));
            }
            Self::State { state, missing, at } => {
                line.push(LABEL, &time_of_day(*at));
                line.push(state_style(state), &format!("  [{}]", state_name(state)));
                line.push(Style::new(), &particulars(state, missing));
            }
            Self::Lagged { missed, at } => {
                line.push(LABEL, &time_of_day(*at));
                line.push(WARNING, &format!("  [lagged]  {missed} events were lost: the output is too slow"));
            }
        }
        line.text
    }
}

fn annotation(sequence: Sequence) -> String {
    match sequence {
        Sequence::Gap { missing } => format!(" (gap: {missing} missing)"),
        Sequence::Duplicate => " (duplicate)".into(),
        Sequence::Regressed => " (out of order)".into(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use openclaw_client::{Down, StopReason};

    const PLAIN: Stream = Stream { terminal: false, colour: false };
    const AT: UnixMillis = UnixMillis(1_795_349_339_751);

    #[test]
    fn the_end_tells_its_reason_without_line_breaks() {
        let down = Down::Closed { code: Some(1012), reason: "service\nrestart".into(), after_hello: true };
        let state = State::Stopped { why: StopReason::Down(Arc::new(down)) };
        let row = Row::State { state: &state, missing: &[], at: AT };
        assert_eq!(
            row.text_within(PLAIN, None),
            "12:08:59.751Z  [stopped]  closed by the gateway (1012: service\\u000arestart)"
        );
        assert_eq!(
            row.json(PLAIN),
            r#"{"state":"stopped","reason":"closed by the gateway (1012: service\nrestart)","receivedAt":"2026-11-22T12:08:59.751Z"}"#
        );
    }

    #[test]
    fn a_loss_is_a_row() {
        let row = Row::Lagged { missed: 7, at: AT };
        assert_eq!(row.json(PLAIN), r#"{"lagged":7,"receivedAt":"2026-11-22T12:08:59.751Z"}"#);
        assert!(row.text_within(PLAIN, None).contains("7 events were lost"));
    }

    #[test]
    fn annotations_name_what_is_wrong_with_a_number() {
        assert_eq!(annotation(Sequence::Next), "");
        assert_eq!(annotation(Sequence::Gap { missing: 2 }), " (gap: 2 missing)");
        assert_eq!(annotation(Sequence::Duplicate), " (duplicate)");
    }
}
