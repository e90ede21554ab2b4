//! What a generated trace holds, counted from what was drawn and not from what was written.
//!
//! A reader's numbers are compared with these. They come from the simulation's integers, before any text exists, so a
//! fault of the writer shows as well as one of the reader. Unions are kept with a watermark: the trace may be of any
//! size, the truth stays small.

use std::collections::BTreeMap;

use super::catalog::{CALLS, COUNTERS, Class};
use super::event::*;
use super::options::GenerateOptions;
use super::workload::{SESSION_START, Workload};
use super::write::{NUM_CLOSING_INSTANTS, metadata_rows, num_root_frames};

/// Exact figures of one generated file. Times are in nanoseconds; points in time count from `baseTimeNanoseconds`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroundTruth {
    /// Entries of `traceEvents`.
    pub num_events: u64,
    /// Events by `ph`.
    pub num_events_by_phase: BTreeMap<&'static str, u64>,
    /// Events by `cat`, for those that have one.
    pub num_events_by_category: BTreeMap<&'static str, u64>,
    /// Start of the recording's own span.
    pub session_start: u64,
    /// End of the recording's own span.
    pub session_end: u64,
    /// Engine steps by what they run.
    pub steps: StepTruth,
    /// GPU figures by device number; a worker drives one device.
    pub devices: BTreeMap<u64, DeviceTruth>,
    /// By device and stream number, the streams with GPU work.
    pub streams: BTreeMap<(u64, u64), StreamTruth>,
    /// By full kernel name.
    pub kernels: BTreeMap<&'static str, DurationTruth>,
    /// By the copy's or fill's name.
    pub copies: BTreeMap<&'static str, CopyTruth>,
    /// Calls, and the GPU work they caused.
    pub launches: LaunchTruth,
}

/// Engine steps by what they run, and the tokens they ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StepTruth {
    /// Only new requests.
    pub num_prefill: u64,
    /// New and running requests.
    pub num_mixed: u64,
    /// Only running requests.
    pub num_decode: u64,
    /// No requests.
    pub num_empty: u64,
    /// Prompt tokens of all steps.
    pub context_tokens: u64,
    /// Tokens of running requests of all steps.
    pub generation_tokens: u64,
}

/// GPU work (kernels, copies, fills) of one device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeviceTruth {
    /// Pieces of work.
    pub num_ops: u64,
    /// First start.
    pub first_start: u64,
    /// Last end.
    pub last_end: u64,
    /// Length of the union of all work.
    pub busy_nanos: u64,
    /// Sum of durations.
    pub sum_nanos: u64,
    /// Kernels without `nccl` in their name.
    pub computation: ClassTruth,
    /// Kernels with `nccl` in their name.
    pub communication: ClassTruth,
    /// Copies and fills.
    pub memory: ClassTruth,
    /// Time during which communication and computation both run.
    pub communication_overlap_nanos: u64,
}

/// GPU work of one class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassTruth {
    /// Pieces of work.
    pub num_ops: u64,
    /// Sum of durations.
    pub sum_nanos: u64,
    /// Length of the union.
    pub union_nanos: u64,
}

/// GPU work of one stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamTruth {
    /// Pieces of work.
    pub num_ops: u64,
    /// Sum of durations.
    pub sum_nanos: u64,
    /// Length of the union.
    pub busy_nanos: u64,
    /// Pieces that start before the one before them has ended.
    pub num_adjacent_overlaps: u64,
}

/// Durations under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DurationTruth {
    /// How many.
    pub count: u64,
    /// Sum.
    pub sum_nanos: u64,
    /// Shortest.
    pub min_nanos: u64,
    /// Longest.
    pub max_nanos: u64,
}

/// Copies of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CopyTruth {
    /// How many.
    pub count: u64,
    /// Sum of durations.
    pub sum_nanos: u64,
    /// Bytes moved.
    pub bytes: u64,
}

