//! Writes a simulated session as Kineto's exporter does, section after section.
//!
//! Real files are not sorted by time: all operators of one thread stand before those of the next, then all allocations,
//! all Python frames, then runtime calls and GPU work as CUPTI's buffers held them, each piece of work before its call,
//! and annotations of the GPU side last. Each section here is a [`Sink`] of its own run of the simulation. Whatever
//! stays the same between two events of a kind is formatted once.

use std::io::{self, Write};

use super::catalog::*;
use super::event::*;
use super::options::GenerateOptions;
use super::truth::Plan;
use super::workload::{SESSION_START, Workload};
use crate::layout::{ARGS_CLOSE, ARGS_OPEN, FlowEnd, GPU_SORT_INDEX, H100_PROPERTIES, NO_ARGS, SPANS_SORT_INDEX, Text};
use crate::random::Random;

/// `Iteration Start` and `Record Window End`.
pub(crate) const NUM_CLOSING_INSTANTS: u64 = 2;
/// The begin of a quarter, which Kineto counts times from (PyTorch rounds the wall clock down to 7,889,238 s).
pub(crate) const BASE_TIME_NANOS: u64 = 1_790_857_026_000_000_000;
/// Kineto moves a stream's synchronisations to a row of their own, this far from the stream's.
const SYNC_ROW_OFFSET: u64 = 1_000_000;
/// What a context synchronisation has in place of a stream: all bits set.
const NO_STREAM: u64 = 4_294_967_295;
const FLUSH_BYTES: usize = 1 << 18;
/// Memory the caching allocator holds; it neither grows nor shrinks while serving.
const RESERVED_BYTES: u64 = 74_013_736_960;

/// Text on its way out.
struct Page<W> {
    text: Text,
    out: W,
    error: Option<io::Error>,
}

impl<W: Write> Page<W> {
    /// Hands full buffers on. After an error the text is dropped; the error is returned at the end of the section.
    #[inline]
    fn end_event(&mut self) {
        if self.text.bytes.len() >= FLUSH_BYTES {
            self.flush();
        }
    }

    #[cold]
    fn flush(&mut self) {
        if self.error.is_none()
            && let Err(error) = self.out.write_all(&self.text.bytes)
        {
            self.error = Some(error);
        }
        self.text.bytes.clear();
    }

    fn check(&mut self) -> io::Result<()> {
        self.flush();
        self.error.take().map_or(Ok(()), Err)
    }
}

/// A row of `M` events. `pid`, `tid` and `value` are JSON values.
pub(crate) struct MetadataRow {
    name: &'static str,
    pid: u64,
    tid: u64,
    key: &'static str,
    value: String,
}

/// The names and places of processes and threads, as they stand before all other events.
pub(crate) fn metadata_rows(options: &GenerateOptions) -> Vec<MetadataRow> {
    let mut rows = Vec::new();
    let mut process = |pid: u64, label: String, sort_index: u64| {
        let row = |name, key, value| MetadataRow { name, pid, tid: 0, key, value };
        rows.push(row("process_name", "name", format!("\"{}\"", options.process_name())));
        rows.push(row("process_labels", "labels", format!("\"{label}\"")));
        rows.push(row("process_sort_index", "sort_index", sort_index.to_string()));
    };
    process(options.pid(), "CPU".to_owned(), options.pid());
    for device in 0..options.num_devices() {
        process(device, format!("GPU {device}"), GPU_SORT_INDEX + device);
    }
    let mut thread = |pid: u64, tid: u64, name: String| {
        rows.push(MetadataRow { name: "thread_name", pid, tid, key: "name", value: format!("\"{name}\"") });
        rows.push(MetadataRow { name: "thread_sort_index", pid, tid, key: "sort_index", value: tid.to_string() });
    };
    for stream in Stream::ALL {
        thread(options.device(), stream.number(), format!("stream {} ", stream.number()));
    }
    // The kernel keeps 15 characters of a thread's name.
    let comm: String = options.process_name().chars().take(15).collect();
    let mut tids = vec![options.pid(), options.output_thread()];
    if options.with_stack {
        tids.insert(0, 0);
    }
    for tid in tids {
        thread(options.pid(), tid, format!("thread {tid} ({comm})"));
    }
    rows
}

