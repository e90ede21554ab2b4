//! The pass: everything that becomes a slice, in order of time.
//!
//! Recorders write events in order of their starts, but for some that come late. So parts are opened in the order of
//! their earliest event, and what starts before the earliest event of the next part can be placed, since nothing comes
//! before it any more. What is open at once is then a few parts of a report. Were a report in no order at all, all its
//! parts would be open at once, which takes more memory and comes to the same trace.

use std::cmp::Reverse;

use kinetoscope_model::time::Nanos;
use kinetoscope_model::{SourceId, WarningKind};
use rayon::prelude::*;

use super::document::{Part, num_at_once};
use super::{Assembly, CaptureDocument, Event, EventKind, cpu};
use crate::error::IngestError;
use crate::nsys::capture::Capture;
use crate::nsys::report::Payloads;
use crate::progress::Progress;

/// Events that are placed between two looks at whether to stop.
const CANCEL_EVERY: usize = 1 << 16;

/// What slices are made of.
const WANTED: Payloads = Payloads::NVTX.with(Payloads::CALLS).with(Payloads::GPU);

/// A part that is not open yet: its earliest time, its source, its number.
type UnopenedPart = (i64, u32, u32);

/// A part that is open: its rows, and how many of them are still to be placed.
struct OpenPart<'a> {
    part: Part<'a>,
    num_left: usize,
}

