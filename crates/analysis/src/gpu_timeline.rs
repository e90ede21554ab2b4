//! The GPU timeline: the GPU work of a trace in order of start, and which call launched each piece.
//!
//! Several analyses walk the same work in the same order; the order and the launches are found once and take eight
//! bytes a piece. Everything else stays in the trace's own columns.

use kinetoscope_model::table::GpuOpKind;
use kinetoscope_model::time::Interval;
use kinetoscope_model::{DeviceId, SliceId, StreamId, StringId, Trace};
use serde::Serialize;

/// What a piece of GPU work is for.
///
/// The rule is the reference's, which is HTA's: a copy or fill is memory work; a kernel whose name holds "nccl" in any
/// case is communication; every other kernel is computation. It therefore counts all-reduce kernels that an engine
/// brings itself (`cross_device_reduce…`, `multimem_all_reduce…`) as computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OpClass {
    /// Kernels that are not communication.
    Computation,
    /// Kernels of the collective library.
    Communication,
    /// Copies and fills.
    Memory,
}

/// One piece of GPU work.
#[derive(Debug, Clone, Copy)]
pub struct TimedOp {
    /// Row of the `gpu_op` table.
    pub op: usize,
    /// Its slice.
    pub slice_id: SliceId,
    /// When it ran.
    pub interval: Interval,
    /// Name.
    pub name: StringId,
    /// Kernel, copy or fill.
    pub kind: GpuOpKind,
    /// Device it ran on.
    pub device_id: DeviceId,
    /// Stream it ran on.
    pub stream_id: StreamId,
}

/// Marks a piece of work without a launch.
const NO_CALL: u32 = u32::MAX;

/// The GPU work of a trace, ordered by start, then end, then slice.
#[derive(Debug)]
pub struct GpuTimeline<'a> {
    trace: &'a Trace,
    order: Vec<u32>,
    call_of_op: Vec<u32>,
    is_communication: Vec<bool>,
}

impl<'a> GpuTimeline<'a> {
    /// Orders the work of `trace`.
    pub fn new(trace: &'a Trace) -> Self {
        let ops = &trace.gpu_ops;
        let mut order: Vec<u32> = (0..ops.len() as u32).collect();
        let key = |&row: &u32| {
            let slice_id = ops.slice_id.get(row as usize);
            (trace.slice_interval(slice_id), slice_id)
        };
        if !order.is_sorted_by_key(key) {
            order.sort_unstable_by_key(key);
        }
        let mut is_communication = vec![false; trace.strings.len()];
        let mut is_seen = vec![false; trace.strings.len()];
        for slice_id in ops.slice_id.iter() {
            let name = trace.slices.name.get(slice_id.index());
            if !std::mem::replace(&mut is_seen[name.index()], true) {
                is_communication[name.index()] = is_communication_name(trace.text(name));
            }
        }
        Self { trace, order, call_of_op: calls_of_ops(trace), is_communication }
    }

    /// The trace.
    pub fn trace(&self) -> &'a Trace {
        self.trace
    }

    /// Number of pieces of work.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// True for a trace without GPU work.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// All work in order of start, then end.
    pub fn ops(&self) -> impl ExactSizeIterator<Item = TimedOp> + '_ {
        self.order.iter().map(|&row| self.op(row as usize))
    }

    fn op(&self, op: usize) -> TimedOp {
        let ops = &self.trace.gpu_ops;
        let slice_id = ops.slice_id.get(op);
        TimedOp {
            op,
            slice_id,
            interval: self.trace.slice_interval(slice_id),
            name: self.trace.slices.name.get(slice_id.index()),
            kind: ops.kind.get(op),
            device_id: ops.device_id.get(op),
            stream_id: ops.stream_id.get(op),
        }
    }

    /// What a piece of work is for.
    pub fn class_of(&self, op: &TimedOp) -> OpClass {
        match op.kind {
            GpuOpKind::Memcpy | GpuOpKind::Memset => OpClass::Memory,
            GpuOpKind::Kernel if self.is_communication[op.name.index()] => OpClass::Communication,
            GpuOpKind::Kernel | GpuOpKind::Graph => OpClass::Computation,
        }
    }

    /// Row of the `api_call` table that launched a row of the `gpu_op` table. Where a runtime and a driver call share
    /// the correlation id, it is the outer one, which starts first.
    #[inline]
    pub fn call_of(&self, op: usize) -> Option<usize> {
        let call = self.call_of_op[op];
        (call != NO_CALL).then_some(call as usize)
    }
}

fn calls_of_ops(trace: &Trace) -> Vec<u32> {
    let start_of = |call: u32| {
        let slice_id = trace.api_calls.slice_id.get(call as usize);
        (trace.slices.ts.get(slice_id.index()), slice_id)
    };
    let mut call_of_op = vec![NO_CALL; trace.gpu_ops.len()];
    for launch in trace.launches.rows() {
        let call = &mut call_of_op[launch.gpu_op_id as usize];
        if *call == NO_CALL || start_of(launch.api_call_id) < start_of(*call) {
            *call = launch.api_call_id;
        }
    }
    call_of_op
}

fn is_communication_name(name: &str) -> bool {
    name.as_bytes().windows(4).any(|window| window.eq_ignore_ascii_case(b"nccl"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;

    #[test]
    fn work_comes_in_order_whatever_the_order_of_its_rows() {
        let drawing = Drawing::lanes(
            "s7  AAA.B..CC
             s8  DD..BB...",
        );
        for seed in [0, 3, 77] {
            let trace = drawing.clone().in_order(seed).build();
            let timeline = GpuTimeline::new(&trace);
            let intervals: Vec<_> = timeline.ops().map(|op| (op.interval.start, op.interval.end)).collect();
            assert_eq!(intervals, [(0, 2), (0, 3), (4, 5), (4, 6), (7, 9)]);
        }
    }

    #[test]
    fn of_two_calls_with_one_id_the_outer_launched_the_work() {
        // A driver call inside a runtime call: the same letter, so the same id.
        let mut drawing = Drawing::default().call('a', 2..8).call('a', 3..6).gpu(0, 7, 'A', 10..12);
        for seed in [0, 5] {
            drawing = drawing.in_order(seed);
            let trace = drawing.clone().build();
            let timeline = GpuTimeline::new(&trace);
            let call = timeline.call_of(0).expect("the work has a call");
            assert_eq!(trace.slice_interval(trace.api_calls.slice_id.get(call)), Interval { start: 2, end: 8 });
        }
    }

    #[test]
    fn the_collective_library_is_known_by_name_in_any_case() {
        for (name, is_communication) in [
            ("ncclDevKernel_AllReduce_Sum_f16_RING_LL", true),
            ("void NCCLKernel()", true),
            ("void vllm::cross_device_reduce_1stage<__nv_bfloat16, 8>()", false),
            ("ncc", false),
        ] {
            assert_eq!(is_communication_name(name), is_communication, "{name}");
        }
    }
}
