//! Draws traces as text and generates vLLM-like traces for tests and benches.
//!
//! Everything here makes the bytes of a trace file, never a finished trace: what a test is given has gone through the
//! real reader, as a user's file does.
//!
//! - [`draw`] turns a picture of a dozen slices into a trace, for tests of what an analysis says.
//! - [`generate`] makes realistic traces of any size and says exactly what they hold, for readers and benches.
//! - [`fixture`] knows where the repository's own traces lie.

pub mod draw;
pub mod fixture;
pub mod generate;
pub mod gzip;
mod layout;
pub mod random;
