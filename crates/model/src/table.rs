//! The tables of a trace, their columns, and what each column means.
//!
//! Names and columns are Perfetto's where Perfetto has them, so that people's queries keep working, and the field's own
//! words elsewhere. The macro writes four things from one list: the row that readers push, the builder, the sealed
//! table, and the schema that SQL, cache and docs go by.

use crate::column::{Cell, Column, ColumnBuilder, ColumnData, ColumnKind, ColumnSpec};
use crate::id::*;
use crate::word_enum;

word_enum! {
    /// What a track holds, in Perfetto's words.
    pub enum TrackKind {
        /// Slices of one thread, or of one GPU stream's row.
        Thread = "thread_execution",
        /// Slices of a thread that overlap those of its main track without nesting.
        Lane = "thread_overlapping_slice",
        /// Process-wide instants.
        ProcessInstant = "chrome_process_instant",
        /// Instants of the whole trace.
        GlobalInstant = "legacy_chrome_global_instants",
        /// Async slices that belong to a process.
        ProcessAsync = "legacy_async_process_slice",
        /// Async slices that belong to no process.
        GlobalAsync = "legacy_async_global_slice",
        /// Counter values of a process.
        ProcessCounter = "process_counter",
    }
}

word_enum! {
    /// What a GPU operation does.
    pub enum GpuOpKind {
        /// A kernel.
        Kernel = "kernel",
        /// A copy.
        Memcpy = "memcpy",
        /// A fill.
        Memset = "memset",
        /// A graph, traced as one piece from its first node to its last.
        Graph = "graph",
    }
}

word_enum! {
    /// What an NVTX event is.
    pub enum NvtxType {
        /// A range of one thread that ends before those around it.
        PushPop = "push_pop",
        /// A range that any thread may end.
        StartEnd = "start_end",
        /// A moment.
        Mark = "mark",
        /// The making of a domain.
        DomainCreate = "domain_create",
        /// The end of a domain.
        DomainDestroy = "domain_destroy",
        /// The name of a category.
        CategoryName = "category_name",
        /// The name of a thread.
        ThreadName = "thread_name",
        /// A push/pop range imported from text.
        ImportedPushPop = "imported_push_pop",
        /// A start/end range imported from text.
        ImportedStartEnd = "imported_start_end",
        /// A moment imported from text.
        ImportedMark = "imported_mark",
    }
}

impl NvtxType {
    /// True for what has a length.
    pub fn is_range(self) -> bool {
        matches!(self, Self::PushPop | Self::StartEnd | Self::ImportedPushPop | Self::ImportedStartEnd)
    }
}

word_enum! {
    /// What a row of `cuda_graph_event` says was made.
    pub enum GraphEventKind {
        /// A graph.
        Graph = "graph",
        /// A graph that can be launched.
        GraphExec = "graph_exec",
        /// A copy of a graph.
        Clone = "clone",
        /// A node of a graph.
        Node = "node",
        /// Something this version does not know.
        Other = "other",
    }
}

word_enum! {
    /// What a thread or process is for, as far as names and contents tell.
    pub enum Role {
        /// Not known.
        Unknown = "unknown",
        /// The process's first thread.
        Main = "main",
        /// vLLM's engine core: scheduler and busy loop.
        EngineCore = "engine core",
        /// A process or thread that drives a GPU.
        Worker = "worker",
        /// The HTTP front end.
        ApiServer = "api server",
        /// Message passing between vLLM's processes.
        ZmqIo = "zmq io",
        /// Threads of a collective library.
        Collective = "collective io",
        /// Autograd's backward threads.
        Autograd = "autograd",
        /// Threads of a pool (OpenMP, executors).
        Pool = "thread pool",
        /// A GPU stream's row.
        GpuStream = "gpu stream",
        /// Rows that the profiler itself writes.
        Profiler = "profiler",
    }
}

/// A sealed table, whatever its columns.
pub trait Table {
    /// Name in SQL.
    fn name(&self) -> &'static str;
    /// One line for the schema reference.
    fn doc(&self) -> &'static str;
    /// Number of rows.
    fn len(&self) -> usize;
    /// True when there is no row.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// What the columns are, in order. The row number itself, `id`, is not among them.
    fn specs(&self) -> &'static [ColumnSpec];
    /// The columns' stored values, in the order of [`Self::specs`].
    fn columns(&self) -> Vec<ColumnData>;
}

macro_rules! kind_of {
    ($ty:ty) => {
        <$ty as Cell>::KIND
    };
    ($ty:ty, $kind:ident) => {
        ColumnKind::$kind
    };
}

/// A column's name from its field's, which may have had to be spelled as a raw identifier.
const fn column_name(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', rest @ ..] => match std::str::from_utf8(rest) {
            Ok(name) => name,
            Err(_) => field,
        },
        _ => field,
    }
}