/// Frames that last the whole session.
pub(crate) fn num_root_frames(options: &GenerateOptions) -> u64 {
    if options.with_stack { (IDLE_FRAMES.len() + OUTPUT_FRAMES.len() + MAIN_FRAMES.len()) as u64 } else { 0 }
}

/// Writes the whole file.
pub(crate) fn write_trace<W: Write>(options: &GenerateOptions, plan: &Plan, out: W) -> io::Result<()> {
    let mut page = Page { text: Text::default(), out, error: None };
    write_header(options, &mut page.text);
    for row in metadata_rows(options) {
        let (pid, tid) = (row.pid.to_string(), row.tid.to_string());
        page.text.metadata(row.name, SESSION_START + 107_000, &pid, &tid, row.key, &row.value);
    }
    let first_frame_id = num_root_frames(options) + 1;
    let mut event_index = 0;
    for thread in [Thread::Output, Thread::Main] {
        let mut section = OperatorSection::new(options, plan, thread, event_index, &mut page);
        Workload::run(options, first_frame_id, &mut section);
        event_index = section.event_index;
        page.check()?;
    }
    if options.with_memory {
        let mut section = MemorySection::new(options, plan, event_index, &mut page);
        Workload::run(options, first_frame_id, &mut section);
        event_index = section.event_index;
        page.check()?;
    }
    debug_assert_eq!(event_index, plan.num_host_events);
    if options.with_stack {
        let event_index = write_root_frames(options, plan, &mut page.text);
        let mut section = FrameSection::new(options, plan, event_index, &mut page);
        Workload::run(options, first_frame_id, &mut section);
        page.check()?;
    }
    let mut section = GpuSection::new(options, plan, &mut page);
    Workload::run(options, first_frame_id, &mut section);
    page.check()?;
    let mut section = AnnotationSection::new(options, plan, &mut page);
    Workload::run(options, first_frame_id, &mut section);
    page.check()?;
    write_closing(options, plan, &mut page.text);
    page.check()?;
    page.out.flush()
}

fn hex(random: &mut Random, num_digits: usize) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    (0..num_digits).map(|_| char::from(DIGITS[random.below(16) as usize])).collect()
}

fn write_header(options: &GenerateOptions, text: &mut Text) {
    text.raw(" {\n    \"schemaVersion\": 1,\n    \"deviceProperties\": [");
    for device in 0..options.num_devices() {
        text.raw(if device == 0 { "\n    {\n      \"id\": " } else { ",\n    {\n      \"id\": " });
        text.uint(device).raw(H100_PROPERTIES);
    }
    text.raw("],\n    ");
    let mut random = Random::from_seed_and_stream(options.seed, 2_000_000 + options.rank);
    text.raw("\n      \"trace_id\": \"").raw(&hex(&mut random, 32)).raw("\",");
    for (is_on, key) in [
        (options.with_stack, "with_stack"),
        (options.with_shapes, "record_shapes"),
        (options.with_memory, "profile_memory"),
    ] {
        if is_on {
            text.raw("\n      \"").raw(key).raw("\": 1,");
        }
    }
    text.raw("\n      \"cupti_version\": 28,\n      \"cuda_runtime_version\": 13000,");
    text.raw("\n      \"cuda_driver_version\": 13000,");
    text.raw("\n      \"vllm_version_tuple\": [\"0\", \"32\", \"0\"],");
    write_distributed_info(options, text);
    text.raw("\n      \"vllm_version\": \"0.32.0\",\n      \"host_name\": \"hgx-h100-");
    text.uint(options.host_number()).raw("\",");
    text.raw("\n    \"displayTimeUnit\": \"ms\",\n    \"baseTimeNanoseconds\": ").uint(BASE_TIME_NANOS);
    text.raw(",\n    \"traceEvents\": [\n    ");
}

