//! The rows of one Nsight Systems capture, as the recorder wrote them.
//!
//! A capture is plain data: readers of its containers fill it, and nothing here knows of databases, of protobuf or of
//! the trace that is made of it. Three decisions shaped it:
//!
//! - **As recorded.** Times are nanoseconds since the capture's own zero, ids are the recorder's, numbers of enums are
//!   kept as numbers, and a field that a version of the recorder does not have is `None`, never 0.
//! - **Row numbers.** Each record knows its row in its table as the exported database numbers them (from 1), because
//!   reports print these numbers and break ties by them.
//! - **Comparable.** Every record is `PartialEq`, so that two readers can be held against each other row by row.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use kinetoscope_model::Warnings;

/// The id of a text in the capture's [`StringTable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TextId(pub i64);

/// A serialized id: hardware, virtual machine, process and thread in one number.
///
/// ```text
/// bits  63..56     55..48   47..24   23..0
///       hardware   vm       pid      tid
/// ```
///
/// The id of a process has 0 for its thread, that of a virtual machine 0 for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct GlobalId(pub i64);

impl GlobalId {
    const ID_MASK: i64 = 0xff_ffff;

    /// The id made of its parts.
    pub fn from_parts(hardware: u8, vm: u8, pid: u32, tid: u32) -> Self {
        let part = |value: u32| i64::from(value) & Self::ID_MASK;
        Self(i64::from_be_bytes([hardware, vm, 0, 0, 0, 0, 0, 0]) | part(pid) << 24 | part(tid))
    }

    /// Process id as the system knew it.
    pub fn pid(self) -> i64 {
        (self.0 >> 24) & Self::ID_MASK
    }

    /// Thread id as the system knew it; 0 for the id of a process.
    pub fn tid(self) -> i64 {
        self.0 & Self::ID_MASK
    }

    /// Number of the virtual machine; 1 for captures of the machine itself.
    pub fn vm(self) -> u8 {
        (self.0 >> 48) as u8
    }

    /// Number of the hardware.
    pub fn hardware(self) -> u8 {
        (self.0 >> 56) as u8
    }

    /// The id of the process that this thread is of.
    pub fn process(self) -> Self {
        Self(self.0 & !Self::ID_MASK)
    }
}

/// The texts of a capture by their ids, which may have gaps.
#[derive(Debug, Clone, Default)]
pub struct StringTable {
    texts: String,
    spans: HashMap<i64, (usize, usize), FixedState>,
}

impl StringTable {
    /// Adds a text. The first text of an id stays; false when there was one.
    pub fn insert(&mut self, id: TextId, text: &str) -> bool {
        if self.spans.contains_key(&id.0) {
            return false;
        }
        let start = self.texts.len();
        self.texts.push_str(text);
        self.spans.insert(id.0, (start, self.texts.len()));
        true
    }