macro_rules! table {
    (
        $(#[doc = $doc:literal])+
        $name:literal => $table:ident, $builder:ident, $row:ident {
            $(#[doc = $column_doc:literal] $column:ident: $ty:ty $(as $kind:ident)?,)+
        }
    ) => {
        $(#[doc = $doc])+
        #[doc = ""]
        #[doc = "The sealed table; a row's number is its `id`."]
        #[derive(Debug, Clone)]
        pub struct $table {
            len: usize,
            $(#[doc = $column_doc] pub $column: Column<$ty>,)+
        }

        #[doc = concat!("One row of [`", stringify!($table), "`].")]
        #[derive(Debug, Clone, Copy)]
        pub struct $row {
            $(#[doc = $column_doc] pub $column: $ty,)+
        }

        impl $row {
            /// The row in a trace that was joined from several.
            #[must_use]
            pub fn joined(self, ids: &crate::join::NewIds) -> Self {
                use crate::join::JoinCell as _;
                Self { $($column: self.$column.joined(ids, kind_of!($ty $(, $kind)?)),)+ }
            }
        }

        #[doc = concat!("Fills a [`", stringify!($table), "`].")]
        #[derive(Debug, Default)]
        pub struct $builder {
            len: usize,
            $(#[doc = $column_doc] pub $column: ColumnBuilder<$ty>,)+
        }

        impl $builder {
            /// Makes room for `additional` rows.
            pub fn reserve(&mut self, additional: usize) {
                $(self.$column.reserve(additional);)+
            }

            /// Appends a row and returns its number.
            #[inline]
            pub fn push(&mut self, row: $row) -> usize {
                $(self.$column.push(row.$column);)+
                self.len += 1;
                self.len - 1
            }

            /// Row `index`, as far as it is known by now.
            pub fn row(&self, index: usize) -> $row {
                $row { $($column: self.$column.get(index),)+ }
            }

            /// Number of rows so far.
            pub fn len(&self) -> usize {
                self.len
            }

            /// True when there is no row yet.
            pub fn is_empty(&self) -> bool {
                self.len == 0
            }

            /// Ends filling.
            pub fn seal(self) -> $table {
                $table { len: self.len, $($column: self.$column.seal(),)+ }
            }
        }

        impl $table {
            /// Name in SQL.
            pub const NAME: &'static str = $name;
            /// What the columns are, in order.
            pub const SPECS: &'static [ColumnSpec] = &[$(
                ColumnSpec {
                    name: column_name(stringify!($column)),
                    kind: kind_of!($ty $(, $kind)?),
                    is_nullable: <$ty as Cell>::NULL.is_some(),
                    doc: $column_doc.trim_ascii(),
                },
            )+];

            /// Row `index`.
            ///
            /// # Panics
            /// When `index` is out of range.
            #[inline]
            pub fn row(&self, index: usize) -> $row {
                $row { $($column: self.$column.get(index),)+ }
            }

            /// Every row in order.
            pub fn rows(&self) -> impl ExactSizeIterator<Item = $row> + '_ {
                (0..self.len).map(|index| self.row(index))
            }

            /// Number of rows.
            pub fn len(&self) -> usize {
                self.len
            }

            /// True when there is no row.
            pub fn is_empty(&self) -> bool {
                self.len == 0
            }

            /// A table of `len` rows from stored columns; `None` when they do not fit the schema.
            pub fn from_columns(len: usize, columns: &[ColumnData]) -> Option<Self> {
                let mut columns = columns.iter();
                let table = Self { len, $($column: Column::reveal(columns.next()?, len)?,)+ };
                columns.next().is_none().then_some(table)
            }
        }

        impl Table for $table {
            fn name(&self) -> &'static str {
                Self::NAME
            }
            fn doc(&self) -> &'static str {
                concat!($($doc, "\n"),+).trim_ascii()
            }
            fn len(&self) -> usize {
                self.len
            }
            fn specs(&self) -> &'static [ColumnSpec] {
                Self::SPECS
            }
            fn columns(&self) -> Vec<ColumnData> {
                vec![$(self.$column.erase(),)+]
            }
        }
    };
}

table! {
    /// Inputs: one row per file, archive member or standard input.
    "source" => SourceTable, SourceBuilder, SourceRow {
        /// Path as given, with the archive member after `!`.
        path: StringId,
        /// What the content is, containers first, e.g. `gzip, chrome json`.
        format: StringId,
        /// Bytes read from the file.
        file_bytes: i64,
        /// Bytes after unpacking.
        unpacked_bytes: i64,
        /// Events found, metadata events included.
        num_events: i64,
        /// Nanoseconds that lead from the file's own times to the trace start.
        clock_offset: i64,
        /// Unix time in nanoseconds of the file's time zero; null when the file does not say.
        base_unix_ns: Option<i64>,
        /// Rank whose trace this is.
        rank_id: Option<RankId>,
    }
}

