//! One module for each command.

pub(crate) mod conformance;
pub(crate) mod exec;
pub(crate) mod file_length;
pub(crate) mod gateway;
pub(crate) mod lint;
pub(crate) mod msrv;
pub(crate) mod mutants;
pub(crate) mod purity;
pub(crate) mod sim;
pub(crate) mod test;
