//! What memory costs, counted: the numbers are the same on every machine, so they are asserted and not only measured.

mod client;
mod core;
mod events;
mod idle;
