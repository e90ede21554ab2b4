//! Captures of NVIDIA Nsight Systems: what its recorder wrote, whatever container holds it.
//!
//! The same capture comes as a report (`.nsys-rep`) or as the sqlite database exported from it. Each container has a
//! reader of its own, and all fill one [`capture::Capture`], so that a trace made from either is the same.

pub(crate) mod assemble;
pub mod capture;
pub mod report;
pub(crate) mod sqlite;

pub use assemble::PrivateData;
