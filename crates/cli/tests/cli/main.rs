//! The command `kinetoscope` as its users meet it: the real binary, its output, its exit codes, its files.
//!
//! One test binary, because linking the query engine takes longer than running everything here.

mod bad_input;
mod cache;
mod console_block;
mod documents;
mod export;
mod interrupt;
mod output;
mod prompt;
mod query;
mod sandbox;
mod serve;
mod stats;
mod summary;
mod usage;
