//! Turns the events of a block into rows.
//!
//! An event is its type and one payload in a field of its own. What a payload is follows from that field and not from
//! the type: newer recorders give new types to what they write in the payloads there were. All numbers of fields and
//! classes were found by holding reports against the databases that were exported from them; those that could only be
//! inferred say so.
//!
//! Blocks are decoded on any thread in any order, so rows have no numbers yet, and a stack has the number it has in its
//! block. [`super::numbering`] makes them those of the capture.

use super::container::{elements, text};
use super::unknown::{Message, Unknown, Unknowns};
use super::wire::{Field, Fields, Malformed, Value};
use crate::nsys::capture::{
    ApiRecord, Capture, ClusterFields, CudaEventRecord, CuptiOverheadRecord, DiagnosticRecord, FrameRecord, GlobalId,
    GpuPlace, GraphEventRecord, GraphNodeEventRecord, GraphTraceRecord, KernelRecord, MemcpyRecord, MemsetRecord,
    NvtxPayload, NvtxRecord, OsrtRecord, OtherRecord, OtherTable, ProcessRecord, ProfilerOverheadRecord, SampleRecord,
    SchedRecord, SyncRecord, TextId,
};

/// Classes of calls.
mod class {
    pub(super) const CUDA_RUNTIME: i64 = 0;
    pub(super) const CUDA_DRIVER: i64 = 1;
    pub(super) const PROFILER_OVERHEAD: i64 = 3;
    pub(super) const OS_RUNTIME: i64 = 27;
    pub(super) const CUDNN: i64 = 28;
    pub(super) const CUBLAS: i64 = 29;
    pub(super) const OS_RUNTIME_START: i64 = 31;
    pub(super) const OS_RUNTIME_FINISH: i64 = 32;
    pub(super) const GRAPH_NODE: i64 = 77;
    pub(super) const GRAPH_EXEC: i64 = 94;
    pub(super) const GRAPH: i64 = 95;
    pub(super) const GRAPH_CLONE: i64 = 96;
    pub(super) const CUPTI_OVERHEAD: i64 = 103;
    pub(super) const OPENACC: i64 = 48;
    pub(super) const OPENMP: i64 = 78;
    pub(super) const NVENC: i64 = 83;
    pub(super) const NVDEC: i64 = 86;
    pub(super) const NVJPEG: i64 = 89;

    /// Marks that a kind of tracing began or ended in a process, which no table has.
    pub(super) const MARKS: &[i64] = &[
        6, 7, 8, 9, 10, 11, 33, 34, 35, 36, 39, 40, 43, 44, 45, 46, 55, 56, 63, 64, 68, 69, 72, 73, 79, 80, 84, 85, 87,
        88, 90, 91, 99, 100, 105, 106, 109, 110,
    ];
}

/// The tables that calls of other interfaces are in, as far as their class tells.
const OTHER_TABLES: [&str; 3] = ["CUPTI_ACTIVITY_KIND_OPENACC_OTHER", "OPENMP_EVENT_KIND_OTHER", "NVVIDEO_OTHER"];

/// The place of the table of a class in [`OTHER_TABLES`].
fn other_table(event_class: i64) -> Option<u32> {
    match event_class {
        class::OPENACC => Some(0),
        class::OPENMP => Some(1),
        class::NVENC | class::NVDEC | class::NVJPEG => Some(2),
        _ => None,
    }
}

/// Kinds of copies.
mod copy_kind {
    pub(super) const PEER: i32 = 10;
    pub(super) const FIRST_MIGRATION: i32 = 11;
    pub(super) const LAST_MIGRATION: i32 = 13;
}

/// Whether a number can be that of a graph's node.
fn is_graph_node(value: u64) -> bool {
    value >> 32 != 0
}

/// The byte that a frame of a call's stack begins with: field 15, with a length. A payload without it has no stack.
const CALL_FRAME_TAG: u8 = 15 << 3 | 2;

/// The type of a sample's count that is its weight.
const TYPE_CPU_CYCLES: u64 = 1;

/// The type of an event that is a graph launch, traced as one piece.
const TYPE_DEVICE_GRAPH: u64 = 130;