table! {
    /// Distributed ranks.
    "rank" => RankTable, RankBuilder, RankRow {
        /// Rank number; null when neither file nor name tells.
        rank: Option<i64>,
        /// Number of ranks in the job.
        world_size: Option<i64>,
        /// Communication library, e.g. `nccl`.
        backend: Option<StringId>,
        /// Host name.
        host: Option<StringId>,
        /// Name for people, e.g. `dp0_tp1`.
        name: Option<StringId>,
        /// Input it was read from.
        source_id: SourceId,
    }
}

table! {
    /// Processes, GPUs among them: a Kineto trace writes each GPU as a process.
    "process" => ProcessTable, ProcessBuilder, ProcessRow {
        /// Process id in the file; for a GPU its device number.
        pid: i64,
        /// Name.
        name: Option<StringId>,
        /// Start, when known.
        start_ts: Option<i64> as Timestamp,
        /// End, when known.
        end_ts: Option<i64> as Timestamp,
        /// Place among the processes, as the file asks.
        sort_index: Option<i64>,
        /// Labels the file gives, e.g. `GPU 0`.
        labels: Option<StringId>,
        /// What it is for.
        role: Role,
        /// The GPU this row stands for.
        device_id: Option<DeviceId>,
        /// Input it was read from.
        source_id: SourceId,
        /// Arguments: sort index hints.
        arg_set_id: Option<ArgSetId>,
    }
}

table! {
    /// Threads, GPU streams among them: a Kineto trace writes each stream as a thread of its GPU.
    "thread" => ThreadTable, ThreadBuilder, ThreadRow {
        /// Thread id in the file; for a stream its number.
        tid: i64,
        /// Name.
        name: Option<StringId>,
        /// Start, when known.
        start_ts: Option<i64> as Timestamp,
        /// End, when known.
        end_ts: Option<i64> as Timestamp,
        /// Process.
        upid: ProcessId,
        /// True for the process's first thread.
        is_main_thread: bool,
        /// Place among the process's threads, as the file asks.
        sort_index: Option<i64>,
        /// What it is for.
        role: Role,
        /// Arguments: sort index hints; of a stream its priority and kind.
        arg_set_id: Option<ArgSetId>,
        /// Priority as Nsight Systems writes it, 20 being the usual one.
        priority: Option<i64>,
    }
}

table! {
    /// GPUs and other accelerators. `id` is not the device's number: two ranks may each have a device 0.
    "device" => DeviceTable, DeviceBuilder, DeviceRow {
        /// Number of the device on its host.
        ordinal: i64,
        /// Product name.
        name: Option<StringId>,
        /// Memory in bytes.
        total_memory: Option<i64>,
        /// Compute capability, first part.
        compute_major: Option<i64>,
        /// Compute capability, second part.
        compute_minor: Option<i64>,
        /// Streaming multiprocessors, or compute units.
        num_sms: Option<i64>,
        /// Most threads in a block.
        max_threads_per_block: Option<i64>,
        /// Most threads on a multiprocessor.
        max_threads_per_sm: Option<i64>,
        /// Registers of a multiprocessor.
        registers_per_sm: Option<i64>,
        /// Shared memory of a multiprocessor in bytes.
        shared_memory_per_sm: Option<i64>,
        /// Threads that run in step.
        warp_size: Option<i64>,
        /// Process row of the device, when it has events.
        upid: Option<ProcessId>,
        /// Input it was read from.
        source_id: SourceId,
    }
}

table! {
    /// Streams (hardware queues) that ran GPU work.
    "stream" => StreamTable, StreamBuilder, StreamRow {
        /// Device.
        device_id: DeviceId,
        /// Context, when the work says so.
        context: Option<i64>,
        /// Stream number as the runtime gives it.
        stream: i64,
        /// Row of the stream.
        utid: ThreadId,
        /// Track of the stream.
        track_id: TrackId,
    }
}

table! {
    /// Rows of the timeline.
    "track" => TrackTable, TrackBuilder, TrackRow {
        /// Name: of the counter or async group; null for threads, whose name is the thread's.
        name: Option<StringId>,
        /// What the track holds.
        r#type: TrackKind,
        /// Thread.
        utid: Option<ThreadId>,
        /// Process, also for tracks of threads.
        upid: Option<ProcessId>,
        /// Track this one is a lane of.
        parent_id: Option<TrackId>,
        /// Shared by tracks that hold concurrent slices of one async group.
        track_group_id: Option<u32>,
        /// Unit of a counter.
        unit: Option<StringId>,
        /// Arguments.
        arg_set_id: Option<ArgSetId>,
    }
}

