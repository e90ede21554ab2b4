//! Puts the rows of blocks together as the exporter would number them.
//!
//! Blocks come here in the order of the report. A row's number is its place in its table, from 1. Stacks are numbered
//! over the whole capture in the order of the calls that have one, and a sample's stack has the number of the sample.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::nsys::capture::{ApiRecord, Capture, ProcessRecord};

/// Numbers the rows of blocks, one block after the other.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    /// The numbers that were given.
    pub(super) last: LastRows,
    /// Each process by its id, in the order of their first events.
    processes: Vec<ProcessRecord>,
    process_index: HashMap<i64, usize, FixedState>,
}

/// The number of the last row of each table, and of the last stack.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LastRows {
    pub(crate) kernels: i64,
    pub(crate) memcpys: i64,
    pub(crate) memsets: i64,
    pub(crate) syncs: i64,
    pub(crate) cuda_events: i64,
    pub(crate) graph_traces: i64,
    pub(crate) graph_events: i64,
    pub(crate) graph_node_events: i64,
    pub(crate) api_calls: i64,
    pub(crate) cublas_calls: i64,
    pub(crate) cudnn_calls: i64,
    pub(crate) cupti_overheads: i64,
    pub(crate) profiler_overheads: i64,
    pub(crate) nvtx: i64,
    pub(crate) osrt_calls: i64,
    pub(crate) other_events: i64,
    pub(crate) osrt_frames: i64,
    pub(crate) cuda_frames: i64,
    pub(crate) sampling_frames: i64,
    pub(crate) sched_events: i64,
    pub(crate) samples: i64,
    pub(crate) diagnostics: i64,
    pub(crate) osrt_chains: i64,
    pub(crate) cuda_chains: i64,
}

/// The class of calls of cuBLAS, whose table comes before that of cuDNN.
const CLASS_CUBLAS: i32 = 29;

/// Does `$action` with each table whose rows have numbers of their own.
macro_rules! for_each_table {
    ($action:ident) => {
        $action!(kernels);
        $action!(memcpys);
        $action!(memsets);
        $action!(syncs);
        $action!(cuda_events);
        $action!(graph_traces);
        $action!(graph_events);
        $action!(graph_node_events);
        $action!(api_calls);
        $action!(cupti_overheads);
        $action!(profiler_overheads);
        $action!(nvtx);
        $action!(osrt_calls);
        $action!(other_events);
        $action!(osrt_frames);
        $action!(cuda_frames);
        $action!(sampling_frames);
        $action!(sched_events);
        $action!(samples);
        $action!(diagnostics);
    };
}

impl LastRows {
    /// Slices, GPU work, calls of CUDA, calls of the OS runtime, NVTX events.
    pub(crate) fn totals(&self) -> [i64; 5] {
        let gpu_ops = self.kernels + self.memcpys + self.memsets + self.graph_traces;
        let calls = self.cublas_calls + self.cudnn_calls + self.cupti_overheads + self.profiler_overheads;
        let slices = gpu_ops + self.syncs + calls + self.api_calls + self.osrt_calls + self.nvtx + self.other_events;
        [slices, gpu_ops, self.api_calls, self.osrt_calls, self.nvtx]
    }

    /// Numbers the rows and stacks of the next block.
    pub(super) fn number(&mut self, part: &mut Capture) {
        for frame in &mut part.osrt_frames {
            frame.callchain += self.osrt_chains;
        }
        for call in &mut part.osrt_calls {
            // 0 is no stack.
            if let Some(chain @ 1..) = &mut call.callchain {
                *chain += self.osrt_chains;
            }
        }
        for frame in &mut part.cuda_frames {
            frame.callchain += self.cuda_chains;
        }
        for call in part.api_calls.iter_mut().chain(&mut part.library_calls) {
            if let Some(chain) = &mut call.callchain {
                *chain += self.cuda_chains;
            }
        }
        for frame in &mut part.sampling_frames {
            frame.callchain += self.samples;
        }
        for sample in &mut part.samples {
            sample.id += self.samples;
        }
        self.osrt_chains = part.osrt_frames.last().map_or(self.osrt_chains, |frame| frame.callchain);
        self.cuda_chains = part.cuda_frames.last().map_or(self.cuda_chains, |frame| frame.callchain);
        macro_rules! number {
            ($table:ident) => {
                for record in &mut part.$table {
                    self.$table += 1;
                    record.row = self.$table;
                }
            };
        }
        for_each_table!(number);
        for call in &mut part.library_calls {
            let last = if is_cublas(call) { &mut self.cublas_calls } else { &mut self.cudnn_calls };
            *last += 1;
            call.row = *last;
        }
    }
}

impl Numbering {
    /// Numbers the rows and stacks of the next block, and takes its processes out.
    pub(super) fn number(&mut self, part: &mut Capture) {
        self.last.number(part);
        for process in part.processes.drain(..) {
            // A process that runs another program has another event; it is known by what it became.
            let next = self.processes.len();
            let index = *self.process_index.entry(process.process.0).or_insert(next);
            match self.processes.get_mut(index) {
                Some(known) => known.name = process.name,
                None => self.processes.push(ProcessRecord { row: next as i64 + 1, ..process }),
            }
        }
    }

    /// The processes, in the order of their first events.
    pub(super) fn into_processes(self) -> Vec<ProcessRecord> {
        self.processes
    }
}

fn is_cublas(call: &ApiRecord) -> bool {
    call.event_class == Some(CLASS_CUBLAS)
}

/// Appends the rows of `part`, which are numbered, to those of `whole`.
pub(super) fn append(whole: &mut Capture, part: Capture) {
    macro_rules! append {
        ($table:ident) => {
            append_to(&mut whole.$table, part.$table);
        };
    }
    for_each_table!(append);
    append!(library_calls);
    if whole.other_tables.is_empty() {
        whole.other_tables = part.other_tables;
    }
    whole.num_events += part.num_events;
}

fn append_to<T>(whole: &mut Vec<T>, mut part: Vec<T>) {
    if whole.is_empty() {
        *whole = part;
    } else {
        whole.append(&mut part);
    }
}

/// Puts the calls of cuBLAS before those of cuDNN, as their tables come.
pub(super) fn sort_library_calls(whole: &mut Capture) {
    whole.library_calls.sort_by_key(|call| !is_cublas(call));
}
