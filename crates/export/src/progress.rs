//! Progress and cancellation of an export: counters that others watch, and a switch that they throw.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::ExportError;

/// Rows between two looks at whether to stop.
const ROWS_PER_LOOK: u64 = 1 << 12;

/// Counters of an export under way, and the switch that stops it.
#[derive(Debug, Default)]
pub struct Progress {
    total_rows: AtomicU64,
    rows: AtomicU64,
    is_cancelled: AtomicBool,
}

impl Progress {
    /// Asks the export to stop; it returns [`ExportError::Cancelled`] soon after.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Rows written so far, and rows to write.
    pub fn rows(&self) -> (u64, u64) {
        (self.rows.load(Ordering::Relaxed), self.total_rows.load(Ordering::Relaxed))
    }

    pub(crate) fn set_total(&self, rows: usize) {
        self.total_rows.store(rows as u64, Ordering::Relaxed);
    }

    /// Counts a row.
    #[inline]
    pub(crate) fn add_row(&self) -> Result<(), ExportError> {
        let before = self.rows.fetch_add(1, Ordering::Relaxed);
        if before.is_multiple_of(ROWS_PER_LOOK) { self.check() } else { Ok(()) }
    }

    pub(crate) fn check(&self) -> Result<(), ExportError> {
        if self.is_cancelled.load(Ordering::Relaxed) { Err(ExportError::Cancelled) } else { Ok(()) }
    }
}
