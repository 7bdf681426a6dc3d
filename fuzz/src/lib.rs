//! The bodies of the fuzz targets: plain functions, so that a test can replay a corpus without a fuzzer.

mod frame;

pub use frame::frame;
