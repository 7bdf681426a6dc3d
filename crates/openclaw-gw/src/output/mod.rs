//! What reaches the terminal or the pipe, and in which shape.

pub(crate) mod fit;
pub(crate) mod json;
pub(crate) mod line;
pub(crate) mod look;
pub(crate) mod mask;
pub(crate) mod pairing;
pub(crate) mod redact;
pub(crate) mod sanitise;
pub(crate) mod stdout;
pub(crate) mod time;
pub(crate) mod warning;
