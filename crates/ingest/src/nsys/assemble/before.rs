//! Before the pass: puts all captures on one clock, and learns the names that hold for the whole capture.

use kinetoscope_model::SourceId;
use kinetoscope_model::id::NONE;
use kinetoscope_model::table::SourceRow;

use super::{Assembly, CaptureDocument, ThreadName};
use crate::chrome::metadata::{self, TopLevel};
use crate::one_clock::{self, InputClock};

impl Assembly {
    pub(super) fn add_sources(&mut self, documents: &[CaptureDocument]) {
        let clocks = documents.iter().map(|document| InputClock {
            path: &document.path,
            base_unix_ns: document.capture.about.utc_epoch_ns,
            first: document.first_time(),
        });
        self.shifts = one_clock::align(&mut self.trace, &clocks.collect::<Vec<_>>());
        for (index, document) in documents.iter().enumerate() {
            let source_id = SourceId::from_index(index);
            self.trace.warnings.merge(document.capture.warnings.clone().of_source(source_id));
            // Only the name of a capture says which rank it is of.
            let rank_id = metadata::add_rank(&mut self.trace, source_id, &TopLevel::default(), &document.path);
            let path = self.trace.strings.intern(&document.path);
            let format = self.trace.strings.intern(&document.format);
            self.trace.sources.push(SourceRow {
                path,
                format,
                file_bytes: document.file_bytes as i64,
                unpacked_bytes: document.unpacked_bytes as i64,
                num_events: document.capture.num_events as i64,
                clock_offset: self.shifts[index],
                base_unix_ns: document.capture.about.utc_epoch_ns,
                rank_id,
            });
        }
    }

    /// Names of processes, threads, domains, categories and streams.
    pub(super) fn learn_names(&mut self, documents: &[CaptureDocument]) {
        for (source, document) in (0u32..).zip(documents) {
            let capture = &document.capture;
            for process in &capture.processes {
                if let Some(name) = process.name.as_deref().filter(|name| !name.is_empty()) {
                    self.process_names.entry((source, process.process.process())).or_insert_with(|| name.into());
                }
            }
            for record in &capture.thread_names {
                let name = capture.strings.get(record.name).filter(|name| !name.is_empty()).map(Into::into);
                let entry = ThreadName { name, priority: record.priority };
                self.thread_names.entry((source, record.thread)).or_insert(entry);
            }
            for record in &capture.nvtx_cuda_names {
                // One of a device is a property of it.
                let (Some(pid), Some(context)) = (record.pid, record.context) else { continue };
                let name = self.trace.strings.intern(&record.name);
                match record.stream {
                    Some(stream) => self.nvtx_stream_names.insert((source, pid, context, stream), name),
                    None => self.nvtx_context_names.insert((source, pid, context), name),
                };
            }
            for &(process, rank) in &capture.mpi_ranks {
                self.mpi_ranks.insert((source, process.process()), rank);
            }
            self.learn_nvtx_names(source, document.naming_events(), &capture.strings);
            self.nvtx_slices.push(vec![NONE; document.num_nvtx_events()]);
            self.nvtx_before.push((0..document.num_parts()).map(|part| document.num_nvtx_before(part)).collect());
        }
        self.find_shared_devices(documents);
        self.learn_file_accesses(documents);
    }
}