    /// The text of `id`; `None` when the capture does not have it.
    pub fn get(&self, id: TextId) -> Option<&str> {
        let &(start, end) = self.spans.get(&id.0)?;
        self.texts.get(start..end)
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// True when there is no text.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Every id and text, in the order of the ids.
    pub fn iter(&self) -> impl Iterator<Item = (TextId, &str)> {
        let mut ids: Vec<i64> = self.spans.keys().copied().collect();
        ids.sort_unstable();
        ids.into_iter().filter_map(|id| Some((TextId(id), self.get(TextId(id))?)))
    }
}

impl PartialEq for StringTable {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// One capture.
#[derive(Debug, Clone, Default)]
pub struct Capture {
    /// What the capture says of itself.
    pub about: About,
    /// Texts.
    pub strings: StringTable,
    /// All processes of the machine or container, traced or not. Table `PROCESSES`.
    pub processes: Vec<ProcessRecord>,
    /// Names and priorities of threads. Table `ThreadNames`.
    pub thread_names: Vec<ThreadNameRecord>,
    /// Kernels. Table `CUPTI_ACTIVITY_KIND_KERNEL`.
    pub kernels: Vec<KernelRecord>,
    /// Copies. Table `CUPTI_ACTIVITY_KIND_MEMCPY`.
    pub memcpys: Vec<MemcpyRecord>,
    /// Fills. Table `CUPTI_ACTIVITY_KIND_MEMSET`.
    pub memsets: Vec<MemsetRecord>,
    /// Synchronisations. Table `CUPTI_ACTIVITY_KIND_SYNCHRONIZATION`.
    pub syncs: Vec<SyncRecord>,
    /// Recorded CUDA events. Table `CUPTI_ACTIVITY_KIND_CUDA_EVENT`.
    pub cuda_events: Vec<CudaEventRecord>,
    /// Graph launches, each traced as one piece. Table `CUPTI_ACTIVITY_KIND_GRAPH_TRACE`.
    pub graph_traces: Vec<GraphTraceRecord>,
    /// Creation of graphs, of executable ones and of clones. Table `CUDA_GRAPH_EVENTS`.
    pub graph_events: Vec<GraphEventRecord>,
    /// Creation of graph nodes. Table `CUDA_GRAPH_NODE_EVENTS`, and in older schemas `CUDA_GRAPH_EVENTS` too.
    pub graph_node_events: Vec<GraphNodeEventRecord>,
    /// Calls of the CUDA runtime and driver. Table `CUPTI_ACTIVITY_KIND_RUNTIME`.
    pub api_calls: Vec<ApiRecord>,
    /// Calls of cuBLAS and cuDNN. Tables `CUBLAS_EVENTS`, then `CUDNN_EVENTS`; row numbers are those of each table.
    pub library_calls: Vec<ApiRecord>,
    /// Overhead that CUPTI reports. Table `CUPTI_ACTIVITY_KIND_OVERHEAD`.
    pub cupti_overheads: Vec<CuptiOverheadRecord>,
    /// Overhead of the recorder itself. Table `PROFILER_OVERHEAD`.
    pub profiler_overheads: Vec<ProfilerOverheadRecord>,
    /// NVTX ranges, marks, names and domains. Table `NVTX_EVENTS`.
    pub nvtx: Vec<NvtxRecord>,
    /// Calls of the OS runtime. Table `OSRT_API`.
    pub osrt_calls: Vec<OsrtRecord>,
    /// Stacks of OS runtime calls. Table `OSRT_CALLCHAINS`.
    pub osrt_frames: Vec<FrameRecord>,
    /// Stacks of CUDA calls. Table `CUDA_CALLCHAINS`.
    pub cuda_frames: Vec<FrameRecord>,
    /// Stacks of CPU samples. Table `SAMPLING_CALLCHAINS`.
    pub sampling_frames: Vec<FrameRecord>,
    /// Threads that were switched in and out. Table `SCHED_EVENTS`.
    pub sched_events: Vec<SchedRecord>,
    /// CPU samples. Table `COMPOSITE_EVENTS`.
    pub samples: Vec<SampleRecord>,
    /// Allocations and releases of GPU memory. Table `CUDA_GPU_MEMORY_USAGE_EVENTS`.
    pub memory_usage: Vec<MemoryUsageRecord>,
    /// Page faults of the CPU on unified memory. Table `CUDA_UM_CPU_PAGE_FAULT_EVENTS`.
    pub um_cpu_faults: Vec<UmCpuFaultRecord>,
    /// Page faults of a GPU on unified memory. Table `CUDA_UM_GPU_PAGE_FAULT_EVENTS`.
    pub um_gpu_faults: Vec<UmGpuFaultRecord>,
    /// Values of GPU metrics. Table `GPU_METRICS`.
    pub gpu_metrics: Vec<GpuMetricRecord>,
    /// Names of GPU metrics. Table `TARGET_INFO_GPU_METRICS`.
    pub gpu_metric_names: Vec<GpuMetricNameRecord>,
    /// What OS runtime calls did to files. Tables `OSRT_FILE_ACCESS_EVENTS` and `OSRT_FILE_ACCESS_DESCRIPTORS`.
    pub file_accesses: Vec<FileAccessRecord>,
    /// Events of interfaces that have no records of their own here, e.g. MPI, OpenMP and OpenACC, of all
    /// [`Self::other_tables`].
    pub other_events: Vec<OtherRecord>,
    /// The tables that they are in.
    pub other_tables: Vec<OtherTable>,
    /// Values of metrics of network adapters. Table `NET_NIC_METRIC`.
    pub nic_metrics: Vec<NicMetricRecord>,
    /// Their names. Table `TARGET_INFO_NETWORK_METRICS`.
    pub nic_metric_names: Vec<NicMetricNameRecord>,
    /// Network adapters by their ids. Table `TARGET_INFO_NIC_INFO`.
    pub nic_names: Vec<(i64, Box<str>)>,
    /// Ranks of processes. Table `MPI_RANKS`.
    pub mpi_ranks: Vec<(GlobalId, i64)>,
    /// GPUs. Table `TARGET_INFO_GPU`.
    pub gpus: Vec<GpuRecord>,
    /// CUDA's numbers of the GPUs in each process. Table `TARGET_INFO_CUDA_DEVICE`.
    pub cuda_devices: Vec<CudaDeviceRecord>,
    /// CUDA contexts. Table `TARGET_INFO_CUDA_CONTEXT_INFO`, before it `TARGET_INFO_CUDA_NULL_STREAM`.
    pub contexts: Vec<ContextRecord>,
    /// CUDA streams. Table `TARGET_INFO_CUDA_STREAM`.
    pub streams: Vec<StreamRecord>,
    /// Names given through NVTX. Tables `TARGET_INFO_NVTX_CUDA_DEVICE`, `_CONTEXT` and `_STREAM`.
    pub nvtx_cuda_names: Vec<NvtxCudaNameRecord>,
    /// Properties of the machine. Table `TARGET_INFO_SYSTEM_ENV`.
    pub system_env: Vec<SystemEnvRecord>,
    /// How the capture was made: options, commands, arguments, environments. Table `META_DATA_CAPTURE`.
    pub capture_metadata: Vec<NameValueRecord>,
    /// How the database was exported. Table `META_DATA_EXPORT`, in schemas before 3 `EXPORT_META_DATA`.
    pub export_metadata: Vec<NameValueRecord>,
    /// What the processes wrote to standard output and error. Table `ProcessStreams`.
    pub process_streams: Vec<ProcessStreamRecord>,
    /// What the recorder has to say. Table `DIAGNOSTIC_EVENT`.
    pub diagnostics: Vec<DiagnosticRecord>,
    /// Start and stop of the collection. Table `ANALYSIS_DETAILS`.
    pub analyses: Vec<AnalysisRecord>,
    /// Tables for events that the container has and that hold none, in the order of their names.
    pub empty_tables: Vec<String>,
    /// Tables with events that cannot be read, because it does not show when or where these happened, in the order of
    /// their names.
    pub unread_tables: Vec<String>,
    /// What the reader could not use, said of source 0.
    pub warnings: Warnings,
    /// Events that the container holds, used or not.
    pub num_events: u64,
}

impl Capture {
    /// Where and when work ran on GPUs, waiting left out.
    pub(crate) fn gpu_places(&self) -> impl Iterator<Item = &GpuPlace> {
        let places = self.kernels.iter().map(|record| &record.place);
        let places = places.chain(self.memcpys.iter().map(|record| &record.place));
        let places = places.chain(self.memsets.iter().map(|record| &record.place));
        places.chain(self.graph_traces.iter().map(|record| &record.place))
    }

