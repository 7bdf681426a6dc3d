//! What is worth knowing and stops nothing.

use std::io::Write as _;

use serde_json::json;

use super::look::{Look, WARNING};
use super::sanitise::escape;

/// Tells it on standard error.
pub(crate) fn warn(look: Look, text: &str) {
    let line = if look.json {
        escape(&json!({"warning": {"message": text}}).to_string()).into_owned()
    } else {
        format!("{} {}", look.err.paint(WARNING, "warning:"), escape(text))
    };
    // Where standard error is gone there is nobody to warn.
    let _ = writeln!(std::io::stderr(), "{line}");
}
