//! Tables that are kept in documents, between two marks.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Writes a table into a file: in the place of what is between the marks `<!-- NAME -->` and `<!-- /NAME -->`, or, where there
/// are none, in the place of everything.
///
/// # Errors
/// When the file cannot be read or written, or has only one of the marks.
pub fn write(file: &Path, name: &str, table: &str) -> Result<()> {
    let told = || file.display().to_string();
    let old = if file.exists() { fs::read_to_string(file).with_context(told)? } else { String::new() };
    fs::write(file, between(&old, name, table)?).with_context(told)
}

fn between(old: &str, name: &str, table: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    match (old.split_once(&begin), old.split_once(&end)) {
        (Some((before, _)), Some((_, after))) => Ok(format!("{before}{begin}\n{table}{end}{after}")),
        (None, None) => Ok(table.into()),
        _ => bail!("only one of the marks {begin} and {end} is there"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let (begin, end) = ("<!-- bench -->", "<!-- /bench -->");
        let old = format!("a\n{begin}\nold\n{end}\nb\n");
        assert_eq!(between(&old, "bench", "new\n").unwrap(), format!("a\n{begin}\nnew\n{end}\nb\n"));
        assert_eq!(between("", "bench", "new\n").unwrap(), "new\n");
        assert!(between(begin, "bench", "new\n").is_err());
    }
}
