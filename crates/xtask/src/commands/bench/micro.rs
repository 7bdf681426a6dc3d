//! Reading what divan prints: a tree on the left, columns on the right.

use serde::Serialize;

/// A part of the core, with one of its sizes.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub(super) struct Part {
    /// Its place in the tree: `decode event 200`.
    pub(super) name: String,
    /// As printed, with its unit.
    pub(super) fastest: String,
    pub(super) median: String,
    /// Allocations of one iteration, and growths of what was allocated (median).
    pub(super) allocations: f64,
}

impl Part {
    /// In nanoseconds.
    pub(super) fn fastest(&self) -> Option<f64> {
        nanoseconds(&self.fastest)
    }

    /// In nanoseconds.
    pub(super) fn median(&self) -> Option<f64> {
        nanoseconds(&self.median)
    }
}

fn nanoseconds(text: &str) -> Option<f64> {
    let (number, unit) = text.split_once(' ')?;
    let unit = match unit {
        "ps" => 1e-3,
        "ns" => 1.0,
        "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * unit)
}

/// The measurements in what was printed.
pub(super) fn parse(text: &str) -> Vec<Part> {
    let mut lines = text.lines();
    let Some(column) = lines.find_map(|line| chars_before(line, "fastest")) else { return Vec::new() };
    let mut path: Vec<String> = Vec::new();
    let mut parts: Vec<Part> = Vec::new();
    let mut allocations_next = false;
    for line in lines {
        let tree: String = line.chars().take(column).collect();
        let rest: String = line.chars().skip(column).collect();
        let columns: Vec<&str> = rest.split('│').map(str::trim).collect();
        let first = columns.first().copied().unwrap_or_default();
        let median = columns.get(2).copied().unwrap_or_default();
        if let Some(depth) = tree.chars().position(|c| matches!(c, '├' | '╰')) {
            path.truncate(depth / 3);
            path.push(tree.trim_matches(|c: char| c.is_whitespace() || "│├╰─".contains(c)).to_owned());
            if !first.is_empty() {
                parts.push(Part {
                    name: path.join(" "),
                    fastest: first.into(),
                    median: median.into(),
                    allocations: 0.0,
                });
            }
        } else if let (true, Some(part)) = (allocations_next, parts.last_mut()) {
            part.allocations += median.parse::<f64>().unwrap_or_default();
        }
        allocations_next = matches!(first, "alloc:" | "grow:");
    }
    parts
}

fn chars_before(line: &str, word: &str) -> Option<usize> {
    line.split_once(word).map(|(before, _)| before.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
Timer precision: 20 ns
core            fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ decode                     │               │               │               │         │
│  ├─ event                   │               │               │               │         │
│  │  ├─ 200    139.7 ns      │ 7.179 µs      │ 140.2 ns      │ 214.6 ns      │ 100     │ 100
│  │  ╰─ 4096   230.7 ns      │ 238.2 ns      │ 234.4 ns      │ 234.3 ns      │ 100     │ 800
│  ╰─ theirs    197.4 ns      │ 207.5 ns      │ 200 ns        │ 200.3 ns      │ 100     │ 1600
│               max alloc:    │               │               │               │         │
│                 2           │ 2             │ 2             │ 2             │         │
│               alloc:        │               │               │               │         │
│                 1           │ 1             │ 1             │ 1             │         │
│                 8 B         │ 8 B           │ 8 B           │ 8 B           │         │
│               grow:         │               │               │               │         │
│                 0.5         │ 0.5           │ 0.5           │ 0.5           │         │
│                 4 B         │ 4 B           │ 4 B           │ 4 B           │         │
╰─ call         541.3 ns      │ 1.209 µs      │ 671.5 ns      │ 716.1 ns      │ 100     │ 50000
";

    #[test]
    fn what_was_printed_is_read_with_its_place_in_the_tree() {
        let parts = parse(PRINTED);
        let seen: Vec<_> =
            parts.iter().map(|p| format!("{}; {}; {}; {}", p.name, p.fastest, p.median, p.allocations)).collect();
        assert_eq!(
            seen,
            [
                "decode event 200; 139.7 ns; 140.2 ns; 0",
                "decode event 4096; 230.7 ns; 234.4 ns; 0",
                "decode theirs; 197.4 ns; 200 ns; 1.5",
                "call; 541.3 ns; 671.5 ns; 0",
            ]
        );
    }

    #[test]
    fn times_are_told_in_nanoseconds() {
        let told = ["1.5 ns", "2 µs", "0.25 ms", "1 s"].map(|text| nanoseconds(text).unwrap());
        assert_eq!(told, [1.5, 2_000.0, 250_000.0, 1e9]);
        assert_eq!(nanoseconds("8 KB"), None);
    }

    #[test]
    fn anything_else_is_nothing() {
        assert!(parse("error: no such benchmark").is_empty());
    }
}