/// Calls and what they launched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaunchTruth {
    /// Calls by name, launching or not.
    pub calls_by_name: BTreeMap<&'static str, u64>,
    /// GPU work whose call is in the trace.
    pub num_with_call: u64,
    /// GPU work launched before the recording.
    pub num_without_call: u64,
    /// Graph launches by their number of kernels.
    pub graph_launches_by_num_kernels: BTreeMap<u64, u64>,
    /// Kernels of graphs.
    pub num_graph_kernels: u64,
    /// Sum over work launched one by one of the time from its call's start to its own.
    pub launch_to_start_sum_nanos: u64,
    /// The longest of these times.
    pub launch_to_start_max_nanos: u64,
}

impl Default for DurationTruth {
    fn default() -> Self {
        Self { count: 0, sum_nanos: 0, min_nanos: u64::MAX, max_nanos: 0 }
    }
}

/// The length of a union of intervals that come roughly in order.
#[derive(Debug, Default)]
struct Union {
    pending: Vec<(u64, u64)>,
    open: Option<(u64, u64)>,
    settled_nanos: u64,
}

impl Union {
    fn add(&mut self, start: u64, end: u64) {
        self.pending.push((start, end));
    }

    /// Takes in what starts before `watermark`; nothing added later may.
    fn settle(&mut self, watermark: u64) {
        self.pending.sort_unstable();
        let num_settled = self.pending.partition_point(|&(start, _)| start < watermark);
        for (start, end) in self.pending.drain(..num_settled) {
            match &mut self.open {
                Some((_, open_end)) if start <= *open_end => *open_end = end.max(*open_end),
                open => {
                    if let Some((open_start, open_end)) = open.replace((start, end)) {
                        self.settled_nanos += open_end - open_start;
                    }
                }
            }
        }
    }

    fn total(&mut self) -> u64 {
        self.settle(u64::MAX);
        self.settled_nanos + self.open.map_or(0, |(start, end)| end - start)
    }
}

#[derive(Debug, Default)]
struct StreamState {
    truth: StreamTruth,
    busy: Union,
    last_end: u64,
}

/// Counts a simulation, and ends it when the wanted number of events is reached.
pub(crate) struct Census<'a> {
    options: &'a GenerateOptions,
    truth: GroundTruth,
    num_host_events: u64,
    num_calls: Vec<u64>,
    device: DeviceTruth,
    streams: [StreamState; Stream::ALL.len()],
    busy: Union,
    computation: Union,
    communication: Union,
    memory: Union,
    computation_or_communication: Union,
    synchronized_streams: Vec<Stream>,
    graph_launch: Option<(u64, u64)>,
}

/// A simulation's size, known before it is written.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) num_steps: u64,
    /// Operators, annotations and allocations: the events that are numbered before the Python frames.
    pub(crate) num_host_events: u64,
    pub(crate) truth: GroundTruth,
}

impl<'a> Census<'a> {
    pub(crate) fn run(options: &'a GenerateOptions) -> Plan {
        let mut census = Self {
            options,
            truth: GroundTruth::default(),
            num_host_events: 0,
            num_calls: vec![0; CALLS.len()],
            device: DeviceTruth { first_start: u64::MAX, ..DeviceTruth::default() },
            streams: Default::default(),
            busy: Union::default(),
            computation: Union::default(),
            communication: Union::default(),
            memory: Union::default(),
            computation_or_communication: Union::default(),
            synchronized_streams: Vec::new(),
            graph_launch: None,
        };
        census.count("M", None, metadata_rows(options).len() as u64);
        census.count("X", Some("python_function"), num_root_frames(options));
        census.count("X", Some("Trace"), 1);
        census.count("M", None, 1);
        census.count("i", None, NUM_CLOSING_INSTANTS);
        let end = Workload::run(options, num_root_frames(options) + 1, &mut census);
        census.finish(end)
    }

