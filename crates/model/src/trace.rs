//! The sealed trace: all tables of one reading, which nothing changes any more.

use crate::args::ArgStore;
use crate::column::ColumnData;
use crate::id::*;
use crate::strings::StringPool;
use crate::table::*;
use crate::time::{Interval, Nanos, end_of};

/// The first bytes of a cache file.
///
/// Readers know them, so that a folder of traces can hold caches without their being taken for traces. No text begins
/// so: the first byte is in no UTF-8 text, and the last one shows a file that was copied as text.
pub const CACHE_MAGIC: &[u8; 8] = b"\x89KTRACE\n";

/// How trace time relates to other clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TraceClock {
    /// Unix time in nanoseconds of the trace start; `None` when no source tells.
    pub start_unix_ns: Option<i64>,
    /// What SQL adds to trace time, so that queries see the times that the (first) file writes.
    pub file_offset_ns: i64,
}

macro_rules! trace {
    ($($(#[$doc:meta])* $field:ident: $table:ident,)*) => {
        /// A sealed trace.
        #[derive(Debug, Clone)]
        pub struct Trace {
            /// How trace time relates to other clocks.
            pub clock: TraceClock,
            /// All names.
            pub strings: StringPool,
            /// All arguments.
            pub args: ArgStore,
            $($(#[$doc])* pub $field: $table,)*
        }

        impl Trace {
            /// Every table, in a fixed order.
            pub fn tables(&self) -> Vec<&dyn Table> {
                vec![$(&self.$field),*]
            }

            /// A trace from stored columns: `take` is asked for each table by name, and answers with its number of
            /// rows and its columns. `None` when a table is missing or does not fit its schema.
            pub fn from_tables(
                clock: TraceClock,
                strings: StringPool,
                args: ArgStore,
                mut take: impl FnMut(&'static str, usize) -> Option<(usize, Vec<ColumnData>)>,
            ) -> Option<Self> {
                Some(Self {
                    clock,
                    strings,
                    args,
                    $($field: {
                        let (len, columns) = take($table::NAME, $table::SPECS.len())?;
                        $table::from_columns(len, &columns)?
                    },)*
                })
            }
        }
    };
}

trace! {
    /// Inputs.
    sources: SourceTable,
    /// Distributed ranks.
    ranks: RankTable,
    /// Processes.
    processes: ProcessTable,
    /// Threads.
    threads: ThreadTable,
    /// GPUs.
    devices: DeviceTable,
    /// Streams.
    streams: StreamTable,
    /// Rows of the timeline.
    tracks: TrackTable,
    /// Spans of time.
    slices: SliceTable,
    /// Kernels, copies, fills.
    gpu_ops: GpuOpTable,
    /// Runtime and driver calls.
    api_calls: ApiCallTable,
    /// Call to work.
    launches: LaunchTable,
    /// Arrows.
    flows: FlowTable,
    /// Counter values.
    counters: CounterTable,
    /// Scheduling states.
    thread_states: ThreadStateTable,
    /// Properties of devices.
    device_properties: DevicePropertyTable,
    /// Contexts.
    cuda_contexts: CudaContextTable,
    /// Streams that processes made.
    cuda_streams: CudaStreamTable,
    /// Synchronisations.
    cuda_syncs: CudaSyncTable,
    /// Recordings of CUDA events.
    cuda_events: CudaEventTable,
    /// The making of graphs.
    cuda_graph_events: CudaGraphEventTable,
    /// NVTX events.
    nvtx: NvtxTable,
    /// Calls of the OS runtime.
    osrt: OsrtTable,
    /// Overhead of the profiler.
    overheads: OverheadTable,
    /// Allocations of GPU memory.
    gpu_memory_events: GpuMemoryEventTable,
    /// Page faults on unified memory.
    um_page_faults: UmPageFaultTable,
    /// Object files of stacks.
    stack_mappings: StackMappingTable,
    /// Frames of stacks.
    stack_frames: StackFrameTable,
    /// Call trees.
    stack_callsites: StackCallsiteTable,
    /// CPU samples.
    perf_samples: PerfSampleTable,
    /// What the recorder has to say.
    diagnostics: DiagnosticTable,
    /// What processes wrote.
    process_outputs: ProcessOutputTable,
    /// What the files say of themselves.
    metadata: MetadataTable,
    /// Warnings by kind.
    stats: StatsTable,
    /// Examples of warnings.
    import_log: ImportLogTable,
}

impl Trace {
    /// The text of a string id.
    #[inline]
    pub fn text(&self, id: StringId) -> &str {
        self.strings.get(id)
    }

    /// The text of an optional string id; empty when there is none.
    pub fn text_or_empty(&self, id: Option<StringId>) -> &str {
        id.map_or("", |id| self.strings.get(id))
    }

    /// Start and end of one slice.
    #[inline]
    pub fn slice_interval(&self, id: SliceId) -> Interval {
        Interval::from_start_and_dur(self.slices.ts.get(id.index()), self.slices.dur.get(id.index()))
    }

    /// From the earliest start to the latest end of slices, counters, states and samples; `None` for a trace without events.
    pub fn bounds(&self) -> Option<Interval> {
        let slices = (0..self.slices.len()).map(|row| (self.slices.ts.get(row), self.slices.dur.get(row)));
        let counters = self.counters.ts.iter().map(|ts| (ts, 0));
        let states = self.thread_states.rows().map(|row| (row.ts, row.dur));
        let samples = self.perf_samples.ts.iter().map(|ts| (ts, 0));
        slices.chain(counters).chain(states).chain(samples).fold(
            None,
            |bounds: Option<Interval>, (ts, dur): (Nanos, Nanos)| {
                let end = end_of(ts, dur);
                Some(bounds.map_or(Interval { start: ts, end }, |seen| Interval {
                    start: seen.start.min(ts),
                    end: seen.end.max(end),
                }))
            },
        )
    }
}
