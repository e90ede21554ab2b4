//! The trace builder: where a reader puts what it found, and the only way to a sealed trace.

use crate::args::{ArgPage, ArgStore};
use crate::id::*;
use crate::strings::Interner;
use crate::table::*;
use crate::trace::{Trace, TraceClock};
use crate::warning::{WarningKind, Warnings};

/// Fills the tables of one trace.
///
/// Slices, counters, thread states and samples have to be pushed in order of time; that order is the order of their ids.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the fields are the tables, documented there")]
pub struct TraceBuilder {
    pub strings: Interner,
    pub clock: TraceClock,
    pub warnings: Warnings,
    pub arg_pages: Vec<ArgPage>,
    pub sources: SourceBuilder,
    pub ranks: RankBuilder,
    pub processes: ProcessBuilder,
    pub threads: ThreadBuilder,
    pub devices: DeviceBuilder,
    pub streams: StreamBuilder,
    pub tracks: TrackBuilder,
    pub slices: SliceBuilder,
    pub gpu_ops: GpuOpBuilder,
    pub api_calls: ApiCallBuilder,
    pub launches: LaunchBuilder,
    pub flows: FlowBuilder,
    pub counters: CounterBuilder,
    pub thread_states: ThreadStateBuilder,
    pub device_properties: DevicePropertyBuilder,
    pub cuda_contexts: CudaContextBuilder,
    pub cuda_streams: CudaStreamBuilder,
    pub cuda_syncs: CudaSyncBuilder,
    pub cuda_events: CudaEventBuilder,
    pub cuda_graph_events: CudaGraphEventBuilder,
    pub nvtx: NvtxBuilder,
    pub osrt: OsrtBuilder,
    pub overheads: OverheadBuilder,
    pub gpu_memory_events: GpuMemoryEventBuilder,
    pub um_page_faults: UmPageFaultBuilder,
    pub stack_mappings: StackMappingBuilder,
    pub stack_frames: StackFrameBuilder,
    pub stack_callsites: StackCallsiteBuilder,
    pub perf_samples: PerfSampleBuilder,
    pub diagnostics: DiagnosticBuilder,
    pub process_outputs: ProcessOutputBuilder,
    pub metadata: MetadataBuilder,
}

impl TraceBuilder {
    /// Ends filling: from here on nothing changes.
    pub fn seal(mut self) -> Trace {
        self.warnings.count(WarningKind::StringPoolFull, self.strings.num_refused());
        let mut stats = StatsBuilder::default();
        let mut import_log = ImportLogBuilder::default();
        for (kind, count, examples) in self.warnings.iter() {
            let name = self.strings.intern(kind.name());
            let severity = self.strings.intern(kind.severity().word());
            let description = self.strings.intern(kind.description());
            stats.push(StatsRow { name, severity, value: count as i64, description });
            for example in examples {
                import_log.push(ImportLogRow {
                    name,
                    severity,
                    source_id: example.source,
                    byte_offset: example.byte_offset.map(|offset| offset as i64),
                    detail: self.strings.intern(&example.detail),
                });
            }
        }
        Trace {
            clock: self.clock,
            strings: self.strings.seal(),
            args: ArgStore::from_pages(self.arg_pages),
            sources: self.sources.seal(),
            ranks: self.ranks.seal(),
            processes: self.processes.seal(),
            threads: self.threads.seal(),
            devices: self.devices.seal(),
            streams: self.streams.seal(),
            tracks: self.tracks.seal(),
            slices: self.slices.seal(),
            gpu_ops: self.gpu_ops.seal(),
            api_calls: self.api_calls.seal(),
            launches: self.launches.seal(),
            flows: self.flows.seal(),
            counters: self.counters.seal(),
            thread_states: self.thread_states.seal(),
            device_properties: self.device_properties.seal(),
            cuda_contexts: self.cuda_contexts.seal(),
            cuda_streams: self.cuda_streams.seal(),
            cuda_syncs: self.cuda_syncs.seal(),
            cuda_events: self.cuda_events.seal(),
            cuda_graph_events: self.cuda_graph_events.seal(),
            nvtx: self.nvtx.seal(),
            osrt: self.osrt.seal(),
            overheads: self.overheads.seal(),
            gpu_memory_events: self.gpu_memory_events.seal(),
            um_page_faults: self.um_page_faults.seal(),
            stack_mappings: self.stack_mappings.seal(),
            stack_frames: self.stack_frames.seal(),
            stack_callsites: self.stack_callsites.seal(),
            perf_samples: self.perf_samples.seal(),
            diagnostics: self.diagnostics.seal(),
            process_outputs: self.process_outputs.seal(),
            metadata: self.metadata.seal(),
            stats: stats.seal(),
            import_log: import_log.seal(),
        }
    }

    /// The id that the next argument set of a page appended now would get.
    pub fn next_arg_set(&self) -> ArgSetId {
        ArgSetId::from_index(self.arg_pages.iter().map(ArgPage::num_sets).sum())
    }
}
