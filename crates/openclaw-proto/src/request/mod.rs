//! Requests in flight: ids, correlation, deadlines, outcomes.

mod deadlines;
mod hyphenated;
mod id;
mod outcome;
mod slab;
mod table;

pub use id::RequestId;
pub use outcome::{NotSent, Outcome, Refused, Rejected};
#[cfg(feature = "measuring")]
pub use table::Correlation;
pub use table::Stray;
pub(crate) use table::{Answer, Readiness, RequestLimits, Requests};