fn write_distributed_info(options: &GenerateOptions, text: &mut Text) {
    let list = |ranks: std::ops::Range<u64>| {
        let ranks: Vec<String> = ranks.map(|rank| rank.to_string()).collect();
        format!("[{}]", ranks.join(", "))
    };
    let world = options.num_ranks.max(1);
    let size = options.tensor_parallel_size();
    let first = options.rank - options.rank % size;
    let groups = [
        ("default_pg", "cuda:nccl", 0..world),
        ("undefined", "cuda:nccl", 0..world),
        ("undefined", "cpu:gloo,cuda:gloo", 0..world),
        ("undefined", "cuda:nccl", first..first + size),
        ("undefined", "cpu:gloo,cuda:gloo", first..first + size),
    ];
    text.raw("\n      \"distributedInfo\": {\"backend\": \"nccl\", \"rank\": ").uint(options.rank);
    // Groups of other ranks are counted and not listed.
    text.raw(", \"world_size\": ").uint(world).raw(", \"pg_count\": ").uint(3 + 2 * world.div_ceil(size));
    text.raw(", \"pg_config\": [");
    for (index, (description, backend, ranks)) in groups.into_iter().enumerate() {
        text.raw(if index == 0 { "" } else { ", " }).raw("{\"pg_name\": \"").uint(index as u64);
        text.raw("\", \"pg_desc\": \"").raw(description).raw("\", \"backend_config\": \"").raw(backend);
        text.raw("\", \"pg_size\": ").uint(ranks.end - ranks.start).raw(", \"ranks\": ").raw(&list(ranks)).raw("}");
    }
    text.raw("], \"nccl_version\": \"2.28.9\"},");
}

fn write_root_frames(options: &GenerateOptions, plan: &Plan, text: &mut Text) -> u64 {
    let pid = options.pid().to_string();
    let threads: [(u64, &[&str]); 3] =
        [(0, &IDLE_FRAMES), (options.output_thread(), &OUTPUT_FRAMES), (options.pid(), &MAIN_FRAMES)];
    let (mut id, mut event_index) = (1, plan.num_host_events);
    for (tid, frames) in threads {
        let tid = tid.to_string();
        for (depth, name) in frames.iter().enumerate() {
            let start = SESSION_START + 40_000 + 1_700 * depth as u64;
            text.slice_head("python_function", name, &pid, &tid);
            text.slice_times(start, plan.truth.session_end - 60_000 - start).raw(ARGS_OPEN);
            if depth == 0 {
                text.raw("\"Python parent id\": null, \"Python id\": ");
            } else {
                text.raw("\"Python parent id\": ").uint(id - 1).raw(", \"Python id\": ");
            }
            text.uint(id).raw(", \"Ev Idx\": ").uint(event_index).raw(ARGS_CLOSE);
            id += 1;
            event_index += 1;
        }
    }
    event_index
}

fn write_closing(options: &GenerateOptions, plan: &Plan, text: &mut Text) {
    let (start, end) = (plan.truth.session_start, plan.truth.session_end);
    text.slice_head("Trace", "PyTorch Profiler (0)", "\"Spans\"", "\"PyTorch Profiler\"");
    text.slice_times(start, end - start).raw(ARGS_OPEN).raw("\"Op count\": 0").raw(ARGS_CLOSE);
    text.metadata("process_sort_index", start, "\"Spans\"", "0", "sort_index", &SPANS_SORT_INDEX.to_string());
    text.instant_head("", "g", "Iteration Start: PyTorch Profiler", "\"Traces\"", "\"Trace PyTorch Profiler\"", start);
    text.raw(NO_ARGS);
    text.instant_head("", "g", "Record Window End", "\"\"", "\"\"", end + 17_000_000);
    // No comma after the last event.
    text.raw(NO_ARGS.trim_end_matches(','));
    let mut random = Random::from_seed_and_stream(options.seed, 3_000_000 + options.rank);
    let file = hex(&mut random, 8).to_lowercase();
    text.raw("\n  ],\"traceName\": \"/tmp/tmp").raw(&file).raw(".json\" }");
}

fn write_label(text: &mut Text, label: Label) {
    match label {
        Label::Op(op) => text.raw(op.kind().name),
        Label::Scope(name) => text.raw(name),
        Label::Step(shape) => text
            .raw("execute_context_")
            .uint(shape.context_requests)
            .raw("(")
            .uint(shape.context_tokens)
            .raw(")_generation_")
            .uint(shape.generation_requests)
            .raw("(")
            .uint(shape.generation_tokens)
            .raw(")"),
    };
}

