//! One module for each command.

pub(crate) mod bench;
pub(crate) mod conformance;
pub(crate) mod drift;
pub(crate) mod exec;
pub(crate) mod file_length;
pub(crate) mod fuzz;
pub(crate) mod gateway;
pub(crate) mod golden;
pub(crate) mod interop;
pub(crate) mod isolated;
pub(crate) mod lint;
pub(crate) mod msrv;
pub(crate) mod mutants;
pub(crate) mod purity;
pub(crate) mod schema;
pub(crate) mod sim;
pub(crate) mod test;
