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
        /// Arguments: sort index hints.
        arg_set_id: Option<ArgSetId>,
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
    /// GPU work: kernels, copies and fills, with what the runtime says of them.
    "gpu_op" => GpuOpTable, GpuOpBuilder, GpuOpRow {
        /// The slice.
        slice_id: SliceId,
        /// Kernel, copy or fill.
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