/// What the events of a block came to.
#[derive(Debug, Default)]
pub(super) struct BlockRows {
    /// The rows, without numbers.
    pub(super) capture: Capture,
    /// What is not known.
    pub(super) unknowns: Unknowns,
    /// Events that were left out, and what is wrong with the first of them.
    pub(super) malformed: Option<(u64, String)>,
    /// Numbers that do not fit their columns.
    pub(super) num_out_of_range: u64,
    /// Texts that are not UTF-8.
    pub(super) num_bad_texts: u64,
    /// What is in the block.
    pub(super) found: Payloads,
    wanted: Payloads,
    num_osrt_chains: i64,
    num_cuda_chains: i64,
}

/// Why an event is left out.
#[derive(Debug, thiserror::Error)]
enum Bad {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("it lacks {0}")]
    Lacks(&'static str),
}

/// Payloads of events, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Payloads(u8);

impl Payloads {
    pub(crate) const NVTX: Self = Self(1);
    pub(crate) const SAMPLES: Self = Self(1 << 1);
    pub(crate) const SCHED: Self = Self(1 << 2);
    pub(crate) const GPU: Self = Self(1 << 3);
    pub(crate) const CALLS: Self = Self(1 << 4);
    /// Calls that have a stack, which few have. Their rows have no numbers that mean anything, their stacks do.
    pub(crate) const CALL_STACKS: Self = Self(1 << 5);
    const OTHERS: Self = Self(1 << 6);
    pub(super) const ALL: Self = Self(u8::MAX);

    /// What is in either of them.
    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True when something is in both.
    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The payload in a field of an event.
    fn of_field(number: u32) -> Self {
        match number {
            102 => Self::NVTX,
            104 => Self::SAMPLES,
            106 => Self::SCHED,
            107 => Self::GPU,
            108 => Self::CALLS,
            _ => Self::OTHERS,
        }
    }
}

/// The rows of an unpacked block that are in the payloads `wanted`.
pub(super) fn decode_block(unpacked: &[u8], wanted: Payloads) -> BlockRows {
    let mut rows = BlockRows { wanted, ..BlockRows::default() };
    for field in Fields::new(elements(unpacked)) {
        match field {
            Ok(Field { number: 1, value: Value::Bytes(event) }) => {
                rows.capture.num_events += 1;
                if let Err(bad) = rows.event(event) {
                    rows.leave_out(&bad);
                }
            }
            Ok(field) => rows.unknowns.add_field(Message::Block, field.number),
            // The events after it cannot be made out: how many there were is not known.
            Err(bad) => rows.leave_out(&bad.into()),
        }
    }
    rows
}

/// The fields of a call, whatever it becomes.
#[derive(Debug, Default)]
struct Call {
    start: Option<i64>,
    end: Option<i64>,
    correlation: Option<i64>,
    name: Option<TextId>,
    return_value: Option<i64>,
    thread: Option<GlobalId>,
    nesting_level: Option<i32>,
}

/// Which stacks a frame is of.
#[derive(Debug, Clone, Copy)]
enum Stacks {
    Osrt,
    Cuda,
    Sampling,
}

impl BlockRows {
    fn leave_out(&mut self, bad: &Bad) {
        let (count, _) = self.malformed.get_or_insert_with(|| (0, bad.to_string()));
        *count += 1;
    }

    fn small(&mut self, value: u64) -> Option<i32> {
        let small = i32::try_from(value.cast_signed()).ok();
        self.num_out_of_range += u64::from(small.is_none());
        small
    }

    fn unsigned(&mut self, value: u64) -> Option<u32> {
        let unsigned = u32::try_from(value).ok();
        self.num_out_of_range += u64::from(unsigned.is_none());
        unsigned
    }

    fn text(&mut self, bytes: &[u8]) -> Box<str> {
        let text = text(bytes);
        self.num_bad_texts += u64::from(matches!(text, std::borrow::Cow::Owned(_)));
        text.into()
    }

    /// An event has one payload. Should it have more, the first one counts, whichever are wanted: rows have the same
    /// numbers each time a block is decoded.
    fn event(&mut self, event: &[u8]) -> Result<(), Bad> {
        let mut event_type = 0;
        let mut found: Option<(u32, &[u8])> = None;
        for field in Fields::new(event) {
            match field? {
                Field { number: 1, value: Value::Varint(value) } => event_type = value,
                Field { number, value: Value::Bytes(payload) } if found.is_none() => found = Some((number, payload)),
                field => self.unknowns.add_field(Message::Event, field.number),
            }
        }
        let Some((number, payload)) = found else { return Ok(()) };
        let is_of = Payloads::of_field(number);
        self.found = self.found.with(is_of);
        let has_stack = || number == 108 && memchr::memchr(CALL_FRAME_TAG, payload).is_some();
        let is_wanted = is_of.meets(self.wanted) || self.wanted.meets(Payloads::CALL_STACKS) && has_stack();
        if !is_wanted {
            return Ok(());
        }
        match number {
            102 => self.nvtx(payload),
            104 => self.sample(payload),
            106 => self.sched(payload),
            107 => self.gpu_work(event_type, payload),
            108 => self.call(payload),
            // What a process maps into memory. The exporter has no table of it: symbols are resolved when the report is
            // made.
            109 => Ok(()),
            110 => self.diagnostic(payload),
            113 => self.process(payload),
            payload => {
                self.unknowns.add(Unknown::Event { event_type, payload });
                Ok(())
            }
        }
    }