macro_rules! stop_after_planned_steps {
    () => {
        fn wants_another_step(&mut self, num_steps: u64) -> bool {
            // The plan counts the empty step that ends every session.
            self.page.error.is_none() && num_steps + 1 < self.plan.num_steps
        }
    };
}

/// Operators and annotations of one thread.
struct OperatorSection<'a, W> {
    page: &'a mut Page<W>,
    plan: &'a Plan,
    thread: Thread,
    event_index: u64,
    heads: Vec<Vec<u8>>,
    /// Arguments of each operator, cut where the number of tokens stands.
    shapes: Vec<Vec<&'static str>>,
    annotation_head: Vec<u8>,
    after_name: Vec<u8>,
    with_shapes: bool,
    collective_group: String,
}

impl<'a, W: Write> OperatorSection<'a, W> {
    fn new(options: &GenerateOptions, plan: &'a Plan, thread: Thread, event_index: u64, page: &'a mut Page<W>) -> Self {
        let pid = options.pid().to_string();
        let tid = match thread {
            Thread::Main => pid.clone(),
            Thread::Output => options.output_thread().to_string(),
        };
        let head = |kind: &OpKind| {
            let mut text = Text::default();
            text.slice_head("cpu_op", kind.name, &pid, &tid);
            text.bytes
        };
        let mut annotation_head = Text::default();
        annotation_head.slice_head("user_annotation", "\0", &pid, &tid);
        let annotation_head = String::from_utf8_lossy(&annotation_head.bytes).into_owned();
        let (before_name, after_name) = annotation_head.split_once("\\u0000").unwrap_or((&annotation_head, ""));
        Self {
            page,
            plan,
            thread,
            event_index,
            heads: OPS.iter().map(head).collect(),
            shapes: OPS.iter().map(|kind| kind.shapes.split("{t}").collect()).collect(),
            annotation_head: before_name.as_bytes().to_vec(),
            after_name: after_name.as_bytes().to_vec(),
            with_shapes: options.with_shapes,
            collective_group: collective_group(options),
        }
    }
}

impl<W: Write> Sink for OperatorSection<'_, W> {
    const TAKES_OPERATORS: bool = true;

    stop_after_planned_steps!();

    fn operator(&mut self, thread: Thread, operator: &Operator) {
        if thread != self.thread {
            return;
        }
        let text = &mut self.page.text;
        if let Label::Op(op) = operator.label {
            text.raw_bytes(&self.heads[op as usize]);
        } else {
            text.raw_bytes(&self.annotation_head);
            write_label(text, operator.label);
            text.raw_bytes(&self.after_name);
        }
        text.slice_times(operator.start, operator.dur).raw(ARGS_OPEN);
        text.raw("\"External id\": ").uint(operator.external_id).raw(",\"Record function id\": 0, ");
        match operator.label {
            Label::Op(Op::RecordParamComms) => {
                text.raw("\"dtype\": \"BFloat16\", ").raw(&self.collective_group).raw(", ");
            }
            Label::Op(op) if self.with_shapes => {
                for (index, part) in self.shapes[op as usize].iter().enumerate() {
                    if index > 0 {
                        text.uint(operator.tokens);
                    }
                    text.raw(part);
                }
                text.raw(", ");
            }
            _ => {}
        }
        text.raw("\"Ev Idx\": ").uint(self.event_index).raw(ARGS_CLOSE);
        self.event_index += 1;
        self.page.end_event();
    }
}

fn collective_group(options: &GenerateOptions) -> String {
    let size = options.tensor_parallel_size();
    let first = options.rank - options.rank % size;
    let ranks: Vec<String> = (first..first + size).map(|rank| rank.to_string()).collect();
    format!(
        "\"Group size\": {size}, \"Process Group Name\": \"3\", \"Process Group Description\": \"undefined\", \
         \"Process Group Ranks\": \"[{}]\"",
        ranks.join(", ")
    )
}

/// `[memory]` instants.
struct MemorySection<'a, W> {
    page: &'a mut Page<W>,
    plan: &'a Plan,
    event_index: u64,
    pid: String,
    device: u64,
}

