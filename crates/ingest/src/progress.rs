//! Progress and cancellation: what a long reading tells others, and how they stop it.
//!
//! One [`Progress`] is shared between the threads of a reading and whoever watches it. It holds plain counters, so
//! watching costs the reading nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::error::IngestError;

/// Counters of a reading under way, and the switch that stops it.
#[derive(Debug, Default)]
pub struct Progress {
    total_file_bytes: AtomicU64,
    file_bytes: AtomicU64,
    unpacked_bytes: AtomicU64,
    events: AtomicU64,
    is_building: AtomicBool,
    is_cancelled: AtomicBool,
}

/// What a [`Progress`] showed at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgressSnapshot {
    /// Size of all inputs in bytes; 0 while unknown (standard input).
    pub total_file_bytes: u64,
    /// Bytes read from the inputs so far, as they lie in the files.
    pub file_bytes: u64,
    /// Bytes after unpacking so far.
    pub unpacked_bytes: u64,
    /// Events found so far.
    pub events: u64,
    /// True once everything is read and the tables are being built.
    pub is_building: bool,
}

impl Progress {
    /// Asks the reading to stop; it returns [`IngestError::Cancelled`] soon after.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// True once [`Self::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    /// An error once [`Self::cancel`] was called.
    pub fn check_cancelled(&self) -> Result<(), IngestError> {
        if self.is_cancelled() { Err(IngestError::Cancelled) } else { Ok(()) }
    }

    /// The counters now.
    pub fn snapshot(&self) -> ProgressSnapshot {
        ProgressSnapshot {
            total_file_bytes: self.total_file_bytes.load(Ordering::Relaxed),
            file_bytes: self.file_bytes.load(Ordering::Relaxed),
            unpacked_bytes: self.unpacked_bytes.load(Ordering::Relaxed),
            events: self.events.load(Ordering::Relaxed),
            is_building: self.is_building.load(Ordering::Relaxed),
        }
    }

    /// Adds to the size of all inputs.
    pub(crate) fn add_total_file_bytes(&self, bytes: u64) {
        self.total_file_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Adds to the bytes read.
    pub(crate) fn add_file_bytes(&self, bytes: u64) {
        self.file_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Adds to the bytes unpacked.
    pub(crate) fn add_unpacked_bytes(&self, bytes: u64) {
        self.unpacked_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Adds to the events found.
    pub(crate) fn add_events(&self, events: u64) {
        self.events.fetch_add(events, Ordering::Relaxed);
    }

    /// Marks the reading as done and the building as begun.
    pub(crate) fn start_building(&self) {
        self.is_building.store(true, Ordering::Relaxed);
    }
}