    fn call(&mut self, payload: &[u8]) -> Result<(), Bad> {
        let mut call = Call::default();
        let mut event_class = None;
        let mut num_frames = 0_u64;
        for field in Fields::new(payload) {
            match field? {
                Field { number: 1, value: Value::Varint(value) } => call.start = Some(value.cast_signed()),
                Field { number: 2, value: Value::Varint(value) } => call.end = Some(value.cast_signed()),
                Field { number: 3, value: Value::Varint(value) } => call.correlation = Some(value.cast_signed()),
                Field { number: 6, value: Value::Varint(value) } => event_class = Some(value.cast_signed()),
                Field { number: 7, value: Value::Varint(value) } => call.name = Some(TextId(value.cast_signed())),
                Field { number: 8, value: Value::Varint(value) } => call.return_value = Some(value.cast_signed()),
                Field { number: 13, value: Value::Varint(value) } => {
                    call.thread = Some(GlobalId(value.cast_signed()));
                }
                Field { number: 15, value: Value::Bytes(_) } => num_frames += 1,
                Field { number: 20, value: Value::Varint(value) } => call.nesting_level = self.small(value),
                field => self.unknowns.add_field(Message::Call, field.number),
            }
        }
        if num_frames > 0 {
            self.found = self.found.with(Payloads::CALL_STACKS);
        }
        let event_class = event_class.ok_or(Bad::Lacks("the class of its call"))?;
        let start = call.start.ok_or(Bad::Lacks("its start"))?;
        let end = call.end.ok_or(Bad::Lacks("its end"))?;
        let Call { correlation, name, return_value, thread, nesting_level, .. } = call;
        let class = i32::try_from(event_class).ok();
        match event_class {
            class::CUDA_RUNTIME | class::CUDA_DRIVER | class::CUDNN | class::CUBLAS => {
                let callchain = if num_frames > 0 { Some(self.stack(Stacks::Cuda, payload, 15)?) } else { None };
                let record = ApiRecord {
                    start,
                    end,
                    event_class: class,
                    thread,
                    correlation,
                    name,
                    return_value,
                    callchain,
                    row: 0,
                };
                if matches!(event_class, class::CUDA_RUNTIME | class::CUDA_DRIVER) {
                    self.capture.api_calls.push(record);
                } else {
                    self.capture.library_calls.push(record);
                }
            }
            class::OS_RUNTIME | class::OS_RUNTIME_START | class::OS_RUNTIME_FINISH => {
                let callchain = if num_frames > 0 { self.stack(Stacks::Osrt, payload, 15)? } else { 0 };
                self.capture.osrt_calls.push(OsrtRecord {
                    start,
                    end,
                    event_class: class,
                    thread,
                    name,
                    return_value,
                    nesting_level,
                    callchain: Some(callchain),
                    ..OsrtRecord::default()
                });
            }
            class::PROFILER_OVERHEAD => {
                let record = ProfilerOverheadRecord { start, end, thread, name, return_value, ..Default::default() };
                self.capture.profiler_overheads.push(record);
            }
            class::CUPTI_OVERHEAD => self.capture.cupti_overheads.push(CuptiOverheadRecord {
                start,
                end,
                event_class: class,
                thread,
                correlation,
                name,
                ..Default::default()
            }),
            class::GRAPH_NODE => self.capture.graph_node_events.push(GraphNodeEventRecord {
                start,
                end,
                event_class: class,
                thread,
                name,
                ..Default::default()
            }),
            class::GRAPH | class::GRAPH_EXEC | class::GRAPH_CLONE => {
                self.capture.graph_events.push(GraphEventRecord {
                    start,
                    end,
                    event_class: class,
                    thread,
                    name,
                    ..Default::default()
                });
            }
            _ if class::MARKS.contains(&event_class) => {}
            // Inferred from the numbers of the classes: no report at hand has such calls. What they say beyond what all
            // calls say is counted as fields that are not known.
            _ if other_table(event_class).is_some() => {
                let table = other_table(event_class).unwrap_or_default();
                let thread = thread.ok_or(Bad::Lacks("its thread"))?;
                if self.capture.other_tables.is_empty() {
                    let table = |&name: &&str| OtherTable { name: name.into(), columns: Vec::new() };
                    self.capture.other_tables = OTHER_TABLES.iter().map(table).collect();
                }
                let record = OtherRecord { table, start, end: Some(end), thread, name, ..OtherRecord::default() };
                self.capture.other_events.push(record);
            }
            _ => self.unknowns.add(Unknown::CallClass(event_class)),
        }
        Ok(())
    }