table! {
    /// Spans of time, ordered by start. An instant is a slice of duration 0.
    "slice" => SliceTable, SliceBuilder, SliceRow {
        /// Start.
        ts: i64 as Timestamp,
        /// Length; -1 when it was never closed.
        dur: i64 as Duration,
        /// Track.
        track_id: TrackId,
        /// Category, e.g. `kernel`, `cpu_op`, `cuda_runtime`.
        category: Option<StringId>,
        /// Name.
        name: StringId,
        /// Slices of the track around this one.
        depth: u32,
        /// Innermost slice around this one.
        parent_id: Option<SliceId>,
        /// Arguments.
        arg_set_id: Option<ArgSetId>,
        /// Thread clock at the start.
        thread_ts: Option<i64> as Int,
        /// Thread clock between start and end.
        thread_dur: Option<i64> as Int,
        /// Byte offset of the event in the unpacked input, or its row number in a database.
        source_offset: i64,
    }
}

table! {
    /// GPU work: kernels, copies, fills and whole graphs, with what the runtime says of them.
    "gpu_op" => GpuOpTable, GpuOpBuilder, GpuOpRow {
        /// The slice.
        slice_id: SliceId,
        /// Kernel, copy, fill or whole graph.
        kind: GpuOpKind,
        /// Device.
        device_id: DeviceId,
        /// Stream.
        stream_id: StreamId,
        /// Context.
        context: Option<i64>,
        /// Correlation id of the launching call. All kernels of one graph launch share one.
        correlation: Option<i64>,
        /// Id of the framework operator around the launch.
        external_id: Option<i64>,
        /// Bytes copied or filled.
        bytes: Option<i64>,
        /// Direction of a copy: `HtoD`, `DtoH`, `DtoD`, `PtoP` ...
        copy_kind: Option<StringId>,
        /// Blocks in x.
        grid_x: Option<u32>,
        /// Blocks in y.
        grid_y: Option<u32>,
        /// Blocks in z.
        grid_z: Option<u32>,
        /// Threads of a block in x.
        block_x: Option<u32>,
        /// Threads of a block in y.
        block_y: Option<u32>,
        /// Threads of a block in z.
        block_z: Option<u32>,
        /// Registers per thread.
        registers_per_thread: Option<u32>,
        /// Shared memory per block in bytes, static and dynamic together.
        shared_memory: Option<u32>,
        /// Statically declared part of it, when the source tells them apart.
        static_shared_memory: Option<u32>,
        /// Dynamically asked-for part of it, when the source tells them apart.
        dynamic_shared_memory: Option<u32>,
        /// Estimated occupancy in percent.
        occupancy: Option<f64>,
        /// Blocks over multiprocessors.
        blocks_per_sm: Option<f64>,
        /// Warps over multiprocessors.
        warps_per_sm: Option<f64>,
        /// Executable graph the work belongs to.
        graph_id: Option<i64>,
        /// Node of that graph.
        graph_node_id: Option<i64>,
        /// Name of a kernel without its types and arguments.
        short_name: Option<StringId>,
        /// Name of a kernel as in the object file.
        mangled_name: Option<StringId>,
        /// How a kernel was launched: 1 regular, 2 cooperative on one device, 3 cooperative on several.
        launch_type: Option<u32>,
        /// Preference between L1 and shared memory: 0 none, 1 shared memory, 2 L1, 3 equal.
        cache_config: Option<u32>,
        /// Number of the kernel's launch, as the driver counts.
        grid_id: Option<i64>,
        /// Local memory per thread in bytes.
        local_memory_per_thread: Option<i64>,
        /// Local memory of all threads in bytes.
        local_memory_total: Option<i64>,
        /// Shared memory per block in bytes that the kernel ran with.
        shared_memory_executed: Option<i64>,
        /// Limit on shared memory: 0 the default one, 1 opted into more.
        shared_memory_limit_config: Option<u32>,
        /// Green context.
        green_context: Option<i64>,
        /// Direction of a copy by CUPTI's number: 1 host to device, 2 device to host, 8 device to device, 10 peer to peer, 11 to 13 unified memory.
        copy_kind_id: Option<u32>,
        /// Memory that a copy reads: 0 pageable, 1 pinned, 2 device, 3 array, 4 managed, 5 device static, 6 managed static.
        src_memory_kind: Option<u32>,
        /// Memory that a copy or fill writes, by the numbers of `src_memory_kind`.
        dst_memory_kind: Option<u32>,
        /// Number of the device that a copy between devices reads.
        src_device: Option<i64>,
        /// Its context.
        src_context: Option<i64>,
        /// Number of the device that a copy between devices writes.
        dst_device: Option<i64>,
        /// Its context.
        dst_context: Option<i64>,
        /// Why unified memory moved: 1 user, 2 coherence, 3 prefetch, 4 eviction, 5 access counters.
        migration_cause: Option<u32>,
        /// Address, of copies of unified memory.
        virtual_address: Option<i64>,
        /// Number of copies that the row stands for.
        copy_count: Option<i64>,
        /// Value that a fill writes.
        memset_value: Option<i64>,
        /// Executable graph, of a graph traced as one piece.
        graph_exec_id: Option<i64>,
        /// Process whose work it is, when the source says so.
        upid: Option<ProcessId>,
    }
}

