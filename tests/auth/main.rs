//! Devices, credentials, pairing, and what a refusal leads to. In virtual time.

mod vectors;
mod verify;