impl<'a, W: Write> MemorySection<'a, W> {
    fn new(options: &GenerateOptions, plan: &'a Plan, event_index: u64, page: &'a mut Page<W>) -> Self {
        Self { page, plan, event_index, pid: options.pid().to_string(), device: options.device() }
    }
}

impl<W: Write> Sink for MemorySection<'_, W> {
    stop_after_planned_steps!();

    fn memory_change(&mut self, change: &MemoryChange) {
        let text = &mut self.page.text;
        text.instant_head("\n    \"cat\": \"cpu_instant_event\",", "t", "[memory]", &self.pid, &self.pid, change.ts);
        text.raw(ARGS_OPEN).raw("\"Total Reserved\": ").uint(RESERVED_BYTES).raw(", \"Total Allocated\": ");
        text.uint(change.total_allocated).raw(", \"Bytes\": ").int(change.bytes);
        text.raw(", \"Device Id\": ").uint(self.device).raw(", \"Device Type\": 1, \"Addr\": ").uint(change.address);
        text.raw(", \"finished\": false, \"Ev Idx\": ").uint(self.event_index).raw(ARGS_CLOSE);
        self.event_index += 1;
        self.page.end_event();
    }
}

/// Python frames of the main thread.
struct FrameSection<'a, W> {
    page: &'a mut Page<W>,
    plan: &'a Plan,
    event_index: u64,
    before_name: &'static str,
    after_name: String,
}

impl<'a, W: Write> FrameSection<'a, W> {
    fn new(options: &GenerateOptions, plan: &'a Plan, event_index: u64, page: &'a mut Page<W>) -> Self {
        let pid = options.pid();
        Self {
            page,
            plan,
            event_index,
            before_name: "\n  {\n    \"ph\": \"X\",\n    \"cat\": \"python_function\",\n    \"name\": \"",
            after_name: format!("\",\n    \"pid\": {pid},\n    \"tid\": {pid},\n    \"ts\": "),
        }
    }
}

impl<W: Write> Sink for FrameSection<'_, W> {
    const TAKES_FRAMES: bool = true;

    stop_after_planned_steps!();

    fn python_frame(&mut self, frame: &PythonFrame) {
        let kind = frame.frame.kind();
        let text = &mut self.page.text;
        text.raw(self.before_name).raw(kind.name);
        if kind.is_module {
            text.raw("_").uint(frame.module);
        }
        text.raw(&self.after_name).slice_times(frame.start, frame.dur).raw(ARGS_OPEN);
        text.raw("\"Python parent id\": ").uint(frame.parent).raw(", \"Python id\": ").uint(frame.id);
        if kind.is_module {
            text.raw(", \"Python module id\": ").uint(frame.module);
        }
        text.raw(", \"Ev Idx\": ").uint(self.event_index).raw(ARGS_CLOSE);
        self.event_index += 1;
        self.page.end_event();
    }
}

/// What stays the same for all launches of a kernel.
struct KernelTemplate {
    kind: &'static KernelKind,
    active_blocks: u64,
    /// From the correlation to the shared memory.
    resources: String,
    block: String,
    occupancy: String,
}

impl KernelTemplate {
    fn new(kind: &'static KernelKind, with_occupancy: bool) -> Self {
        let occupancy = kind.occupancy();
        let [x, y, z] = kind.block;
        let limits = if with_occupancy {
            let [registers, shared, warps, blocks, barriers] = occupancy.blocks_by_limit;
            format!(
                ",      \"occupancy\": {{        \"activeBlocksPerMultiprocessor\": {},        \
                 \"limitingFactors\": \"{}\",        \"blockLimitRegs\": {registers},        \
                 \"blockLimitSharedMem\": {shared},        \"blockLimitWarps\": {warps},        \
                 \"blockLimitBlocks\": {blocks},        \"blockLimitBarriers\": {barriers},        \
                 \"allocatedRegistersPerBlock\": {},        \"allocatedSharedMemPerBlock\": {}      }}",
                occupancy.active_blocks,
                occupancy.limiting_factors,
                occupancy.registers_per_block,
                occupancy.shared_bytes_per_block,
            )
        } else {
            String::new()
        };
        Self {
            kind,
            active_blocks: occupancy.active_blocks,
            resources: format!(
                ",      \"registers per thread\": {},      \"shared memory\": {},      \"blocks per SM\": ",
                kind.registers, kind.shared_bytes
            ),
            block: format!("],      \"block\": [{x}, {y}, {z}],      \"est. achieved occupancy %\": "),
            occupancy: limits,
        }
    }
}