    fn frames(&mut self, stacks: Stacks) -> &mut Vec<FrameRecord> {
        match stacks {
            Stacks::Osrt => &mut self.capture.osrt_frames,
            Stacks::Cuda => &mut self.capture.cuda_frames,
            Stacks::Sampling => &mut self.capture.sampling_frames,
        }
    }

    /// Takes the frames in field `number` of a payload and gives the number of the stack.
    fn stack(&mut self, stacks: Stacks, payload: &[u8], number: u32) -> Result<i64, Bad> {
        let callchain = match stacks {
            Stacks::Osrt => self.num_osrt_chains + 1,
            Stacks::Cuda => self.num_cuda_chains + 1,
            // The number of a sample is that of its stack.
            Stacks::Sampling => self.capture.samples.len() as i64 + 1,
        };
        let num_before = self.frames(stacks).len();
        let mut depth = 0;
        for field in Fields::new(payload) {
            let frame = match field.map(|field| (field.number, field.value)) {
                Ok((of, Value::Bytes(frame))) if of == number => self.frame(frame),
                Ok(_) => continue,
                Err(bad) => Err(bad.into()),
            };
            match frame {
                Ok(record) => self.frames(stacks).push(FrameRecord { callchain, depth, ..record }),
                Err(bad) => {
                    // Half a stack would be another stack.
                    self.frames(stacks).truncate(num_before);
                    return Err(bad);
                }
            }
            depth += 1;
        }
        match stacks {
            Stacks::Osrt => self.num_osrt_chains = callchain,
            Stacks::Cuda => self.num_cuda_chains = callchain,
            Stacks::Sampling => {}
        }
        Ok(callchain)
    }

    fn frame(&mut self, frame: &[u8]) -> Result<FrameRecord, Bad> {
        let mut record = FrameRecord::default();
        for field in Fields::new(frame) {
            match field? {
                Field { number: 1, value: Value::Varint(value) } => record.symbol = Some(TextId(value.cast_signed())),
                Field { number: 2, value: Value::Varint(value) } => record.module = Some(TextId(value.cast_signed())),
                Field { number: 6, value: Value::Varint(value) } => record.is_unresolved = Some(value != 0),
                // Inferred: it stands between two numbers that are known, as its column stands between theirs.
                Field { number: 7, value: Value::Varint(value) } => record.is_special = Some(value != 0),
                Field { number: 8, value: Value::Varint(value) } => record.original_ip = Some(value.cast_signed()),
                Field { number: 9, value: Value::Varint(value) } => record.unwind_method = self.small(value),
                field => self.unknowns.add_field(Message::Frame, field.number),
            }
        }
        Ok(record)
    }

    fn sample(&mut self, payload: &[u8]) -> Result<(), Bad> {
        let mut record = SampleRecord::default();
        let mut start = None;
        for field in Fields::new(payload) {
            match field? {
                Field { number: 1, value: Value::Varint(value) } => start = Some(value.cast_signed()),
                Field { number: 3, value: Value::Varint(value) } => record.cpu = Some(value.cast_signed()),
                Field { number: 4, value: Value::Bytes(_) } => {}
                Field { number: 5, value: Value::Bytes(count) } => {
                    if let Some(cycles) = self.cpu_cycles(count)? {
                        record.cpu_cycles = Some(cycles);
                    }
                }
                Field { number: 6, value: Value::Varint(value) } => record.thread_state = self.small(value),
                // 0 wherever it was seen, on samples with a whole stack; no column has it.
                Field { number: 10, value: Value::Varint(0) } => {}
                Field { number: 11, value: Value::Varint(value) } => {
                    record.thread = Some(GlobalId(value.cast_signed()));
                }
                // The time is in nanoseconds.
                Field { number: 12, value: Value::Varint(1) } => {}
                field => self.unknowns.add_field(Message::Sample, field.number),
            }
        }
        record.start = start.ok_or(Bad::Lacks("its time"))?;
        record.id = self.stack(Stacks::Sampling, payload, 4)?;
        self.capture.samples.push(record);
        Ok(())
    }

