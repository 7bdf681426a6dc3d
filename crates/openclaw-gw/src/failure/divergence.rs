//! Where a replay went another way than its recording.

use serde::Serialize;

/// The first line that a replay did not repeat.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Divergence {
    /// Its number, from 1.
    pub(crate) line: u64,
    /// The lines before it, as rows for people.
    before: Vec<String>,
    recorded: String,
    /// None for nothing at all.
    replayed: Option<String>,
}

impl Divergence {
    /// Of long outputs only what stands around the difference is kept.
    pub(crate) fn new(line: u64, before: Vec<String>, recorded: &str, replayed: Option<&str>) -> Self {
        let at = difference(recorded, replayed.unwrap_or_default());
        Self { line, before, recorded: excerpt(recorded, at), replayed: replayed.map(|text| excerpt(text, at)) }
    }

    /// Labels and values for people.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let before = self.before.iter().map(|row| ("before", row.trim_start()));
        let replayed = self.replayed.as_deref().unwrap_or("nothing");
        before.chain([("recorded", self.recorded.as_str()), ("replayed", replayed)])
    }
}

/// Where two texts begin to differ, in characters.
fn difference(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count()
}

fn excerpt(text: &str, at: usize) -> String {
    const BEFORE: usize = 120;
    const LENGTH: usize = 400;
    let from = at.saturating_sub(BEFORE);
    let mut rest = text.chars().skip(from);
    let mut part = String::from(if from > 0 { "…" } else { "" });
    part.extend(rest.by_ref().take(LENGTH));
    part.extend(rest.next().map(|_| '…'));
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_the_difference_is_shown() {
        let long = |c: char| format!("{}{c}{}", "a".repeat(1_000), "z".repeat(1_000));
        let divergence = Divergence::new(7, Vec::new(), &long('x'), Some(&long('y')));
        assert_eq!(divergence.recorded, format!("…{}x{}…", "a".repeat(120), "z".repeat(279)));
        assert_eq!(divergence.replayed, Some(format!("…{}y{}…", "a".repeat(120), "z".repeat(279))));
    }

    #[test]
    fn short_texts_are_shown_whole() {
        let divergence = Divergence::new(7, vec!["  row".into()], "Stopped", None);
        let rows: Vec<_> = divergence.rows().collect();
        assert_eq!(rows, [("before", "row"), ("recorded", "Stopped"), ("replayed", "nothing")]);
    }
}
