//! What is recorded in the repository, and how it may change.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// What an operation takes.
#[derive(Debug)]
pub(super) struct Count {
    pub(super) name: String,
    pub(super) instructions: u64,
}

/// The numbers, and all that has ever moved them.
#[derive(Debug, Default, Deserialize, Serialize, PartialEq)]
pub(in super::super) struct Recorded {
    /// The compiler that made them, and for what machine.
    pub(in super::super) compiler: String,
    /// Of an operation.
    pub(in super::super) instructions: BTreeMap<String, u64>,
    /// The newest is the last.
    changes: Vec<Change>,
}

#[derive(Debug, Deserialize, Serialize, PartialEq)]
struct Change {
    why: String,
    /// What moved by more than 5 %, or came, or went.
    moved: Vec<String>,
}

impl Recorded {
    /// Reads a file; where there is none, nothing is recorded.
    pub(in super::super) fn read(file: &Path) -> Result<Self> {
        if !file.exists() {
            return Ok(Self::default());
        }
        let told = || format!("cannot use {}", file.display());
        serde_json::from_str(&fs::read_to_string(file).with_context(told)?).with_context(told)
    }

    pub(super) fn write(&self, file: &Path) -> Result<()> {
        let told = || format!("cannot write {}", file.display());
        fs::create_dir_all(file.parent().with_context(told)?).with_context(told)?;
        fs::write(file, format!("{}\n", serde_json::to_string_pretty(self)?)).with_context(told)
    }

    /// What differs by more than 5 %, in words. What is new or gone differs too.
    pub(super) fn moved(&self, counted: &[Count]) -> Vec<String> {
        let mut moved = Vec::new();
        for Count { name, instructions: now } in counted {
            match self.instructions.get(name) {
                None => moved.push(format!("{name}: new, {now}")),
                Some(old) if old.abs_diff(*now) * 20 > *old => {
                    moved.push(format!("{name}: {old}, now {now} ({})", percent(*old, *now)));
                }
                Some(_) => {}
            }
        }
        let gone = self.instructions.keys().filter(|name| counted.iter().all(|count| count.name != **name));
        moved.extend(gone.map(|name| format!("{name}: no longer counted")));
        moved
    }

    /// With new numbers, and why they are so.
    pub(super) fn blessed(mut self, compiler: &str, counted: &[Count], why: &str) -> Self {
        let mut moved = self.moved(counted);
        if self.compiler != compiler {
            moved.insert(0, format!("compiler: {compiler}"));
        }
        self.changes.push(Change { why: why.into(), moved });
        self.compiler = compiler.into();
        self.instructions = counted.iter().map(|count| (count.name.clone(), count.instructions)).collect();
        self
    }
}

/// By how much a number has changed.
pub(super) fn percent(old: u64, now: u64) -> String {
    format!("{:+.1} %", (now as f64 / old.max(1) as f64 - 1.0) * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, u64)]) -> Vec<Count> {
        counts.iter().map(|(name, instructions)| Count { name: (*name).into(), instructions: *instructions }).collect()
    }

    fn recorded() -> Recorded {
        Recorded::default().blessed("rustc 1", &counts(&[("event", 1_000), ("answer", 200)]), "first")
    }

    #[test]
    fn five_per_cent_either_way_is_let_pass_and_more_is_named() {
        let moved = |event| recorded().moved(&counts(&[("event", event), ("answer", 200)]));
        assert!(moved(1_050).is_empty() && moved(950).is_empty());
        assert_eq!(moved(1_051), ["event: 1000, now 1051 (+5.1 %)"]);
        assert_eq!(moved(900), ["event: 1000, now 900 (-10.0 %)"]);
    }

    #[test]
    fn an_operation_that_came_or_went_is_named() {
        let moved = recorded().moved(&counts(&[("event", 1_000), ("encode", 7)]));
        assert_eq!(moved, ["encode: new, 7", "answer: no longer counted"]);
    }

    #[test]
    fn reasons_are_kept_with_what_moved() {
        let then = recorded().blessed("rustc 1", &counts(&[("event", 500), ("answer", 201)]), "faster scanner");
        assert_eq!(then.instructions.get("answer"), Some(&201));
        let told: Vec<_> = then.changes.iter().map(|change| (&*change.why, change.moved.join("; "))).collect();
        assert_eq!(
            told,
            [
                ("first", "compiler: rustc 1; event: new, 1000; answer: new, 200".into()),
                ("faster scanner", "event: 1000, now 500 (-50.0 %)".into()),
            ]
        );
        assert_eq!(serde_json::from_str::<Recorded>(&serde_json::to_string(&then).unwrap()).unwrap(), then);
    }

    #[test]
    fn nothing_is_recorded_where_there_is_no_file() {
        assert_eq!(Recorded::read(Path::new("/nowhere/instructions.json")).unwrap(), Recorded::default());
    }
}