    /// The value of a sample's count when it counts CPU cycles.
    fn cpu_cycles(&mut self, count: &[u8]) -> Result<Option<i64>, Bad> {
        let (mut event_type, mut number) = (None, None);
        for field in Fields::new(count) {
            match field? {
                Field { number: 1, value: Value::Varint(value) } => event_type = Some(value),
                Field { number: 2, value: Value::Varint(value) } => number = Some(value.cast_signed()),
                field => self.unknowns.add_field(Message::SampleEvent, field.number),
            }
        }
        if event_type != Some(TYPE_CPU_CYCLES) {
            self.unknowns.add(Unknown::SampleCount(event_type.unwrap_or_default()));
            return Ok(None);
        }
        Ok(number)
    }

    fn sched(&mut self, payload: &[u8]) -> Result<(), Bad> {
        let mut record = SchedRecord::default();
        let (mut start, mut is_sched_in) = (None, None);
        for field in Fields::new(payload) {
            match field? {
                Field { number: 1, value: Value::Varint(value) } => start = Some(value.cast_signed()),
                Field { number: 3, value: Value::Varint(value) } => record.cpu = Some(value.cast_signed()),
                Field { number: 4, value: Value::Varint(value) } => is_sched_in = Some(value != 0),
                Field { number: 5, value: Value::Varint(value) } => record.thread_state = self.small(value),
                Field { number: 6, value: Value::Varint(value) } => {
                    record.thread = Some(GlobalId(value.cast_signed()));
                }
                Field { number: 7, value: Value::Varint(1) } => {}
                field => self.unknowns.add_field(Message::Sched, field.number),
            }
        }
        record.start = start.ok_or(Bad::Lacks("its time"))?;
        record.is_sched_in = is_sched_in.ok_or(Bad::Lacks("whether a thread comes or goes"))?;
        self.capture.sched_events.push(record);
        Ok(())
    }

    fn nvtx(&mut self, payload: &[u8]) -> Result<(), Bad> {
        let mut record = NvtxRecord::default();
        let (mut event_type, mut start) = (None, None);
        for field in Fields::new(payload) {
            match field? {
                Field { number: 1, value: Value::Varint(value) } => event_type = self.small(value),
                Field { number: 2, value: Value::Varint(value) } => start = Some(value.cast_signed()),
                Field { number: 4, value: Value::Varint(value) } => record.range_id = Some(value.cast_signed()),
                Field { number: 5, value: Value::Varint(value) } => record.category = Some(value.cast_signed()),
                Field { number: 6, value: Value::Varint(value) } => record.color = self.unsigned(value),
                Field { number: 7, value: Value::Bytes(bytes) } => record.text = Some(self.text(bytes)),
                Field { number: 8, value: Value::Bytes(bytes) } => record.payload = self.nvtx_payload(bytes)?,
                Field { number: 9, value: Value::Varint(value) } => {
                    record.thread = Some(GlobalId(value.cast_signed()));
                }
                Field { number: 10, value: Value::Varint(value) } => record.end = Some(value.cast_signed()),
                Field { number: 11, value: Value::Varint(value) } => {
                    record.end_thread = Some(GlobalId(value.cast_signed()));
                }
                Field { number: 12, value: Value::Varint(value) } => {
                    record.text_id = Some(TextId(value.cast_signed()));
                }
                Field { number: 13, value: Value::Varint(value) } => record.domain = Some(value.cast_signed()),
                Field { number: 14, value: Value::Varint(1) } => {}
                field => self.unknowns.add_field(Message::Nvtx, field.number),
            }
        }
        record.event_type = event_type.ok_or(Bad::Lacks("its type"))?;
        record.start = start.ok_or(Bad::Lacks("its time"))?;
        self.capture.nvtx.push(record);
        Ok(())
    }