    /// The starts of everything that becomes a slice, and of what is named through NVTX.
    pub(crate) fn slice_starts(&self) -> impl Iterator<Item = i64> {
        let places = self.gpu_places().chain(self.syncs.iter().map(|record| &record.place)).map(|place| place.start);
        let calls = self.api_calls.iter().chain(&self.library_calls).map(|record| record.start);
        let calls = calls.chain(self.osrt_calls.iter().map(|record| record.start));
        let calls = calls.chain(self.nvtx.iter().map(|record| record.start));
        let calls = calls.chain(self.cupti_overheads.iter().map(|record| record.start));
        let calls = calls.chain(self.profiler_overheads.iter().map(|record| record.start));
        let calls = calls.chain(self.other_events.iter().map(|record| record.start));
        let calls = calls.chain(self.file_accesses.iter().map(|record| record.start));
        places.chain(calls)
    }

    /// The earliest time of all events.
    pub(crate) fn first_time(&self) -> Option<i64> {
        let others = self.sched_events.iter().map(|record| record.start);
        let others = others.chain(self.samples.iter().map(|record| record.start));
        let others = others.chain(self.memory_usage.iter().map(|record| record.start));
        let others = others.chain(self.um_cpu_faults.iter().map(|record| record.start));
        let others = others.chain(self.um_gpu_faults.iter().map(|record| record.start));
        let others = others.chain(self.gpu_metrics.iter().map(|record| record.timestamp));
        let others = others.chain(self.nic_metrics.iter().map(|record| record.start));
        self.slice_starts().chain(others).min()
    }

    /// Frees the records of which a slice has taken all there is: they are most of a capture's memory.
    pub(crate) fn forget_placed(&mut self) {
        self.kernels = Vec::new();
        self.memcpys = Vec::new();
        self.memsets = Vec::new();
        self.syncs = Vec::new();
        self.graph_traces = Vec::new();
        self.api_calls = Vec::new();
        self.library_calls = Vec::new();
        self.cupti_overheads = Vec::new();
        self.profiler_overheads = Vec::new();
        self.osrt_calls = Vec::new();
        self.other_events = Vec::new();
        self.file_accesses = Vec::new();
    }
}

/// What a capture says of itself as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// Version of the recorder, e.g. `2023.4.4.54`.
    pub recorder_version: Option<String>,
    /// Schema version of the exported database, e.g. `3.7.2`; a report has none.
    pub schema_version: Option<String>,
    /// Unix time in nanoseconds of the capture's time zero.
    pub utc_epoch_ns: Option<i64>,
    /// The same moment as the recorder writes it in UTC.
    pub utc_time: Option<String>,
    /// The same moment as the recorder writes it in the machine's time zone.
    pub local_time: Option<String>,
    /// The system clock at time zero, from schema 3.24.14 on.
    pub system_clock_ns: Option<i64>,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcessRecord {
    /// Row number.
    pub row: i64,
    /// Process.
    pub process: GlobalId,
    /// Process id, as the table gives it beside the global one.
    pub pid: Option<i64>,
    /// Path of the executable.
    pub name: Option<Box<str>>,
}

/// A thread's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ThreadNameRecord {
    /// Row number.
    pub row: i64,
    /// Thread.
    pub thread: GlobalId,
    /// Name.
    pub name: TextId,
    /// Priority, 20 being the usual one.
    pub priority: Option<i32>,
}

/// Where GPU work ran and what called for it: the fields that all its records share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GpuPlace {
    /// Start.
    pub start: i64,
    /// End.
    pub end: i64,
    /// Device, by the recorder's number ([`GpuRecord::id`]).
    pub device: i64,
    /// Context.
    pub context: i64,
    /// Green context, from schema 3 on.
    pub green_context: Option<i64>,
    /// Stream; for synchronisations 0xFFFFFFFF is none.
    pub stream: i64,
    /// Correlation id, of one process.
    pub correlation: Option<i64>,
    /// Process.
    pub process: Option<GlobalId>,
}