impl DeviceRow {
    /// A row of which nothing else is known.
    pub fn new(ordinal: i64, source_id: SourceId) -> Self {
        Self {
            ordinal,
            source_id,
            name: None,
            total_memory: None,
            compute_major: None,
            compute_minor: None,
            num_sms: None,
            max_threads_per_block: None,
            max_threads_per_sm: None,
            registers_per_sm: None,
            shared_memory_per_sm: None,
            warp_size: None,
            upid: None,
        }
    }
}

impl GpuOpRow {
    /// A row of which nothing else is known.
    pub fn new(slice_id: SliceId, kind: GpuOpKind, device_id: DeviceId, stream_id: StreamId) -> Self {
        Self {
            slice_id,
            kind,
            device_id,
            stream_id,
            context: None,
            correlation: None,
            external_id: None,
            bytes: None,
            copy_kind: None,
            grid_x: None,
            grid_y: None,
            grid_z: None,
            block_x: None,
            block_y: None,
            block_z: None,
            registers_per_thread: None,
            shared_memory: None,
            static_shared_memory: None,
            dynamic_shared_memory: None,
            occupancy: None,
            blocks_per_sm: None,
            warps_per_sm: None,
            graph_id: None,
            graph_node_id: None,
            short_name: None,
            mangled_name: None,
            launch_type: None,
            cache_config: None,
            grid_id: None,
            local_memory_per_thread: None,
            local_memory_total: None,
            shared_memory_executed: None,
            shared_memory_limit_config: None,
            green_context: None,
            copy_kind_id: None,
            src_memory_kind: None,
            dst_memory_kind: None,
            src_device: None,
            src_context: None,
            dst_device: None,
            dst_context: None,
            migration_cause: None,
            virtual_address: None,
            copy_count: None,
            memset_value: None,
            graph_exec_id: None,
            upid: None,
        }
    }
}

table! {
    /// Calls of the GPU runtime or driver.
    "api_call" => ApiCallTable, ApiCallBuilder, ApiCallRow {
        /// The slice.
        slice_id: SliceId,
        /// Correlation id that the call's GPU work carries.
        correlation: Option<i64>,
        /// Id of the framework operator around the call.
        external_id: Option<i64>,
        /// Callback id: the function's number.
        cbid: Option<i64>,
        /// True when the call launches a graph.
        is_graph_launch: bool,
        /// Name as recorded, with the interface's version that the slice's name lacks, e.g. `cudaLaunchKernel_v7000`.
        recorded_name: Option<StringId>,
        /// What the call returned; 0 is success.
        return_value: Option<i64>,
        /// Stack of the call: row of `stack_profile_callsite`.
        callsite_id: Option<CallsiteId>,
    }
}

impl ApiCallRow {
    /// A row of which nothing else is known.
    pub fn new(slice_id: SliceId) -> Self {
        Self {
            slice_id,
            correlation: None,
            external_id: None,
            cbid: None,
            is_graph_launch: false,
            recorded_name: None,
            return_value: None,
            callsite_id: None,
        }
    }
}

table! {
    /// Which call caused which GPU work, by correlation id. A graph launch has many rows.
    "launch" => LaunchTable, LaunchBuilder, LaunchRow {
        /// Row of `api_call`.
        api_call_id: u32 as Id,
        /// Row of `gpu_op`.
        gpu_op_id: u32 as Id,
        /// Slice of the call.
        api_slice_id: SliceId,
        /// Slice of the GPU work.
        gpu_slice_id: SliceId,
    }
}

table! {
    /// Arrows between slices: launch to work, forward to backward, async hand-over.
    "flow" => FlowTable, FlowBuilder, FlowRow {
        /// Slice the arrow leaves.
        slice_out: SliceId,
        /// Slice the arrow enters.
        slice_in: SliceId,
        /// The flow's id in the file.
        trace_id: Option<i64>,
        /// Category, e.g. `ac2g`, `fwdbwd`.
        category: Option<StringId>,
        /// Name.
        name: Option<StringId>,
    }
}

table! {
    /// Counter values, ordered by time.
    "counter" => CounterTable, CounterBuilder, CounterRow {
        /// Time.
        ts: i64 as Timestamp,
        /// Track.
        track_id: TrackId,
        /// Value.
        value: f64,
        /// Arguments.
        arg_set_id: Option<ArgSetId>,
    }
}