    /// The payload of an NVTX event. Field 2 was seen; the others are inferred: the types are numbered as NVTX numbers
    /// them, of which 2 is one, and the wire type has to be the right one.
    fn nvtx_payload(&mut self, payload: &[u8]) -> Result<Option<NvtxPayload>, Bad> {
        let mut found = None;
        for field in Fields::new(payload) {
            let field = field?;
            let read = match (field.number, field.value) {
                (1, Value::Varint(value)) => Some(NvtxPayload::U64(value)),
                (2, Value::Varint(value)) => Some(NvtxPayload::I64(value.cast_signed())),
                (3, Value::Fixed64(value)) => Some(NvtxPayload::F64(f64::from_bits(value))),
                (4, Value::Varint(value)) => self.unsigned(value).map(NvtxPayload::U32),
                (5, Value::Varint(value)) => self.small(value).map(NvtxPayload::I32),
                (6, Value::Fixed32(value)) => Some(NvtxPayload::F32(f32::from_bits(value))),
                _ => {
                    self.unknowns.add_field(Message::NvtxPayload, field.number);
                    None
                }
            };
            found = read.or(found);
        }
        Ok(found)
    }

    fn gpu_work(&mut self, event_type: u64, payload: &[u8]) -> Result<(), Bad> {
        let mut place = GpuPlace::default();
        let (mut start, mut end) = (None, None);
        let mut particulars: Option<(u32, &[u8])> = None;
        for field in Fields::new(payload) {
            match field? {
                Field { number: 1, value: Value::Varint(value) } => start = Some(value.cast_signed()),
                Field { number: 2, value: Value::Varint(value) } => end = Some(value.cast_signed()),
                Field { number: 3, value: Value::Varint(value) } => place.correlation = Some(value.cast_signed()),
                Field { number: 4, value: Value::Varint(value) } => place.device = value.cast_signed(),
                Field { number: 5, value: Value::Varint(value) } => place.context = value.cast_signed(),
                Field { number: 6, value: Value::Varint(value) } => place.stream = value.cast_signed(),
                // The kind, which the particulars tell as well.
                Field { number: 7, value: Value::Varint(_) } => {}
                Field { number: 8, value: Value::Varint(value) } => {
                    place.process = Some(GlobalId(value.cast_signed()));
                }
                Field { number: 9, value: Value::Varint(value) } => place.green_context = Some(value.cast_signed()),
                Field { number: number @ 100.., value: Value::Bytes(bytes) } => particulars = Some((number, bytes)),
                field => self.unknowns.add_field(Message::Gpu, field.number),
            }
        }
        place.start = start.ok_or(Bad::Lacks("its start"))?;
        place.end = end.ok_or(Bad::Lacks("its end"))?;
        match particulars {
            Some((101, bytes)) => self.kernel(place, bytes)?,
            Some((102, bytes)) => self.memcpy(place, bytes)?,
            Some((103, bytes)) => self.memset(place, bytes)?,
            Some((105, bytes)) => self.sync(place, bytes)?,
            Some((106, bytes)) => self.cuda_event(place, bytes)?,
            other => {
                if event_type == TYPE_DEVICE_GRAPH {
                    // When and where it ran is known, which graph it was is not.
                    self.capture.graph_traces.push(GraphTraceRecord { place, ..Default::default() });
                }
                let payload = other.map_or(0, |(number, _)| number);
                self.unknowns.add(Unknown::GpuEvent { event_type, payload });
            }
        }
        Ok(())
    }