/// A kernel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KernelRecord {
    /// Row number.
    pub row: i64,
    /// When, where and why.
    pub place: GpuPlace,
    /// Name as in source code, with types and arguments.
    pub demangled_name: Option<TextId>,
    /// Name without types and arguments.
    pub short_name: Option<TextId>,
    /// Name as in the object file.
    pub mangled_name: Option<TextId>,
    /// 1 regular, 2 cooperative on one device, 3 cooperative on several.
    pub launch_type: Option<i32>,
    /// Preference between L1 and shared memory: 0 none, 1 shared, 2 L1, 3 equal.
    pub cache_config: Option<i32>,
    /// Registers per thread.
    pub registers_per_thread: Option<u32>,
    /// Blocks in x, y, z.
    pub grid: [Option<i32>; 3],
    /// Threads of a block in x, y, z.
    pub block: [Option<i32>; 3],
    /// Statically declared shared memory per block in bytes.
    pub static_shared_memory: Option<i32>,
    /// Dynamically asked-for shared memory per block in bytes.
    pub dynamic_shared_memory: Option<i32>,
    /// Shared memory per block in bytes that the kernel ran with.
    pub shared_memory_executed: Option<i32>,
    /// Limit on shared memory: 0 default, 1 opted in.
    pub shared_memory_limit_config: Option<i32>,
    /// Local memory per thread in bytes.
    pub local_memory_per_thread: Option<i64>,
    /// Local memory of all threads in bytes.
    pub local_memory_total: Option<i64>,
    /// Number of the launch.
    pub grid_id: Option<i64>,
    /// Node of a graph, when the graph was traced by nodes.
    pub graph_node: Option<i64>,
    /// Graph, from schema 3.24 on.
    pub graph: Option<i64>,
    /// What only the newest recorders write.
    pub cluster: Option<Box<ClusterFields>>,
}

/// Fields of a kernel that recorders of schema 3.24 and later write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClusterFields {
    /// Blocks of a cluster in x, y, z.
    pub size: [Option<i32>; 3],
    /// How clusters are scheduled.
    pub scheduling_policy: Option<i32>,
    /// Largest cluster that could have been launched.
    pub max_potential_size: Option<i32>,
    /// Most clusters that could run at once.
    pub max_active: Option<i32>,
    /// When the last block was done, the launch could release what waits for it, and its memory was released.
    pub qmd_times: [Option<i64>; 3],
    /// Shared memory asked for, in percent.
    pub shared_memory_requested_percentage: Option<i32>,
}

/// A copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemcpyRecord {
    /// Row number.
    pub row: i64,
    /// When, where and why.
    pub place: GpuPlace,
    /// Bytes.
    pub bytes: Option<i64>,
    /// Direction: 1 host to device, 2 device to host, 8 device to device, 10 peer to peer, 11 to 13 unified memory ...
    pub copy_kind: Option<i32>,
    /// Memory that was read: 0 pageable, 1 pinned, 2 device, 3 array, 4 managed, 5 device static, 6 managed static.
    pub src_kind: Option<i32>,
    /// Memory that was written, by the same numbers.
    pub dst_kind: Option<i32>,
    /// Device that was read, for copies between devices.
    pub src_device: Option<i64>,
    /// Its context.
    pub src_context: Option<i64>,
    /// Device that was written.
    pub dst_device: Option<i64>,
    /// Its context.
    pub dst_context: Option<i64>,
    /// Why unified memory moved: 0 unknown, 1 user, 2 coherence, 3 prefetch, 4 eviction, 5 access counters.
    pub migration_cause: Option<i32>,
    /// Node of a graph.
    pub graph_node: Option<i64>,
    /// Address, of copies of unified memory.
    pub virtual_address: Option<i64>,
    /// Copies that the record stands for, from schema 3.24 on.
    pub copy_count: Option<i64>,
}

/// A fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemsetRecord {
    /// Row number.
    pub row: i64,
    /// When, where and why.
    pub place: GpuPlace,
    /// Value that was written.
    pub value: Option<i64>,
    /// Bytes.
    pub bytes: Option<i64>,
    /// Memory that was written, by the numbers of [`MemcpyRecord::src_kind`].
    pub mem_kind: Option<i32>,
    /// Node of a graph.
    pub graph_node: Option<i64>,
}

/// A synchronisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SyncRecord {
    /// Row number.
    pub row: i64,
    /// When, where and why.
    pub place: GpuPlace,
    /// 1 event, 2 stream waits for an event, 3 stream, 4 context.
    pub sync_type: Option<i32>,
    /// CUDA event.
    pub event: Option<i64>,
    /// Which recording of the event, from schema 3.17 on.
    pub event_sync: Option<i64>,
}

/// A recorded CUDA event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CudaEventRecord {
    /// Row number.
    pub row: i64,
    /// When it was recorded, from schema 3.24 on.
    pub timestamp: Option<i64>,
    /// Device.
    pub device: Option<i64>,
    /// Context.
    pub context: Option<i64>,
    /// Green context.
    pub green_context: Option<i64>,
    /// Stream.
    pub stream: Option<i64>,
    /// Correlation id of the recording call.
    pub correlation: Option<i64>,
    /// Process.
    pub process: Option<GlobalId>,
    /// CUDA event.
    pub event: Option<i64>,
    /// Which recording of the event.
    pub event_sync: Option<i64>,
}

/// A graph launch, traced as one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GraphTraceRecord {
    /// Row number.
    pub row: i64,
    /// When, where and why.
    pub place: GpuPlace,
    /// Graph.
    pub graph: Option<i64>,
    /// Executable graph.
    pub graph_exec: Option<i64>,
}

/// The creation of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GraphEventRecord {
    /// Row number.
    pub row: i64,
    /// Start.
    pub start: i64,
    /// End.
    pub end: i64,
    /// 94 executable graph, 95 graph, 96 clone.
    pub event_class: Option<i32>,
    /// Thread.
    pub thread: Option<GlobalId>,
    /// Call that created it.
    pub name: Option<TextId>,
    /// Graph.
    pub graph: Option<i64>,
    /// Graph it was made from.
    pub original_graph: Option<i64>,
    /// Executable graph.
    pub graph_exec: Option<i64>,
}

