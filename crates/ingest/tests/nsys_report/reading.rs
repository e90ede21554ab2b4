//! Reads reports that lie in memory.

use kinetoscope_ingest::nsys::capture::Capture;
use kinetoscope_ingest::nsys::report::{ReportLimits, read_report};
use kinetoscope_ingest::{IngestError, Progress};

pub(crate) const LIMITS: ReportLimits = ReportLimits { max_unpacked_bytes: 1 << 30 };

/// Reads a report that comes in pieces of `piece_bytes`.
pub(crate) fn read_in_pieces(bytes: &[u8], piece_bytes: usize) -> Result<Capture, IngestError> {
    let mut rest = bytes;
    let mut read = |buffer: &mut [u8]| {
        let len = rest.len().min(buffer.len()).min(piece_bytes);
        buffer[..len].copy_from_slice(&rest[..len]);
        rest = &rest[len..];
        Ok(len)
    };
    read_report("test.nsys-rep", &mut read, LIMITS, &Progress::default())
}

pub(crate) fn read(bytes: &[u8]) -> Result<Capture, IngestError> {
    read_in_pieces(bytes, usize::MAX)
}

/// Every warning as `name count: first example`.
pub(crate) fn warnings(capture: &Capture) -> Vec<String> {
    let first = |examples: &[kinetoscope_model::warning::WarningExample]| {
        examples.first().map(|example| example.detail.clone()).unwrap_or_default()
    };
    capture.warnings.iter().map(|(kind, n, examples)| format!("{} {n}: {}", kind.name(), first(examples))).collect()
}
