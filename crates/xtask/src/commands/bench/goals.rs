//! The core's goals, computed from what its parts cost.

use serde::Serialize;

use super::micro::Part;

/// A goal of the core.
#[derive(Debug, Serialize, PartialEq)]
pub(super) struct Goal {
    pub(super) name: String,
    /// By the medians of the parts.
    pub(super) median: f64,
    /// By the fastest runs, which other work disturbs least.
    pub(super) fastest: f64,
    pub(super) must: Option<f64>,
    pub(super) aim: Option<f64>,
    pub(super) unit: Unit,
}

#[derive(Clone, Copy, Debug, Serialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unit {
    Ratio,
    Nanoseconds,
    Allocations,
}

impl Goal {
    pub(super) fn is_over(&self) -> bool {
        self.must.is_some_and(|must| self.median > must)
    }
}

/// How many of them a part of `correlate` does.
const TIMES: f64 = 1_000.0;
const ASKS_AND_ANSWERS: &str = "correlate thousand_asks_and_answers";
const ANSWERS_PARSED: &str = "correlate thousand_answers_parsed";
const IN_THE_TABLE: &str = "correlate thousand_in_the_table";

/// Those that the measured parts are enough for.
pub(super) fn of(parts: &[Part]) -> Vec<Goal> {
    let parts = Parts(parts);
    let decode = |size: &str, told: &str| {
        let name = format!("event decode over borrowed serde_json, {told}");
        parts.ratio(name, &format!("decode event {size}"), &format!("decode event_by_serde_json {size}"))
    };
    let correlation = |told: &str, [median, fastest]: [f64; 2], must| Goal {
        name: format!("ask + answer{told}"),
        median,
        fastest,
        must,
        aim: None,
        unit: Unit::Nanoseconds,
    };
    let in_the_table = |waiting: &str, told: &str, must| {
        Some(correlation(&format!(", {told} waiting"), parts.in_the_table(waiting)?, must))
    };
    let whole = |waiting: &str, told: &str| {
        let told = format!(" with frames and outputs, without encoding and parsing, {told} waiting");
        Some(correlation(&told, parts.with_frames(waiting)?, None))
    };
    let growth = || {
        let ([median, fastest], [few, few_fastest]) = (parts.in_the_table("1000000")?, parts.in_the_table("1000")?);
        Some(Goal {
            name: "the same, 1 M over 1 k waiting".into(),
            median: median / few,
            fastest: fastest / few_fastest,
            must: Some(20.0),
            aim: Some(12.0),
            unit: Unit::Ratio,
        })
    };
    [
        decode("200", "200 B"),
        decode("4096", "4 KiB"),
        parts.allocations("flat event, 200 B", "decode event 200", 0.0),
        parts.allocations("flat event, 4 KiB", "decode event 4096", 0.0),
        parts.allocations("event with an object in its envelope", "decode versioned_event 200", 1.0),
        in_the_table("1000", "1 k", Some(60.0)),
        growth(),
        in_the_table("1", "1", None),
        in_the_table("1000000", "1 M", None),
        parts.allocations("1000 times ask + answer with frames, 1 k waiting", &format!("{ASKS_AND_ANSWERS} 1000"), 0.0),
        whole("1", "1"),
        whole("1000", "1 k"),
        whole("1000000", "1 M"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

struct Parts<'a>(&'a [Part]);

impl Parts<'_> {
    fn find(&self, name: &str) -> Option<&Part> {
        self.0.iter().find(|part| part.name == name)
    }

    fn ratio(&self, name: String, part: &str, over: &str) -> Option<Goal> {
        let (part, over) = (self.find(part)?, self.find(over)?);
        Some(Goal {
            name,
            median: part.median()? / over.median()?,
            fastest: part.fastest()? / over.fastest()?,
            must: Some(1.1),
            aim: Some(0.5),
            unit: Unit::Ratio,
        })
    }

    fn allocations(&self, name: &str, part: &str, must: f64) -> Option<Goal> {
        let count = self.find(part)?.allocations;
        let name = format!("allocations: {name}");
        Some(Goal { name, median: count, fastest: count, must: Some(must), aim: None, unit: Unit::Allocations })
    }

    /// Nanoseconds of one in the table alone, by the medians and by the fastest.
    fn in_the_table(&self, waiting: &str) -> Option<[f64; 2]> {
        let part = self.find(&format!("{IN_THE_TABLE} {waiting}"))?;
        Some([part.median()? / TIMES, part.fastest()? / TIMES])
    }

    /// The same of a whole one that comes and goes as frames.
    fn with_frames(&self, waiting: &str) -> Option<[f64; 2]> {
        let whole = self.find(&format!("{ASKS_AND_ANSWERS} {waiting}"))?;
        let parsed = self.find(&format!("{ANSWERS_PARSED} {waiting}"))?;
        Some([(whole.median()? - parsed.median()?) / TIMES, (whole.fastest()? - parsed.fastest()?) / TIMES])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, fastest: &str, median: &str, allocations: f64) -> Part {
        Part { name: name.into(), fastest: fastest.into(), median: median.into(), allocations }
    }

    #[test]
    fn the_parsing_is_taken_from_the_whole() {
        let parts = [
            part("correlate thousand_asks_and_answers 1000", "130 µs", "150 µs", 0.0),
            part("correlate thousand_answers_parsed 1000", "70 µs", "80 µs", 0.0),
            part("correlate thousand_asks_and_answers 1000000", "0.67 ms", "1.48 ms", 0.0),
            part("correlate thousand_answers_parsed 1000000", "70 µs", "80 µs", 0.0),
        ];
        let seen: Vec<_> = of(&parts).into_iter().map(|goal| (goal.median, goal.fastest, goal.is_over())).collect();
        assert_eq!(seen, [(0.0, 0.0, false), (70.0, 60.0, false), (1_400.0, 600.0, false)]);
    }

    #[test]
    fn the_table_alone_has_a_goal_and_its_growth_too() {
        let parts = [
            part("correlate thousand_in_the_table 1000", "50 µs", "61 µs", 0.0),
            part("correlate thousand_in_the_table 1000000", "0.5 ms", "1.22 ms", 0.0),
        ];
        let seen: Vec<_> = of(&parts).into_iter().map(|goal| (goal.median, goal.fastest, goal.is_over())).collect();
        assert_eq!(seen, [(61.0, 50.0, true), (20.0, 10.0, false), (1_220.0, 500.0, false)]);
    }

    #[test]
    fn decoding_is_compared_with_that_of_serde_json() {
        let parts = [
            part("decode event 200", "120 ns", "130 ns", 0.0),
            part("decode event_by_serde_json 200", "160 ns", "100 ns", 0.0),
            part("decode versioned_event 200", "120 ns", "130 ns", 2.0),
        ];
        let goals = of(&parts);
        let seen: Vec<_> = goals.iter().map(|goal| (goal.median, goal.fastest, goal.is_over())).collect();
        assert_eq!(seen, [(1.3, 0.75, true), (0.0, 0.0, false), (2.0, 2.0, true)]);
    }

    #[test]
    fn what_was_not_measured_has_no_goal() {
        assert!(of(&[]).is_empty());
    }
}