/// The creation of a node of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GraphNodeEventRecord {
    /// Row number.
    pub row: i64,
    /// Start.
    pub start: i64,
    /// End.
    pub end: i64,
    /// 77 node.
    pub event_class: Option<i32>,
    /// Thread.
    pub thread: Option<GlobalId>,
    /// Call that created it.
    pub name: Option<TextId>,
    /// Node.
    pub node: Option<i64>,
    /// Node it was made from.
    pub original_node: Option<i64>,
    /// Graph, where the recorder says so.
    pub graph: Option<i64>,
    /// Graph it was made from, where the recorder says so.
    pub original_graph: Option<i64>,
}

/// A call of the CUDA runtime or driver, or of a library above them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ApiRecord {
    /// Row number.
    pub row: i64,
    /// Start.
    pub start: i64,
    /// End.
    pub end: i64,
    /// 0 CUDA runtime, 1 CUDA driver, 28 cuDNN, 29 cuBLAS.
    pub event_class: Option<i32>,
    /// Thread.
    pub thread: Option<GlobalId>,
    /// Correlation id, of one process.
    pub correlation: Option<i64>,
    /// Name with its suffix for the version of the interface, e.g. `cudaLaunchKernel_v7000`.
    pub name: Option<TextId>,
    /// What the call returned; 0 is success.
    pub return_value: Option<i64>,
    /// Stack, in [`Capture::cuda_frames`]; 0 is none.
    pub callchain: Option<i64>,
}

/// Overhead that CUPTI reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CuptiOverheadRecord {
    /// Row number.
    pub row: i64,
    /// Start.
    pub start: i64,
    /// End.
    pub end: i64,
    /// Class of the event.
    pub event_class: Option<i32>,
    /// Thread.
    pub thread: Option<GlobalId>,
    /// Correlation id of the call that it delayed.
    pub correlation: Option<i64>,
    /// Name.
    pub name: Option<TextId>,
    /// 2 compiler, 3 buffer flush, 4 instrumentation, 5 resources, 6 module loading, 7 lazy function loading, 8 full buffer.
    pub overhead_type: Option<i32>,
}

/// Overhead of the recorder itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProfilerOverheadRecord {
    /// Row number.
    pub row: i64,
    /// Start.
    pub start: i64,
    /// End.
    pub end: i64,
    /// Thread.
    pub thread: Option<GlobalId>,
    /// Name.
    pub name: Option<TextId>,
    /// Return value, before schema 3.24.
    pub return_value: Option<i64>,
    /// Type, from schema 3.24 on.
    pub overhead_type: Option<i32>,
}

/// An NVTX event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NvtxRecord {
    /// Row number.
    pub row: i64,
    /// 33 category name, 34 mark, 39 thread name, 59 push/pop range, 60 start/end range, 70 and 71 the same from text
    /// imports, 75 domain, 76 its end.
    pub event_type: i32,
    /// Start. A category's, thread's or domain's name has a time too: when it was given.
    pub start: i64,
    /// End; none for marks and for ranges that were never ended.
    pub end: Option<i64>,
    /// Number of a start/end range.
    pub range_id: Option<i64>,
    /// Category.
    pub category: Option<i64>,
    /// Colour as alpha, red, green and blue, a byte each.
    pub color: Option<u32>,
    /// Text that came with the event.
    pub text: Option<Box<str>>,
    /// Text that was registered before; counts before [`Self::text`].
    pub text_id: Option<TextId>,
    /// Thread; for a domain or category the one that made it.
    pub thread: Option<GlobalId>,
    /// Thread that ended the range, when it is another one.
    pub end_thread: Option<GlobalId>,
    /// Domain; 0 is the default one.
    pub domain: Option<i64>,
    /// Payload.
    pub payload: Option<NvtxPayload>,
    /// JSON text, by its id.
    pub json_text_id: Option<TextId>,
    /// JSON text.
    pub json_text: Option<Box<str>>,
    /// Payload of a type that the program described itself, as the exporter writes it.
    pub binary_data: Option<Box<str>>,
}

impl NvtxRecord {
    /// True when it names a category, a thread or a domain, for events before and after it.
    pub(crate) fn gives_name(&self) -> bool {
        matches!(self.event_type, 33 | 39 | 75)
    }
}

/// The payload of an NVTX event.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the names are the types")]
pub enum NvtxPayload {
    U64(u64),
    I64(i64),
    F64(f64),
    U32(u32),
    I32(i32),
    F32(f32),
}

/// A call of the OS runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OsrtRecord {
    /// Row number.
    pub row: i64,
    /// Start.
    pub start: i64,
    /// End.
    pub end: i64,
    /// 27 call; 31 and 32: tracing of the thread begins and ends.
    pub event_class: Option<i32>,
    /// Thread.
    pub thread: Option<GlobalId>,
    /// Name.
    pub name: Option<TextId>,
    /// What the call returned.
    pub return_value: Option<i64>,
    /// Calls around it.
    pub nesting_level: Option<i32>,
    /// Stack, in [`Capture::osrt_frames`]; 0 is none.
    pub callchain: Option<i64>,
    /// Arguments, from schema 3.24 on.
    pub arguments: Option<i64>,
}

