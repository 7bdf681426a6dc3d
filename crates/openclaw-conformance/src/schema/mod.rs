//! Every frame is looked at here: against the schema that the gateway's makers publish, and against the schemas in the
//! gateways themselves.
//!
//! `@openclaw/gateway-protocol` is published for few releases, and for none of the pinned ones. So a pinned release is
//! checked against what its own code validates with, taken out of its bundle ([`xtask::protocol`]), and, if it speaks wire
//! 4, against the published schema as well. What gateways send beside their own schema stands in a table
//! (`known::RECEIVED`); a test that sends something wrong on purpose stands in another (`known::SENT`). Both are
//! asserted in both directions.

mod check;
mod cli;
mod inspector;
mod known;
mod mapping;
mod protocol;
mod summary;
mod validate;

pub use cli::{Args, run};
pub(crate) use inspector::Inspector;
