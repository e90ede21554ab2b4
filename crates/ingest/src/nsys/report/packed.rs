//! The rows of a report while they are still packed: what has to be known before the first of them becomes part of a
//! table, and a way to have them decoded when their time comes.
//!
//! Names stand behind all events in a report, and domains, categories and threads are named somewhere among them, so no
//! row can be placed before all were seen once. Keeping the rows for that long takes several times the memory of the
//! trace; keeping the blocks takes what the file takes, and decoding them again happens on the other cores.

use std::collections::BTreeSet;

use super::container::PackedBlock;
use super::event::{Payloads, decode_block};
use super::numbering::LastRows;
use super::{ReadBytes, ReportLimits, numbering, read_blocks, session};
use crate::error::IngestError;
use crate::nsys::capture::{Capture, GlobalId, GpuPlace, NvtxRecord};
use crate::progress::Progress;

/// The rows of a report, packed.
#[derive(Debug, Default)]
pub(crate) struct PackedRows {
    parts: Vec<Part>,
    /// Decides which values old recorders only seem to have written.
    version: Option<String>,
    /// Rows of each table.
    pub(crate) num_rows: LastRows,
    /// NVTX events that name domains, categories and threads.
    pub(crate) names: Vec<NvtxRecord>,
    /// Who uses which device: each process, device and context once.
    pub(crate) owners: BTreeSet<(Option<GlobalId>, i64, i64)>,
    /// The earliest time of all.
    pub(crate) first_time: Option<i64>,
}

/// A block.
#[derive(Debug)]
struct Part {
    block: PackedBlock,
    found: Payloads,
    before: LastRows,
    /// The earliest time of what becomes a slice.
    first_slice: Option<i64>,
}

impl PackedRows {
    /// Reads a report whose rows stay packed. The capture has everything else, and what only few rows tell.
    pub(crate) fn read(
        path: &str,
        read: &mut ReadBytes<'_>,
        limits: ReportLimits,
        progress: &Progress,
    ) -> Result<(Capture, Self), IngestError> {
        let mut rows = Self::default();
        let mut few = Capture::default();
        let mut capture = read_blocks(path, read, limits, progress, &mut |block| {
            let mut part = block.rows;
            rows.look_at(&part);
            rows.num_rows = block.after;
            few.num_events += part.num_events;
            few.diagnostics.append(&mut part.diagnostics);
            if few.other_tables.is_empty() {
                few.other_tables = std::mem::take(&mut part.other_tables);
            }
            let first_slice = part.slice_starts().min();
            rows.parts.push(Part { block: block.block, found: block.found, before: block.before, first_slice });
            Ok(())
        })?;
        rows.version.clone_from(&capture.about.recorder_version);
        numbering::append(&mut capture, few);
        Ok((capture, rows))
    }

    fn look_at(&mut self, part: &Capture) {
        self.first_time = self.first_time.into_iter().chain(part.first_time()).min();
        self.owners.extend(part.gpu_places().map(|place: &GpuPlace| (place.process, place.device, place.context)));
        self.names.extend(part.nvtx.iter().filter(|record| record.gives_name()).cloned());
    }

    /// Number of parts.
    pub(crate) fn num_parts(&self) -> usize {
        self.parts.len()
    }

    /// Bytes that a part unpacks to.
    pub(crate) fn num_bytes(&self, part: usize) -> u64 {
        self.parts[part].block.unpacked_len as u64
    }

    /// The earliest time of what becomes a slice in a part.
    pub(crate) fn first_slice(&self, part: usize) -> Option<i64> {
        self.parts[part].first_slice
    }

    /// NVTX rows before those of a part.
    pub(crate) fn num_nvtx_before(&self, part: usize) -> usize {
        self.parts[part].before.nvtx as usize
    }

    /// True when a part has something that is `wanted`.
    pub(crate) fn has(&self, part: usize, wanted: Payloads) -> bool {
        self.parts[part].found.meets(wanted)
    }

    /// The rows of a part that are `wanted`, as they were when it was read.
    pub(crate) fn decode(&self, part: usize, wanted: Payloads) -> Capture {
        let part = &self.parts[part];
        // It could be unpacked before.
        let Ok(unpacked) = part.block.unpack() else { return Capture::default() };
        let mut rows = decode_block(&unpacked, wanted).capture;
        session::forget_what_was_not_recorded(&mut rows, self.version.as_deref());
        let mut last = part.before;
        last.number(&mut rows);
        rows
    }
}
