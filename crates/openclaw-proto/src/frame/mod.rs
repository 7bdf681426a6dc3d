//! The three frames of the wire: request, response, event.
//!
//! [`parse`] reads the envelope only and borrows everything from the text; payloads are slices that nobody has
//! looked into. It is open on the way in: unknown keys pass, a null reads as absent, a repeated key means
//! its last value, and the field names of the original Go client (`params` and `result` for `payload`, integer
//! error codes) are read like the wire's own. Building a frame is strict: see [`Request`].

mod envelope;
mod inbound;
mod outbound;

pub(crate) use envelope::{Envelope, Kind, state_version};
pub use inbound::{EventFrame, Frame, FrameError, Oddity, RequestFrame, ResponseFrame, ResponseId, Verdict, parse};
pub(crate) use outbound::{Extra, ID_LEN, Method, Timeout, strip_trace, timeout_of};
pub use outbound::{Request, RequestError, TwoStage, WhenNotReady};

/// The largest frame a gateway takes before `hello-ok`, in bytes (its pre-auth limit, inclusive).
pub const MAX_FRAME_BEFORE_HELLO: usize = 65_536;

/// The largest frame a gateway takes after `hello-ok` where its hello states no other limit, in bytes
/// (`policy.maxPayload` of every recorded release since 2026.2.26, inclusive).
pub const MAX_FRAME_DEFAULT: usize = 26_214_400;

/// The longest `traceparent` a gateway takes, in characters; a longer one invalidates the whole frame.
pub const MAX_TRACEPARENT: usize = 128;

/// The longest `expectedProfileId`, in characters.
pub const MAX_PROFILE_ID: usize = 128;