    fn finish(mut self, end: u64) -> Plan {
        self.close_graph();
        let mut truth = self.truth;
        let device = self.options.device();
        self.device.busy_nanos = self.busy.total();
        self.device.computation.union_nanos = self.computation.total();
        self.device.communication.union_nanos = self.communication.total();
        self.device.memory.union_nanos = self.memory.total();
        self.device.communication_overlap_nanos = self.device.computation.union_nanos
            + self.device.communication.union_nanos
            - self.computation_or_communication.total();
        truth.devices.insert(device, self.device);
        for (stream, state) in Stream::ALL.into_iter().zip(&mut self.streams) {
            if state.truth.num_ops > 0 {
                state.truth.busy_nanos = state.busy.total();
                truth.streams.insert((device, stream.number()), state.truth);
            }
        }
        for (kind, &count) in CALLS.iter().zip(&self.num_calls) {
            if count > 0 {
                truth.launches.calls_by_name.insert(kind.name, count);
                *truth.num_events_by_category.entry(kind.cat).or_default() += count;
            }
        }
        truth.session_start = SESSION_START;
        truth.session_end = end;
        let steps = &truth.steps;
        Plan {
            num_steps: steps.num_prefill + steps.num_mixed + steps.num_decode + steps.num_empty,
            num_host_events: self.num_host_events,
            truth,
        }
    }

    fn count(&mut self, phase: &'static str, category: Option<&'static str>, count: u64) {
        if count == 0 {
            return;
        }
        self.truth.num_events += count;
        *self.truth.num_events_by_phase.entry(phase).or_default() += count;
        if let Some(category) = category {
            *self.truth.num_events_by_category.entry(category).or_default() += count;
        }
    }

    fn count_flow(&mut self, phase: &'static str) {
        self.count(phase, Some("ac2g"), 1);
    }

    fn close_graph(&mut self) {
        if let Some((_, num_kernels)) = self.graph_launch.take() {
            *self.truth.launches.graph_launches_by_num_kernels.entry(num_kernels).or_default() += 1;
            self.truth.launches.num_graph_kernels += num_kernels;
        }
    }

    fn count_launch(&mut self, op: &GpuOp) {
        let Some(call_start) = op.call_start else {
            self.truth.launches.num_without_call += 1;
            return;
        };
        self.truth.launches.num_with_call += 1;
        if let GpuWork::Kernel { graph: Some(_), .. } = op.work {
            match &mut self.graph_launch {
                Some((correlation, num_kernels)) if *correlation == op.correlation => *num_kernels += 1,
                _ => {
                    self.close_graph();
                    self.graph_launch = Some((op.correlation, 1));
                }
            }
        } else {
            let nanos = op.start - call_start;
            let launches = &mut self.truth.launches;
            launches.launch_to_start_sum_nanos += nanos;
            launches.launch_to_start_max_nanos = launches.launch_to_start_max_nanos.max(nanos);
        }
    }
}