/// What a call of the OS runtime did to a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileAccessRecord {
    /// Row number.
    pub row: i64,
    /// Start, which is that of the call.
    pub start: i64,
    /// End.
    pub end: i64,
    /// Thread id as the system knew it.
    pub tid: i64,
    /// Process id, where the file is described.
    pub pid: Option<i64>,
    /// 1 open, 2 close, 3 read, 4 write, 6 metadata.
    pub access: Option<i32>,
    /// Name of the call.
    pub name: Option<TextId>,
    /// Bytes read or written.
    pub bytes: Option<i64>,
    /// Path, where the file is described.
    pub path: Option<Box<str>>,
}

/// A table of events that are known by a start, a thread or process, and a name, and whose other columns say more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OtherTable {
    /// Name.
    pub name: Box<str>,
    /// Names of the columns that say more.
    pub columns: Vec<Box<str>>,
}

/// An event of such a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OtherRecord {
    /// Row number.
    pub row: i64,
    /// Table, by its place in [`Capture::other_tables`].
    pub table: u32,
    /// Start.
    pub start: i64,
    /// End; none for a moment.
    pub end: Option<i64>,
    /// Thread, or the process where only that is known.
    pub thread: GlobalId,
    /// Name.
    pub name: Option<TextId>,
    /// Name, where it stands in the table itself.
    pub text: Option<Box<str>>,
    /// Values, each with the place of its column in [`OtherTable::columns`]. Columns without a value are left out.
    pub values: Box<[(u32, OtherValue)]>,
}

/// A value of a column that is known by its name alone.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are the types")]
pub enum OtherValue {
    Int(i64),
    Real(f64),
    TextId(TextId),
    Text(Box<str>),
}

/// A value of a metric of a network adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NicMetricRecord {
    /// Row number.
    pub row: i64,
    /// Start of the time that it is of.
    pub start: i64,
    /// Adapter.
    pub nic: Option<i64>,
    /// Port of the adapter.
    pub port: Option<i64>,
    /// List of metrics.
    pub list: Option<i64>,
    /// Metric, by its place in the list.
    pub metric: Option<i64>,
    /// Value.
    pub value: Option<i64>,
}

/// The name of a metric of a network adapter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NicMetricNameRecord {
    /// List of metrics.
    pub list: Option<i64>,
    /// Metric, by its place in the list.
    pub metric: Option<i64>,
    /// Name.
    pub name: Option<Box<str>>,
    /// Unit.
    pub unit: Option<Box<str>>,
}

/// A frame of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FrameRecord {
    /// Row number.
    pub row: i64,
    /// Stack. All frames of one share it.
    pub callchain: i64,
    /// Place in the stack; 0 is the innermost one.
    pub depth: i32,
    /// Function, or the address as text.
    pub symbol: Option<TextId>,
    /// Object file.
    pub module: Option<TextId>,
    /// True in the system's kernel.
    pub is_kernel_mode: Option<bool>,
    /// True when the symbol is not known.
    pub is_unresolved: Option<bool>,
    /// True for an entry that stands for something else than a frame, e.g. a broken stack.
    pub is_special: Option<bool>,
    /// Instruction pointer.
    pub original_ip: Option<i64>,
    /// How the frame was found: 1 frame pointer, 2 unwind table, 5 kernel, 6 DWARF, 8 last branch record.
    pub unwind_method: Option<i32>,
}

/// A thread that was switched in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SchedRecord {
    /// Row number.
    pub row: i64,
    /// Time.
    pub start: i64,
    /// CPU.
    pub cpu: Option<i64>,
    /// True when the thread goes on the CPU, false when it leaves.
    pub is_sched_in: bool,
    /// Thread.
    pub thread: Option<GlobalId>,
    /// State it leaves the CPU in, from schema 3.13 on, by the numbers of [`SampleRecord::thread_state`].
    pub thread_state: Option<i32>,
    /// What it waits for, from schema 3.13 on.
    pub thread_block: Option<i32>,
}

/// A CPU sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SampleRecord {
    /// Row number.
    pub row: i64,
    /// Number of the sample, and of its stack in [`Capture::sampling_frames`].
    pub id: i64,
    /// Time.
    pub start: i64,
    /// CPU.
    pub cpu: Option<i64>,
    /// 0 unknown, 1 running, 2 interruptible, 3 uninterruptible, 4 stopped, 5 terminated, 6 unscheduled, 7 waiting,
    /// 8 in the OS runtime, 9 initialised, 10 in transition.
    pub thread_state: Option<i32>,
    /// Thread.
    pub thread: Option<GlobalId>,
    /// Weight: CPU cycles, or the sampling clock's.
    pub cpu_cycles: Option<i64>,
}