table! {
    /// Scheduling states of threads, where the source has them.
    "thread_state" => ThreadStateTable, ThreadStateBuilder, ThreadStateRow {
        /// Start.
        ts: i64 as Timestamp,
        /// Length.
        dur: i64 as Duration,
        /// CPU it ran on.
        cpu: Option<i64>,
        /// Thread.
        utid: ThreadId,
        /// State, e.g. `Running`, `R`, `S`.
        state: StringId,
        /// Waiting for input or output.
        io_wait: Option<bool>,
        /// Kernel function it waits in.
        blocked_function: Option<StringId>,
    }
}

table! {
    /// Properties of devices beyond the columns of `device`, under the names that the source gives them.
    "device_property" => DevicePropertyTable, DevicePropertyBuilder, DevicePropertyRow {
        /// Device.
        device_id: DeviceId,
        /// Name, e.g. `uuid`, `busLocation`, `clockRate`.
        name: StringId,
        /// Value, when it is a whole number.
        int_value: Option<i64>,
        /// Value, when it is text.
        str_value: Option<StringId>,
    }
}

table! {
    /// Contexts of processes on devices.
    "cuda_context" => CudaContextTable, CudaContextBuilder, CudaContextRow {
        /// Process.
        upid: Option<ProcessId>,
        /// Device.
        device_id: Option<DeviceId>,
        /// Number of the context in the process.
        context: i64,
        /// Number of the stream that is used when none is named.
        null_stream: Option<i64>,
        /// Context it is a part of.
        parent_context: Option<i64>,
        /// True for a green context.
        is_green: Option<bool>,
        /// Name that the program gave it through NVTX.
        name: Option<StringId>,
    }
}

table! {
    /// Streams that a process has made, with work or without.
    "cuda_stream" => CudaStreamTable, CudaStreamBuilder, CudaStreamRow {
        /// Process.
        upid: Option<ProcessId>,
        /// Number of the context in the process.
        context: Option<i64>,
        /// Number of the stream.
        stream: i64,
        /// Priority.
        priority: Option<i64>,
        /// CUPTI's type of the stream.
        flag: Option<i64>,
        /// Name that the program gave it through NVTX.
        name: Option<StringId>,
        /// Row of `stream`, when it has work.
        stream_id: Option<StreamId>,
    }
}

table! {
    /// Synchronisations of CPU and GPU. Category `cuda_sync`.
    "cuda_sync" => CudaSyncTable, CudaSyncBuilder, CudaSyncRow {
        /// The slice.
        slice_id: SliceId,
        /// 1 event, 2 stream waits for an event, 3 stream, 4 context.
        sync_type: Option<u32>,
        /// Process.
        upid: Option<ProcessId>,
        /// Device.
        device_id: Option<DeviceId>,
        /// Context.
        context: Option<i64>,
        /// Green context.
        green_context: Option<i64>,
        /// Stream; 4294967295 is none.
        stream: Option<i64>,
        /// Correlation id of the call.
        correlation: Option<i64>,
        /// CUDA event.
        event_id: Option<i64>,
        /// Which recording of the event.
        event_sync_id: Option<i64>,
    }
}

table! {
    /// Recordings of CUDA events.
    "cuda_event" => CudaEventTable, CudaEventBuilder, CudaEventRow {
        /// Time, when the source has it.
        ts: Option<i64> as Timestamp,
        /// Process.
        upid: Option<ProcessId>,
        /// Device.
        device_id: Option<DeviceId>,
        /// Context.
        context: Option<i64>,
        /// Green context.
        green_context: Option<i64>,
        /// Stream.
        stream: Option<i64>,
        /// Correlation id of the call.
        correlation: Option<i64>,
        /// CUDA event.
        event_id: Option<i64>,
        /// Which recording of the event.
        event_sync_id: Option<i64>,
        /// Row number in the input.
        source_row: i64,
    }
}

table! {
    /// The making of CUDA graphs and of their nodes. `gpu_op.graph_node_id` leads to a node, whose `original_node_id`
    /// leads to the node that was captured, and its thread and time to the call that captured it.
    "cuda_graph_event" => CudaGraphEventTable, CudaGraphEventBuilder, CudaGraphEventRow {
        /// Start.
        ts: i64 as Timestamp,
        /// Length.
        dur: i64 as Duration,
        /// What was made.
        kind: GraphEventKind,
        /// Thread.
        utid: Option<ThreadId>,
        /// Process.
        upid: Option<ProcessId>,
        /// Name of the call.
        name: Option<StringId>,
        /// Graph.
        graph_id: Option<i64>,
        /// Graph it was made from.
        original_graph_id: Option<i64>,
        /// Executable graph.
        graph_exec_id: Option<i64>,
        /// Node.
        node_id: Option<i64>,
        /// Node it was made from.
        original_node_id: Option<i64>,
        /// Row number in the input.
        source_row: i64,
    }
}