impl Sink for Census<'_> {
    const TAKES_OPERATORS: bool = true;
    const TAKES_FRAMES: bool = true;

    fn wants_another_step(&mut self, _num_steps: u64) -> bool {
        self.truth.num_events < self.options.num_events
    }

    fn end_step(&mut self, shape: StepShape, watermark: u64) {
        let steps = &mut self.truth.steps;
        match (shape.context_requests > 0, shape.generation_requests > 0) {
            (true, false) => steps.num_prefill += 1,
            (true, true) => steps.num_mixed += 1,
            (false, true) => steps.num_decode += 1,
            (false, false) => steps.num_empty += 1,
        }
        steps.context_tokens += shape.context_tokens;
        steps.generation_tokens += shape.generation_tokens;
        let device = [
            &mut self.busy,
            &mut self.computation,
            &mut self.communication,
            &mut self.memory,
            &mut self.computation_or_communication,
        ];
        for union in device.into_iter().chain(self.streams.iter_mut().map(|state| &mut state.busy)) {
            union.settle(watermark);
        }
    }

    fn operator(&mut self, _thread: Thread, operator: &Operator) {
        self.num_host_events += 1;
        let is_op = matches!(operator.label, Label::Op(_));
        self.count("X", Some(if is_op { "cpu_op" } else { "user_annotation" }), 1);
    }

    fn python_frame(&mut self, _frame: &PythonFrame) {
        self.count("X", Some("python_function"), 1);
    }

    fn api_call(&mut self, call: &ApiCall) {
        self.num_calls[call.call as usize] += 1;
        self.count("X", None, 1);
        if call.has_flow {
            self.count_flow("s");
        }
    }

    fn gpu_op(&mut self, op: &GpuOp) {
        let (start, end) = (op.start, op.start + op.dur);
        let (category, class) = match op.work {
            GpuWork::Kernel { kernel, .. } => {
                let kind = kernel.kind();
                let truth = self.truth.kernels.entry(kind.name).or_default();
                truth.count += 1;
                truth.sum_nanos += op.dur;
                truth.min_nanos = truth.min_nanos.min(op.dur);
                truth.max_nanos = truth.max_nanos.max(op.dur);
                ("kernel", kind.class())
            }
            GpuWork::Copy { copy, bytes } => {
                let kind = copy.kind();
                let truth = self.truth.copies.entry(kind.name).or_default();
                truth.count += 1;
                truth.sum_nanos += op.dur;
                truth.bytes += bytes;
                (if kind.is_set { "gpu_memset" } else { "gpu_memcpy" }, Class::Memory)
            }
        };
        self.count("X", Some(category), 1);
        self.count_flow("f");
        self.count_launch(op);

        let device = &mut self.device;
        device.num_ops += 1;
        device.sum_nanos += op.dur;
        device.first_start = device.first_start.min(start);
        device.last_end = device.last_end.max(end);
        let (class_truth, class_union) = match class {
            Class::Computation => (&mut device.computation, &mut self.computation),
            Class::Communication => (&mut device.communication, &mut self.communication),
            Class::Memory => (&mut device.memory, &mut self.memory),
        };
        class_truth.num_ops += 1;
        class_truth.sum_nanos += op.dur;
        class_union.add(start, end);
        if class != Class::Memory {
            self.computation_or_communication.add(start, end);
        }
        self.busy.add(start, end);

        let stream = &mut self.streams[op.stream as usize];
        stream.truth.num_ops += 1;
        stream.truth.sum_nanos += op.dur;
        stream.truth.num_adjacent_overlaps += u64::from(start < stream.last_end);
        stream.last_end = end;
        stream.busy.add(start, end);
    }

    fn sync(&mut self, sync: &Sync) {
        self.count("X", Some("cuda_sync"), 1);
        self.count_flow("f");
        if let SyncKind::Stream(stream) = sync.kind
            && !self.synchronized_streams.contains(&stream)
        {
            // The row of a stream's synchronisations is named when its first one is written.
            self.synchronized_streams.push(stream);
            self.count("M", None, 2);
        }
    }

    fn event_record(&mut self, _record: &EventRecord) {
        self.count("X", Some("cuda_event"), 1);
    }

    fn memory_change(&mut self, _change: &MemoryChange) {
        self.num_host_events += 1;
        self.count("i", Some("cpu_instant_event"), 1);
    }

    fn gpu_annotation(&mut self, _annotation: &GpuAnnotation) {
        self.count("X", Some("gpu_user_annotation"), 1);
    }

    fn overhead(&mut self, _name: &'static str, _start: u64, _dur: u64) {
        self.count("X", Some("overhead"), 1);
    }

    fn counter(&mut self, counter: usize, _ts: u64, _tenths: u64) {
        debug_assert!(counter < COUNTERS.len());
        self.count("C", Some("hardware_counters"), 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_union_counts_overlaps_once_whatever_the_watermarks() {
        let intervals = [(0, 10), (5, 20), (20, 25), (40, 50), (30, 35), (32, 34)];
        for watermark in [0, 1, 12, 33, 100] {
            let mut union = Union::default();
            let (early, late): (Vec<_>, Vec<_>) = intervals.iter().partition(|&&(start, _)| start < watermark);
            for (start, end) in early {
                union.add(start, end);
            }
            union.settle(watermark);
            for (start, end) in late {
                union.add(start, end);
            }
            assert_eq!(union.total(), 25 + 10 + 5);
        }
    }
}
