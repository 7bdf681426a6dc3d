//! Counters of what a client has met.

/// Totals since the client was made. They only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Sockets asked for.
    pub dials: u64,
    /// Connections that ended, or never came about, for another reason than a shutdown.
    pub downs: u64,
    /// Handshakes completed.
    pub hellos: u64,
    /// Text messages received.
    pub frames_in: u64,
    /// Frames handed to the transport.
    pub frames_out: u64,
    /// Events surfaced.
    pub events: u64,
    /// Responses that answered a request of ours.
    pub responses: u64,
    /// Responses nobody waited for: answered before.
    pub duplicate_responses: u64,
    /// Responses nobody waited for: timed out or cancelled before.
    pub late_responses: u64,
    /// Responses nobody waited for: too old to say.
    pub stale_responses: u64,
    /// Responses with an id that was never ours.
    pub foreign_responses: u64,
    /// Error answers without a usable id.
    pub unattributed_errors: u64,
    /// Text messages that were no frames.
    pub malformed: u64,
    /// Frames with a field that could not be used.
    pub odd: u64,
    /// Binary messages.
    pub binary: u64,
    /// Inputs of a connection that was not the present one.
    pub stale_inputs: u64,
    /// Challenges that came when none was due.
    pub surplus_challenges: u64,
}
