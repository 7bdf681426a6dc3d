//! `explain`: what a code means, what the client does, what to do about it.

use openclaw_client::recovery::{CLOSE_CODES, HTTP_STATUSES, Row, codes, explain};
use serde::Serialize;

use crate::cli::Explain;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::look::{LABEL, Look, NAME, Stream};
use crate::output::stdout::print;

/// How many codes to name when one is not known.
const NEAREST: usize = 3;

#[derive(Serialize)]
struct Object {
    code: String,
    place: String,
    meaning: &'static str,
    reaction: String,
    next: Option<&'static str>,
    proven: bool,
}

/// Prints the rows of a code, or all there are.
pub(crate) fn run(args: &Explain, look: Look) -> Result<Exit, Failure> {
    let rows: Vec<Row> = match &args.code {
        Some(code) => explain(code).collect(),
        None => all().collect(),
    };
    if rows.is_empty() {
        return Err(unknown(args.code.as_deref().unwrap_or_default()));
    }
    let text: Vec<String> = rows.iter().map(|row| if look.json { json(row) } else { text(row, look.out) }).collect();
    print(&text.join(if look.json { "\n" } else { "\n\n" }))
}

fn all() -> impl Iterator<Item = Row> {
    codes().map(Row::Code).chain(CLOSE_CODES.iter().map(Row::Close)).chain(HTTP_STATUSES.iter().map(Row::Http))
}

fn json(row: &Row) -> String {
    let object = Object {
        code: row.code(),
        place: row.place(),
        meaning: row.meaning(),
        reaction: row.reaction(),
        next: Some(row.next()).filter(|next| !next.is_empty()),
        proven: row.proven(),
    };
    // Nothing in it can fail to serialise.
    serde_json::to_string(&object).unwrap_or_else(|_| "{}".into())
}

fn text(row: &Row, out: Stream) -> String {
    let next = if row.next().is_empty() { "nothing" } else { row.next() };
    let (meaning, reaction) = (row.meaning(), row.reaction());
    let label = |text: &str| out.paint(LABEL, &format!("{text:12}"));
    format!(
        "{}  {}\n  {}{meaning}\n  {}{reaction}\n  {}{next}",
        out.paint(NAME, &row.code()),
        out.paint(LABEL, &format!("({})", row.place())),
        label("meaning"),
        label("the client"),
        label("to do"),
    )
}

fn unknown(code: &str) -> Failure {
    let near = nearest(code).join(", ");
    Failure::usage_with(
        format!("nothing is known of the code {code:?}"),
        format!("known and near: {near}; all of them: openclaw-gw explain"),
    )
}

/// The known codes that look most like it.
fn nearest(code: &str) -> Vec<String> {
    let wanted = code.trim().to_ascii_uppercase();
    let number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let mut known: Vec<(usize, String)> = all()
        .map(|row| row.code())
        .filter(|name| number(name) == number(&wanted))
        .map(|name| (difference(&name.to_ascii_uppercase(), &wanted), name))
        .collect();
    known.sort();
    known.dedup_by(|a, b| a.1 == b.1);
    known.into_iter().take(NEAREST).map(|(_, name)| name).collect()
}

/// How far a text is from a name, or from a word of it: half a name is nearer to the whole than its length says.
fn difference(name: &str, wanted: &str) -> usize {
    if wanted.len() > 2 && name.contains(wanted) {
        return 1;
    }
    let words = name.split(['_', '-', ' ']).map(|word| distance(word, wanted) + 1);
    words.chain([distance(name, wanted)]).min().unwrap_or_default()
}

/// How many letters have to be put in, left out or changed.
fn distance(a: &str, b: &str) -> usize {
    // Of a text longer than any code only the beginning can matter.
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.iter().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(x != *y)).min(left + 1).min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [("", "", 0), ("ABC", "ABC", 0), ("ABC", "", 3), ("KITTEN", "SITTING", 3)] {
            assert_eq!((distance(a, b), distance(b, a)), (expected, expected), "{a} {b}");
        }
    }

    #[test]
    fn what_is_nearly_a_code_leads_to_it() {
        for (typed, meant) in [
            ("pairing-required", "PAIRING_REQUIRED"),
            ("AUTH_TOKEN_MISMACH", "AUTH_TOKEN_MISMATCH"),
            ("1007", "1000"),
            ("PAIRNG", "PAIRING_REQUIRED"),
        ] {
            assert_eq!(nearest(typed).len(), NEAREST);
            assert!(nearest(typed).contains(&meant.to_owned()), "{typed}: {:?}", nearest(typed));
        }
    }
}
