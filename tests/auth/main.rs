//! Devices, credentials, pairing, and what a refusal leads to. In virtual time.

mod choice;
mod embedded;
mod hostile;
mod one_retry;
mod page;
mod pairing;
mod pauses;
mod recording;
mod scopes;
mod signing;
mod tokens;
mod vectors;
mod verify;