impl Assembly {
    /// Places everything that becomes a slice, the longer first where two start together.
    pub(super) fn place_slices(
        &mut self,
        documents: &[CaptureDocument],
        progress: &Progress,
    ) -> Result<(), IngestError> {
        let mut unopened: Vec<UnopenedPart> = Vec::new();
        for (source, document) in (0u32..).zip(documents) {
            for part in 0..document.num_parts() {
                if let Some(first) = document.first_slice(part) {
                    let first = first.saturating_add(self.shifts[source as usize]);
                    unopened.push((first, source, part as u32));
                }
            }
        }
        unopened.sort_unstable();
        self.reserve(documents);
        let mut open: Vec<Vec<Option<OpenPart<'_>>>> = documents
            .iter()
            .map(|document| std::iter::repeat_with(|| None).take(document.num_parts()).collect())
            .collect();
        let decode = |parts: &[UnopenedPart]| -> Vec<Part<'_>> {
            let decode = |&(_, source, part): &UnopenedPart| documents[source as usize].part(part as usize, WANTED);
            parts.par_iter().map(decode).collect()
        };
        let mut pending: Vec<Event> = Vec::new();
        // The parts at the front that are opened together, and those after them.
        let split = |parts: &'_ [UnopenedPart]| {
            let sizes = parts.iter().map(|&(_, source, part)| documents[source as usize].num_bytes(part as usize));
            num_at_once(sizes).min(parts.len())
        };
        let (mut batch, mut unopened) = unopened.split_at(split(&unopened));
        let mut decoded = decode(batch);
        while !batch.is_empty() {
            for (&(_, source, part), rows) in batch.iter().zip(decoded) {
                let num_before = pending.len();
                self.collect(source, part, rows.rows(), &mut pending);
                let num_left = pending.len() - num_before;
                if num_left > 0 {
                    open[source as usize][part as usize] = Some(OpenPart { part: rows, num_left });
                }
            }
            // Not the unstable sort: what waits is in order already, and only this one makes use of it.
            pending
                .sort_by_key(|event| (event.ts, Reverse(event.end), event.source, event.kind, event.part, event.index));
            let horizon = unopened.first().map_or(Nanos::MAX, |&(first, ..)| first);
            let (next, later) = unopened.split_at(split(unopened));
            let num_ready = pending.partition_point(|event| event.ts < horizon);
            // Placing keeps one core busy, and the others can get the next parts ready.
            let (placed, ready) = rayon::join(
                || self.place_events(documents, &mut open, &pending[..num_ready], progress),
                || decode(next),
            );
            placed?;
            pending.drain(..num_ready);
            (batch, unopened, decoded) = (next, later, ready);
        }
        Ok(())
    }

    fn place_events(
        &mut self,
        documents: &[CaptureDocument],
        open: &mut [Vec<Option<OpenPart<'_>>>],
        events: &[Event],
        progress: &Progress,
    ) -> Result<(), IngestError> {
        for (count, event) in events.iter().enumerate() {
            if count % CANCEL_EVERY == 0 {
                progress.check_cancelled()?;
            }
            let (source, part) = (event.source as usize, event.part as usize);
            let place = &mut open[source][part];
            let Some(of) = place else { unreachable!("a part is open until all its events are placed") };
            self.place(of.part.rows(), &documents[source].capture.strings, event);
            of.num_left -= 1;
            if of.num_left == 0 {
                *place = None;
            }
        }
        progress.check_cancelled()
    }

    /// Makes room for all rows, so that no table is copied while it grows.
    fn reserve(&mut self, documents: &[CaptureDocument]) {
        let mut of_all = [0; 5];
        for document in documents {
            for (sum, number) in of_all.iter_mut().zip(document.num_rows()) {
                *sum += number;
            }
        }
        let [slices, gpu_ops, api_calls, osrt_calls, nvtx] = of_all;
        self.trace.slices.reserve(slices);
        self.trace.gpu_ops.reserve(gpu_ops);
        self.trace.api_calls.reserve(api_calls);
        self.trace.osrt.reserve(osrt_calls);
        self.trace.nvtx.reserve(nvtx);
    }

    /// Adds the events of a part that become slices.
    fn collect(&mut self, source: u32, part: u32, rows: &Capture, events: &mut Vec<Event>) {
        for (index, record) in rows.file_accesses.iter().enumerate() {
            if !self.has_call_of(source, record) {
                let times = (record.start, Some(record.end));
                events.extend(self.event((source, part), EventKind::FileAccess, index, record.row, times));
            }
        }
        let mut add = |kind: EventKind, index: usize, row: i64, times: (i64, Option<i64>)| {
            if let Some(event) = self.event((source, part), kind, index, row, times) {
                events.push(event);
            }
        };
        for (index, record) in rows.nvtx.iter().enumerate() {
            match cpu::nvtx_type(record.event_type) {
                Some(kind) if kind.is_range() => add(EventKind::Nvtx, index, record.row, (record.start, record.end)),
                Some(kind) if cpu::is_mark(kind) => {
                    add(EventKind::Nvtx, index, record.row, (record.start, Some(record.start)));
                }
                _ => {}
            }
        }
        for (index, record) in rows.library_calls.iter().enumerate() {
            // The table of cuBLAS comes first, whatever parts the rows are in.
            let kind = if cpu::is_cublas(record) { EventKind::Cublas } else { EventKind::Library };
            add(kind, index, record.row, (record.start, Some(record.end)));
        }
        for (index, record) in rows.other_events.iter().enumerate() {
            add(EventKind::Other, index, record.row, (record.start, record.end.or(Some(record.start))));
        }
        macro_rules! add_all {
            ($($kind:ident: $records:ident;)*) => {$(
                for (index, record) in rows.$records.iter().enumerate() {
                    add(EventKind::$kind, index, record.row, (record.start, Some(record.end)));
                }
            )*};
        }
        add_all! {
            Api: api_calls;
            Osrt: osrt_calls;
            CuptiOverhead: cupti_overheads;
            ProfilerOverhead: profiler_overheads;
        }
        macro_rules! add_placed {
            ($($kind:ident: $records:ident;)*) => {$(
                for (index, record) in rows.$records.iter().enumerate() {
                    add(EventKind::$kind, index, record.row, (record.place.start, Some(record.place.end)));
                }
            )*};
        }
        add_placed! {
            GraphTrace: graph_traces;
            Kernel: kernels;
            Memcpy: memcpys;
            Memset: memsets;
            Sync: syncs;
        }
    }

    /// A record's place on the trace's clock; nothing when its times do not fit.
    fn event(
        &mut self,
        (source, part): (u32, u32),
        kind: EventKind,
        index: usize,
        row: i64,
        (start, end): (i64, Option<i64>),
    ) -> Option<Event> {
        let ts = self.time(source, start, row)?;
        let end = match end {
            None => Nanos::MAX,
            // The last nanosecond is kept apart: it means "not ended".
            Some(end) => self.time(source, end, row)?.min(Nanos::MAX - 1),
        };
        let end = if end < ts {
            let detail = || format!("{kind:?} row {row} of {} ns", end - ts);
            self.trace.warnings.add(WarningKind::NegativeDuration, SourceId(source), Some(row.max(0) as u64), detail);
            ts
        } else {
            end
        };
        // Durations have to fit as well.
        if end != Nanos::MAX && end.checked_sub(ts).is_none() {
            self.warn_time(source, row);
            return None;
        }
        Some(Event { ts, end, source, part, index: index as u32, kind })
    }
}