/// Runtime calls, GPU work, what ties them together, and what CUPTI reports besides.
struct GpuSection<'a, W> {
    page: &'a mut Page<W>,
    plan: &'a Plan,
    /// By kernel or copy, then by stream.
    kernel_heads: Vec<Vec<Vec<u8>>>,
    copy_heads: Vec<Vec<Vec<u8>>>,
    /// By call, then by thread.
    call_heads: Vec<Vec<Vec<u8>>>,
    kernels: Vec<KernelTemplate>,
    device: String,
    tids: [String; 2],
    pid: String,
    streams: [String; Stream::ALL.len()],
    /// `"device": …, "context": 1,  "stream": …, "correlation": ` for each stream.
    places: [String; Stream::ALL.len()],
    collective_group: String,
    synchronized_streams: Vec<Stream>,
}

impl<'a, W: Write> GpuSection<'a, W> {
    fn new(options: &GenerateOptions, plan: &'a Plan, page: &'a mut Page<W>) -> Self {
        let pid = options.pid().to_string();
        let tids = [pid.clone(), options.output_thread().to_string()];
        let device = options.device().to_string();
        let streams = Stream::ALL.map(|stream| stream.number().to_string());
        let head = |cat: &str, name: &str, pid: &str, tid: &str| {
            let mut text = Text::default();
            text.slice_head(cat, name, pid, tid);
            text.bytes
        };
        let heads_by_stream =
            |cat: &str, name: &str| streams.iter().map(|stream| head(cat, name, &device, stream)).collect();
        Self {
            kernel_heads: KERNELS.iter().map(|kind| heads_by_stream("kernel", kind.name)).collect(),
            copy_heads: COPIES
                .iter()
                .map(|kind| heads_by_stream(if kind.is_set { "gpu_memset" } else { "gpu_memcpy" }, kind.name))
                .collect(),
            call_heads: CALLS
                .iter()
                .map(|kind| tids.iter().map(|tid| head(kind.cat, kind.name, &pid, tid)).collect())
                .collect(),
            kernels: KERNELS.iter().map(|kind| KernelTemplate::new(kind, options.with_occupancy)).collect(),
            places: Stream::ALL.map(|stream| {
                format!("\"device\": {device}, \"context\": 1,      \"stream\": {}, \"correlation\": ", stream.number())
            }),
            collective_group: collective_group(options),
            synchronized_streams: Vec::new(),
            page,
            plan,
            device,
            tids,
            pid,
            streams,
        }
    }

    fn write_kernel(&mut self, op: &GpuOp, kernel: Kernel, tokens: u64) {
        let template = &self.kernels[kernel as usize];
        let stream = op.stream as usize;
        let text = &mut self.page.text;
        text.raw_bytes(&self.kernel_heads[kernel as usize][stream]);
        text.slice_times(op.start, op.dur).raw(ARGS_OPEN);
        write_external_id(text, op.external_id);
        text.raw("      \"queued\": 0, ").raw(&self.places[stream]).uint(op.correlation).raw(&template.resources);
        let grid = template.kind.grid(tokens);
        let num_blocks: u64 = grid.iter().product();
        text.ratio(num_blocks, NUM_SMS).raw(",      \"warps per SM\": ");
        text.ratio(num_blocks * template.kind.warps_per_block(), NUM_SMS).raw(",      \"grid\": [");
        text.uint(grid[0]).raw(", ").uint(grid[1]).raw(", ").uint(grid[2]).raw(&template.block);
        text.uint(template.kind.achieved_occupancy_percent(template.active_blocks, num_blocks));
        text.raw(&template.occupancy);
    }