    fn kernel(&mut self, place: GpuPlace, bytes: &[u8]) -> Result<(), Bad> {
        let mut record = KernelRecord { place, ..KernelRecord::default() };
        let mut cluster = ClusterFields::default();
        let mut has_cluster = false;
        for field in Fields::new(bytes) {
            let Field { number, value: Value::Varint(value) } = field? else {
                self.unknowns.add_field(Message::Kernel, field?.number);
                continue;
            };
            let int = value.cast_signed();
            has_cluster |= (31..=36).contains(&number);
            match number {
                1 => record.demangled_name = Some(TextId(int)),
                2 => record.short_name = Some(TextId(int)),
                3 => record.mangled_name = Some(TextId(int)),
                // The demangled name once more.
                8 => {}
                10..=12 => record.grid[number as usize - 10] = self.small(value),
                13..=15 => record.block[number as usize - 13] = self.small(value),
                16 => record.static_shared_memory = self.small(value),
                17 => record.dynamic_shared_memory = self.small(value),
                18 => record.local_memory_per_thread = Some(int),
                19 => record.local_memory_total = Some(int),
                20 => record.grid_id = Some(int),
                21 => record.registers_per_thread = self.unsigned(value),
                22 => record.shared_memory_executed = self.small(value),
                23 => record.cache_config = self.small(value),
                24 => record.launch_type = self.small(value),
                // 0 wherever it was seen, and exported as nothing.
                26 if value == 0 => {}
                // Inferred: one of these is the graph node, whose column stands between those of 22 and 28. Nodes have
                // the number of their graph in the upper half, which nothing else here can have.
                25 | 27 if is_graph_node(value) => record.graph_node = Some(int),
                28 => record.shared_memory_limit_config = self.small(value),
                // No export at hand has these columns for a report at hand. A kernel with clusters of 2 blocks has 2, 1,
                // 1, 8 or 16, and 66 on a GPU of 132 multiprocessors.
                31..=33 => cluster.size[number as usize - 31] = self.small(value),
                34 => cluster.scheduling_policy = self.small(value),
                35 => cluster.max_potential_size = self.small(value),
                36 => cluster.max_active = self.small(value),
                _ => self.unknowns.add_field(Message::Kernel, number),
            }
        }
        record.cluster = has_cluster.then(|| Box::new(cluster));
        self.capture.kernels.push(record);
        Ok(())
    }

    fn memcpy(&mut self, place: GpuPlace, bytes: &[u8]) -> Result<(), Bad> {
        let mut record = MemcpyRecord { place, ..MemcpyRecord::default() };
        // Inferred: 1 to 5 are numbered as their columns stand, and so the following ones would be the devices and
        // contexts of a copy between GPUs, and the cause and address of a migration. They are believed of such copies.
        let mut others = [None; 6];
        for field in Fields::new(bytes) {
            match field? {
                Field { number: number @ (6..=10 | 12), value: Value::Varint(value) } => {
                    others[if number == 12 { 5 } else { number as usize - 6 }] = Some(value);
                }
                Field { number: 11, value: Value::Varint(value) } if is_graph_node(value) => {
                    record.graph_node = Some(value.cast_signed());
                }
                Field { number: 1, value: Value::Varint(value) } => record.bytes = Some(value.cast_signed()),
                Field { number: 2, value: Value::Varint(value) } => record.copy_kind = self.small(value),
                Field { number: 4, value: Value::Varint(value) } => record.src_kind = self.small(value),
                Field { number: 5, value: Value::Varint(value) } => record.dst_kind = self.small(value),
                field => self.unknowns.add_field(Message::Memcpy, field.number),
            }
        }
        let [src_device, src_context, dst_device, dst_context, cause, address] = others;
        let int = |value: Option<u64>| value.map(u64::cast_signed);
        match record.copy_kind {
            Some(copy_kind::PEER) => {
                record.src_device = int(src_device);
                record.src_context = int(src_context);
                record.dst_device = int(dst_device);
                record.dst_context = int(dst_context);
                self.count_given(Message::Memcpy, &[(10, cause), (12, address)]);
            }
            Some(copy_kind::FIRST_MIGRATION..=copy_kind::LAST_MIGRATION) => {
                record.migration_cause = cause.and_then(|cause| self.small(cause));
                record.virtual_address = int(address);
                let places = [(6, src_device), (7, src_context), (8, dst_device), (9, dst_context)];
                self.count_given(Message::Memcpy, &places);
            }
            _ => {
                let places = [(6, src_device), (7, src_context), (8, dst_device), (9, dst_context)];
                self.count_given(Message::Memcpy, &places);
                self.count_given(Message::Memcpy, &[(10, cause), (12, address)]);
            }
        }
        self.capture.memcpys.push(record);
        Ok(())
    }

    /// Counts the fields that are there as unknown.
    fn count_given(&mut self, message: Message, fields: &[(u32, Option<u64>)]) {
        for (number, value) in fields {
            if value.is_some() {
                self.unknowns.add_field(message, *number);
            }
        }
    }

    fn memset(&mut self, place: GpuPlace, bytes: &[u8]) -> Result<(), Bad> {
        let mut record = MemsetRecord { place, ..MemsetRecord::default() };
        for field in Fields::new(bytes) {
            match field? {
                Field { number: 1, value: Value::Varint(value) } => record.bytes = Some(value.cast_signed()),
                Field { number: 2, value: Value::Varint(value) } => record.value = Some(value.cast_signed()),
                // Inferred: it stands between two numbers that are known, as its column stands between theirs.
                Field { number: 3, value: Value::Varint(value) } => record.graph_node = Some(value.cast_signed()),
                Field { number: 4, value: Value::Varint(value) } => record.mem_kind = self.small(value),
                field => self.unknowns.add_field(Message::Memset, field.number),
            }
        }
        self.capture.memsets.push(record);
        Ok(())
    }

