//! The examples are the files beside this folder; the code in the project's README is compiled here.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