    fn write_copy(&mut self, op: &GpuOp, copy: Copy, bytes: u64) {
        let stream = op.stream as usize;
        let text = &mut self.page.text;
        text.raw_bytes(&self.copy_heads[copy as usize][stream]);
        text.slice_times(op.start, op.dur).raw(ARGS_OPEN);
        write_external_id(text, op.external_id);
        text.raw("      ").raw(&self.places[stream]).uint(op.correlation);
        let gigabytes_per_sec = bytes as f64 / op.dur as f64;
        text.raw(",      \"bytes\": ").uint(bytes).raw(", \"memory bandwidth (GB/s)\": ");
        text.raw(&gigabytes_per_sec.to_string());
    }

    /// Names the row that a stream's synchronisations get, the first time it is used.
    fn name_sync_row(&mut self, stream: Stream, ts: u64) {
        if self.synchronized_streams.contains(&stream) {
            return;
        }
        self.synchronized_streams.push(stream);
        let text = &mut self.page.text;
        let tid = stream.number() + SYNC_ROW_OFFSET;
        // The exporter writes these two on fewer lines than other metadata.
        for (name, key) in [("thread_name", "name"), ("thread_sort_index", "sort_index")] {
            text.raw("\n  {\n    \"name\": \"").raw(name).raw("\", \"ph\": \"M\", \"ts\": ").micros(ts);
            text.raw(", \"pid\": ").raw(&self.device).raw(", \"tid\": ").uint(tid);
            text.raw(",\n    \"args\": {\n      \"").raw(key).raw("\": ");
            if key == "name" {
                text.raw("\"stream ").uint(stream.number()).raw(" (sync)\"");
            } else {
                text.uint(tid);
            }
            text.raw("\n    }\n  },");
        }
    }
}

fn write_external_id(text: &mut Text, external_id: u64) {
    if external_id > 0 {
        text.raw("\"External id\": ").uint(external_id).raw(",");
    }
}