    fn sync(&mut self, place: GpuPlace, bytes: &[u8]) -> Result<(), Bad> {
        let mut record = SyncRecord { place, ..SyncRecord::default() };
        let mut old_type = None;
        for field in Fields::new(bytes) {
            match field? {
                Field { number: 1, value: Value::Varint(value) } => record.event = Some(value.cast_signed()),
                // The type until schema 3.17, which calls it deprecated and writes the other.
                Field { number: 2, value: Value::Varint(value) } => old_type = self.small(value),
                Field { number: 3, value: Value::Varint(value) } => record.event_sync = Some(value.cast_signed()),
                Field { number: 4, value: Value::Varint(value) } => record.sync_type = self.small(value),
                field => self.unknowns.add_field(Message::Sync, field.number),
            }
        }
        record.sync_type = record.sync_type.or(old_type);
        self.capture.syncs.push(record);
        Ok(())
    }

    fn cuda_event(&mut self, place: GpuPlace, bytes: &[u8]) -> Result<(), Bad> {
        let GpuPlace { start, device, context, green_context, stream, correlation, process, .. } = place;
        let mut record = CudaEventRecord {
            timestamp: Some(start),
            device: Some(device),
            context: Some(context),
            green_context,
            stream: Some(stream),
            correlation,
            process,
            ..CudaEventRecord::default()
        };
        for field in Fields::new(bytes) {
            match field? {
                Field { number: 1, value: Value::Varint(value) } => record.event = Some(value.cast_signed()),
                Field { number: 2, value: Value::Varint(value) } => record.event_sync = Some(value.cast_signed()),
                field => self.unknowns.add_field(Message::CudaEvent, field.number),
            }
        }
        self.capture.cuda_events.push(record);
        Ok(())
    }

    fn diagnostic(&mut self, payload: &[u8]) -> Result<(), Bad> {
        let mut record = DiagnosticRecord::default();
        for field in Fields::new(payload) {
            match field? {
                Field { number: 1, value: Value::Bytes(time) } => {
                    for field in Fields::new(time) {
                        match field? {
                            Field { number: 1, value: Value::Varint(value) } => {
                                record.timestamp = Some(value.cast_signed());
                            }
                            Field { number: 2, value: Value::Varint(value) } => {
                                record.timestamp_type = self.small(value);
                            }
                            Field { number: 3, value: Value::Varint(1) } => {}
                            field => self.unknowns.add_field(Message::DiagnosticTime, field.number),
                        }
                    }
                }
                Field { number: 2, value: Value::Varint(value) } => record.source = self.small(value),
                Field { number: 3, value: Value::Varint(value) } => record.severity = self.small(value),
                Field { number: 4, value: Value::Bytes(bytes) } => record.text = self.text(bytes),
                Field { number: 5, value: Value::Varint(value) } => {
                    record.process = Some(GlobalId(value.cast_signed()));
                }
                field => self.unknowns.add_field(Message::Diagnostic, field.number),
            }
        }
        self.capture.diagnostics.push(record);
        Ok(())
    }

    fn process(&mut self, payload: &[u8]) -> Result<(), Bad> {
        let (mut process, mut command, mut name) = (None, None, None);
        for field in Fields::new(payload) {
            match field? {
                Field { number: 2, value: Value::Varint(value) } => process = Some(GlobalId(value.cast_signed())),
                Field { number: 5, value: Value::Bytes(bytes) } => command = Some(bytes),
                Field { number: 6, value: Value::Bytes(bytes) } => name = Some(bytes),
                // Time, CPUs, path, working folder, arguments, bitness, clock, environment: known, and in no table.
                Field { number: 1 | 4 | 7..=9 | 11..=13, .. } => {}
                field => self.unknowns.add_field(Message::Process, field.number),
            }
        }
        let process = process.ok_or(Bad::Lacks("its process"))?;
        let name = name.or(command).map(|bytes| self.text(bytes));
        self.capture.processes.push(ProcessRecord { row: 0, process, pid: Some(process.pid()), name });
        Ok(())
    }
}
