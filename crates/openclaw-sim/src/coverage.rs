//! What runs have met, counted.

use std::collections::BTreeMap;

use openclaw_proto::{StateKind, TRANSITIONS, Trigger};

use crate::invariants::Draws;
use crate::world::Note;

/// What runs have met, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    rows: BTreeMap<(StateKind, Trigger, StateKind), u64>,
    names: BTreeMap<(&'static str, String), u64>,
    notes: BTreeMap<Note, u64>,
    draws: Draws,
}

impl Coverage {
    /// Counts something by its group and name.
    pub(crate) fn count(&mut self, group: &'static str, name: &str) {
        match self.names.get_mut(&(group, name.to_owned())) {
            Some(count) => *count += 1,
            None => drop(self.names.insert((group, name.to_owned()), 1)),
        }
    }

    /// A fault has taken hold.
    pub(crate) fn struck(&mut self, fault: &str) {
        self.count("faults", fault);
    }

    pub(crate) fn notes(&mut self, notes: &mut Vec<Note>) {
        for note in notes.drain(..) {
            match note {
                Note::Row(row) => *self.rows.entry(row).or_default() += 1,
                Note::Draw(draw) => self.draws.count(draw),
                other => *self.notes.entry(other).or_default() += 1,
            }
        }
    }

    /// Takes in what another has counted.
    pub fn add(&mut self, other: &Self) {
        for (row, count) in &other.rows {
            *self.rows.entry(*row).or_default() += count;
        }
        for (name, count) in &other.names {
            *self.names.entry(name.clone()).or_default() += count;
        }
        for (note, count) in &other.notes {
            *self.notes.entry(*note).or_default() += count;
        }
        self.draws.add(&other.draws);
    }

    /// What jitter has drawn.
    #[must_use]
    pub fn draws(&self) -> &Draws {
        &self.draws
    }

    /// How often each row of the transition table was walked, in its order; zeros included.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, u64)> {
        let count = |row| self.rows.get(row).copied().unwrap_or_default();
        TRANSITIONS.iter().map(|row| (format!("{:?} --{:?}--> {:?}", row.0, row.1, row.2), count(row))).collect()
    }

    /// Everything else, by group and name.
    #[must_use]
    pub fn groups(&self) -> BTreeMap<&'static str, BTreeMap<String, u64>> {
        let mut groups: BTreeMap<&'static str, BTreeMap<String, u64>> = BTreeMap::new();
        for ((group, name), count) in &self.names {
            groups.entry(group).or_default().insert(name.clone(), *count);
        }
        for (note, count) in &self.notes {
            let (group, name) = match note {
                Note::Row(_) | Note::Draw(_) => continue,
                Note::Event(name) => ("events", name),
                Note::Outcome(name) => ("outcomes", name),
                Note::Down(name) => ("ends of connections", name),
                Note::Notice(name) => ("notices", name),
                Note::Timer(name) => ("timers", name),
            };
            groups.entry(group).or_default().insert((*name).to_owned(), *count);
        }
        groups
    }
}
