//! An entry as a row, for people and for programs.

use anstyle::Style;
use serde::Serialize;

use super::entry::{Direction, Entry, Tone, Topic};
use crate::output::fit::fit;
use crate::output::json::{self, one_line};
use crate::output::line::Line;
use crate::output::look::{ERROR, GOOD, LABEL, NAME, Stream, WARNING};
use crate::output::time::{rfc3339, span};

/// Where to cut what is long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    Nowhere,
    /// The text of a row, where nobody says how wide a row may be.
    Text,
    /// The row, at so many cells.
    Row(usize),
}

/// How much of a text is shown where rows have no width.
const TEXT: usize = 400;

/// Names up to this length have their texts below each other.
const NAME_COLUMN: usize = 20;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    line: u64,
    since_start_ms: Option<f64>,
    at: Option<String>,
    topic: Topic,
    direction: Option<Direction>,
    conn: Option<u64>,
    what: &'a str,
    name: &'a str,
    id: Option<&'a str>,
    took_ms: Option<f64>,
    bytes: Option<usize>,
    text: &'a str,
}

pub(super) fn object(entry: &Entry, stream: Stream, cut: Cut) -> String {
    let millis = |duration: std::time::Duration| duration.as_secs_f64() * 1_000.0;
    let end = entry.text.char_indices().nth(TEXT).map(|(at, _)| at).filter(|_| cut != Cut::Nowhere);
    let object = Object {
        line: entry.line,
        since_start_ms: entry.at.map(|at| millis(at.since)),
        at: entry.at.map(|at| rfc3339(at.unix)),
        topic: entry.topic,
        direction: entry.direction,
        conn: entry.conn,
        what: entry.what,
        name: &entry.name,
        id: entry.id.as_deref(),
        took_ms: entry.took.map(millis),
        bytes: entry.bytes,
        text: end.and_then(|end| entry.text.get(..end)).unwrap_or(&entry.text),
    };
    // Nothing in it can fail to serialise.
    let json = serde_json::to_string(&object).unwrap_or_else(|_| "{}".into());
    json::line(&json, stream).into_owned()
}

pub(super) fn text(entry: &Entry, stream: Stream, cut: Cut) -> String {
    let width = if let Cut::Row(width) = cut { Some(width) } else { None };
    let mut line = Line::new(stream, width);
    let since = entry.at.map(|at| format!("{:.3}s", at.since.as_secs_f64())).unwrap_or_default();
    line.push(LABEL, &format!("{since:>11}"));
    line.push(LABEL, &format!("{:>5}", entry.conn.map(|conn| format!("#{conn}")).unwrap_or_default()));
    let arrow = match entry.direction {
        Some(Direction::In) => "<-",
        Some(Direction::Out) => "->",
        None => "  ",
    };
    line.push(LABEL, &format!(" {arrow} {:10}", entry.what));
    line.push(style(entry.tone), &format!("{:NAME_COLUMN$}", entry.name));
    // All of a client's ids begin alike, so it is their ends that tell them apart.
    if let Some(end) = entry.id.as_ref().and_then(|id| id.get(id.len().saturating_sub(6)..)) {
        line.push(LABEL, &format!(" ..{end}"));
    }
    if let Some(took) = entry.took {
        line.push(LABEL, &format!(" ({})", span(took)));
    }
    let text = one_line(&entry.text);
    if !text.is_empty() {
        line.push(Style::new(), " ");
        line.push(Style::new(), &if cut == Cut::Text { fit(&text, TEXT).into() } else { text });
    }
    line.text.truncate(line.text.trim_end().len());
    line.text
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => NAME,
        Tone::Good => GOOD,
        Tone::Warning => WARNING,
        Tone::Bad => ERROR,
    }
}
