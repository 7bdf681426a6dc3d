//! `replay`: run the core over a recording once more.

use std::io::Write;
use std::path::Path;

use openclaw_client::record::{ReplayError, Replayed, replay};
use serde_json::json;

use super::trace;
use crate::exit::Exit;
use crate::failure::{Divergence, Failure};
use crate::output::look::{GOOD, Look, WARNING};

/// How many lines before a difference are shown with it.
const CONTEXT: usize = 4;

/// Replays the log and says whether the core did the same again.
pub(crate) fn run(path: &Path, look: Look) -> Result<Exit, Failure> {
    let log = std::fs::read(path)
        .map_err(|error| Failure::usage(format!("cannot read the recording {}: {error}", path.display())))?;
    let log = String::from_utf8(log)
        .map_err(|error| Failure::usage(format!("{} is no recording: {error}", path.display())))?;
    match replay(&log) {
        Ok(told) => {
            same(&told, look);
            Ok(Exit::Success)
        }
        Err(ReplayError::Diverged { number, expected, got }) => {
            let before = trace::rows_before(path, number, CONTEXT);
            Err(Failure::diverged(Divergence::new(number, before, &expected, got.as_deref())))
        }
        Err(error @ ReplayError::BeginningLost { .. }) => {
            let shown = path.display();
            Err(Failure::usage_with(format!("{shown}: {error}"), format!("to look at it: openclaw-gw trace {shown}")))
        }
        Err(error) => Err(Failure::usage(format!("{} cannot be replayed: {error}", path.display()))),
    }
}

fn same(told: &Replayed, look: Look) {
    let line = if look.json {
        json!({
            "identical": true,
            "complete": told.complete,
            "inputs": told.inputs,
            "outputs": told.outputs,
            "transmits": told.transmits,
        })
        .to_string()
    } else {
        let verdict = look.out.paint(GOOD, "identical");
        let end = if told.complete {
            String::new()
        } else {
            format!("; {}", look.out.paint(WARNING, "the recording has no proper end"))
        };
        format!("{verdict}: {} inputs, {} outputs, {} frames sent{end}", told.inputs, told.outputs, told.transmits)
    };
    // A reader that has gone has seen enough.
    let _ = writeln!(std::io::stdout(), "{line}");
}
