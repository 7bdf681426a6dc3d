//! Devices, credentials, pairing, and what a refusal leads to. In virtual time.

mod page;
mod vectors;
mod verify;
