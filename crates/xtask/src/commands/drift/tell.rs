//! The report for people.

use std::fmt::Write as _;

use super::compare::{Change, Definition, Drift, Lists};

/// The definitions that a client reads or writes whatever methods it calls: what is new in them is for the core to learn.
const CORE: &[&str] = &[
    "AgentEvent",
    "ChatEvent",
    "ConnectParams",
    "ErrorShape",
    "EventFrame",
    "GatewaySuspension",
    "HelloOk",
    "NodeInvokeRequestEvent",
    "NodeInvokeResultParams",
    "PresenceEntry",
    "RequestFrame",
    "ResponseFrame",
    "ShutdownEvent",
    "Snapshot",
    "StateVersion",
    "TickEvent",
];

/// How many names of a list are shown unless all are wanted.
const SHOWN: usize = 12;

pub(super) fn report(from: &str, to: &str, drift: &Drift, all: bool) -> String {
    if from == to {
        return format!("{from} is the release compared with: no drift\n");
    }
    let mut text = format!("from {from} to {to}\n\nwhat clients have to learn\n");
    let before = text.len();
    list(&mut text, "scopes", &drift.scopes, true);
    list(&mut text, "events", &drift.events, true);
    for (name, lists) in &drift.constants {
        list(&mut text, name, lists, true);
    }
    for name in CORE {
        if let Some(changed) = drift.changed.get(*name) {
            definition(&mut text, name, changed);
        }
    }
    if text.len() == before {
        text.push_str("  nothing\n");
    }
    text.push_str("\nwhat callers of single methods have to learn\n");
    list(&mut text, "methods", &drift.methods, all);
    changes(&mut text, "scopes and policies of methods", &drift.policies, all);
    list(&mut text, "definitions", &drift.definitions, all);
    let others: Vec<_> = drift.changed.iter().filter(|(name, _)| !CORE.contains(&name.as_str())).collect();
    let _ = writeln!(text, "  {} definitions have changed", others.len());
    for (name, changed) in others {
        if all {
            definition(&mut text, name, changed);
        }
    }
    if !all {
        text.push_str("  (--all shows all of it, --json all of it for programs)\n");
    }
    text
}

fn list(text: &mut String, what: &str, lists: &Lists, all: bool) {
    for (word, names) in [("added", &lists.added), ("removed", &lists.removed)] {
        if names.is_empty() {
            continue;
        }
        let shown = if all { names.len() } else { SHOWN };
        let some = names.iter().take(shown).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if names.len() > shown { format!(" and {} more", names.len() - shown) } else { String::new() };
        let _ = writeln!(text, "  {what} {word} ({}): {some}{more}", names.len());
    }
}

fn changes(text: &mut String, what: &str, changes: &[Change], all: bool) {
    if changes.is_empty() {
        return;
    }
    let _ = writeln!(text, "  {what}: {} have changed", changes.len());
    for Change { what, from, to } in changes.iter().take(if all { changes.len() } else { SHOWN }) {
        let _ = writeln!(text, "    {what}: {from} → {to}");
    }
}

fn definition(text: &mut String, name: &str, definition: &Definition) {
    let _ = writeln!(text, "  {name}");
    for (sign, names) in [
        ('+', &definition.fields.added),
        ('-', &definition.fields.removed),
        ('+', &definition.values.added),
        ('-', &definition.values.removed),
    ] {
        for name in names {
            let _ = writeln!(text, "    {sign} {name}");
        }
    }
    for Change { what, from, to } in &definition.changed {
        let place = if what.is_empty() { "(itself)" } else { what };
        let _ = writeln!(text, "    ~ {place}: {from} → {to}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_core_must_learn_comes_first() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let changed =
            || Definition { fields: Lists { added: names(&["/x"]), removed: Vec::new() }, ..Definition::default() };
        let drift = Drift {
            methods: Lists { added: (0..20).map(|n| format!("m{n}")).collect(), removed: Vec::new() },
            changed: [("HelloOk".to_owned(), changed()), ("OtherParams".to_owned(), changed())].into(),
            ..Drift::default()
        };
        let text = report("1", "2", &drift, false);
        assert!(text.find("HelloOk\n    + /x").unwrap() < text.find("methods added (20)").unwrap());
        assert!(text.contains("m11 and 8 more") && !text.contains("OtherParams"), "{text}");
        assert!(report("1", "2", &drift, true).contains("OtherParams\n    + /x"));
        assert!(report("1", "1", &Drift::default(), false).contains("no drift"));
    }
}
