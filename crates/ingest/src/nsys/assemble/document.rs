//! A capture on its way into a trace, and its rows a part at a time.
//!
//! The rows of a database are at hand; those of a report stay packed and are decoded each time they are asked for. What
//! fills tables goes over parts and cannot tell the two apart: a database is a capture of one part. Parts come in the
//! order of their rows, so a table that is filled part by part is the same as one that is filled at once.

use rayon::prelude::*;

use crate::error::IngestError;
use crate::nsys::capture::{Capture, GlobalId, NvtxRecord};
use crate::nsys::report::{PackedRows, Payloads};
use crate::progress::Progress;

/// Unpacked bytes of the parts that are decoded together: some parts for each core, and one when it is larger.
const BYTES_AT_ONCE: u64 = 4 << 20;

/// The number of parts at the front that are decoded together, of parts with so many unpacked bytes.
pub(super) fn num_at_once(num_bytes: impl Iterator<Item = u64>) -> usize {
    let mut sum = 0_u64;
    let fits = |num_bytes: &u64| {
        sum = sum.saturating_add(*num_bytes);
        sum <= BYTES_AT_ONCE
    };
    num_bytes.take_while(fits).count().max(1)
}

/// A capture read to its end, not yet part of a trace.
#[derive(Debug, Default)]
pub(crate) struct CaptureDocument {
    pub(crate) path: String,
    pub(crate) format: String,
    pub(crate) file_bytes: u64,
    pub(crate) unpacked_bytes: u64,
    /// All of it, or all but the rows that are packed.
    pub(crate) capture: Capture,
    pub(crate) packed: Option<PackedRows>,
}

/// A part of the rows of a capture.
pub(super) enum Part<'a> {
    AtHand(&'a Capture),
    Decoded(Box<Capture>),
}

impl Part<'_> {
    pub(super) fn rows(&self) -> &Capture {
        match self {
            Self::AtHand(rows) => rows,
            Self::Decoded(rows) => rows,
        }
    }
}

impl CaptureDocument {
    /// The earliest time of all events, on the capture's clock.
    pub(super) fn first_time(&self) -> Option<i64> {
        let packed = self.packed.as_ref().and_then(|packed| packed.first_time);
        self.capture.first_time().into_iter().chain(packed).min()
    }

    /// Number of parts.
    pub(super) fn num_parts(&self) -> usize {
        self.packed.as_ref().map_or(1, PackedRows::num_parts)
    }

    /// Bytes that a part unpacks to; of one that is at hand none.
    pub(super) fn num_bytes(&self, part: usize) -> u64 {
        self.packed.as_ref().map_or(0, |packed| packed.num_bytes(part))
    }

    /// The earliest time of what becomes a slice in a part; nothing when it has no such thing.
    pub(super) fn first_slice(&self, part: usize) -> Option<i64> {
        match &self.packed {
            Some(packed) => packed.first_slice(part),
            None => self.capture.slice_starts().min(),
        }
    }

    /// The rows of a part that are `wanted`, and of a part that is at hand all others too.
    pub(super) fn part(&self, part: usize, wanted: Payloads) -> Part<'_> {
        match &self.packed {
            Some(packed) => Part::Decoded(Box::new(packed.decode(part, wanted))),
            None => Part::AtHand(&self.capture),
        }
    }

    /// Calls `visit` with every part that has something `wanted`, in the order of the rows.
    pub(super) fn for_each_part(
        &self,
        wanted: Payloads,
        progress: &Progress,
        visit: &mut dyn FnMut(&Capture),
    ) -> Result<(), IngestError> {
        let Some(packed) = &self.packed else {
            progress.check_cancelled()?;
            visit(&self.capture);
            return Ok(());
        };
        let parts: Vec<usize> = (0..packed.num_parts()).filter(|&part| packed.has(part, wanted)).collect();
        let mut rest = &parts[..];
        while !rest.is_empty() {
            progress.check_cancelled()?;
            let num_parts = num_at_once(rest.iter().map(|&part| packed.num_bytes(part)));
            let (parts, others) = rest.split_at(num_parts.min(rest.len()));
            rest = others;
            let decoded: Vec<Capture> = parts.par_iter().map(|&part| packed.decode(part, wanted)).collect();
            for rows in decoded {
                visit(&rows);
            }
        }
        Ok(())
    }

    /// NVTX events that give names, and perhaps others.
    pub(super) fn naming_events(&self) -> impl Iterator<Item = &NvtxRecord> {
        let packed = self.packed.iter().flat_map(|packed| &packed.names);
        self.capture.nvtx.iter().chain(packed)
    }

    /// Number of NVTX events.
    pub(super) fn num_nvtx_events(&self) -> usize {
        self.packed.as_ref().map_or(self.capture.nvtx.len(), |packed| packed.num_rows.nvtx as usize)
    }

    /// NVTX events before those of a part.
    pub(super) fn num_nvtx_before(&self, part: usize) -> usize {
        self.packed.as_ref().map_or(0, |packed| packed.num_nvtx_before(part))
    }

    /// Numbers of rows: slices, GPU work, calls of CUDA, calls of the OS runtime, NVTX events.
    pub(super) fn num_rows(&self) -> [usize; 5] {
        let rows = &self.capture;
        let gpu_ops = rows.gpu_places().count();
        let calls = rows.library_calls.len() + rows.cupti_overheads.len() + rows.profiler_overheads.len();
        let others = rows.syncs.len() + calls + rows.other_events.len() + rows.file_accesses.len();
        let (api_calls, osrt_calls, nvtx) = (rows.api_calls.len(), rows.osrt_calls.len(), rows.nvtx.len());
        let mut numbers = [gpu_ops + others + api_calls + osrt_calls + nvtx, gpu_ops, api_calls, osrt_calls, nvtx];
        if let Some(packed) = &self.packed {
            for (number, of_packed) in numbers.iter_mut().zip(packed.num_rows.totals()) {
                *number += of_packed as usize;
            }
        }
        numbers
    }

    /// Calls `visit` with the processes, devices and contexts of all GPU work.
    pub(super) fn for_each_gpu_owner(&self, visit: &mut dyn FnMut(Option<GlobalId>, i64, i64)) {
        for place in self.capture.gpu_places() {
            visit(place.process, place.device, place.context);
        }
        if let Some(packed) = &self.packed {
            for &(process, device, context) in &packed.owners {
                visit(process, device, context);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_decoded_together_as_far_as_they_are_small() {
        let at_once = |num_bytes: &[u64]| num_at_once(num_bytes.iter().copied());
        assert_eq!(at_once(&[1 << 20; 20]), 4);
        assert_eq!(at_once(&[1 << 30, 1]), 1);
        assert_eq!(at_once(&[1, 1 << 30, 1]), 1);
        assert_eq!(at_once(&[u64::MAX, u64::MAX]), 1);
        assert_eq!(at_once(&[0, 0, 0]), 3);
    }
}