/// An allocation or release of GPU memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemoryUsageRecord {
    /// Row number.
    pub row: i64,
    /// Time.
    pub start: i64,
    /// Process.
    pub process: Option<GlobalId>,
    /// Device.
    pub device: Option<i64>,
    /// Context.
    pub context: Option<i64>,
    /// Address.
    pub address: Option<i64>,
    /// Instruction that asked for it.
    pub pc: Option<i64>,
    /// Bytes.
    pub bytes: Option<i64>,
    /// Memory, by the numbers of [`MemcpyRecord::src_kind`].
    pub mem_kind: Option<i32>,
    /// 0 allocation, 1 release.
    pub operation: Option<i32>,
    /// Name of the variable, when it has one.
    pub name: Option<Box<str>>,
    /// Correlation id of the call.
    pub correlation: Option<i64>,
    /// Stream, where the recorder says so.
    pub stream: Option<i64>,
    /// Pool in the process: address.
    pub local_pool_address: Option<i64>,
    /// Pool in the process: bytes at which memory goes back.
    pub local_pool_release_threshold: Option<i64>,
    /// Pool in the process: bytes.
    pub local_pool_size: Option<i64>,
    /// Pool in the process: bytes in use.
    pub local_pool_used: Option<i64>,
    /// Pool of another process: address.
    pub imported_pool_address: Option<i64>,
    /// Pool of another process: its process.
    pub imported_pool_process: Option<i64>,
}

/// A page fault of the CPU on unified memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UmCpuFaultRecord {
    /// Row number.
    pub row: i64,
    /// Time.
    pub start: i64,
    /// Process.
    pub process: Option<GlobalId>,
    /// Address.
    pub address: Option<i64>,
    /// Instruction.
    pub original_fault_pc: Option<i64>,
    /// Instruction as text.
    pub cpu_instruction: Option<TextId>,
    /// Object file.
    pub module: Option<TextId>,
}

/// Page faults of a GPU on unified memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UmGpuFaultRecord {
    /// Row number.
    pub row: i64,
    /// Start.
    pub start: i64,
    /// End.
    pub end: i64,
    /// Process.
    pub process: Option<GlobalId>,
    /// Device.
    pub device: Option<i64>,
    /// Address.
    pub address: Option<i64>,
    /// Number of faults.
    pub num_faults: Option<i64>,
    /// 0 invalid, 1 read, 2 write, 3 atomic, 4 prefetch.
    pub access_type: Option<i32>,
}

/// A value of a GPU metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GpuMetricRecord {
    /// Row number.
    pub row: i64,
    /// Time.
    pub timestamp: i64,
    /// Which device, and which set of metrics.
    pub type_id: Option<i64>,
    /// Which metric.
    pub metric_id: Option<i64>,
    /// Value.
    pub value: Option<i64>,
}

/// The name of a GPU metric.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GpuMetricNameRecord {
    /// Row number.
    pub row: i64,
    /// Which device, and which set of metrics.
    pub type_id: Option<i64>,
    /// Where the values come from.
    pub source_id: Option<i64>,
    /// Name of the set of metrics.
    pub type_name: Option<Box<str>>,
    /// Which metric.
    pub metric_id: Option<i64>,
    /// Name of the metric, with its unit in brackets.
    pub metric_name: Option<Box<str>>,
}

/// A GPU.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GpuRecord {
    /// Row number.
    pub row: i64,
    /// Virtual machine.
    pub vm_id: Option<i64>,
    /// The recorder's number, which events use for the device.
    pub id: i64,
    /// Product name.
    pub name: Option<Box<str>>,
    /// PCI address.
    pub bus_location: Option<Box<str>>,
    /// Universal id.
    pub uuid: Option<Box<str>>,
    /// Chip.
    pub chip_name: Option<Box<str>>,
    /// True for a card of its own.
    pub is_discrete: Option<bool>,
    /// CUDA's number in the recorder.
    pub cuda_device: Option<i64>,
    /// L2 cache in bytes.
    pub l2_cache_bytes: Option<i64>,
    /// Memory in bytes.
    pub total_memory: Option<i64>,
    /// Memory bandwidth in bytes per second.
    pub memory_bandwidth: Option<i64>,
    /// Clock in hertz.
    pub clock_rate: Option<i64>,
    /// Streaming multiprocessors.
    pub num_sms: Option<i64>,
    /// Constant memory in bytes.
    pub constant_memory: Option<i64>,
    /// Most instructions per cycle.
    pub max_ipc: Option<i64>,
    /// Registers of a block.
    pub max_registers_per_block: Option<i64>,
    /// Shared memory of a block in bytes.
    pub max_shared_memory_per_block: Option<i64>,
    /// Shared memory of a block in bytes that can be opted into.
    pub max_shared_memory_per_block_optin: Option<i64>,
    /// Shared memory of a multiprocessor in bytes.
    pub max_shared_memory_per_sm: Option<i64>,
    /// Registers of a multiprocessor.
    pub max_registers_per_sm: Option<i64>,
    /// Threads that run in step.
    pub threads_per_warp: Option<i64>,
    /// Copy engines.
    pub num_async_engines: Option<i64>,
    /// Warps of a multiprocessor.
    pub max_warps_per_sm: Option<i64>,
    /// Blocks of a multiprocessor.
    pub max_blocks_per_sm: Option<i64>,
    /// Threads of a block.
    pub max_threads_per_block: Option<i64>,
    /// Threads of a block in x, y, z.
    pub max_block_dim: [Option<i64>; 3],
    /// Blocks in x, y, z.
    pub max_grid_dim: [Option<i64>; 3],
    /// Compute capability, first part.
    pub compute_major: Option<i64>,
    /// Compute capability, second part.
    pub compute_minor: Option<i64>,
    /// Version of the multiprocessor, first part.
    pub sm_major: Option<i64>,
    /// Version of the multiprocessor, second part.
    pub sm_minor: Option<i64>,
}

