//! What several tests share.

mod drive;

pub use drive::{Drive, HELLO, challenge, event, hello_response, response};