table! {
    /// NVTX events, in the order of the input.
    "nvtx" => NvtxTable, NvtxBuilder, NvtxRow {
        /// The slice; null for names and domains.
        slice_id: Option<SliceId>,
        /// Time, also of names and domains.
        ts: i64 as Timestamp,
        /// What it is.
        r#type: NvtxType,
        /// Thread.
        utid: Option<ThreadId>,
        /// Process.
        upid: Option<ProcessId>,
        /// Thread that ended the range, when it is another one.
        end_utid: Option<ThreadId>,
        /// Message, or the name that is given.
        text: Option<StringId>,
        /// Number of the domain in its process; 0 is the default one.
        domain_id: Option<i64>,
        /// Name of the domain, when the process has made it.
        domain: Option<StringId>,
        /// Number of the category in its domain.
        category_id: Option<i64>,
        /// Name of the category, when the process gave one.
        category: Option<StringId>,
        /// Colour: alpha, red, green and blue, a byte each.
        color: Option<i64>,
        /// Number of a start/end range.
        range_id: Option<i64>,
        /// Type of the payload: `uint64`, `int64`, `double`, `uint32`, `int32`, `float`.
        payload_type: Option<StringId>,
        /// Payload, when it is whole; one above the largest 64-bit signed number as that less 2^64.
        payload_int: Option<i64>,
        /// Payload, when it is real.
        payload_real: Option<f64>,
        /// JSON that came with the event.
        json: Option<StringId>,
        /// Payload of the program's own layout, as the exporter writes it.
        binary_data: Option<StringId>,
        /// Row number in the input.
        source_row: i64,
    }
}

table! {
    /// Calls of the OS runtime. Category `osrt`.
    "osrt" => OsrtTable, OsrtBuilder, OsrtRow {
        /// The slice.
        slice_id: SliceId,
        /// Nsight's event class: 27 a call; 31 and 32 say that tracing of the thread begins and ends.
        event_class: Option<u32>,
        /// What the call returned.
        return_value: Option<i64>,
        /// Calls of the OS runtime around it.
        nesting_level: Option<u32>,
        /// Stack of the call: row of `stack_profile_callsite`.
        callsite_id: Option<CallsiteId>,
    }
}

table! {
    /// Overhead of the profiler. Category `overhead`.
    "overhead" => OverheadTable, OverheadBuilder, OverheadRow {
        /// The slice.
        slice_id: SliceId,
        /// True when CUPTI reports it, false when it is the recorder's own.
        is_cupti: bool,
        /// CUPTI's type: 2 compiler, 3 buffer flush, 4 instrumentation, 5 resources, 6 and 7 loading, 8 full buffer.
        overhead_type: Option<u32>,
        /// Correlation id of the call that it delayed.
        correlation: Option<i64>,
        /// What was returned, where the recorder says so.
        return_value: Option<i64>,
    }
}

table! {
    /// Allocations and releases of GPU memory by CUDA.
    "gpu_memory_event" => GpuMemoryEventTable, GpuMemoryEventBuilder, GpuMemoryEventRow {
        /// Time.
        ts: i64 as Timestamp,
        /// Process.
        upid: Option<ProcessId>,
        /// Device.
        device_id: Option<DeviceId>,
        /// Context.
        context: Option<i64>,
        /// Address.
        address: Option<i64>,
        /// Bytes.
        bytes: Option<i64>,
        /// 0 allocation, 1 release.
        operation: Option<u32>,
        /// Memory, by the numbers of `gpu_op.src_memory_kind`.
        memory_kind: Option<u32>,
        /// Name of the variable.
        name: Option<StringId>,
        /// Correlation id of the call.
        correlation: Option<i64>,
        /// Stream, of a stream-ordered operation.
        stream: Option<i64>,
        /// Address of the pool.
        pool_address: Option<i64>,
        /// Bytes of the pool.
        pool_size: Option<i64>,
        /// Bytes of the pool in use.
        pool_used: Option<i64>,
        /// Row number in the input.
        source_row: i64,
    }
}

table! {
    /// Page faults on unified memory.
    "um_page_fault" => UmPageFaultTable, UmPageFaultBuilder, UmPageFaultRow {
        /// Start.
        ts: i64 as Timestamp,
        /// Length; 0 for faults of the CPU.
        dur: i64 as Duration,
        /// Process.
        upid: Option<ProcessId>,
        /// Device; null for faults of the CPU.
        device_id: Option<DeviceId>,
        /// True for faults of the CPU.
        is_cpu: bool,
        /// Address.
        address: Option<i64>,
        /// Number of faults.
        num_faults: Option<i64>,
        /// Faults of a GPU: 1 read, 2 write, 3 atomic, 4 prefetch.
        access_type: Option<u32>,
        /// Faults of the CPU: the instruction.
        instruction: Option<StringId>,
        /// Faults of the CPU: address of the instruction.
        pc: Option<i64>,
        /// Faults of the CPU: object file of the instruction.
        module: Option<StringId>,
        /// Row number in the input.
        source_row: i64,
    }
}