impl<W: Write> Sink for GpuSection<'_, W> {
    stop_after_planned_steps!();

    fn gpu_op(&mut self, op: &GpuOp) {
        match op.work {
            GpuWork::Kernel { kernel, tokens, graph, collective } => {
                self.write_kernel(op, kernel, tokens);
                let text = &mut self.page.text;
                if let Some(GraphNode { graph, node }) = graph {
                    text.raw(",      \"graph id\": ").uint(graph).raw(", \"graph node id\": ").uint(node);
                }
                if let Some(collective) = collective {
                    text.raw(", \"Collective name\": \"").raw(collective.name).raw("\", \"In msg nelems\": ");
                    text.uint(collective.in_elements).raw(", \"Out msg nelems\": ").uint(collective.out_elements);
                    text.raw(", \"dtype\": \"BFloat16\", \"In split size\": \"[]\", \"Out split size\": \"[]\", ");
                    text.raw(&self.collective_group).raw(", \"Seq\": ").uint(collective.sequence);
                }
            }
            GpuWork::Copy { copy, bytes } => self.write_copy(op, copy, bytes),
        }
        let stream = &self.streams[op.stream as usize];
        let text = &mut self.page.text;
        text.raw(ARGS_CLOSE).launch_flow(FlowEnd::GpuWork, op.correlation, &self.device, stream, op.start);
        self.page.end_event();
    }

    fn api_call(&mut self, call: &ApiCall) {
        let thread = call.thread as usize;
        let text = &mut self.page.text;
        text.raw_bytes(&self.call_heads[call.call as usize][thread]);
        text.slice_times(call.start, call.dur).raw(ARGS_OPEN);
        write_external_id(text, call.external_id);
        text.raw("      \"cbid\": ").uint(call.call.kind().cbid);
        text.raw(", \"correlation\": ").uint(call.correlation).raw(ARGS_CLOSE);
        if call.has_flow {
            text.launch_flow(FlowEnd::Call, call.correlation, &self.pid, &self.tids[thread], call.start);
        }
        self.page.end_event();
    }

    fn sync(&mut self, sync: &Sync) {
        let (name, stream, tid) = match sync.kind {
            SyncKind::Event { .. } => ("Event Sync", NO_STREAM, "-1".to_owned()),
            SyncKind::StreamWait { stream, .. } => ("Stream Wait Event", stream.number(), stream.number().to_string()),
            SyncKind::Stream(stream) => {
                self.name_sync_row(stream, sync.start);
                ("Stream Sync", stream.number(), (stream.number() + SYNC_ROW_OFFSET).to_string())
            }
            SyncKind::Context => ("Context Sync", NO_STREAM, "-1".to_owned()),
        };
        let text = &mut self.page.text;
        text.slice_head("cuda_sync", name, &self.device, &tid).slice_times(sync.start, sync.dur).raw(ARGS_OPEN);
        write_external_id(text, sync.external_id);
        text.raw("      \"cuda_sync_kind\": \"").raw(name).raw("\",");
        let awaited = match sync.kind {
            SyncKind::Event { event, record_correlation } => Some((NO_STREAM, event, record_correlation)),
            SyncKind::StreamWait { source, event, record_correlation, .. } => {
                Some((source.number(), event, record_correlation))
            }
            SyncKind::Stream(_) | SyncKind::Context => None,
        };
        if let Some((stream, event, record_correlation)) = awaited {
            text.raw("      \"wait_on_stream\": ").uint(stream);
            text.raw(",      \"wait_on_cuda_event_record_corr_id\": ").uint(record_correlation);
            text.raw(",      \"wait_on_cuda_event_id\": ").uint(event).raw(",");
        }
        text.raw("      \"stream\": ").uint(stream).raw(", \"correlation\": ").uint(sync.correlation);
        text.raw(",      \"device\": ").raw(&self.device).raw(", \"context\": 1").raw(ARGS_CLOSE);
        text.launch_flow(FlowEnd::GpuWork, sync.correlation, &self.device, &tid, sync.start);
        self.page.end_event();
    }

    fn event_record(&mut self, record: &EventRecord) {
        let stream = &self.streams[record.stream as usize];
        let text = &mut self.page.text;
        text.slice_head("cuda_event", "cudaEvent", &self.device, stream).slice_times(record.ts, 1).raw(ARGS_OPEN);
        write_external_id(text, record.external_id);
        text.raw("      \"event_id\": ").uint(record.event).raw(",      \"stream\": ").raw(stream);
        text.raw(", \"correlation\": ").uint(record.correlation);
        text.raw(",      \"device\": ").raw(&self.device).raw(", \"context\": 1").raw(ARGS_CLOSE);
        self.page.end_event();
    }

    fn overhead(&mut self, name: &'static str, start: u64, dur: u64) {
        self.page.text.slice_head("overhead", name, "-1", "0").slice_times(start, dur).raw(NO_ARGS);
        self.page.end_event();
    }

    fn counter(&mut self, counter: usize, ts: u64, tenths: u64) {
        let (name, _) = COUNTERS[counter];
        let pid = format!("\"GPU {} Counters\"", self.device);
        self.page.text.counter("hardware_counters", name, &pid, "0", ts, |text| {
            text.raw("\"").raw(name).raw("\": ").uint(tenths / 10).raw(".").uint(tenths % 10);
        });
        self.page.end_event();
    }
}

/// The GPU side of annotations.
struct AnnotationSection<'a, W> {
    page: &'a mut Page<W>,
    plan: &'a Plan,
    device: u64,
}

impl<'a, W: Write> AnnotationSection<'a, W> {
    fn new(options: &GenerateOptions, plan: &'a Plan, page: &'a mut Page<W>) -> Self {
        Self { page, plan, device: options.device() }
    }
}

impl<W: Write> Sink for AnnotationSection<'_, W> {
    stop_after_planned_steps!();

    fn gpu_annotation(&mut self, annotation: &GpuAnnotation) {
        let text = &mut self.page.text;
        text.raw("\n  {\n    \"ph\": \"X\",\n    \"cat\": \"gpu_user_annotation\",\n    \"name\": \"");
        write_label(text, annotation.label);
        text.raw("\",\n    \"pid\": ").uint(self.device).raw(",\n    \"tid\": ").uint(annotation.stream.number());
        text.raw(",\n    \"ts\": ").slice_times(annotation.start, annotation.dur).raw(ARGS_OPEN);
        text.raw("\"External id\": ").uint(annotation.external_id).raw(ARGS_CLOSE);
        self.page.end_event();
    }
}
