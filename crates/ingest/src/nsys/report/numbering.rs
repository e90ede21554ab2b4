//! Puts the rows of blocks together as the exporter would number them.
//!
//! Blocks come here in the order of the report. A row's number is its place in its table, from 1. Stacks are numbered
//! over the whole capture in the order of the calls that have one, and a sample's stack has the number of the sample.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::nsys::capture::{ApiRecord, Capture, ProcessRecord};

/// The number of the last row of each table, in the order of [`Numbering::number`].
#[derive(Debug, Default)]
pub(super) struct Numbering {
    kernels: i64,
    memcpys: i64,
    memsets: i64,
    syncs: i64,
    cuda_events: i64,
    graph_traces: i64,
    graph_events: i64,
    graph_node_events: i64,
    api_calls: i64,
    cublas_calls: i64,
    cudnn_calls: i64,
    cupti_overheads: i64,
    profiler_overheads: i64,
    nvtx: i64,
    osrt_calls: i64,
    osrt_frames: i64,
    cuda_frames: i64,
    sampling_frames: i64,
    sched_events: i64,
    samples: i64,
    diagnostics: i64,
    osrt_chains: i64,
    cuda_chains: i64,
    /// Each process by its id, in the order of their first events.
    processes: Vec<ProcessRecord>,
    process_index: HashMap<i64, usize, FixedState>,
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
        $action!(osrt_frames);
        $action!(cuda_frames);
        $action!(sampling_frames);
        $action!(sched_events);
        $action!(samples);
        $action!(diagnostics);
    };
}

impl Numbering {
    /// Numbers the rows and stacks of the next block, and takes its processes out.
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
