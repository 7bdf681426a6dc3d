//! What was found, by kind, and compared with what is known.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::check::{Finding, Tally};
use super::known::Known;

/// What was found in frames of one direction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    pub(crate) tallies: BTreeMap<&'static str, Tally>,
    /// How often each was found.
    pub(crate) found: BTreeMap<Finding, u64>,
}

impl Summary {
    /// The tally of a schema.
    pub(crate) fn tally(&mut self, schema: &'static str) -> &mut Tally {
        self.tallies.entry(schema).or_default()
    }

    /// Takes findings.
    pub(crate) fn add(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            *self.found.entry(finding).or_default() += 1;
        }
    }

    /// What was found and is not known, in words, each kind of fault of each client once.
    pub(crate) fn unknown<K: Known>(&self, known: &[K]) -> Vec<String> {
        let new = self.found.iter().filter(|(finding, _)| !known.iter().any(|known| known.covers(finding)));
        let mut told: BTreeMap<(&str, &str, &str), (u64, &str)> = BTreeMap::new();
        for (finding, count) in new {
            let kind = (finding.who.as_str(), finding.definition.as_str(), finding.of.as_str());
            let entry = told.entry(kind).or_insert((0, &finding.fault));
            entry.0 += count;
        }
        let words = |((who, definition, of), (count, fault)): (_, _)| {
            format!("{definition} ({of}) by {who}: {fault}; {count} faults in all")
        };
        told.into_iter().map(words).collect()
    }

    /// What is known and was not found, in words.
    pub(crate) fn vanished<K: Known>(&self, known: &[K]) -> Vec<String> {
        let schemas: Vec<&str> = self.tallies.keys().copied().collect();
        known
            .iter()
            .filter(|known| known.was_looked_for(&schemas) && !self.found.keys().any(|finding| known.covers(finding)))
            .map(Known::told)
            .collect()
    }

    /// How many faults are known.
    pub(crate) fn excused<K: Known>(&self, known: &[K]) -> u64 {
        let is_known = |finding: &Finding| known.iter().any(|known| known.covers(finding));
        self.found.iter().filter(|(finding, _)| is_known(finding)).map(|(_, count)| count).sum()
    }

    /// How often what was found, whoever met it.
    pub(crate) fn kinds(&self) -> BTreeMap<(&'static str, &str, &str, &str), u64> {
        let mut kinds = BTreeMap::new();
        for (finding, count) in &self.found {
            let Finding { who: _, schema, definition, of, fault } = finding;
            *kinds.entry((*schema, definition.as_str(), fault.as_str(), of.as_str())).or_default() += count;
        }
        kinds
    }

    /// Takes what another one has seen.
    pub(crate) fn merge(&mut self, other: Self) {
        for (schema, tally) in other.tallies {
            self.tally(schema).add(&tally);
        }
        for (finding, count) in other.found {
            *self.found.entry(finding).or_default() += count;
        }
    }

    /// How much was looked at, as JSON.
    pub(crate) fn counts(&self) -> Value {
        let tallies = self.tallies.iter().map(|(schema, tally)| {
            let Tally { frames, contents, raw, faulty } = tally;
            ((*schema).to_owned(), json!({"frames": frames, "contents": contents, "raw": raw, "faulty": faulty}))
        });
        tallies.collect::<serde_json::Map<_, _>>().into()
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        let kinds = self.kinds().into_iter().map(|((schema, definition, fault, of), count)| {
            json!({"schema": schema, "definition": definition, "fault": fault, "of": of, "count": count})
        });
        json!({"schemas": self.counts(), "kinds": kinds.collect::<Vec<_>>()})
    }
}

#[cfg(test)]
mod tests {
    use super::super::known::{Deviation, OnPurpose};
    use super::*;

    fn finding(who: &str, fault: &str) -> Finding {
        let (who, fault) = (who.to_owned(), fault.to_owned());
        Finding { who, schema: "1", definition: "D".to_owned(), of: "m".to_owned(), fault }
    }

    #[test]
    fn what_is_new_is_told_and_so_is_what_has_gone() {
        let mut summary = Summary::default();
        summary.tally("1").frames = 1;
        summary.add(vec![finding("a test", "f"), finding("a test", "f"), finding("b", "g")]);
        let deviation = |schema, fault| Deviation { schema, definition: "D", fault, why: "w", always: true };
        assert_eq!(summary.unknown::<Deviation>(&[]).len(), 2);
        assert_eq!(summary.unknown(&[deviation("1", "f")]), ["D (m) by b: g; 1 faults in all"]);
        assert_eq!(
            summary.unknown(&[deviation("2", "f"), deviation("1", "g")]),
            ["D (m) by a test: f; 2 faults in all"]
        );
        assert_eq!(summary.vanished(&[deviation("1", "f"), deviation("2", "h")]), [""; 0], "2 was not looked at");
        assert_eq!(summary.vanished(&[deviation("1", "h")]), ["1 D: h (w)"]);
        let purpose = |who| OnPurpose { who, definition: "D", why: "w" };
        assert_eq!(summary.excused(&[purpose("a")]), 2);
        assert_eq!(summary.vanished(&[purpose("a"), purpose("c")]), ["c sends a wrong D (w)"]);
    }
}