table! {
    /// Object files of sampled stacks.
    "stack_profile_mapping" => StackMappingTable, StackMappingBuilder, StackMappingRow {
        /// Path.
        name: StringId,
    }
}

table! {
    /// Frames of sampled stacks.
    "stack_profile_frame" => StackFrameTable, StackFrameBuilder, StackFrameRow {
        /// Function, or the address as text.
        name: Option<StringId>,
        /// Object file.
        mapping: Option<MappingId>,
        /// Instruction pointer of the first such frame.
        rel_pc: Option<i64>,
        /// True in the system's kernel.
        is_kernel: Option<bool>,
        /// True when the function is not known.
        is_unresolved: Option<bool>,
        /// True for what stands for something else than a frame, e.g. a broken stack.
        is_special: Option<bool>,
        /// How the frame was found: 1 frame pointer, 2 unwind table, 5 kernel, 6 DWARF, 8 last branch record.
        unwind_method: Option<u32>,
    }
}

table! {
    /// Places in call trees. A stack is its innermost callsite; `parent_id` leads outwards.
    "stack_profile_callsite" => StackCallsiteTable, StackCallsiteBuilder, StackCallsiteRow {
        /// Frames around it.
        depth: u32,
        /// Callsite of the caller.
        parent_id: Option<CallsiteId>,
        /// Frame.
        frame_id: FrameId,
    }
}

table! {
    /// CPU samples, ordered by time.
    "perf_sample" => PerfSampleTable, PerfSampleBuilder, PerfSampleRow {
        /// Time.
        ts: i64 as Timestamp,
        /// Thread.
        utid: ThreadId,
        /// CPU.
        cpu: Option<i64>,
        /// Stack: row of `stack_profile_callsite`.
        callsite_id: Option<CallsiteId>,
        /// Weight: CPU cycles, or ticks of the sampling clock.
        cpu_cycles: Option<i64>,
        /// Nsight's number of the thread's state: 1 running, 2 interruptible, 3 uninterruptible, 6 unscheduled, 7 waiting.
        thread_state: Option<u32>,
        /// Row number in the input.
        source_row: i64,
    }
}

table! {
    /// What the recorder has to say.
    "diagnostic" => DiagnosticTable, DiagnosticBuilder, DiagnosticRow {
        /// Time, when it is of the target's clock.
        ts: Option<i64> as Timestamp,
        /// 1 information, 2 warning, 3 error, 4 verbose.
        severity: Option<u32>,
        /// 1 injection, 2 daemon, 3 analysis.
        source: Option<u32>,
        /// Text.
        text: StringId,
        /// Process.
        upid: Option<ProcessId>,
        /// Input it was read from.
        source_id: SourceId,
    }
}

table! {
    /// What processes wrote to standard output and error.
    "process_output" => ProcessOutputTable, ProcessOutputBuilder, ProcessOutputRow {
        /// Process.
        upid: Option<ProcessId>,
        /// Name of the stream or file.
        file_name: Option<StringId>,
        /// What was written.
        content: Option<StringId>,
    }
}

table! {
    /// What the files say of themselves: versions, properties, user metadata.
    "metadata" => MetadataTable, MetadataBuilder, MetadataRow {
        /// Key; for JSON traces the top-level key.
        name: StringId,
        /// Value, when it is a whole number.
        int_value: Option<i64>,
        /// Value, when it is anything else; objects and arrays as JSON text.
        str_value: Option<StringId>,
        /// Input it was read from.
        source_id: SourceId,
    }
}

table! {
    /// Warnings by kind: what was lost, mended or guessed while reading.
    "stats" => StatsTable, StatsBuilder, StatsRow {
        /// Kind.
        name: StringId,
        /// `info`, `notice`, `data_loss` or `error`.
        severity: StringId,
        /// How often.
        value: i64,
        /// What happened and what was done.
        description: StringId,
    }
}

table! {
    /// Examples of the warnings, with their place in the input.
    "import_log" => ImportLogTable, ImportLogBuilder, ImportLogRow {
        /// Kind, as in `stats`.
        name: StringId,
        /// Severity.
        severity: StringId,
        /// Input.
        source_id: SourceId,
        /// Byte offset in the unpacked input.
        byte_offset: Option<i64>,
        /// What was found.
        detail: StringId,
    }
}