/// CUDA's number of a GPU in one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CudaDeviceRecord {
    /// Row number.
    pub row: i64,
    /// The recorder's number.
    pub gpu_id: Option<i64>,
    /// CUDA's number.
    pub cuda_id: i64,
    /// Process id.
    pub pid: Option<i64>,
}

/// A CUDA context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContextRecord {
    /// Row number.
    pub row: i64,
    /// Stream that is used when none is named.
    pub null_stream: Option<i64>,
    /// Hardware.
    pub hw_id: Option<i64>,
    /// Virtual machine.
    pub vm_id: Option<i64>,
    /// Process id.
    pub pid: Option<i64>,
    /// Device.
    pub device: Option<i64>,
    /// Context.
    pub context: i64,
    /// Context it is a part of.
    pub parent_context: Option<i64>,
    /// True for a green context.
    pub is_green: Option<bool>,
}

/// A CUDA stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamRecord {
    /// Row number.
    pub row: i64,
    /// Stream.
    pub stream: i64,
    /// Hardware.
    pub hw_id: Option<i64>,
    /// Virtual machine.
    pub vm_id: Option<i64>,
    /// Process id.
    pub pid: Option<i64>,
    /// Context.
    pub context: Option<i64>,
    /// Priority.
    pub priority: Option<i64>,
    /// Type: 1 default, 2 non-blocking, 3 null stream ...
    pub flag: Option<i64>,
}

/// A name that the program gave a device, context or stream through NVTX.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NvtxCudaNameRecord {
    /// Row number.
    pub row: i64,
    /// Name.
    pub name: Box<str>,
    /// Hardware.
    pub hw_id: Option<i64>,
    /// Virtual machine.
    pub vm_id: Option<i64>,
    /// Process id; none for a device.
    pub pid: Option<i64>,
    /// Device.
    pub device: Option<i64>,
    /// Context; none for a device.
    pub context: Option<i64>,
    /// Stream; none for a device or context.
    pub stream: Option<i64>,
}

/// A property of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SystemEnvRecord {
    /// Row number.
    pub row: i64,
    /// Virtual machine.
    pub vm: Option<GlobalId>,
    /// Name of the machine's state that it is of.
    pub state_name: Option<Box<str>>,
    /// Name.
    pub name: Option<Box<str>>,
    /// Number of the name.
    pub name_number: Option<i64>,
    /// Value.
    pub value: Option<Box<str>>,
}

/// An entry of metadata. Names repeat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameValueRecord {
    /// Row number.
    pub row: i64,
    /// Name.
    pub name: Box<str>,
    /// Value.
    pub value: Option<Box<str>>,
}

/// What a process wrote to one of its streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProcessStreamRecord {
    /// Row number.
    pub row: i64,
    /// Process.
    pub process: Option<GlobalId>,
    /// Name of the file, which tells standard output from error.
    pub file_name: Option<TextId>,
    /// What was written.
    pub content: Option<TextId>,
}

/// Something that the recorder has to say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DiagnosticRecord {
    /// Row number.
    pub row: i64,
    /// Time.
    pub timestamp: Option<i64>,
    /// Clock of the time: 1 target, 2 host.
    pub timestamp_type: Option<i32>,
    /// 1 injection, 2 daemon, 3 analysis.
    pub source: Option<i32>,
    /// 1 information, 2 warning, 3 error, 4 verbose.
    pub severity: Option<i32>,
    /// Text.
    pub text: Box<str>,
    /// Process; a negative or odd number is none.
    pub process: Option<GlobalId>,
}

/// Start and stop of the collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AnalysisRecord {
    /// Row number.
    pub row: i64,
    /// Virtual machine.
    pub vm: Option<GlobalId>,
    /// Length.
    pub duration: Option<i64>,
    /// Start.
    pub start: Option<i64>,
    /// Stop.
    pub stop: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn global_ids_come_apart() {
        // Pid 22 of a capture of the machine itself.
        let process = GlobalId(0x0001_0000_1600_0000);
        assert_eq!((process.pid(), process.tid(), process.vm(), process.hardware()), (22, 0, 1, 0));
        let thread = GlobalId(process.0 | 35);
        assert_eq!((thread.pid(), thread.tid(), thread.process()), (22, 35, process));
        // The uppermost bit is a hardware id's and makes the number negative.
        let far = GlobalId::from_parts(0x80, 3, 0xff_ffff, 0xff_fffe);
        assert!(far.0 < 0);
        assert_eq!((far.hardware(), far.vm(), far.pid(), far.tid()), (0x80, 3, 0xff_ffff, 0xff_fffe));
        assert_eq!(far.process(), GlobalId::from_parts(0x80, 3, 0xff_ffff, 0));
    }

    #[test]
    fn texts_have_the_ids_they_were_given() {
        let mut strings = StringTable::default();
        assert!(strings.insert(TextId(1 << 40), "far"));
        assert!(strings.insert(TextId(0), ""));
        assert!(strings.insert(TextId(7), "near"));
        assert!(!strings.insert(TextId(7), "again"));
        let found: Vec<_> = strings.iter().collect();
        assert_eq!(found, [(TextId(0), ""), (TextId(7), "near"), (TextId(1 << 40), "far")]);
        assert_eq!((strings.get(TextId(7)), strings.get(TextId(8)), strings.len()), (Some("near"), None, 3));
    }
}
