//! The states a client tells are those the documentation says, one by one.

use openclaw_proto::{ClientConfig, TRANSITIONS};

use crate::invariants::Draw;
use crate::model::{Model, Row};
use crate::watch::{Chronicle, Step};

/// Compares the client with the model.
#[derive(Debug)]
pub struct StateStream {
    model: Model,
    /// The model has lost the client; what follows would only be more of the same.
    lost: bool,
}

impl StateStream {
    pub(crate) fn new(config: ClientConfig) -> Self {
        Self { model: Model::new(config), lost: false }
    }

    /// What jitter has drawn by the last step.
    pub(crate) fn take_draw(&mut self) -> Option<Draw> {
        self.model.take_draw()
    }

    pub(crate) fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<Vec<Row>, String> {
        if self.lost {
            return Ok(Vec::new());
        }
        let rows = self.model.step(step, known).inspect_err(|_| self.lost = true)?;
        match rows.iter().find(|row| !TRANSITIONS.contains(row)) {
            Some(row) => Err(format!("{row:?} is no row of the table")),
            None => Ok(rows),
        }
    }
}
